//! The index against real API descriptions and labelled requests, where they lie beside the checkout.
//!
//! They are too large to be kept here. `SHADOWTAP_SHARED` names their folder, else it is `../shared`; where there is
//! none, nothing is tested.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::*;
use crate::api::{HostPattern, PathTemplate, Piece, Scheme, ServiceId, TemplateSegment};
use crate::limits::Limits;

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("SHADOWTAP_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let infer = shared.join("infer");
    infer.join("match").is_dir().then_some(infer)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A spec read from bytes.
fn spec(name: &str, bytes: &[u8]) -> Spec {
    let limits = Limits::default();
    let document = Rc::new(Document::parse(PathBuf::from(name), name, bytes, &limits).unwrap());
    let format = FORMATS.iter().find(|format| format.recognises(&document)).unwrap();
    format.read(&document, &mut Refs::new(&document, &limits)).unwrap()
}

fn names(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    names.sort();
    names
}

fn without_names(template: &PathTemplate) -> String {
    let segment = |TemplateSegment(pieces): &TemplateSegment| {
        let text = |piece: &Piece| if let Piece::Literal(text) = piece { text.clone() } else { "{}".to_owned() };
        pieces.iter().map(text).collect::<String>()
    };
    template.segments.iter().map(|one| format!("/{}", segment(one))).collect()
}

/// What the index answers to a request line, as `METHOD template`.
fn answer(index: &SpecIndex, request: &Value) -> Option<String> {
    let part = |key: &str| request[key].as_str().unwrap();
    let target = part("path");
    let target = target.split_once("://").map_or(target, |(_, rest)| &rest[rest.find('/').unwrap_or(rest.len())..]);
    let path = target.split(['?', '#']).next().unwrap();
    let segment = |text: &str| {
        TemplateSegment::of_literal(percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
    };
    let segments = path.split('/').filter(|text| !text.is_empty()).map(segment).collect();
    let host = part("host").to_ascii_lowercase();
    let host = host.split(':').next().unwrap().to_owned();
    let service = ServiceId { host, port: 443, scheme: Scheme::Https };
    match index.find(&service, part("method"), &PathTemplate { segments }) {
        Match::Operation(_, _, operation) => {
            let template = operation.path.under(&operation.servers[0].base);
            Some(format!("{} {}", operation.method, without_names(&template)))
        }
        _ => None,
    }
}

#[test]
fn requests_find_the_operation_that_their_label_names() {
    // Catches any departure from the rule: literal, then affixes, then variable, from the left, for each method.
    let Some(folder) = folder() else { return };
    let mut wrong: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut examples = Vec::new();
    let files = names(&folder.join("specs"), ".gz");
    for name in names(&folder.join("match"), ".match.ndjson.gz") {
        let own = files.iter().filter(|file| file.starts_with(&name));
        let specs: Vec<Spec> =
            own.map(|file| spec(file, &unpacked(&folder.join("specs").join(format!("{file}.gz"))))).collect();
        let lines = unpacked(&folder.join("match").join(format!("{name}.match.ndjson.gz")));
        let requests: Vec<Value> =
            String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // The label says where the API was served, which a document that names `localhost` does not.
        let expected = requests.iter().filter_map(|request| request["expect"].as_str()?.split(' ').nth(1));
        let hosts: std::collections::BTreeSet<&str> = expected.collect();
        let plain = SpecIndex::build(specs.clone(), &HostFlags::default()).unwrap();
        let mut flags = HostFlags::default();
        for host in hosts {
            let service = ServiceId { host: host.to_owned(), port: 443, scheme: Scheme::Https };
            if plain.covers(&service).specs.is_empty() {
                flags.spec_hosts.extend(specs.iter().map(|spec| (spec.name.clone(), host.to_owned())));
            }
        }
        let index = SpecIndex::build(specs, &flags).unwrap();
        for pin in index.pins() {
            // What the inventory records under a pin must be found again by that pin's template.
            let host = if let HostPattern::Exact(host, _) = &pin.host { host.clone() } else { "x".to_owned() };
            let service = ServiceId { host, port: 443, scheme: Scheme::Https };
            for method in &pin.methods {
                let Match::Operation(_, _, found) = index.find(&service, method, &pin.template) else {
                    panic!("{name}: {method} {} is pinned and not found", pin.template);
                };
                let same = found
                    .servers
                    .iter()
                    .any(|server| without_names(&found.path.under(&server.base)) == without_names(&pin.template));
                assert!(same, "{name}: {method} {} is found as {}", pin.template, found.path);
            }
        }
        for request in &requests {
            let expect = request["expect"].as_str().map(|text| {
                let (method, rest) = text.split_once(' ').unwrap();
                let (_, template) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("{method} {}", without_names(&PathTemplate::parse(template)))
            });
            let got = answer(&index, request);
            // HEAD is GET for us where HEAD is not declared; the labels hold it to be an operation of its own.
            let head_as_get = request["method"] == "HEAD" && expect.is_none();
            let got = got.filter(|got| !(head_as_get && got.starts_with("GET ")));
            let tag = wrong.entry(request["tag"].as_str().unwrap().to_owned()).or_default();
            tag.1 += 1;
            if got != expect {
                tag.0 += 1;
                examples.push(format!("{name} {request}: {got:?}"));
            }
        }
    }
    examples.truncate(20);
    assert!(wrong.values().all(|(wrong, _)| *wrong == 0), "{wrong:#?}\n{}", examples.join("\n"));
}
