//! Traffic in tunnels is read like the same traffic without.

use serde_json::Value;
use shadowtap::decode::{DecodeOptions, ScopeBy};

use crate::common::tunnels::{WRAPS, Way, Wrap, cat, frame, over_udp};
use crate::common::wire::{ACK, FIN, SYN, Wire};
use crate::common::{Run, assert_ledger, shadowtap, without_capture};

/// One packet of a conversation, before it is put into anything.
struct Packet {
    way: Way,
    bytes: Vec<u8>,
}

/// Two exchanges on one connection, the second answer in chunks and in two segments; `name` is in every path.
fn conversation(v6: bool, name: &str) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut next = [100_u32, 9_000];
    let mut say = |way: Way, flags: u8, payload: &[u8]| {
        let (mine, theirs) = if way == Way::There { (0, 1) } else { (1, 0) };
        let (mut ports, mut ends) = ([[0x9c, 0x40], [0, 80]], [[10, 9, 0, 1], [10, 9, 0, 2]]);
        if way == Way::Back {
            ports.reverse();
            ends.reverse();
        }
        let tcp = cat(&[
            &ports.concat(),
            &next[mine].to_be_bytes(),
            &next[theirs].to_be_bytes(),
            &[0x50, flags, 0xff, 0xff, 0, 0, 0, 0],
            payload,
        ]);
        let len = tcp.len() as u16;
        let bytes = match v6 {
            // Addresses of Teredo, which every tunnel may carry.
            true => {
                let ends = ends.map(|end| cat(&[&[0x20, 1, 0, 0], &[0; 8], &end]));
                cat(&[&[0x60, 0, 0, 0], &len.to_be_bytes(), &[6, 64], &ends.concat(), &tcp])
            }
            false => {
                let total = (len + 20).to_be_bytes();
                cat(&[&[0x45, 0], &total, &[0, 0, 0x40, 0, 64, 6, 0, 0], &ends.concat(), &tcp])
            }
        };
        packets.push(Packet { way, bytes });
        next[mine] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
    };
    let get = format!("GET /{name}/first?q=1 HTTP/1.1\r\nHost: api.shop.example\r\n\r\n");
    let post = format!("POST /{name}/second HTTP/1.1\r\nHost: api.shop.example\r\nContent-Length: 2\r\n\r\n{{}}");
    say(Way::There, SYN, b"");
    say(Way::Back, SYN | ACK, b"");
    say(Way::There, ACK, b"");
    say(Way::There, ACK, get.as_bytes());
    say(Way::Back, ACK, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"a\": 1}");
    say(Way::There, ACK, post.as_bytes());
    say(Way::Back, ACK, b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    say(Way::Back, ACK, b"lo\r\n0\r\n\r\n");
    say(Way::There, ACK | FIN, b"");
    say(Way::Back, ACK | FIN, b"");
    say(Way::There, ACK, b"");
    packets
}

/// A run without specs: what was promised makes no difference here.
fn sensor() -> Run {
    Run { specs: Vec::new(), ..Run::default() }
}

/// The report and the transactions of frames, a millisecond apart. A stream's number tells scopes apart, too, so it is
/// left out.
fn read(run: &Run, frames: impl IntoIterator<Item = Vec<u8>>) -> (Value, Vec<Value>) {
    let mut wire = Wire::new();
    for bytes in frames {
        wire.clock += 1_000_000;
        wire.push(wire.clock, &bytes);
    }
    let (report, lines) = run.report(&mut wire.frames, "json");
    let report: Value = serde_json::from_slice(&report).expect("the JSON reporter writes JSON");
    assert_ledger(&report, "tunnels");
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).expect("a line is JSON")).collect();
    lines.iter_mut().filter_map(Value::as_object_mut).for_each(|line| {
        assert!(line.remove("stream").is_some());
    });
    (report, lines)
}

fn plain(packets: &[Packet]) -> Vec<Vec<u8>> {
    packets.iter().map(|packet| frame(&packet.bytes)).collect()
}

fn wrapped(packets: &[Packet], wrap: &Wrap, id: u16) -> Vec<Vec<u8>> {
    packets.iter().map(|packet| (wrap.wrap)(&packet.bytes, packet.way, id)).collect()
}

/// What must not depend on a tunnel: all but how many bytes were captured, and what was counted about tunnels.
fn essence(report: Value) -> (Value, Value, Value) {
    let part = |at: &str| report.pointer(at).cloned().expect("a part of every report");
    let (payload, packets) = (part("/capture/payload"), part("/capture/packets"));
    (without_capture(report), payload, packets)
}

