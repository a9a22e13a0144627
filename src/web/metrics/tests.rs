//! The exposition against its own table, against the grammar of OpenMetrics, and against hostile names.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::report::{CaptureSummary, Headline, MissingLedger, PacketLedger, PayloadLedger};
use crate::time::Timestamp;
use crate::web::Tries;

/// Figures of which each is there, and no two are the same.
fn full() -> Figures {
    let tap = |interface: &str, up| TapSummary {
        interface: interface.to_owned(),
        up,
        link: 1,
        frames: 101,
        kernel_dropped: 102,
        interface_dropped: 103,
        ring_full: 104,
        reopened: 105,
    };
    Figures {
        headline: Some(Headline {
            judged: true,
            shadow: 201,
            shadow_requests: 202,
            zombie: 203,
            orphan: 204,
            matched: 205,
            endpoints: 206,
            requests: 207,
            ..Headline::default()
        }),
        capture: CaptureSummary {
            last: Some(Timestamp::from_nanos(1_700_000_000_500_000_000)),
            bytes: 301,
            input_errors: vec!["one".to_owned()],
            warnings: vec!["one".to_owned(), "two".to_owned()],
            packets: PacketLedger {
                seen: 1521,
                tcp: 302,
                udp: 303,
                other_ip: 304,
                not_ip: 305,
                skipped: BTreeMap::from([("truncated".to_owned(), 306), ("too_deep".to_owned(), 1)]),
            },
            payload: PayloadLedger {
                captured: 0,
                parsed: 307,
                skipped: 308,
                opaque: 309,
                not_http: 310,
                duplicate: 311,
                discarded: 312,
                waiting: 313,
            },
            missing: MissingLedger { gaps: 314, cut: 315 },
            counters: BTreeMap::from([
                ("flow.gaps_forced".to_owned(), 316),
                ("proto.smuggling.length".to_owned(), 317),
            ]),
            taps: vec![tap("eth0", true), tap("eth1", false)],
            ..CaptureSummary::default()
        },
        top: vec![("shop.example".to_owned(), 401), ("pay.example:8443".to_owned(), 402)],
        announced: 501,
        reports: Tries { done: 502, failed: 503 },
        specs: Tries { done: 504, failed: 505 },
    }
}

fn text(figures: Figures) -> String {
    exposition(figures).expect("text")
}

/// One family as the text has it: its type, and its series with their labels and values.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: String,
    series: BTreeMap<Vec<(String, String)>, f64>,
}

/// Reads OpenMetrics 1.0 text, or says which line is none.
fn read(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut open: Option<String> = None;
    let body = text.strip_suffix("# EOF\n").ok_or("no # EOF at the end")?;
    for line in body.split_terminator('\n') {
        let wrong = |why: &str| format!("{why}: {line:?}");
        if line.chars().any(char::is_control) {
            return Err(wrong("control character"));
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if families.insert(name.to_owned(), Family { help: help.to_owned(), ..Family::default() }).is_some() {
                return Err(wrong("family twice"));
            }
            open = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if open.as_deref() != Some(name) {
                return Err(wrong("type of another family"));
            }
            families.get_mut(name).ok_or_else(|| wrong("no help before"))?.kind = kind.to_owned();
        } else {
            let name = open.as_ref().ok_or_else(|| wrong("series without a family"))?;
            let family = families.get_mut(name).ok_or_else(|| wrong("series without a family"))?;
            let suffix = match family.kind.as_str() {
                "counter" => "_total",
                "info" => "_info",
                "gauge" => "",
                _ => return Err(wrong("type")),
            };
            let rest = line.strip_prefix(&format!("{name}{suffix}")).ok_or_else(|| wrong("name"))?;
            let (labels, value) = read_labels(rest).ok_or_else(|| wrong("labels"))?;
            let value = value.strip_prefix(' ').and_then(|value| value.parse().ok()).ok_or_else(|| wrong("value"))?;
            if family.series.insert(labels, value).is_some() {
                return Err(wrong("series twice"));
            }
        }
    }
    Ok(families)
}

/// `{a="b",...}`, unescaped, and what follows.
fn read_labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let Some(mut rest) = text.strip_prefix('{') else { return Some((Vec::new(), text)) };
    let mut labels = Vec::new();
    loop {
        let (name, quoted) = rest.split_once("=\"")?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return None;
        }
        let (mut value, mut chars) = (String::new(), quoted.chars());
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => value.push(match chars.next()? {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    _ => return None,
                }),
                c => value.push(c),
            }
        }
        labels.push((name.to_owned(), value));
        rest = chars.as_str();
        match (rest.strip_prefix(','), rest.strip_prefix('}')) {
            (Some(more), _) => rest = more,
            (_, Some(end)) => return Some((labels, end)),
            _ => return None,
        }
    }
}

