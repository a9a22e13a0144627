//! What an attacker may plant in names, read back through each medium.

use base64::Engine as _;
use sha2::Digest as _;

use super::escape::shown;
use super::figures::{sure_templates, sureness};
use super::samples::Sample;
use super::terminal::columns;
use super::{Html, Json, REPORTERS, Text, visible};
use crate::report::reporter::{Reporter, Style};

pub(super) const PLAIN: Style = Style { colour: false, width: 100 };

/// Mark-up, attributes, ends of scripts and comments, terminal escapes (colour, OSC 8 links, OSC 52 clipboard, title,
/// C1), line ends, invisible and bidirectional characters, formulas, marks in a heap, a very long name.
pub(super) fn planted() -> Vec<String> {
    let mut planted: Vec<String> = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "<!--<script>",
        "]]>--><svg/onload=alert(1)>",
        "\" onmouseover=\"alert(1)\" x=\"",
        "' onfocus='alert(1)' autofocus style='color:red",
        "</style></table></template></textarea></title>",
        "{{ style|safe }}{% if x %}",
        "&lt;&#60;&amp",
        "javascript:alert(1)",
        "\u{1b}[31mred\u{1b}[2J\u{1b}[1;1H",
        "\u{1b}]8;;http://evil.example\u{7}here\u{1b}]8;;\u{7}",
        "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]0;title\u{7}",
        "\u{9b}31m\u{90}x\u{9c}",
        "\0\r\n  high      forged line\r\t\u{8}\u{8}\u{7f}",
        "\u{202e}txt.exe\u{2066}\u{2069}\u{200f}\u{61c}",
        "\u{2028}\u{2029}\u{85}\u{a0}\u{200b}\u{feff}\u{e0041}\u{ad}",
        "=cmd|' /C calc'!A0",
        "\\u{202e}\\\\",
        "$(reboot)`reboot`;reboot '\"",
    ]
    .map(str::to_owned)
    .into();
    planted.push("e\u{301}\u{302}\u{303}".repeat(40) + &"\u{301}".repeat(200));
    planted.push("\u{6771}\u{4eac}/".repeat(60));
    planted.push("long".repeat(4_000));
    planted
}

pub(super) fn written(reporter: &dyn Reporter, sample: &Sample, style: Style) -> String {
    sample.show(|report| {
        let mut out = Vec::new();
        reporter.write(report, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    })
}

#[test]
fn a_report_is_the_same_every_time() {
    for reporter in REPORTERS {
        let [one, two] = [(); 2].map(|()| written(*reporter, &Sample::of(60), PLAIN));
        assert_eq!(one, two, "{}", reporter.name());
    }
}

#[test]
fn no_name_reaches_the_terminal_as_a_control() {
    for name in planted() {
        let text = written(&Text, &Sample::hostile(&name), PLAIN);
        let bad =
            text.chars().find(|c| *c != '\n' && (c.is_control() || visible(&format!("a{c}")).len() > 1 + c.len_utf8()));
        assert_eq!(bad, None, "{name:?}");
        let coloured = written(&Text, &Sample::hostile(&name), Style { colour: true, ..PLAIN });
        assert_ne!(coloured, text);
        assert_eq!(without_colour(&coloured), text, "colour changes nothing else; {name:?}");
    }
}

/// Takes our own SGR sequences out, the only ones that may be there.
fn without_colour(text: &str) -> String {
    let ours = ["0", "1", "2", "1;31", "33", "36"].map(|code| format!("\u{1b}[{code}m"));
    let mut plain = text.to_owned();
    for code in ours {
        plain = plain.replace(&code, "");
    }
    plain
}

#[test]
fn no_line_runs_over() {
    // Catches columns counted in bytes or characters, and tables that ignore the width.
    for width in [80, 100, 200] {
        for name in planted().into_iter().chain([String::new()]) {
            for judged in [true, false] {
                let sample = Sample { judged, ..Sample::hostile(&name) };
                let text = written(&Text, &sample, Style { width, ..PLAIN });
                let over = text.lines().find(|line| columns(line) > width);
                assert_eq!(over, None, "{width} {name:?}");
            }
        }
    }
    assert!(!written(&Text, &Sample::of(60), Style { width: 0, ..PLAIN }).is_empty());
}

#[test]
fn a_forged_line_stays_in_its_row() {
    let lines = |name: &str| written(&Text, &Sample::hostile(name), Style { width: 400, ..PLAIN }).lines().count();
    assert_eq!(lines("\n  high      forged"), lines("x"));
}

#[test]
fn a_suggested_flag_is_safe_to_paste() {
    let text = written(&Text, &Sample::hostile("$(reboot)"), PLAIN);
    assert!(text.contains("try: --host-alias 'admin.internal=shop.example$(reboot)'"), "{text}");
    assert!(written(&Text, &Sample::of(60), PLAIN).contains("try: --host-alias admin.internal=shop.example\n"));
}

#[test]
fn json_gives_every_name_back_and_shows_none_of_its_tricks() {
    for name in planted() {
        let text = written(&Json, &Sample::hostile(&name), PLAIN);
        assert!(!text.contains(['<', '>', '&', '\u{1b}', '\u{202e}', '\u{2028}', '\u{9b}', '\0', '\r']), "{name:?}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["services"][0]["host"], format!("shop.example{name}"));
        assert_eq!(read["endpoints"][0]["params"][0]["name"], format!("page{name}"));
        assert!(read["endpoints"][0]["response_shapes"]["200"]["fields"][format!("id{name}")].is_object());
        assert_eq!(read["findings"][0]["summary"].as_str().unwrap().strip_suffix(&name).map(str::len), Some(52));
        assert_eq!(read["capture"]["id"], format!("5d41402abc4b2a76{name}"));
    }
}

#[test]
fn json_keeps_its_promises() {
    let text = written(&Json, &Sample::of(60), PLAIN);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&read["schema"], &read["schema_version"]), (&super::SCHEMA.into(), &super::SCHEMA_VERSION.into()));
    assert_eq!(read["endpoints"].as_array().unwrap().len(), 60);
    assert_eq!(read["headline"]["unread_percent"], 13.0);
    assert_eq!(read["window"]["first"], "2026-03-01T10:00:00.25Z");
    assert_eq!(read["endpoints"][0]["latency_us"]["p50"], 3_000);
    assert_eq!(read["endpoints"][0]["declared"]["spec"], "shop.yaml");
    assert_eq!(read["endpoints"][40]["nearest"]["failed"], "host");
    // The order of keys is part of the promise: a diff of two reports is readable.
    let keys: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    let promised = "schema schema_version tool headline window findings suppressed endpoints declared services third_parties aliases opaque specs \
                    assumptions exchanges unnamed bounds capture";
    assert_eq!(keys.join(" "), promised);
}

