#!/usr/bin/env bash
# Fuzzes: run.sh [SECONDS [TARGET...]], 20 seconds and every target unless told otherwise. Fails on any finding.
#
# Each target starts from the kept seeds and from what earlier runs found worth keeping (target/fuzz/corpus/TARGET).
# run.sh --keep [TARGET...] puts of the latter into seeds/ what reaches code that no seed there reaches.
set -euo pipefail
cd "$(dirname "$0")"
unset RUSTC_WRAPPER RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR # the folder's own .cargo/config.toml counts
keep=
if [ "${1:-}" = --keep ]; then keep=yes; else seconds=${1:-20}; fi
shift || true
targets=("$@")
[ $# -gt 0 ] || targets=(file decode flow http1 openapi replay)
cargo build --quiet --release --locked
out=$PWD/../../target/fuzz

for target in "${targets[@]}"; do
    corpus=$out/corpus/$target findings=$out/findings/$target log=$out/$target.log
    mkdir -p "$corpus" "$findings"
    # The longest input. Packed captures unpack to so much that longer ones only take time.
    case $target in file) longest=4096 ;; *) longest=8192 ;; esac
    words=()
    [ ! -e "words/$target" ] || words=(-dict="words/$target")
    # A second of the clock is far more than any input may take; the harness counts processor time much closer.
    flags=(-timeout=20 -rss_limit_mb=1024 -max_len=$longest -artifact_prefix="$findings/" "${words[@]}")
    if [ -n "$keep" ]; then
        "$out/release/$target" -merge=1 "${flags[@]}" "seeds/$target" "$corpus" 2>&1 | tail -n 1
        continue
    fi
    if ! "$out/release/$target" "${flags[@]}" -max_total_time="$seconds" -print_final_stats=1 \
        "$corpus" "seeds/$target" >"$log" 2>&1; then
        grep -v '^#' "$log" | tail -n 60
        found=$(ls -t "$findings" | head -n 1)
        echo
        echo "$target: a finding. The input: $(realpath "$findings/$found")"
        echo "again:    target/fuzz/release/$target '$(realpath "$findings/$found")'"
        echo "smaller:  target/fuzz/release/$target -minimize_crash=1 -max_total_time=60 '$(realpath "$findings/$found")'"
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    last=$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)
    echo "$target: $runs executions, $last, no finding"
done
