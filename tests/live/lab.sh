#!/usr/bin/env bash
# A network of namespaces with a mirror port, real servers in it, and a sensor's interface at the far end of the mirror:
#
#   client c0 --- p0 switch p1 --- s0 server          10.20.0.1 (and .66, and all of 10.21.0.0/16) --- 10.20.0.2
#                      mon0
#                       |  copies, made by tc
#                     mon1 sensor
#
# Servers: nginx on port 80 (proxy before the application, static files, hosts of its own), and the application
# (gunicorn with captures/lab/app.py) on port 8080 without a proxy. Offloads off, so that the mirror carries what a wire would.
#
#   lab.sh possible          exit 0 when this machine can hold the lab (root, namespaces, tc)
#   lab.sh up DIR            builds it; DIR is an empty folder, and its last six letters name the namespaces
#   lab.sh mirror DIR KIND   (re)makes the mirror port: span, doubled (each packet as it enters and as it leaves), vxlan (into a
#                            tunnel to the sensor's address) or tap (a second pair mon2 -- mon3: an interface for each direction)
#   lab.sh quiet DIR         returns when the mirror port has been silent for a second
#   lab.sh whole DIR         exit 1 when the mirror path lost a packet since `mirror`, by the kernel's own counters
#   lab.sh truth DIR         exchanges that the servers themselves have logged
#   lab.sh exec DIR SPACE COMMAND...   runs in client, switch, server or sensor
#   lab.sh down DIR          ends what runs in the namespaces, deletes them and DIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
app=$(cd "$here/../../captures/lab" && pwd)
roles=(client switch server sensor)

space() { echo "stl-$tag-$1"; }
within() { local role=$1; shift; ip netns exec "$(space "$role")" "$@"; }
link() { local role=$1; shift; ip -n "$(space "$role")" "$@"; }
counter() { within "$1" cat "/sys/class/net/$2/statistics/$3"; }

possible() {
    [ "$(id -u)" = 0 ] || return 1
    command -v tc >/dev/null || packages
    local probe=stl-probe-$$
    ip netns add "$probe" 2>/dev/null || return 1
    local able=0
    { ip -n "$probe" link add a0 type veth peer name a1 && ip -n "$probe" link add vx0 type vxlan id 1 remote 192.0.2.1 dstport 4789 dev a0 &&
        ip netns exec "$probe" tc qdisc add dev a0 clsact; } >/dev/null 2>&1 || able=1
    ip netns del "$probe"
    return $able
}

