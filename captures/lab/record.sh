#!/usr/bin/env bash
# Records the captures of this folder anew: real servers (nginx, gunicorn), real clients, network namespaces joined by
# veth, MTU 1500, offloads off, so that what is captured is what a wire would carry. Root; Debian; about two minutes.
#
#   captures/lab/record.sh            all of them
#   captures/lab/record.sh payments   only these
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(dirname "$here")
wanted=("$@")

[ "$(id -u)" = 0 ] || { echo "record.sh: needs root, for namespaces and capturing" >&2; exit 2; }
need=()
for package in nginx-light gunicorn python3-flask python3-requests tcpdump wireshark-common iproute2 ethtool curl openssl zstd; do
    dpkg -s "$package" >/dev/null 2>&1 || need+=("$package")
done
[ ${#need[@]} = 0 ] || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null; }

lab=$(mktemp -d /tmp/shadowtap-lab.XXXXXX)
chmod 755 "$lab"
spaces=(st-client st-switch st-edge st-app st-ta st-tb st-c10 st-c20 st-s10 st-s20)
finish() {
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
    for space in "${spaces[@]}"; do
        ip netns pids "$space" 2>/dev/null | xargs -r kill 2>/dev/null || true
        ip netns del "$space" 2>/dev/null || true
    done
    rm -rf "$lab"
}
trap finish EXIT
for space in "${spaces[@]}"; do ip netns del "$space" 2>/dev/null || true; ip netns add "$space"; ip -n "$space" link set lo up; done
in_space() { local space=$1; shift; ip netns exec "$space" "$@"; }

join() { # join SPACE DEVICE SPACE DEVICE
    ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
    for end in "$1 $2" "$3 $4"; do
        set -- $end
        ip -n "$1" link set "$2" mtu 1500 up
        in_space "$1" ethtool -K "$2" tso off gso off gro off lro off tx off rx off txvlan off rxvlan off >/dev/null 2>&1 || true
    done
}

# client -- switch (bridge with a mirror port) -- edge (nginx) -- app (gunicorn)
join st-client c0 st-switch p0
join st-switch p1 st-edge e0
join st-edge e1 st-app a0
ip -n st-switch link add br0 type bridge
ip -n st-switch link add mon0 type veth peer name mon1
for device in p0 p1; do ip -n st-switch link set "$device" master br0; done
ip -n st-switch link set br0 up; ip -n st-switch link set mon0 up; ip -n st-switch link set mon1 up
ip -n st-client addr add 10.20.0.1/24 dev c0; ip -n st-client addr add 10.20.0.66/24 dev c0; ip -n st-client addr add fd00:20::1/64 dev c0 nodad
ip -n st-edge addr add 10.20.0.2/24 dev e0; ip -n st-edge addr add fd00:20::2/64 dev e0 nodad
ip -n st-edge addr add 10.30.0.1/24 dev e1; ip -n st-app addr add 10.30.0.2/24 dev a0

# Two VLANs of one trunk with the same addresses in both.
join st-ta t0 st-tb t1
for id in 10 20; do
    join "st-c$id" c0 st-ta "x$id"
    join "st-s$id" s0 st-tb "x$id"
    ip -n "st-c$id" addr add 10.40.0.1/24 dev c0; ip -n "st-s$id" addr add 10.40.0.2/24 dev s0
done
in_space st-ta python3 "$here/vlan_switch.py" t0 x10=10 x20=20 &
in_space st-tb python3 "$here/vlan_switch.py" t1 x10=10 x20=20 &

# Servers.
mkdir -p "$lab/www/static"
printf 'console.log("app");\n' >"$lab/www/static/app.js"; printf 'body{}\n' >"$lab/www/static/style.css"; printf '\x89PNG' >"$lab/www/static/logo.png"
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=api.pay.example -keyout "$lab/key.pem" -out "$lab/cert.pem" 2>/dev/null
sed "s|LAB|$lab|g" "$here/nginx.conf" >"$lab/nginx.conf"
mkdir -p "$lab"/{body,proxy,fcgi,uwsgi,scgi}
serve() { # serve SPACE ADDRESS:PORT
    in_space "$1" gunicorn --chdir "$here" --workers 1 --threads 8 --keep-alive 30 --bind "$2" --log-level error app:app &
}
export PYTHONDONTWRITEBYTECODE=1
serve st-app 10.30.0.2:8000; serve st-s10 10.40.0.2:80; serve st-s20 10.40.0.2:80
in_space st-edge nginx -c "$lab/nginx.conf" -g 'daemon off;' 2>/dev/null &
for _ in $(seq 50); do in_space st-client curl -sf -o /dev/null -H 'Host: api.pay.example' http://10.20.0.2/healthz && break; sleep 0.2; done
for id in 10 20; do for _ in $(seq 50); do in_space "st-c$id" curl -sf -o /dev/null http://10.40.0.2/healthz && break; sleep 0.2; done; done
client() { in_space "$1" python3 "$here/client.py" "$2" "$3"; }

# capture NAME SPACE COMMAND... -- CLIENT...: runs the sniffer around the client, and keeps what it wrote.
capture() {
    local name=$1 space=$2; shift 2
    [ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" ${name%%.*} "* ]] || return 0
    local sniffer=()
    while [ "$1" != -- ]; do sniffer+=("$1"); shift; done
    shift
    echo "recording $name"
    in_space "$space" "${sniffer[@]}" >/dev/null 2>"$lab/sniffer.log" &
    local pid=$!
    sleep 1.5
    "$@"
    sleep 1.5
    ip netns pids "$space" | while read -r p; do case $(cat "/proc/$p/comm") in tcpdump|dumpcap) kill -INT "$p";; esac; done
    wait "$pid" || true
}
dump() { echo tcpdump -U -n -B 65536 -s 0 "$@"; }
only='tcp or icmp or icmp6 or arp'