/// What a strict reader of our page finds: elements with their attributes, and text with its entities resolved.
#[derive(Default)]
struct Read {
    tags: Vec<(String, Vec<(String, String)>)>,
    text: String,
    raw: Vec<(String, String)>,
}

/// Reads a page as the HTML standard would tokenise it, and panics at whatever our own template never writes.
fn read_page(page: &str) -> Read {
    let resolve = |text: &str| {
        let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&middot;", "\u{b7}")];
        let text = named.iter().fold(text.to_owned(), |text, (entity, is)| text.replace(entity, is));
        assert!(!text.replace("&#38;", "").contains('\u{0}'));
        text.replace("&#38;", "&")
    };
    let mut read = Read::default();
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some((text, after)) = rest.split_once('<') {
        read.text.push_str(&resolve(text));
        // Quotes in attributes are ours, so a `>` inside one would be a leak.
        let (tag, mut after) = after.split_once('>').unwrap();
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.trim_start_matches('/').bytes().all(|b| b.is_ascii_alphanumeric()), "{tag}");
        let mut found = Vec::new();
        let mut left = attributes.trim();
        while !left.is_empty() {
            let end = left.find(['=', ' ']).unwrap_or(left.len());
            let (key, tail) = left.split_at(end);
            left = tail;
            let mut value = "";
            if let Some(tail) = left.strip_prefix("=\"") {
                (value, left) = tail.split_once('"').unwrap();
            }
            assert!(left.is_empty() || left.starts_with(' '), "{tag}");
            found.push((key.to_owned(), resolve(value)));
            left = left.trim_start();
        }
        if matches!(name, "script" | "style") {
            let (raw, tail) = after.split_once(&format!("</{name}>")).unwrap();
            read.raw.push((name.to_owned(), raw.to_owned()));
            after = tail;
        }
        read.tags.push((name.to_owned(), found));
        rest = after;
    }
    read.text.push_str(rest);
    read
}

#[test]
fn no_name_becomes_mark_up() {
    let clean = read_page(&written(&Html, &Sample::hostile("x"), PLAIN));
    let shape = |read: &Read| -> Vec<(String, Vec<String>)> {
        read.tags.iter().map(|(tag, has)| (tag.clone(), has.iter().map(|(key, _)| key.clone()).collect())).collect()
    };
    for name in planted() {
        let page = written(&Html, &Sample::hostile(&name), PLAIN);
        let read = read_page(&page);
        assert_eq!(shape(&read), shape(&clean), "the same elements and attributes whatever the names; {name:?}");
        assert!(read.text.contains(&*shown(&format!("http://shop.example{name}"))), "{name:?}");
        assert!(!page.chars().any(|c| c != '\n' && c.is_control()), "{name:?}");
    }
}

