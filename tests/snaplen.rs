//! A snap length cuts every packet: what fits is read as if nothing had been cut, what does not is counted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shadowtap::capture::{Frame, LinkType, MemorySource};

use crate::common::{Run, assert_ledger, captures, frames};

const LENGTHS: [usize; 5] = [64, 96, 128, 256, 512];

/// Where a frame's addresses and its TCP payload lie, for what the captures of the repository hold.
struct Place {
    from: Vec<u8>,
    to: Vec<u8>,
    /// The header that says where the payload is reaches so far.
    known: usize,
    sequence: [u8; 4],
    data: usize,
    end: usize,
}

fn place(frame: &Frame<'_>) -> Option<Place> {
    let bytes = frame.bytes;
    let mut ip = match frame.link {
        LinkType::ETHERNET => 14,
        LinkType::LINUX_SLL2 => 20,
        other => panic!("{other:?}"),
    };
    while frame.link == LinkType::ETHERNET && bytes[ip - 2..ip] == [0x81, 0] {
        ip += 4;
    }
    let (addresses, tcp, end) = match bytes[ip] >> 4 {
        4 if bytes[ip + 9] == 6 => {
            let total = usize::from(u16::from_be_bytes([bytes[ip + 2], bytes[ip + 3]]));
            (&bytes[ip + 12..ip + 20], ip + 20, ip + total)
        }
        6 if bytes[ip + 6] == 6 => {
            let len = usize::from(u16::from_be_bytes([bytes[ip + 4], bytes[ip + 5]]));
            (&bytes[ip + 8..ip + 40], ip + 40, ip + 40 + len)
        }
        _ => return None,
    };
    let (from, to) = addresses.split_at(addresses.len() / 2);
    let tag = &bytes[12..ip - 2];
    let end_of =
        |address: &[u8], at: usize| [address, &bytes[tcp + at..tcp + at + 2], if ip > 20 { tag } else { &[] }].concat();
    let data = tcp + usize::from(bytes[tcp + 12] >> 4) * 4;
    let sequence = bytes[tcp + 4..tcp + 8].try_into().expect("four bytes");
    Some(Place { from: end_of(from, 0), to: end_of(to, 2), sequence, known: tcp + 14, data, end })
}

/// What one connection asked and was told, in order: the request line's method and target, the status, and how many bytes
/// of a frame must be captured to see each head whole.
#[derive(Default)]
struct Talk {
    asked: Vec<(String, String, usize)>,
    told: Vec<(u64, usize)>,
    /// Some packet held several requests.
    pipelined: bool,
}

/// Read from whole packets: in these captures a packet begins with a head or has none, and may hold several messages.
fn talks(source: &MemorySource) -> Vec<Talk> {
    let mut talks: BTreeMap<(Vec<u8>, Vec<u8>), Talk> = BTreeMap::new();
    for frame in (0..).map_while(|at| source.frame(at)) {
        let Some(Place { from, to, data, end, .. }) = place(&frame) else { continue };
        let mut at = data;
        while let Some(payload) = frame.bytes.get(at..end)
            && let Some(len) = payload.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
        {
            let head = String::from_utf8_lossy(&payload[..len]).into_owned();
            let words: Vec<&str> = head.lines().next().unwrap_or_default().split(' ').collect();
            if words[0] == "HTTP/1.1" && words[1].starts_with('1') {
                // Go on, it says: no answer yet.
            } else if words[0] == "HTTP/1.1" {
                let talk = talks.entry((to.clone(), from.clone())).or_default();
                talk.told.push((words[1].parse().expect("a status"), at + len));
            } else if words.get(2) == Some(&"HTTP/1.1") {
                let talk = talks.entry((from.clone(), to.clone())).or_default();
                talk.pipelined |= at > data;
                talk.asked.push((words[0].to_owned(), words[1].to_owned(), at + len));
            } else {
                break;
            }
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            at += len + length.unwrap_or(0_usize);
        }
    }
    talks.into_values().collect()
}

fn cut(source: &MemorySource, len: usize) -> MemorySource {
    let mut out = MemorySource::new();
    for frame in (0..).map_while(|at| source.frame(at)) {
        out.push(&Frame { bytes: &frame.bytes[..frame.bytes.len().min(len)], ..frame });
    }
    out
}

type Line = (String, String, Option<u64>);

fn exchanges(lines: &[u8]) -> Vec<Line> {
    let lines = String::from_utf8(lines.to_vec()).expect("NDJSON is UTF-8");
    let values = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = values
        .filter(|value| value["type"] == "transaction" && !value["method"].is_null())
        .map(|value| (text(&value["method"]), text(&value["target"]), value["status"].as_u64()))
        .collect();
    all.sort();
    all
}

