//! The formats that other programs read, each read back by a strict reader of its own.

use serde_json::Value;

use super::samples::Sample;
use super::tests::{PLAIN, planted, written};
use super::{Json, Ndjson};

#[test]
fn ndjson_is_the_json_report_taken_apart() {
    // Catches a field that one of the two lacks, a line end inside a line, and a list that is told twice.
    for name in planted().into_iter().chain([String::new()]) {
        let sample = Sample::hostile(&name);
        let lines = written(&Ndjson, &sample, PLAIN);
        assert!(!lines.contains(['<', '>', '&', '\u{1b}', '\u{202e}', '\u{2028}', '\r']), "{name:?}");
        let mut lists = [Vec::new(), Vec::new(), Vec::new()];
        for line in lines.lines() {
            assert!(line.starts_with("{\"type\":\""), "{line}");
            let mut read: Value = serde_json::from_str(line).unwrap();
            let kind = read.as_object_mut().unwrap().remove("type").unwrap();
            let at = ["finding", "endpoint", "run"].iter().position(|known| kind == *known).unwrap();
            lists[at].push(read);
        }
        let [findings, endpoints, mut runs] = lists;
        assert_eq!(runs.len(), 1);
        assert!(lines.trim_end().lines().next_back().unwrap().starts_with("{\"type\":\"run\""));
        let mut whole = runs.remove(0);
        assert!(whole.get("findings").is_none() && whole.get("endpoints").is_none());
        whole["findings"] = findings.into();
        whole["endpoints"] = endpoints.into();
        let json: Value = serde_json::from_str(&written(&Json, &sample, PLAIN)).unwrap();
        assert!(whole == json, "{name:?}");
    }
}