#[test]
fn what_stands_out_in_bodies_is_on_the_page() {
    let read = read_page(&written(&Html, &Sample::of(2), PLAIN));
    // Catches sides that are mixed up, parts without what they are, and a body that lies and is not shown as one.
    for line in [
        "request parts: 1 field, 1,200 files pdf .7z, 3 files of another extension",
        "response bodies not as said: 2 html (the type says otherwise), 1 pdf (no type says it)",
    ] {
        assert_eq!(read.text.matches(line).count(), 1, "{line}");
    }
    assert_eq!(read.text.matches("not as said").count(), 1, "nothing is said of bodies that are as their type says");
}

#[test]
fn what_an_endpoint_rests_on_and_what_its_template_does_are_told_apart() {
    // Catches two figures under one name, a template's doubt that nobody is told of, and a line where there is no doubt.
    assert_eq!(sureness("high", Some(59)), "exists: high; template: 59 %");
    assert_eq!(sureness("low", None), "exists: low", "a declared template is as it is declared");
    let sample = Sample::of(60);
    let page = read_page(&written(&Html, &sample, PLAIN)).text;
    assert!(page.contains("exists: high; template: 93 %") && !page.contains("high confidence"), "{page}");
    let text = written(&Text, &sample, PLAIN);
    assert!(!text.contains("exists:") && !text.contains("template: 93 %"), "{text}");
    sample.show(|report| {
        let sure = sure_templates(report);
        let learned = report.endpoints.iter().filter(|endpoint| endpoint.finding.is_some());
        let ids: std::collections::BTreeSet<&str> =
            learned.filter_map(|endpoint| Some(endpoint.finding?.id.as_str())).collect();
        assert!(!ids.is_empty() && sure.keys().copied().eq(ids), "{sure:?}");
        assert!(sure.values().all(|template| *template == 93));
    });
}

#[test]
fn the_page_allows_itself_and_nothing_else() {
    let page = written(&Html, &Sample::of(60), PLAIN);
    let read = read_page(&page);
    let (_, attributes) = read
        .tags
        .iter()
        .find(|(tag, has)| tag == "meta" && has.iter().any(|(_, value)| value == "Content-Security-Policy"))
        .unwrap();
    let policy = &attributes.iter().find(|(key, _)| key == "content").unwrap().1;
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
    let [(style, rules), (script, code)] = read.raw.as_slice() else { panic!("one style, one script") };
    assert_eq!((style.as_str(), script.as_str()), ("style", "script"));
    // A carriage return would be read as a line feed, and the hash would be another.
    assert!(!page.contains('\r'));
    assert_eq!(
        *policy,
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
             form-action 'none'",
            hash(code),
            hash(rules)
        )
    );
    for (tag, attributes) in &read.tags {
        for (key, value) in attributes {
            assert!(key != "style" && !key.starts_with("on"), "{tag} {key}");
            let asks = matches!(key.as_str(), "src" | "href" | "action" | "data" | "srcset");
            assert!(!asks || value.starts_with('#') || value == "data:,", "{tag} {key}={value}");
        }
    }
    assert!(!rules.contains("url(") && !rules.contains("@import") && !code.contains("innerHTML"));
}

#[test]
fn headings_and_rows_fit_together() {
    // Catches a column added to a head and not to its rows: sorting would sort by a neighbour.
    let read = read_page(&written(&Html, &Sample::of(60), PLAIN));
    let (mut heads, mut cells, mut rows, mut in_head) = (0, 0, 0, false);
    for (tag, attributes) in &read.tags {
        match tag.as_str() {
            "table" => (heads, cells, rows) = (0, 0, 0),
            "thead" | "/thead" => in_head = tag == "thead",
            "th" if in_head => {
                assert!(attributes.iter().any(|(key, _)| key == "scope"));
                heads += 1;
            }
            "td" | "th" => cells += 1,
            "tr" if !in_head => rows += 1,
            "/table" => assert!(heads == 0 || cells == heads * rows, "{heads} heads, {cells} cells, {rows} rows"),
            _ => {}
        }
    }
}

#[test]
fn ten_thousand_endpoints_are_a_page() {
    let page = written(&Html, &Sample::of(10_000), PLAIN);
    assert!(page.len() < 12 << 20, "a finding about nearly every one of them: {}", page.len());
    let bare = written(&Html, &Sample { judged: false, ..Sample::of(10_000) }, PLAIN);
    assert!(bare.len() < 6 << 20, "{}", bare.len());
    let long = written(&Html, &Sample::hostile(&"long".repeat(4_000)), PLAIN);
    assert!(long.len() < 1 << 20, "names do not drown the page: {}", long.len());
    assert_eq!(page.matches("<tr data-verdict").count(), 10_000);
    let text = written(&Text, &Sample::of(10_000), PLAIN);
    assert!(text.lines().count() < 400, "a terminal is no archive");
}