fn count<T: Ord>(all: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

#[test]
fn every_exchange_whose_heads_were_captured_is_reported_and_nothing_untrue() {
    // Catches a cut body that swallows what follows it, a cut head that takes the next message with it, and answers that
    // move on to another's request. What can be had of a head whose end was cut may be reported, as long as it is true.
    for name in ["payments.pcap", "vlans.pcap", "cooked.pcap", "ipv6.pcap"] {
        let whole = frames(&[captures().join(name)]);
        let talks = talks(&whole);
        let all: Vec<_> = talks
            .iter()
            .flat_map(|talk| {
                assert_eq!(talk.asked.len(), talk.told.len(), "{name}: every request has its answer");
                talk.asked.iter().zip(&talk.told)
            })
            .collect();
        let asked = |most: usize| {
            count(all.iter().filter(|(asked, _)| asked.2 <= most).map(|(asked, _)| (asked.0.clone(), asked.1.clone())))
        };
        let answered = |most: usize| {
            let whole = all.iter().filter(|(asked, told)| asked.2 <= most && told.1 <= most);
            count(whole.map(|(asked, told)| (asked.0.clone(), asked.1.clone(), told.0)))
        };
        // How many requests a cut packet held nobody can know, so that their answers may fall to the next one.
        let piped: Vec<_> = talks.iter().filter(|talk| talk.pipelined).flat_map(|talk| &talk.asked).collect();
        let unsure = |target: &str| piped.iter().any(|asked| asked.1 == target);
        for len in LENGTHS {
            let got = exchanges(&Run::default().report(&mut cut(&whole, len), "json").1);
            let got_asked = count(got.iter().map(|line| (line.0.clone(), line.1.clone())));
            let got_answered = count(got.iter().filter_map(|line| Some((line.0.clone(), line.1.clone(), line.2?))));
            for (want, times) in asked(len) {
                assert!(got_asked.get(&want) >= Some(&times), "{name} cut at {len}: {want:?} is not reported");
            }
            for (want, times) in answered(len) {
                if unsure(&want.1) {
                    continue;
                }
                assert!(got_answered.get(&want) >= Some(&times), "{name} cut at {len}: {want:?} is not reported");
            }
            for (line, times) in got_asked {
                assert!(Some(&times) <= asked(usize::MAX).get(&line), "{name} cut at {len}: {line:?} was never asked");
            }
            for (line, times) in got_answered {
                if unsure(&line.1) {
                    continue;
                }
                assert!(
                    Some(&times) <= answered(usize::MAX).get(&line),
                    "{name} cut at {len}: {line:?} was never answered"
                );
            }
        }
        let whole_at = |len| answered(len).values().sum::<usize>();
        let [few, some, most] = [96, 512, usize::MAX].map(whole_at);
        assert!(few < most && 0 < some, "{name}: {few}, then {some} of {most} are whole: nothing is tried");
    }
}

#[test]
fn what_was_cut_is_counted_to_the_byte() {
    // Catches a cut that is not told, told twice, or taken for a loss.
    for name in ["payments.pcap", "vlans.pcap", "cooked.pcap", "ipv6.pcap", "inside.pcapng"] {
        let whole = frames(&[captures().join(name)]);
        for len in LENGTHS {
            let (mut captured, mut missing, mut unread) = (0, 0, 0);
            let mut before = BTreeSet::new();
            for frame in (0..).map_while(|at| whole.frame(at)) {
                let Some(Place { from, to, sequence, known, data, end }) = place(&frame) else { continue };
                let kept = len.clamp(data, end.max(data));
                if known > len {
                    unread += 1;
                    continue;
                }
                captured += kept - data;
                // What is sent again is missing once.
                missing += if end == data || before.insert((from, to, sequence)) { end - kept } else { 0 };
            }
            let report = Run::default().json(&mut cut(&whole, len));
            let what = format!("{name} cut at {len}");
            assert_ledger(&report, &what);
            let capture = &report["capture"];
            assert_eq!(capture["payload"]["captured"], captured, "{what}");
            assert_eq!(capture["missing"]["cut"], missing, "{what}");
            assert_eq!(capture["missing"]["gaps"], 0, "{what}");
            assert_eq!(capture["packets"]["skipped"]["truncated"].as_u64().unwrap_or(0), unread, "{what}");
        }
    }
}