capture payments.pcap st-client $(dump -i c0 -w "$out/payments.pcap") "$only" -- eval 'client st-client story http://10.20.0.2; client st-client scan http://10.20.0.2'
capture inside.pcapng st-edge dumpcap -q -i e0 -i e1 -w "$out/inside.pcapng" -- client st-client short http://10.20.0.2
capture vlans.pcap st-ta $(dump -i t0 --time-stamp-precision=nano -w "$out/vlans.pcap") -- eval 'client st-c10 short http://10.40.0.2 & client st-c20 short http://10.40.0.2; wait $!'
capture ipv6.pcap st-client $(dump -i c0 -w "$out/ipv6.pcap") 'tcp' -- client st-client short 'http://[fd00:20::2]'
capture cooked.pcap st-edge $(dump -i any -y LINUX_SLL2 -w "$out/cooked.pcap") 'tcp port 80' -- client st-client short http://10.20.0.2
capture oneway.pcap st-client $(dump -i c0 -w "$out/oneway.pcap") 'dst port 80' -- client st-client short http://10.20.0.2
capture snaplen.pcap st-client tcpdump -U -n -B 65536 -s 320 -i c0 -w "$out/snaplen.pcap" tcp -- client st-client short http://10.20.0.2
capture tls.pcap st-client $(dump -i c0 -w "$out/tls.pcap") tcp -- eval 'for n in 1 2 3; do in_space st-client curl -sk -o /dev/null --resolve api.pay.example:443:10.20.0.2 https://api.pay.example/healthz; done'
capture hostile.pcap st-client $(dump -i c0 -w "$out/hostile.pcap") tcp -- client st-client hostile http://10.20.0.2

# A careless mirror port: both switch ports, both ways, so that each packet comes twice.
for device in p0 p1; do
    in_space st-switch tc qdisc add dev "$device" clsact
    for way in ingress egress; do in_space st-switch tc filter add dev "$device" "$way" protocol all u32 match u32 0 0 action mirred egress mirror dev mon0; done
done
capture span.pcap st-switch $(dump -i mon1 -w "$out/span.pcap") tcp -- client st-client short http://10.20.0.2
packed() { [ ! -e "$out/$1" ] || [ "$out/$2" -nt "$out/$1" ] || { rm -f "$out/$2"; "${@:3}"; }; }
packed oneway.pcap oneway.pcap.gz gzip -9n "$out/oneway.pcap"
packed span.pcap span.pcap.zst zstd -q -19 --rm "$out/span.pcap"
chmod 644 "$out"/*.pcap* 2>/dev/null || true
ls -l "$out"
