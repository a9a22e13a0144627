#!/usr/bin/env bash
# Fuzzes: run.sh [SECONDS [TARGET...]], 20 seconds and every target unless told otherwise. Fails on any finding.
#
# Each target starts from the kept seeds and from what earlier runs found worth keeping (target/fuzz/corpus/TARGET); as many
# run at once as there are processors. run.sh --keep [TARGET...] puts of the latter into seeds/ the twenty inputs that add
# most to what the seeds there reach.
set -euo pipefail
cd "$(dirname "$0")"
unset RUSTC_WRAPPER RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR # the folder's own .cargo/config.toml counts
seconds=${1:-20}
shift || true
targets=("$@")
[ $# -gt 0 ] || targets=(file decode flow http1 openapi replay)
cargo build --quiet --release --locked
out=$(realpath ../../target/fuzz)

# Runs one target with more flags.
target() {
    local target=$1 words=() longest=8192
    shift
    [ ! -e "words/$target" ] || words=(-dict="words/$target")
    # Packed captures unpack to so much that longer ones only take time.
    [ "$target" != file ] || longest=4096
    # The harness counts memory and processor time much closer; these are for what it cannot see: C libraries, and waiting.
    "$out/release/$target" -timeout=20 -rss_limit_mb=1024 -max_len=$longest -artifact_prefix="$out/findings/$target/" \
        "${words[@]}" "$@"
}

fuzz() {
    local name=$1 log=$out/$1.log
    mkdir -p "$out/corpus/$name" "$out/findings/$name"
    if ! target "$name" -max_total_time="$seconds" -print_final_stats=1 "$out/corpus/$name" "seeds/$name" >"$log" 2>&1; then
        local found
        found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        grep -v -e '^#' -e NEW_FUNC -e '# Uses' "$log" | tail -n 60
        printf '\n%s: a finding. The input: %s\n' "$name" "$found"
        printf 'again:   %s %s\n' "$out/release/$name" "$found"
        printf 'smaller: %s -minimize_crash=1 -max_total_time=60 %s\n' "$out/release/$name" "$found"
        return 1
    fi
    local runs reached
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    reached=$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)
    echo "$name: $runs executions, $reached, no finding"
}

if [ "$seconds" = --keep ]; then
    for name in "${targets[@]}"; do
        # A set that covers all edges, the greediest first; the rest of it is found again soon enough.
        rm -rf "$out/keep" && mkdir "$out/keep" && cp "seeds/$name"/* "$out/keep"
        target "$name" -set_cover_merge=1 -use_counters=0 "$out/keep" "$out/corpus/$name" >"$out/$name.log" 2>&1
        ls -tr "$out/keep" | while read -r input; do [ -e "seeds/$name/$input" ] || echo "$out/keep/$input"; done |
            head -n 20 | xargs -r cp -t "seeds/$name"
        echo "$name: $(ls "seeds/$name" | wc -l) seeds"
    done
    exit
fi
rm -f "$out/failed"
for name in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
    { fuzz "$name" || touch "$out/failed"; } &
done
wait
[ ! -e "$out/failed" ]
