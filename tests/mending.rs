//! No planted value gets into what is written to mend a spec.

use std::io::Write;

use crate::privacy::{assert_clean, planted};

#[test]
fn no_planted_value_is_in_what_mends_a_spec() {
    // Catches a name or a value that gets into a spec: of a parameter, a field, a method, a path, a host.
    let (plants, frames) = planted();
    let schema = r#"{"application/json": {"schema": {"type": "object", "additionalProperties": false, "properties": {"never": {}}}}}"#;
    let spec = format!(
        r#"{{"openapi": "3.0.3", "info": {{"title": "Shop", "version": "1"}}, "servers": [{{"url": "http://api.shop.example"}}], "paths": {{"/v1/people": {{"post": {{
            "parameters": [{{"name": "q", "in": "query", "schema": {{}}}}, {{"name": "X-Q", "in": "header", "schema": {{}}}}, {{"name": "q", "in": "cookie", "schema": {{}}}}],
            "requestBody": {{"content": {schema}}}, "responses": {{"201": {{"description": "", "content": {schema}}}, "404": {{"description": ""}}}}}}}}}}}}"#
    );
    let mut file = tempfile::NamedTempFile::with_suffix(".json").expect("a folder for tests");
    file.write_all(spec.as_bytes()).expect("room for a spec");
    let run = crate::common::Run {
        specs: vec![file.path().to_owned()],
        inspect: shadowtap::observe::Inspect::All,
        ..crate::common::Run::default()
    };
    for format in ["overlay", "openapi", "openapi-shadow"] {
        let (out, _) = run.report(&mut frames.clone(), format);
        let text = String::from_utf8_lossy(&out);
        assert!(format != "overlay" || text.contains("undocumented-header") && text.contains("shadow: "), "{text}");
        assert_clean(&plants.needles(), format, &out);
    }
}
