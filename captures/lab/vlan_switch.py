"""A small 802.1Q switch in user space: access ports on one side, a tagged trunk on the other.

  vlan_switch.py TRUNK DEVICE=VLAN...

It stands in for kernel VLAN devices where the kernel has none; clients and servers around it are real.
"""
import select
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23


def port(device):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((device, 3))
    raw.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    return raw


trunk = port(sys.argv[1])
access = {int(vlan): port(device) for device, vlan in (word.split("=") for word in sys.argv[2:])}
by_socket = {raw: vlan for vlan, raw in access.items()}
while True:
    for ready in select.select([trunk, *by_socket], [], [])[0]:
        frame, extra, _, _ = ready.recvmsg(65536, 256)
        if ready is not trunk:
            trunk.send(frame[:12] + struct.pack("!HH", 0x8100, by_socket[ready]) + frame[12:])
            continue
        # The kernel takes the tag off and tells it aside (struct tpacket_auxdata).
        for level, kind, data in extra:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                vlan = struct.unpack("=IIIHHHH", data[:20])[5] & 0xFFF
                if vlan in access:
                    access[vlan].send(frame)