packages() {
    local need=() package
    for package in nginx-light gunicorn python3-flask python3-requests wrk tcpdump iproute2 ethtool curl tcpreplay libcap2-bin; do
        dpkg -s "$package" >/dev/null 2>&1 || need+=("$package")
    done
    [ ${#need[@]} = 0 ] || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null; }
}

# join ROLE DEVICE ROLE DEVICE MTU: a cable. No offloads: a veth would carry segments of 64 KiB with no checksum.
join() {
    ip link add "$2" netns "$(space "$1")" type veth peer name "$4" netns "$(space "$3")"
    local end
    for end in "$1 $2" "$3 $4"; do
        set -- $end "$5" "$5" "$5"
        link "$1" link set "$2" mtu "$3" txqueuelen 10000 up
        within "$1" ethtool -K "$2" tso off gso off gro off tx off rx off txvlan off rxvlan off >/dev/null 2>&1 || true
    done
}

up() {
    packages
    local role
    for role in "${roles[@]}"; do
        ip netns add "$(space "$role")"
        # Nothing but the lab speaks in the lab.
        within "$role" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        link "$role" link set lo up
    done
    join client c0 switch p0 1500
    join switch p1 server s0 1500
    link switch link add br0 type bridge
    link switch link set p0 master br0
    link switch link set p1 master br0
    link switch link set br0 up
    link client addr add 10.20.0.1/24 dev c0
    link client addr add 10.20.0.66/24 dev c0
    # Every address of 10.21.0.0/16 is this client's: a crowd of callers, without 65 thousand commands.
    link client route add local 10.21.0.0/16 dev lo
    link server addr add 10.20.0.2/24 dev s0
    link server route add 10.21.0.0/16 via 10.20.0.1

    chmod 755 "$dir"
    mkdir -p "$dir"/www/static "$dir"/{body,proxy,fcgi,uwsgi,scgi}
    printf 'console.log("app");\n' >"$dir/www/static/app.js"
    head -c 60000 /dev/zero | tr '\0' x >"$dir/www/static/large.css"
    sed "s|LAB|$dir|g" "$here/nginx.conf" >"$dir/nginx.conf"
    PYTHONDONTWRITEBYTECODE=1 within server setsid gunicorn --chdir "$app" --workers 1 --threads 8 --keep-alive 30 \
        --bind 127.0.0.1:8000 --bind 10.20.0.2:8080 --access-logfile "$dir/app.log" --access-logformat '%(h)s' --log-level error \
        app:app >"$dir/gunicorn.out" 2>&1 </dev/null &
    within server setsid nginx -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1 </dev/null
    local url
    for url in http://10.20.0.2/healthz http://10.20.0.2:8080/healthz; do
        for _ in $(seq 100); do within client curl -sf -o /dev/null -H 'Host: api.pay.example' "$url" && continue 2; sleep 0.2; done
        echo "lab.sh: $url does not answer" >&2; cat "$dir"/*.out >&2; return 1
    done
}

mirror() {
    local kind=$1 mtu=1500 port way device
    local to=(mon0 mon0)                   # for what enters at p0, at p1
    [ "$kind" != vxlan ] || mtu=1600       # outer Ethernet, IPv4, UDP, VXLAN: 50 bytes more
    for device in mon0 mon2; do link switch link del "$device" 2>/dev/null || true; done
    join switch mon0 sensor mon1 "$mtu"
    [ "$kind" != tap ] || { join switch mon2 sensor mon3 "$mtu"; to[1]=mon2; }
    if [ "$kind" = vxlan ]; then
        link switch addr add 10.99.0.1/24 dev mon0
        link sensor addr add 10.99.0.2/24 dev mon1
        link switch link add vx0 type vxlan id 77 local 10.99.0.1 remote 10.99.0.2 dstport 4789 dev mon0 nolearning
        link switch link set vx0 up
        to=(vx0 vx0)
        # Known beforehand: copies that wait for an ARP answer would be dropped.
        link switch neigh replace 10.99.0.2 lladdr "$(within sensor cat /sys/class/net/mon1/address)" dev mon0
    fi
    # What enters at either port is both directions once. A careless session copies what leaves as well: all of it twice.
    local ways=(ingress)
    [ "$kind" != doubled ] || ways+=(egress)
    for port in p0 p1; do
        within switch tc qdisc del dev "$port" clsact 2>/dev/null || true
        within switch tc qdisc add dev "$port" clsact
        for way in "${ways[@]}"; do
            within switch tc filter add dev "$port" "$way" protocol all u32 match u32 0 0 action mirred egress mirror dev "${to[${port#p}]}"
        done
    done
    printf '%s\n' "${to[@]}" | sort -u >"$dir/mirror"
    copies >"$dir/before"
}

copies() { local device sum=0; while read -r device; do sum=$((sum + $(counter switch "$device" tx_packets))); done <"$dir/mirror"; echo "$sum"; }
heard() { local device sum=0; for device in mon1 mon3; do [ "$(within sensor ls /sys/class/net | grep -cx "$device")" = 0 ] || sum=$((sum + $(counter sensor "$device" rx_packets))); done; echo "$sum"; }

quiet() {
    local last=-1 now
    for _ in $(seq 120); do
        now=$(heard)
        [ "$now" != "$last" ] || return 0
        last=$now
        sleep 1
    done
    echo "lab.sh: the mirror port does not fall silent" >&2; return 1
}

# Copies asked of tc = copies that left by the mirror device = packets that reached the sensor; nobody dropped.
whole() {
    local asked left failed=0 name device cables
    asked=$(within switch tc -s actions list action mirred |
        awk '$1 == "Sent" { sent += $4; gsub(/,/, "", $7); lost += $7 + $9 } END { print sent + 0, lost + 0 }')
    left=$(($(copies) - $(cat "$dir/before")))
    [ "$asked" = "$left 0" ] || { echo "mirror: tc copied and failed: $asked; $left left by $(xargs <"$dir/mirror")" >&2; failed=1; }
    cables=(mon0:mon1); ! grep -qx mon2 "$dir/mirror" || cables+=(mon2:mon3)
    for device in "${cables[@]}"; do
        [ "$(counter switch "${device%:*}" tx_packets)" = "$(counter sensor "${device#*:}" rx_packets)" ] || { echo "mirror: $device sent more than arrived" >&2; failed=1; }
    done
    for device in $(printf 'switch:%s\n' p0 p1 mon0 $(cat "$dir/mirror") | sort -u) $(printf 'sensor:%s\n' "${cables[@]#*:}"); do
        for name in tx_dropped tx_errors rx_dropped rx_errors; do
            [ "$(counter "${device%:*}" "${device#*:}" "$name")" = 0 ] || { echo "mirror: $device $name $(counter "${device%:*}" "${device#*:}" "$name")" >&2; failed=1; }
        done
    done
    return $failed
}

# nginx logs its own; the application logs all, of which those from 127.0.0.1 came through nginx.
truth() {
    local pid=$dir/nginx.pid
    [ ! -e "$pid" ] || kill -USR1 "$(cat "$pid")"
    sleep 0.3
    echo $(($(wc -l <"$dir/access.log") + $(grep -vc '^127\.' "$dir/app.log" || true)))
}

down() {
    local role pid
    for role in "${roles[@]}"; do
        for pid in $(ip netns pids "$(space "$role")" 2>/dev/null || true); do kill -KILL "$pid" 2>/dev/null || true; done
        ip netns del "$(space "$role")" 2>/dev/null || true
    done
    awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | while read -r mount; do umount "$mount" || umount -l "$mount"; done
    rm -rf --one-file-system "$dir"
}

act=${1:-}
[ "$act" != possible ] || { possible; exit; }
[ $# -ge 2 ] && [ -d "$2" ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
dir=$(cd "$2" && pwd); tag=${dir: -6}
shift 2
case $act in
    up|quiet|whole|truth|down) "$act" ;;
    mirror) mirror "${1:-span}" ;;
    exec) within "$@" ;;
    *) echo "lab.sh: $act: unknown" >&2; exit 2 ;;
esac