#[test]
fn what_is_in_a_tunnel_is_what_it_is_without() {
    // Catches a header that takes a byte too many or too few, payload lost or made up, directions that do not meet.
    for v6 in [false, true] {
        let packets = conversation(v6, "tunnel");
        let (want, want_lines) = read(&sensor(), plain(&packets));
        assert_eq!(want_lines.len(), 2);
        let want = essence(want);
        for wrap in WRAPS.iter().filter(|wrap| v6 || !wrap.only_v6) {
            let (got, lines) = read(&sensor(), wrapped(&packets, wrap, 7));
            assert_eq!(lines, want_lines, "{}", wrap.name);
            let counter = format!("/capture/counters/decode.tunnel_{}", wrap.kind);
            let counted = got.pointer(&counter).and_then(Value::as_u64);
            assert_eq!(counted, (!wrap.kind.is_empty()).then_some(packets.len() as u64), "{}", wrap.name);
            assert!(essence(got) == want, "{}: the reports differ", wrap.name);
        }
    }
}

#[test]
fn tunnels_in_tunnels_are_read_too() {
    // A cloud's mirror of a cluster's overlay behind a carrier's labels and tags: four deep, with every kind outside.
    let packets = conversation(false, "deep");
    let (_, want) = read(&sensor(), plain(&packets));
    let find = |name: &str| WRAPS.iter().find(|wrap| wrap.name == name).expect("a name of the table").wrap;
    let (geneve, gre) = (find("geneve, IP"), find("gre, MPLS"));
    for wrap in WRAPS.iter().filter(|wrap| !wrap.only_v6) {
        let frames = packets.iter().map(|packet| {
            let cluster = geneve(&packet.bytes, packet.way, 3);
            let labelled = gre(&cluster[14..], packet.way, 0);
            let outer = (wrap.wrap)(&labelled[14..], packet.way, 7);
            cat(&[&outer[..12], &[0x81, 0, 0, 9], &outer[12..]])
        });
        let (_, got) = read(&sensor(), frames);
        assert!(got == want, "geneve in gre in {} in a VLAN", wrap.name);
    }
}

/// Takes from both in turn.
fn interleaved(one: Vec<Vec<u8>>, other: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    one.into_iter().zip(other).flat_map(|(one, other)| [one, other]).collect()
}

#[test]
fn equal_addresses_under_different_numbers_never_mix_and_do_when_told_to() {
    // Two networks with equal addresses, ports and sequence numbers, at the same time.
    let [one, other] = ["one", "two"].map(|name| conversation(false, name));
    let targets = |lines: &[Value]| {
        let mut targets: Vec<String> =
            lines.iter().map(|line| format!("{} {}", line["target"], line["status"])).collect();
        targets.sort();
        targets
    };
    let want = ["\"/one/first?q=1\" 200", "\"/one/second\" 201", "\"/two/first?q=1\" 200", "\"/two/second\" 201"];
    for wrap in WRAPS.iter().filter(|wrap| wrap.apart) {
        for workers in [1, 4] {
            let both = || interleaved(wrapped(&one, wrap, 1), wrapped(&other, wrap, 2));
            let (_, apart) = read(&Run { workers, ..sensor() }, both());
            assert_eq!(targets(&apart), want, "{}", wrap.name);
            let scope_by = ScopeBy { vlan: false, tunnel: false };
            let (_, mixed) = read(&Run { workers, scope_by, ..sensor() }, both());
            assert_eq!(targets(&mixed), want[..2], "{}: what came first stays", wrap.name);
        }
    }
}

#[test]
fn a_tunnel_at_any_port_is_read_by_flag() {
    let packets = conversation(false, "port");
    let (_, want) = read(&sensor(), plain(&packets));
    let frames = || {
        packets.iter().map(|packet| {
            let vxlan = cat(&[&[8, 0, 0, 0, 0, 0, 7, 0], &frame(&packet.bytes)]);
            over_udp(packet.way, 14_789, &vxlan)
        })
    };
    let (report, none) = read(&sensor(), frames());
    assert!(none.is_empty());
    assert_eq!(report.pointer("/capture/packets/udp").and_then(Value::as_u64), Some(packets.len() as u64));
    let decode = DecodeOptions {
        tunnel_ports: vec!["vxlan:14789".parse().expect("a kind and a port")],
        ..DecodeOptions::default()
    };
    let (_, got) = read(&Run { decode, ..sensor() }, frames());
    assert!(got == want);
}

#[test]
fn the_flag_for_ports_is_checked_before_anything_is_read() {
    for (value, mend) in [("vxlna:1", "vxlan-gpe"), ("vxlan", "vxlan:14789"), ("vxlan:0", "1 to 65535")] {
        let output = shadowtap(&["replay", "no-such.pcap", "--tunnel-port", value]);
        assert_eq!(output.status.code(), Some(2));
        let said = crate::common::said(&output);
        assert!(said.contains("--tunnel-port") && said.contains(mend), "{value}: {said}");
    }
}
