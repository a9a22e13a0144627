#!/usr/bin/env bash
# What a sensor keeps up with, and whether it tells the truth about what it does not. A capture is sent once (the same numbers
# again would be retransmissions) by tcpreplay over a veth, at each rate, to tcpdump and to `shadowtap watch`.
#
#   rates.sh CAPTURE [RATE...]          packets a second, or `top`; a table for tcpdump and the sensor with 1 and 2 workers
#   rates.sh --overload CAPTURE [RATE]  the sensor is held back until it must lose (a ring of 1 MiB, and less and less CPU): what it says it
#                                       lost and what it read must be what was sent, to the packet
#
# Root; SHADOWTAP_BIN names the binary (a release build: a debug build measures nothing). Exit 1 when a row does not add up.
# WORKERS="1 2", TOOLS="tcpdump shadowtap", RING=64M, FANOUT=auto, SPECS (what to hold it against), QUOTAS="- 8 2 1 stopped" and
# KEEP (a folder for the reports) may be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
overload=no
[ "${1:-}" != --overload ] || { overload=yes; shift; }
[ $# -ge 1 ] && [ -r "$1" ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
capture=$1; shift
rates=("${@:-}"); [ -n "${rates[0]}" ] || rates=(50000 100000 200000 400000 top)
workers=${WORKERS:-1 2}; ring=${RING:-64M}; specs=${SPECS:-$here/../../captures/payments.yaml}; fanout=${FANOUT:-auto}; tools=${TOOLS:-tcpdump shadowtap}
"$here/lab.sh" possible || { echo "skipped: needs root and network namespaces"; exit 0; }
[ -x "${SHADOWTAP_BIN:-}" ] || { echo "rates.sh: SHADOWTAP_BIN must name a shadowtap binary" >&2; exit 2; }
for package in tcpreplay tcpdump ethtool; do command -v "$package" >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends tcpreplay tcpdump ethtool >/dev/null; }; done

