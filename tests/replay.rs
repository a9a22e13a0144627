//! Each capture gives the report that stands beside it; all of them together name what was planted, and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{Run, all_captures, open};

/// What `lab/app.py` serves and `payments.yaml` does not say, says is deprecated, or promises in vain.
const PLANTED: &[(&str, &str)] = &[
    ("shadow unknown-method", "PUT http://api.pay.example/v1/customers/{customerId}"),
    ("shadow unknown-path", "GET http://api.pay.example/v1/debug/config"),
    ("shadow unknown-path", "GET http://api.pay.example/v1/internal/users/{userId}"),
    // It only ever says 403, on a host that answers 404 to what it does not know.
    ("shadow unknown-path", "GET http://api.pay.example/v1/payments/{paymentId}/ledger"),
    ("shadow unknown-version", "GET http://api.pay.example/v2/payments"),
    ("shadow unknown-version", "POST http://api.pay.example/v2/payments"),
    ("shadow unknown-base-path", "GET http://api.pay.example/admin/export"),
    ("shadow unknown-host", "GET http://legacy.pay.example/api/cards/{card}"),
    ("shadow unknown-host", "POST http://legacy.pay.example/api/login"),
    ("zombie", "GET http://api.pay.example/v1/charges"),
    ("zombie", "GET http://api.pay.example/v1/charges/{chargeId}"),
    ("orphan", "GET api.pay.example/v1/charges/{chargeId}/receipt"),
    ("orphan", "GET api.pay.example/v1/disputes"),
    ("orphan", "POST api.pay.example/v1/disputes/{disputeId}/evidence"),
    // What the lists of the lab take and only one of them declares.
    ("drift undocumented-query", "GET http://api.pay.example/v1/events"),
    ("drift undocumented-query", "GET http://api.pay.example/v1/payments"),
    ("drift undocumented-query", "GET http://api.pay.example/v1/payouts"),
    ("drift undocumented-query", "GET http://api.pay.example/v1/refunds"),
    ("drift undocumented-query", "GET http://api.pay.example/v1/webhooks"),
    ("drift undocumented-status", "GET http://api.pay.example/v1/payments"),
    ("drift cleartext", "* http://api.pay.example/*"),
    // Not planted as findings, and so not here: /v1/reports/{reportId} (declared, answered only 404), /v1/vault
    // (only the scanner saw its 401), health checks, static files, preflights, redirects.
];

fn expected(capture: &Path) -> PathBuf {
    let name = capture.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split(".pcap").next().unwrap_or_default().to_owned();
    capture.with_file_name(format!("{stem}.json"))
}

#[test]
fn each_capture_gives_the_report_beside_it() {
    // Catches any change of what is understood, from packet to verdict. SHADOWTAP_BLESS=1 writes the reports anew:
    // read the difference before you commit it.
    let bless = std::env::var_os("SHADOWTAP_BLESS").is_some();
    for capture in all_captures() {
        let (got, _) = Run::default().report(&mut open(std::slice::from_ref(&capture)), "json");
        let place = expected(&capture);
        if bless {
            std::fs::write(&place, &got).expect("captures/ is writable");
            continue;
        }
        let want = std::fs::read(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
        let (got, want): (Value, Value) =
            (serde_json::from_slice(&got).expect("JSON"), serde_json::from_slice(&want).expect("JSON"));
        assert!(
            got == want,
            "{}: differs from the report beside it; SHADOWTAP_BLESS=1 shows how in `git diff`",
            capture.display()
        );
    }
}

#[test]
fn all_captures_together_name_what_was_planted_and_nothing_else() {
    // Catches a missed shadow as well as a false one: the two lists must be equal.
    let report = Run::default().json(&mut open(&all_captures()));
    let found: BTreeSet<(String, String)> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let kind = match finding["reason"].as_str() {
                Some(reason) => format!("{} {reason}", text("kind")),
                None if text("kind") == "drift" => format!("drift {}", text("rule")),
                None => text("kind"),
            };
            (kind, format!("{} {}{}", text("method"), text("service"), text("template")))
        })
        .collect();
    let planted: BTreeSet<(String, String)> =
        PLANTED.iter().map(|(kind, what)| ((*kind).to_owned(), (*what).to_owned())).collect();
    let missed: Vec<_> = planted.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&planted).collect();
    assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:#?}\nfalse {wrong:#?}");
}
