//! The formats that other programs read, each read back by a strict reader of its own.

use serde_json::Value;

use super::samples::Sample;
use super::tests::{PLAIN, planted, written};
use super::{Csv, CycloneDx, Json, Junit, Markdown, Ndjson, OpenApi, REPORTERS, Reporter, Sarif};
use crate::findings::{Finding, Subject};
use crate::report::contents::Report;

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

/// Reads RFC 4180, and panics at whatever is none.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut rest) = (Vec::new(), Vec::new(), text);
    while !rest.is_empty() {
        let cell;
        (cell, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = 0;
                while !quoted[end..].starts_with('"') || quoted[end..].starts_with("\"\"") {
                    end += if quoted[end..].starts_with('"') {
                        2
                    } else {
                        quoted[end..].chars().next().unwrap().len_utf8()
                    };
                }
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = rest.find([',', '\r']).unwrap();
                assert!(!rest[..end].contains(['"', '\n']), "{:?}", &rest[..end]);
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        row.push(cell);
        rest = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None => {
                rows.push(std::mem::take(&mut row));
                rest.strip_prefix("\r\n").unwrap()
            }
        };
    }
    rows
}

#[test]
fn csv_is_a_row_an_endpoint_and_no_cell_is_a_formula() {
    let names = planted().into_iter().chain(["", "=1+1", "\n=1", "\",=1,\"", ";=1;"].map(str::to_owned));
    for name in names {
        let sample = Sample { judged: true, ..Sample::hostile(&name) };
        let rows = read_csv(&written(&Csv, &sample, PLAIN));
        assert_eq!(rows.len(), 1 + 60, "{name:?}");
        for row in &rows {
            assert_eq!(row.len(), rows[0].len());
            let bad = row.iter().find(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            assert_eq!(bad, None);
            assert!(!row.iter().any(|cell| cell.chars().any(char::is_control)));
        }
        let json: Value = serde_json::from_str(&written(&Json, &sample, PLAIN)).unwrap();
        let at = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
        for (row, endpoint) in rows[1..].iter().zip(json["endpoints"].as_array().unwrap()) {
            assert_eq!(row[at("verdict")], endpoint["verdict"].as_str().unwrap());
            assert_eq!(row[at("requests")], endpoint["requests"].to_string());
            assert_eq!(row[at("status_2xx")], endpoint["statuses"]["200"].to_string());
            assert_eq!(row[at("finding")].is_empty(), row[at("findings")] == "0");
        }
    }
    // A name at the very start of a cell, where it would be a formula.
    let subject = Subject { service: "=cmd\u{202e}".into(), method: "@x".into(), template: "-1".into() };
    let rows = read_csv(&told(&Csv, subject));
    assert_eq!(rows.len(), 2, "what is no endpoint has a row of its own");
    assert_eq!(rows[1][..3], ["'=cmd\\u{202e}", "'@x", "'-1"]);
}

/// A report of one finding and no endpoint.
fn told(reporter: &dyn Reporter, subject: Subject) -> String {
    let finding = Sample::of(60).show(|report| report.findings[0].clone());
    Sample::of(0).show(|report| {
        let findings = [Finding { subject: subject.clone(), ..finding.clone() }];
        let report = Report {
            headline: report.headline.clone(),
            suppressed: &[],
            findings: &findings,
            endpoints: Vec::new(),
            compared: report.compared,
            snapshot: report.snapshot,
            identities: report.identities.clone(),
            capture: report.capture,
            assumptions: report.assumptions.clone(),
            fails: report.fails.clone(),
        };
        let mut out = Vec::new();
        reporter.write(&report, PLAIN, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    })
}

#[test]
fn markdown_fits_a_comment_whatever_was_found() {
    // Catches names that drown the page, a list that is cut without a word, and a cut that leaves a fold open.
    let samples = planted().into_iter().map(|name| Sample { endpoints: 400, ..Sample::hostile(&name) });
    let plain = [Sample::of(0), Sample::of(60), Sample::of(3_000), Sample { judged: false, ..Sample::of(3_000) }];
    for sample in samples.chain(plain) {
        let text = written(&Markdown, &sample, PLAIN);
        assert!(text.len() < 60_000, "{} bytes with {:?}", text.len(), sample.planted);
        assert_eq!(text.matches("\n<details>").count(), text.matches("\n\n</details>\n").count());
    }
    let text = written(&Markdown, &Sample::of(3_000), PLAIN);
    let all: usize = Sample::of(3_000).show(|report| report.findings.len());
    let rows =
        |text: &str| text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Severity")).count();
    let left: usize = text
        .lines()
        .filter_map(|line| {
            line.strip_suffix(" more, worst first: the JSON report has all.")?.replace(',', "").parse().ok()
        })
        .collect::<Vec<usize>>()
        .iter()
        .sum();
    let heads = text.matches("| --- | --- | --- |").count();
    assert_eq!(rows(&text) - heads + left, all, "what is left out is counted");
    assert!(heads == 4 && left > 0, "a kind that is large leaves room for the others");
}

#[test]
fn no_name_is_markdown() {
    // Catches mark-up, a mention, a link, a reference, a row or a cell that somebody sent as a name. A renderer reads
    // the same in `tests/formats/validate.py`.
    let ours = ["<details><summary>", "</summary>", "</details>", "### ", "## ", "| ---: |", "**"];
    for name in planted().into_iter().chain(marked()) {
        for judged in [true, false] {
            let text = written(&Markdown, &Sample { judged, ..Sample::hostile(&name) }, PLAIN);
            let clean = written(&Markdown, &Sample { judged, ..Sample::hostile("x") }, PLAIN);
            let folds = |text: &str| (text.matches("\n<details>").count(), text.matches("\n### ").count());
            assert_eq!(folds(&text), folds(&clean), "{name:?}");
            for line in text.lines() {
                let bare: String = line.split('`').step_by(2).collect();
                let bare = ours.iter().fold(bare, |bare, own| bare.replace(own, ""));
                let bad = bare.find(['@', '#', '<', '>', '[', ']', '*', '_', '!', '&', '~', '\\', '/', '$']);
                assert_eq!(bad, None, "{name:?}: {line}");
                assert!(line.matches('`').count().is_multiple_of(2), "{name:?}: {line}");
                assert!(!line.chars().any(char::is_control), "{name:?}: {line}");
                assert!(!line.starts_with("| ") || line.matches('|').count() == 7, "{name:?}: {line}");
            }
        }
    }
}

/// What Markdown, and what GitHub makes of it, would take for something.
fn marked() -> Vec<String> {
    [
        "|a|b|",
        "`",
        "``` ```",
        "\\`",
        "[x](http://evil.example)",
        "![x](http://evil.example/x.png)",
        "<http://evil.example>",
        " http://evil.example www.evil.example a@b.example ",
        " @octocat @org/team #1 GH-1 owner/repo#1 :+1: 0123456789abcdef0123456789abcdef01234567 ",
        "**bold** __bold__ ~~gone~~ $x$",
        "\n\n# heading\n- item\n1. item\n\n    code\n---\n<details>",
        "</details><summary>",
        "[^1] [x] [ref]: http://evil.example",
    ]
    .map(str::to_owned)
    .into()
}

/// Elements and attributes of XML without their values. Panics at what is none.
fn shape_of(xml: &str) -> Vec<String> {
    let mut shape = Vec::new();
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
    while let Some((text, after)) = rest.split_once('<') {
        for entity in text.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known)), "{text}");
        }
        let (tag, after) = after.split_once('>').unwrap();
        // Values are in double quotes, and hold neither quotes nor marks.
        assert!(!tag.contains('\''), "{tag}");
        shape.push(tag.split('"').step_by(2).collect());
        rest = after;
    }
    shape
}

