//! Names on the wire are written by attackers: each report is read with a real reader of its medium.

use serde_json::Value;
use shadowtap::report::REPORTERS;

use crate::common::{Run, captures, open};

fn report(format: &str) -> String {
    let mut source = open(&[captures().join("hostile.pcap"), captures().join("payments.pcap")]);
    // Without a spec of their own the hostile names are findings, in every place of the report.
    let run = Run { specs: vec![crate::common::spec()], ..Run::default() };
    String::from_utf8(run.report(&mut source, format).0).expect("reports are UTF-8")
}

#[test]
fn the_page_holds_no_element_that_we_did_not_write() {
    // Catches a name that reaches the page unescaped: a parser sees it as an element or an attribute.
    let page = report("html");
    let page = scraper::Html::parse_document(&page);
    let all =
        |selector: &str| page.select(&scraper::Selector::parse(selector).expect("a selector")).collect::<Vec<_>>();
    for selector in ["img", "iframe", "object", "embed", "base", "form", "svg script", "[src]", "[style]"] {
        assert!(all(selector).is_empty(), "{selector} in the page");
    }
    for element in all("*") {
        for (name, _) in element.value().attrs() {
            assert!(!name.starts_with("on"), "an event handler: {name}");
        }
    }
    for link in all("a[href]") {
        assert!(link.value().attr("href").is_some_and(|to| to.starts_with('#')), "a link that leaves the page");
    }
    // <b>bold</b> was sent as a path; ours hold methods and kinds, lower-case or not, and nothing else.
    assert!(all("b").iter().all(|bold| bold.inner_html() != "bold"));
    // The icon is said to be empty, or a browser would ask for one.
    assert!(all("link").iter().all(|link| link.value().attr("href") == Some("data:,")));
    let policy = all("meta[http-equiv=Content-Security-Policy]");
    assert_eq!(policy.len(), 1);
    assert!(policy[0].value().attr("content").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert!(
        all("script").iter().all(|script| !script.inner_html().contains("alert(1)")
            || script.value().attr("type") == Some("application/json"))
    );
}

#[test]
fn a_terminal_obeys_nothing_but_our_own_colours() {
    // Catches a name that moves the cursor, sets a title or a clipboard: a terminal is fed the report and compared.
    let text = report("text");
    let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2028}' | '\u{2029}'));
    assert_eq!(bad, None);
    let size = |n| std::num::NonZero::new(n).expect("not zero");
    let mut terminal = vt100::Parser::new(size(2_000), size(400), 0);
    terminal.process(text.replace('\n', "\r\n").as_bytes());
    let shown = terminal.screen().contents();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        assert!(shown.contains(line.trim_end()), "the terminal shows something else than {line:?}");
    }
}

#[test]
fn json_is_data_and_safe_to_look_at() {
    let text = report("json");
    let bad = text
        .chars()
        .find(|c| (c.is_control() && *c != '\n') || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}'));
    assert_eq!(bad, None);
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[test]
fn no_value_from_the_wire_reaches_a_report() {
    // Catches a secret that slips past the observers: these were all sent in payments.pcap.
    for reporter in REPORTERS {
        let format = reporter.name();
        let text = report(format);
        for secret in [
            "4111111111111111",
            "5500005555555559",
            "correct horse",
            "correct+horse",
            "battery staple",
            "eyJ",
            "lab-key",
            "@mail.example",
            "cus_",
            "pay_G",
            "48213",
            "hooks.shop.example",
            "user7",
        ] {
            assert!(!text.contains(secret), "{format}: {secret}");
        }
    }
}
