//! Swagger 2.0.

use std::rc::Rc;

use serde_json::Value;

use crate::api::ParamPlace;
use crate::spec::document::Document;
use crate::spec::error::{SpecError, shown};
use crate::spec::format::SpecFormat;
use crate::spec::model::{Server, Spec};
use crate::spec::paths::{Dialect, Params, Reading, text_at};
use crate::spec::refs::{Found, Refs};
use crate::spec::server;
use crate::spec::warnings::Warnings;

/// The format.
pub(super) struct Swagger2;

impl SpecFormat for Swagger2 {
    fn name(&self) -> &'static str {
        "Swagger 2"
    }

    fn recognises(&self, document: &Document) -> bool {
        document.root.get("swagger").is_some()
    }

    fn read(&self, document: &Rc<Document>, refs: &mut Refs<'_>) -> Result<Spec, SpecError> {
        // Unquoted in YAML it is a number.
        let version = text_at(&document.root, "swagger").unwrap_or_default();
        if !matches!(version.trim(), "2.0" | "2") {
            let what = format!("version \"{}\" of Swagger is not read", shown(&version));
            return Err(document.wrong("/swagger", what, "convert the spec to 2.0 or to OpenAPI 3"));
        }
        let mut reading = Reading::new(document, refs);
        let servers = server::of_swagger(&document.root, &mut reading.warnings);
        reading.spec("swagger 2.0", &servers, &Swagger)
    }
}

struct Swagger;

impl Dialect for Swagger {
    fn methods(&self) -> &'static [&'static str] {
        &["get", "put", "post", "delete", "options", "head", "patch"]
    }

    fn servers(&self, _part: &Value, _warnings: &mut Warnings) -> Option<Vec<Server>> {
        None
    }

    fn param(&self, param: &Value) -> Option<ParamPlace> {
        match param.get("in").and_then(Value::as_str)? {
            "query" => Some(ParamPlace::Query),
            // A file comes in a multipart body, which is no form of names and values.
            "formData" if param.get("type").and_then(Value::as_str) != Some("file") => Some(ParamPlace::Form),
            _ => None,
        }
    }

    fn body(&self, _operation: &Found, _refs: &mut Refs<'_>, _params: &mut Params, _warnings: &mut Warnings) {}
}