#[test]
fn junit_is_a_test_an_endpoint_and_fails_where_the_run_does() {
    let clean = written(&Junit, &Sample::hostile("x"), PLAIN);
    for name in planted().into_iter().chain(marked()) {
        let text = written(&Junit, &Sample::hostile(&name), PLAIN);
        assert_eq!(shape_of(&text), shape_of(&clean), "the same elements whatever the names; {name:?}");
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{name:?}");
    }
    // Findings of severity medium and worse fail in a sample.
    Sample::of(60).show(|report| {
        let fails = |finding: &Finding| report.fails.met_by(std::slice::from_ref(finding));
        let failing = report.endpoints.iter().filter(|endpoint| endpoint.finding.is_some_and(fails)).count();
        let mut out = Vec::new();
        Junit.write(report, PLAIN, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(failing > 0 && text.matches("<failure ").count() >= failing);
        let told = |key: &str| -> usize {
            let values = text.split(key).skip(1).map(|rest| rest.split('"').next().unwrap().parse::<usize>().unwrap());
            values.sum()
        };
        assert_eq!(told(" failures=\""), text.matches("<failure ").count());
        assert_eq!(told(" tests=\""), text.matches("<testcase ").count());
        assert_eq!(text.matches("<testcase ").count(), 60);
    });
    let orphan =
        told(&Junit, Subject { service: "shop.example/v1".into(), method: "GET".into(), template: "/a".into() });
    assert!(orphan.contains("name=\"shop.example/v1\" hostname=\"shop.example\""), "{orphan}");
}

#[test]
fn sarif_is_a_result_a_finding_at_its_place() {
    for name in planted().into_iter().chain(marked()) {
        let text = written(&Sarif, &Sample::hostile(&name), PLAIN);
        let read: Value = serde_json::from_str(&text).unwrap();
        let run = &read["runs"][0];
        Sample::hostile(&name).show(|report| {
            let results = run["results"].as_array().unwrap();
            assert_eq!(results.len(), report.findings.len());
            for (result, finding) in results.iter().zip(report.findings) {
                let level = match finding.severity.name() {
                    "high" => "error",
                    "medium" => "warning",
                    _ => "note",
                };
                assert_eq!(result["level"], level);
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
                assert_eq!(result["partialFingerprints"]["shadowtapFinding/v1"], finding.id);
                assert_eq!(result["properties"]["evidence"]["requests"], finding.evidence.requests);
                let place = &result["locations"][0]["physicalLocation"];
                assert_eq!(place["region"]["startLine"], 42);
                let file = place["artifactLocation"]["uri"].as_str().unwrap();
                assert!(file.starts_with("shop.yaml") && !file.contains([':', '?', '#', ' ', '<', '\\']), "{file}");
                assert!(!result["message"]["text"].as_str().unwrap().contains("]("), "{result}");
            }
        });
    }
}

#[test]
fn cyclonedx_lists_services_and_third_parties() {
    for name in planted().into_iter().chain(marked()) {
        let sample = Sample::hostile(&name);
        let read: Value = serde_json::from_str(&written(&CycloneDx, &sample, PLAIN)).unwrap();
        let services = read["services"].as_array().unwrap();
        assert_eq!(services.len(), 3, "a third party that could be read is a service already");
        let references: std::collections::BTreeSet<&str> =
            services.iter().map(|service| service["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(references.len(), services.len());
        for url in services.iter().flat_map(|service| service["endpoints"].as_array().unwrap()) {
            let url = url.as_str().unwrap();
            assert!(url.starts_with("http://") && !url.contains(['{', '<', ' ', '?', '#', '@', '\\']), "{url}");
        }
    }
    let read: Value = serde_json::from_str(&written(&CycloneDx, &Sample::of(60), PLAIN)).unwrap();
    let shop = &read["services"][0];
    assert_eq!((&shop["authenticated"], &shop["x-trust-boundary"]), (&true.into(), &true.into()));
    assert_eq!(shop["data"], serde_json::json!([{"flow": "inbound", "classification": "email"}]));
    assert_eq!(shop["endpoints"][1], "http://shop.example/v1/users/%7Bnumber%7D/history");
    assert_eq!(shop["provider"]["name"], "payments team");
}

#[test]
fn openapi_has_a_path_for_every_template_whatever_its_name() {
    // Catches a name that becomes a variable, a query or another path, and a variable without a parameter.
    for name in planted().into_iter().chain(marked()).chain([String::new(), "/{id}/{id}".to_owned()]) {
        let sample = Sample::hostile(&name);
        let text = written(&OpenApi::ALL, &sample, PLAIN);
        assert!(!text.contains(['<', '>', '\u{1b}', '\u{202e}']), "{name:?}");
        let read: Value = serde_json::from_str(&text).unwrap();
        let mut operations = 0;
        for (path, item) in read["paths"].as_object().unwrap() {
            assert!(
                path.starts_with('/') && !path.contains(['?', '#', ' ', '<', '%', '\\']) || !name.is_empty(),
                "{path}"
            );
            let spelt = crate::api::PathTemplate::parse(path);
            let variables: Vec<&str> = spelt.variables().collect();
            let unique: std::collections::BTreeSet<&&str> = variables.iter().collect();
            assert_eq!(unique.len(), variables.len(), "{path}");
            let fields = item.as_object().unwrap();
            let more = fields.get("x-shadowtap-operations").and_then(Value::as_object).into_iter().flatten();
            let usual = fields.iter().filter(|(key, _)| *key != "servers" && !key.starts_with("x-"));
            for (method, operation) in usual.chain(more) {
                operations += 1;
                let params = operation["parameters"].as_array().into_iter().flatten();
                let named: Vec<&str> =
                    params.filter(|it| it["in"] == "path").map(|it| it["name"].as_str().unwrap()).collect();
                assert_eq!(named, variables, "{method} {path}");
            }
        }
        assert!(operations > 0 && operations <= 60, "{operations}");
    }
    let bare = Sample { judged: false, ..Sample::of(60) };
    let shadow: Value = serde_json::from_str(&written(&OpenApi::SHADOW, &bare, PLAIN)).unwrap();
    assert!(shadow["paths"].as_object().unwrap().len() < 60);
}

/// Writes reports with hostile names into the folder that `SHADOWTAP_FORMATS` names, for `tests/formats/validate.py`.
#[test]
fn hostile_reports_are_written_for_other_readers() {
    let Some(folder) = std::env::var_os("SHADOWTAP_FORMATS").map(std::path::PathBuf::from) else { return };
    let names = planted().into_iter().chain(marked()).chain([String::new()]);
    for (at, name) in names.enumerate() {
        for judged in [true, false] {
            // Few: some readers take their time.
            let sample = Sample { judged, endpoints: 24, ..Sample::hostile(&name) };
            for reporter in REPORTERS.iter().filter(|reporter| !matches!(reporter.name(), "text" | "html")) {
                let file = folder.join(format!("planted-{at:02}-{judged}.{}", reporter.name()));
                std::fs::write(file, written(*reporter, &sample, PLAIN)).unwrap();
            }
        }
    }
}
