#!/bin/sh
# cargo calls this in place of rustc. Coverage is counted in our own code and in the parsers that meet the wire's or a
# spec's bytes; everything else is built as always, so that it is neither slow nor a reason to keep an input.
# LLVM's own pass does it, on a stable compiler: see "SanitizerCoverage" in the documentation of clang.
rustc=$1
shift
case " $* " in
*" --crate-name build_script"*) exec "$rustc" "$@" ;;
*" --crate-name shadowtap "* | *" --crate-name harness "* | \
    *" --crate-name etherparse "* | *" --crate-name pcap_parser "* | *" --crate-name httparse "* | \
    *" --crate-name serde_saphyr "* | *" --crate-name granit_parser "*)
    exec "$rustc" "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
