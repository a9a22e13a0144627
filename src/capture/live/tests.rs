//! The loopback, where a test may open it.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{LiveOptions, LiveSource};
use crate::capture::{CaptureError, Event, PacketSource};

fn options(filter: &str) -> LiveOptions {
    LiveOptions { ring_bytes: 4 << 20, promiscuous: true, filter: filter.to_owned(), filter_asked: true }
}

/// `None`, and a word about it, where this user may not capture.
fn open(filter: &str, stop: &Arc<AtomicBool>) -> Option<LiveSource> {
    match LiveSource::open(&["lo".to_owned()], &options(filter), stop) {
        Ok(source) => Some(source),
        Err(error) => {
            assert!(error.to_string().contains("cap_net_raw"), "{error}");
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// Payloads of the datagrams to `port` until the source ends.
fn read(source: &mut LiveSource) -> usize {
    let mut frames = 0;
    loop {
        match source.next().unwrap() {
            Event::Frame(frame) => {
                assert!(frame.bytes.windows(6).any(|part| part == b"marked"));
                frames += 1;
            }
            Event::Idle(_) => {}
            Event::End => return frames,
        }
    }
}

fn sender() -> (UdpSocket, UdpSocket) {
    let (from, to) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    from.connect(to.local_addr().unwrap()).unwrap();
    (from, to)
}

#[test]
fn what_the_ring_holds_at_a_stop_is_still_read() {
    // Catches a source that ends at once (the last blocks are lost), never (a quiet ring), or reads what came after.
    let stop = Arc::new(AtomicBool::new(false));
    let (from, to) = sender();
    let Some(mut source) = open(&format!("udp dst port {}", to.local_addr().unwrap().port()), &stop) else { return };
    for _ in 0..500 {
        from.send(b"marked").unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let began = Instant::now();
    // The loopback is seen once as it leaves and once as it arrives; libpcap leaves out the first.
    assert_eq!(read(&mut source), 500);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(source.taps()[0].frames, 500);
}

#[test]
fn a_quiet_wire_still_moves_time() {
    // Catches a wait that does not return.
    let stop = Arc::new(AtomicBool::new(false));
    let (_from, to) = sender();
    let Some(mut source) = open(&format!("udp dst port {}", to.local_addr().unwrap().port()), &stop) else { return };
    let Event::Idle(first) = source.next().unwrap() else { panic!("nothing was sent") };
    for _ in 0..20 {
        assert!(matches!(source.next().unwrap(), Event::Idle(_)));
    }
    let Event::Idle(last) = source.next().unwrap() else { panic!("nothing was sent") };
    assert!(last.since(first) >= crate::time::Span::from_millis(1000));
}

#[test]
fn sources_that_fan_out_share_flows_and_lose_none() {
    // Catches a group that is not joined (everything twice), or a hash that tears a flow apart.
    let stop = Arc::new(AtomicBool::new(false));
    let pairs: Vec<_> = (0..40).map(|_| sender()).collect();
    let Some(first) = open("udp and udp[8:4] = 0x6d61726b", &stop) else { return };
    let Some(second) = open("udp and udp[8:4] = 0x6d61726b", &stop) else { return };
    let mut sources = [first, second];
    LiveSource::fan_out(&mut sources).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    for _ in 0..10 {
        for (from, _) in &pairs {
            from.send(b"marked").unwrap();
        }
    }
    stop.store(true, Ordering::Relaxed);
    let seen: Vec<usize> = sources.iter_mut().map(read).collect();
    assert_eq!(seen.iter().sum::<usize>(), 400, "{seen:?}");
    assert!(seen.iter().all(|n| *n > 0 && n.is_multiple_of(10)), "a flow was torn apart: {seen:?}");
}

#[test]
fn what_cannot_be_opened_is_named_with_the_mend() {
    let stop = Arc::default();
    let none = LiveSource::open(&["no-such-tap0".to_owned()], &options(""), &stop).err().unwrap().to_string();
    assert!(none.contains("-i no-such-tap0") && (none.contains("there are") || none.contains("cap_net_raw")), "{none}");
    match LiveSource::open(&["lo".to_owned()], &options("tcp prot 80"), &stop).err() {
        Some(CaptureError::Filter { expression, .. }) => assert_eq!(expression, "tcp prot 80"),
        Some(other) => assert!(other.to_string().contains("cap_net_raw"), "{other}"),
        None => panic!("the filter makes no sense"),
    }
}

#[test]
fn several_interfaces_are_read_in_order_of_time() {
    // Catches rings that are read one block after another: the directions of a connection come apart by 50 ms.
    let stop = Arc::new(AtomicBool::new(false));
    let names = ["stlive0", "stlive1"];
    let ip = |words: &str| {
        std::process::Command::new("ip").args(words.split(' ')).status().is_ok_and(|status| status.success())
    };
    if !ip("link add stlive0 type veth peer name stlive1") {
        return eprintln!("skipped: needs root and iproute2");
    }
    let made = Undo(|| assert!(ip("link del stlive0")));
    for name in names {
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1");
        assert!(ip(&format!("link set {name} up")));
    }
    let names = names.map(str::to_owned);
    // Experimental EtherType: nobody else speaks it.
    let Ok(mut source) = LiveSource::open(&names, &options("ether proto 0x88b5"), &stop) else {
        return eprintln!("skipped: may not capture");
    };
    let mut senders = names.each_ref().map(|name| pcap::Capture::from_device(name.as_str()).unwrap().open().unwrap());
    for n in 0..300_u16 {
        let mut frame = [0xff; 60];
        frame[12..16].copy_from_slice(&[0x88, 0xb5, n.to_be_bytes()[0], n.to_be_bytes()[1]]);
        senders[usize::from(n % 2)].sendpacket(frame).unwrap();
        std::thread::sleep(Duration::from_micros(200));
    }
    stop.store(true, Ordering::Relaxed);
    let mut seen = Vec::new();
    loop {
        match source.next().unwrap() {
            Event::Frame(frame) => seen.push((frame.time, u16::from_be_bytes([frame.bytes[14], frame.bytes[15]]))),
            Event::Idle(_) => {}
            Event::End => break,
        }
    }
    assert!(seen.is_sorted(), "{seen:?}");
    // Each is seen as it leaves one and as it arrives at the other.
    assert_eq!(seen.len(), 600);
    drop(made);
}

struct Undo<F: Fn()>(F);

impl<F: Fn()> Drop for Undo<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
