//! OpenAPI 3.0, 3.1 and 3.2.

use std::rc::Rc;

use serde_json::Value;

use crate::api::ParamPlace;
use crate::spec::document::Document;
use crate::spec::error::{SpecError, shown};
use crate::spec::format::SpecFormat;
use crate::spec::model::{Server, Spec, SpecParam};
use crate::spec::paths::{Dialect, Params, Reading, text_at};
use crate::spec::refs::{Found, Refs};
use crate::spec::server;
use crate::spec::warnings::Warnings;

/// The format.
pub(super) struct OpenApi3;

impl SpecFormat for OpenApi3 {
    fn name(&self) -> &'static str {
        "OpenAPI 3"
    }

    fn recognises(&self, document: &Document) -> bool {
        document.root.get("openapi").is_some()
    }

    fn read(&self, document: &Rc<Document>, refs: &mut Refs<'_>) -> Result<Spec, SpecError> {
        let version = text_at(&document.root, "openapi").unwrap_or_default();
        let mut parts = version.trim().split('.');
        let format = match (parts.next(), parts.next()) {
            (Some("3"), Some("0")) => "openapi 3.0",
            (Some("3"), Some("1")) => "openapi 3.1",
            (Some("3"), Some("2")) => "openapi 3.2",
            _ => {
                let what = format!("version \"{}\" of OpenAPI is not read", shown(&version));
                return Err(document.wrong("/openapi", what, "convert the spec to 3.0 or 3.1"));
            }
        };
        let mut reading = Reading::new(document, refs);
        let servers = server::servers_of(document.root.get("servers"), &mut reading.warnings)
            .unwrap_or_else(|| vec![server::anywhere()]);
        reading.spec(format, &servers, &OpenApi)
    }
}

struct OpenApi;

impl Dialect for OpenApi {
    fn methods(&self) -> &'static [&'static str] {
        &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"]
    }

    fn servers(&self, part: &Value, warnings: &mut Warnings) -> Option<Vec<Server>> {
        server::servers_of(part.get("servers"), warnings)
    }

    fn param(&self, param: &Value) -> Option<ParamPlace> {
        (param.get("in").and_then(Value::as_str) == Some("query")).then_some(ParamPlace::Query)
    }

    /// Fields of a form: the properties of the body's schema. What cannot be followed there is left out with a
    /// warning, as nothing but these names hangs on it.
    fn body(&self, operation: &Found, refs: &mut Refs<'_>, params: &mut Params, warnings: &mut Warnings) {
        let body = operation.child("requestBody");
        if body.value().is_none() {
            return;
        }
        if let Err(fault) = form_fields(body, refs, params) {
            warnings.add(format!("form fields are left out: {fault}"));
        }
    }
}

fn form_fields(body: Found, refs: &mut Refs<'_>, params: &mut Params) -> Result<(), SpecError> {
    /// Schemas looked at for one body: `allOf` may fan out, and refer to itself.
    const SCHEMAS: usize = 64;
    let content = refs.resolve(body)?.child("content");
    let is_form = |media: &&String| {
        let bare = media.split(';').next().unwrap_or_default().trim();
        bare.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    };
    let media = content.value().and_then(Value::as_object).and_then(|content| content.keys().find(is_form));
    let Some(media) = media else { return Ok(()) };
    let mut open = vec![content.child(media).child("schema")];
    let mut looked_at = 0;
    while let Some(schema) = open.pop() {
        looked_at += 1;
        if looked_at > SCHEMAS || schema.value().is_none() {
            continue;
        }
        let schema = refs.resolve(schema)?;
        let Some(value) = schema.value() else { continue };
        let required = value.get("required").and_then(Value::as_array);
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for name in properties.keys() {
                let required = required.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(name)));
                params.add(SpecParam { place: ParamPlace::Form, name: name.clone(), required });
            }
        }
        if let Some(parts) = value.get("allOf").and_then(Value::as_array) {
            let all = schema.child("allOf");
            open.extend((0..parts.len().min(SCHEMAS)).rev().map(|at| all.child(&at.to_string())));
        }
    }
    Ok(())
}