dir=$(mktemp -d "${TMPDIR:-/tmp}/shadowtap-rates.XXXXXX")
chmod 777 "$dir"
tag=${dir: -6}; from=str-$tag-from; to=str-$tag-to
group=; pid=; ticks=$(getconf CLK_TCK)
finish() {
    [ -z "$pid" ] || { kill -CONT "$pid" 2>/dev/null || true; kill -KILL "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
    ip netns del "$from" 2>/dev/null || true
    ip netns del "$to" 2>/dev/null || true
    [ -z "$group" ] || { sleep 0.2; rmdir "$group" 2>/dev/null || true; }
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
for space in "$from" "$to"; do
    ip netns add "$space"
    ip netns exec "$space" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1     # nobody else speaks
done
ip link add tx0 netns "$from" type veth peer name rx0 netns "$to"
for end in "$from tx0" "$to rx0"; do
    set -- $end
    ip -n "$1" link set "$2" mtu 9000 txqueuelen 20000 up
    ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null 2>&1 || true
done
counter() { ip netns exec "$to" cat "/sys/class/net/rx0/statistics/$1"; }
report() { python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["capture"]; t = c.get("taps", []); n = lambda key: sum(tap[key] for tap in t)
print(c["packets"]["seen"], n("frames"), n("kernel_dropped"), n("interface_dropped"))' "$dir/report.json"; }

# A group of its own for the sensor with so many percent of one core; cgroup 2 where it hands cpu down, else cgroup 1.
limited() {
    local percent=$1 root
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do
        if grep -qw cpu "$root/cgroup.controllers" 2>/dev/null; then { echo +cpu >"$root/cgroup.subtree_control"; } 2>/dev/null || continue
        else [ -e "$root/cpu.cfs_quota_us" ] || continue; fi
        mkdir "$root/shadowtap-rates-$tag" 2>/dev/null || continue
        group=$root/shadowtap-rates-$tag
        { quota "$percent" && echo "$pid" >"$group/cgroup.procs"; } 2>/dev/null && return 0
        rmdir "$group"; group=
    done
    return 1
}
quota() { # quota PERCENT, or `max`
    if [ -e "$group/cpu.max" ]; then echo "$([ "$1" = max ] && echo max || echo $(($1 * 1000))) 100000" >"$group/cpu.max"
    else echo "$([ "$1" = max ] && echo -1 || echo $(($1 * 1000)))" >"$group/cpu.cfs_quota_us"; fi
}

failed=0
# row TOOL RATE WORKERS RING QUOTA: one run, one line of the table. QUOTA is a percentage of a core, `stopped` or `-`.
row() {
    local tool=$1 rate=$2 workers=$3 ring=$4 quota=$5 command how=() before sent seen frames dropped interface cpu last=-1 now verdict=ok
    rm -rf "$dir"/*
    case $tool in
        tcpdump) command=(tcpdump -i rx0 -n -s 0 -B 65536 -w /dev/null) ;;
        shadowtap) command=("$SHADOWTAP_BIN" watch -i rx0 --spec "$specs" --format json -o "$dir/report.json" --every 60s --workers "$workers" --fanout "$fanout" --ring-size "$ring") ;;
    esac
    ip netns exec "$to" "${command[@]}" >"$dir/said" 2>&1 &
    pid=$!
    for _ in $(seq 150); do grep -q "listening on " "$dir/said" && break; kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
    grep -q "listening on " "$dir/said" || { echo "rates.sh: $tool does not listen:" >&2; cat "$dir/said" >&2; exit 1; }
    sleep 0.5
    case $quota in
        -) ;;
        stopped) kill -STOP "$pid" ;;
        *) limited "$quota" || { echo "rates.sh: no cgroup hands cpu down here: this row is left out" >&2; kill -INT "$pid"; wait "$pid" || true; pid=; return 0; } ;;
    esac
    before=$(counter rx_packets)
    if [ "$rate" = top ]; then how=(--topspeed); else how=("--pps=$rate"); fi
    ip netns exec "$from" tcpreplay -q -K -i tx0 "${how[@]}" "$capture" >"$dir/sent" 2>&1 || { cat "$dir/sent" >&2; exit 1; }
    sent=$(($(counter rx_packets) - before))
    [ "$quota" != stopped ] || kill -CONT "$pid"
    sleep 1
    [ -z "$group" ] || quota max
    # Counted when it has caught up: nothing is taken from a ring that is empty.
    for _ in $(seq 60); do now=$(awk '{ print $14 + $15 }' "/proc/$pid/stat"); [ "$now" != "$last" ] || break; last=$now; sleep 1; done
    cpu=$(awk -v n="$now" -v t="$ticks" 'BEGIN { printf "%.2f", n / t }')
    kill -INT "$pid"
    wait "$pid" || { echo "rates.sh: $tool failed:" >&2; cat "$dir/said" >&2; exit 1; }
    pid=
    [ -z "$group" ] || { rmdir "$group" || true; group=; }
    if [ "$tool" = tcpdump ]; then
        frames=$(awk '/packets? captured/ { print $1 }' "$dir/said"); seen=$frames
        dropped=$(awk '/dropped by kernel/ { print $1 }' "$dir/said"); interface=$(awk '/dropped by interface/ { n = $1 } END { print n + 0 }' "$dir/said")
    else
        read -r seen frames dropped interface < <(report)
        [ -z "${KEEP:-}" ] || cp "$dir/report.json" "$KEEP/$workers-$quota.json"
    fi
    [ "$frames" = "$seen" ] || verdict="read $frames"
    [ "$((seen + dropped + interface))" = "$sent" ] || verdict="WRONG: $((seen + dropped + interface - sent)) off"
    [ "$(counter rx_dropped)" = 0 ] || verdict="WRONG: the veth dropped"
    # With a hundredth of a core, or none, it must have lost something; else the row proves nothing.
    case $quota in 1|stopped) [ "$((dropped + interface))" -gt 0 ] || verdict="WRONG: nothing was lost" ;; esac
    case $verdict in ok) ;; *) failed=1 ;; esac
    printf '%-10s %8s %6s %7s %8s %9s %9s %9s %9s %8s  %s\n' "$tool" "$rate" "$ring" "$workers" "$quota" \
        "$(awk '/^Rated:/ { for (i = 1; i <= NF; i++) if ($i == "pps") print int($(i - 1)) }' "$dir/sent")" "$sent" "$seen" "$dropped" "$interface" "$cpu s  $verdict"
}
printf '%-10s %8s %6s %7s %8s %9s %9s %9s %9s %8s  %s\n' tool asked ring workers quota achieved sent seen kernel iface 'CPU'
if [ "$overload" = yes ]; then
    rate=${rates[0]}
    for n in $workers; do
        for quota in ${QUOTAS:-- 8 2 1 stopped}; do row shadowtap "$rate" "$n" 1M "$quota"; done
    done
else
    for rate in "${rates[@]}"; do
        for tool in $tools; do
            if [ "$tool" = tcpdump ]; then row tcpdump "$rate" - 64M -; else for n in $workers; do row shadowtap "$rate" "$n" "$ring" -; done; fi
        done
    done
fi
exit $failed
