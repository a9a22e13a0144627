//! HTTP Archive (HAR 1.1 and 1.2), as a list of what is declared.
//!
//! Only method, host and path of each request are read. They are values: they go to the [`Learner`], which tells templates as it
//! does of traffic, and neither they nor anything else of the file reaches a report, a warning or an error.
//!
//! [`Learner`]: crate::spec::learn::Learner

use std::rc::Rc;

use serde_json::Value;

use crate::api::HostPattern;
use crate::spec::document::Document;
use crate::spec::error::SpecError;
use crate::spec::format::SpecFormat;
use crate::spec::learn::{Asked, Learned};
use crate::spec::model::{Server, Spec, SpecOperation};
use crate::spec::refs::Refs;

/// The format.
pub(super) struct Har;

/// Bytes of a URL that is read.
const URL_BYTES: usize = 8_192;

impl SpecFormat for Har {
    fn name(&self) -> &'static str {
        "HAR"
    }

    fn recognises(&self, document: &Document) -> bool {
        let log = document.root.get("log");
        log.is_some_and(|log| {
            log.get("entries").is_some() && (log.get("version").is_some() || log.get("creator").is_some())
        })
    }

    fn by_name_only(&self) -> bool {
        true
    }

    fn read(&self, document: &Rc<Document>, refs: &mut Refs<'_>) -> Result<Spec, SpecError> {
        let Some(entries) = document.at("/log/entries").and_then(Value::as_array) else {
            return Err(document.wrong(
                "/log/entries",
                "is no list",
                "record the archive again, or export it as HAR 1.2",
            ));
        };
        let Some(learner) = refs.learner() else {
            return Err(SpecError::of_file(
                &document.file,
                "is a HAR file, which is not read here",
                "name it with --spec",
            ));
        };
        let mut asked: Vec<Asked> = entries.iter().filter_map(request).collect();
        let mut warnings = Vec::new();
        let left = entries.len().saturating_sub(asked.len());
        // What tells a preflight stands in its header fields; a browser sends no other OPTIONS.
        asked.retain(|one| one.method != "OPTIONS");
        if left > 0 {
            warnings.push(format!("{left} of {} entries are no HTTP requests and are left out", entries.len()));
        }
        let learned = learner.learn(&asked);
        let most = refs.limits().spec_routes;
        if learned.len() > most {
            let what = format!("comes to more than {most} operations");
            return Err(document.wrong("/log/entries", what, "split the archive, or raise --memory"));
        }
        if learned.is_empty() {
            warnings.push("declares nothing: no entry is a request to an API".to_owned());
        }
        Ok(Spec {
            name: document.name(),
            title: String::new(),
            version: String::new(),
            format: "har",
            operations: learned.into_iter().map(operation).collect(),
            warnings,
        })
    }
}

/// One entry, if it is a request over HTTP. WebSockets begin as one.
fn request(entry: &Value) -> Option<Asked> {
    let request = entry.get("request")?;
    let method = request.get("method")?.as_str().filter(|method| is_token(method))?;
    let url = request.get("url")?.as_str().filter(|url| url.len() <= URL_BYTES)?;
    let (scheme, rest) = url.split_once("://")?;
    let encrypted = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => false,
        "https" | "wss" => true,
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if authority.is_empty() || authority.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let path = if path.is_empty() { "/" } else { path };
    Some(Asked { method: method.to_owned(), authority: authority.to_owned(), path: path.to_owned(), encrypted })
}

/// RFC 9110 section 5.6.2, and no longer than a method is.
fn is_token(text: &str) -> bool {
    let mark = |b: u8| b"!#$%&'*+-.^_`|~".contains(&b);
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || mark(b))
}

fn operation(Learned { service, template, method }: Learned) -> SpecOperation {
    let host = HostPattern::Exact(service.host.clone(), service.odd_port());
    SpecOperation {
        method,
        path: template,
        servers: vec![Server { host, base: crate::api::PathTemplate::default() }],
        id: None,
        deprecated: false,
        params: Vec::new(),
        contract: None,
        sunset: None,
        line: 0,
    }
}