fn value(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    families.get(name)?.series.get(&labels).copied()
}

#[test]
fn the_table_says_what_is_exposed() {
    // Catches a metric that is renamed, added, retyped or relabelled without its documentation.
    let row = |line: &str| {
        let cells: Vec<_> =
            line.strip_prefix("//! | `shadowtap_")?.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [name, kind, labels, help, _] = cells.as_slice() else { panic!("{line}") };
        Some((format!("shadowtap_{name}"), kind.clone(), labels.clone(), help.clone()))
    };
    let told: BTreeSet<_> = include_str!("../metrics.rs").lines().filter_map(row).collect();
    let shown: BTreeSet<_> = read(&text(full()))
        .expect("OpenMetrics")
        .into_iter()
        .map(|(name, family)| {
            let suffix = match family.kind.as_str() {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            let sets: BTreeSet<String> = family
                .series
                .keys()
                .map(|labels| labels.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "))
                .collect();
            assert_eq!(sets.len(), 1, "{name} has one set of labels, and a series");
            (format!("{name}{suffix}"), family.kind, sets.into_iter().collect(), family.help)
        })
        .collect();
    assert_eq!(told, shown);
    assert!(shown.len() > 20);
}

#[test]
fn each_figure_stands_under_its_own_name() {
    // Catches two fields that were swapped: all values of `full` differ.
    let families = read(&text(full())).expect("OpenMetrics");
    for (name, labels, expected) in [
        ("packets", &[("class", "tcp")][..], 302.0),
        ("packets", &[("class", "udp")], 303.0),
        ("packets", &[("class", "other_ip")], 304.0),
        ("packets", &[("class", "not_ip")], 305.0),
        ("packets", &[("class", "skipped")], 307.0),
        ("skipped_packets", &[("reason", "truncated")], 306.0),
        ("frame_bytes", &[], 301.0),
        ("payload_bytes", &[("class", "parsed")], 307.0),
        ("payload_bytes", &[("class", "skipped")], 308.0),
        ("payload_bytes", &[("class", "opaque")], 309.0),
        ("payload_bytes", &[("class", "not_http")], 310.0),
        ("payload_bytes", &[("class", "duplicate")], 311.0),
        ("payload_bytes", &[("class", "discarded")], 312.0),
        ("waiting_bytes", &[], 313.0),
        ("missing_bytes", &[("kind", "gaps")], 314.0),
        ("missing_bytes", &[("kind", "cut")], 315.0),
        ("last_packet_timestamp_seconds", &[], 1_700_000_000.5),
        ("input_errors", &[], 1.0),
        ("warnings", &[], 2.0),
        ("events", &[("room", "flow"), ("name", "gaps_forced")], 316.0),
        ("events", &[("room", "proto"), ("name", "smuggling.length")], 317.0),
        ("interface_up", &[("interface", "eth0")], 1.0),
        ("interface_up", &[("interface", "eth1")], 0.0),
        ("interface_frames", &[("interface", "eth1")], 101.0),
        ("interface_kernel_dropped_frames", &[("interface", "eth0")], 102.0),
        ("interface_dropped_frames", &[("interface", "eth0")], 103.0),
        ("interface_ring_full", &[("interface", "eth0")], 104.0),
        ("interface_reopened", &[("interface", "eth0")], 105.0),
        ("endpoints", &[], 206.0),
        ("shadow_endpoints", &[], 201.0),
        ("zombie_endpoints", &[], 203.0),
        ("orphan_endpoints", &[], 204.0),
        ("matched_endpoints", &[], 205.0),
        ("requests", &[], 207.0),
        ("shadow_requests", &[], 202.0),
        ("service_requests", &[("service", "pay.example:8443")], 402.0),
        ("announced_endpoints", &[], 501.0),
        ("reports_written", &[], 502.0),
        ("reports_failed", &[], 503.0),
        ("specs_reloaded", &[], 504.0),
        ("specs_refused", &[], 505.0),
        ("build", &[("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ] {
        assert_eq!(value(&families, &format!("shadowtap_{name}"), labels), Some(expected), "{name} {labels:?}");
    }
}

#[test]
fn the_classes_of_packets_add_up() {
    let figures = full();
    let seen = figures.capture.packets.seen;
    let families = read(&text(figures)).expect("OpenMetrics");
    let sum: f64 = families["shadowtap_packets"].series.values().sum();
    assert!((sum - seen as f64).abs() < 0.5, "{sum} of {seen}");
}

#[test]
fn what_is_not_known_is_missing_and_not_nought() {
    // Catches an alert that stays quiet since `shadow_endpoints` is 0 where nothing was judged.
    let families = read(&text(Figures::default())).expect("OpenMetrics");
    for name in ["endpoints", "requests", "shadow_endpoints", "last_packet_timestamp_seconds"] {
        assert!(!families.contains_key(&format!("shadowtap_{name}")), "{name}");
    }
    let mut figures = full();
    figures.headline.as_mut().expect("a headline").judged = false;
    let families = read(&text(figures)).expect("OpenMetrics");
    assert!(families.contains_key("shadowtap_endpoints"));
    for name in ["shadow_endpoints", "zombie_endpoints", "orphan_endpoints", "matched_endpoints", "shadow_requests"] {
        assert!(!families.contains_key(&format!("shadowtap_{name}")), "{name}");
    }
}

#[test]
fn names_from_the_wire_forge_nothing() {
    // Catches label values that end their quotes or their line, terminal escapes, and text that runs backwards.
    let evil = [
        "a\"} 1\nshadowtap_shadow_endpoints 0\n# EOF\n",
        "a\\",
        "a\\\"",
        "\u{1b}]0;owned\u{7}",
        "\u{202e}moc.live",
        "a\r\nb",
        "a\u{2028}b\u{85}c",
        "\0",
        "",
    ];
    let figures = Figures { top: evil.iter().map(|name| ((*name).to_owned(), 1)).collect(), ..full() };
    let families = read(&text(figures)).expect("OpenMetrics");
    let services = &families["shadowtap_service_requests"].series;
    assert_eq!(services.len(), evil.len());
    for name in evil {
        assert!(services.contains_key(&vec![("service".to_owned(), visible(name).into_owned())]), "{name:?}");
    }
}

#[test]
fn names_are_few_and_short_and_no_series_comes_twice() {
    // Catches a sender of many names, of long ones, and of such as differ only where they are cut: Prometheus refuses the
    // whole page when a series comes twice.
    let long = |fill: &str, end: &str| format!("{}{end}", fill.repeat(LABEL + 5));
    let mut top: Vec<_> = (0..1000).map(|n| (format!("host{n}.example"), n)).collect();
    top.extend([(long("a", "b"), 5000), (long("a", "c"), 6000), (long("\u{1b}", ""), 7000), ("a".repeat(LABEL), 8000)]);
    let families = read(&text(Figures { top, ..full() })).expect("OpenMetrics");
    let services = &families["shadowtap_service_requests"].series;
    assert_eq!(services.len(), SERVICES - 1);
    for labels in services.keys() {
        assert!(labels[0].1.chars().count() <= LABEL);
    }
    let cut = format!("{}...", "a".repeat(LABEL - 3));
    assert_eq!(value(&families, "shadowtap_service_requests", &[("service", &cut)]), Some(11_000.0));
    assert_eq!(value(&families, "shadowtap_service_requests", &[("service", "host999.example")]), Some(999.0));
    assert_eq!(value(&families, "shadowtap_service_requests", &[("service", &"a".repeat(LABEL))]), Some(8000.0));

    let mut figures = full();
    let again = TapSummary { up: false, frames: 9, ..figures.capture.taps[0].clone() };
    figures.capture.taps.push(again);
    let families = read(&text(figures)).expect("OpenMetrics");
    assert_eq!(value(&families, "shadowtap_interface_frames", &[("interface", "eth0")]), Some(110.0));
    assert_eq!(value(&families, "shadowtap_interface_up", &[("interface", "eth0")]), Some(0.0));
}

#[test]
fn the_reader_of_these_tests_sees_what_is_wrong() {
    // Catches a check that lets everything through.
    let head = "# HELP a b\n# TYPE a counter\n";
    for bad in [
        "a 1\n",
        "a_total\n",
        "a_total x\n",
        "a_total{b=\"c} 1\n",
        "a_total{b=\"c\\d\"} 1\n",
        "a_total 1\na_total 1\n",
        "b 1\n",
    ] {
        assert!(read(&format!("{head}{bad}# EOF\n")).is_err(), "{bad}");
    }
    assert!(read(&format!("{head}a_total{{b=\"c\"}} 1\n# EOF\n")).is_ok());
    assert!(read(&format!("{head}a_total 1\n")).is_err());
}
