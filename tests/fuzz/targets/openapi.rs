//! A spec's bytes: read, compiled, and asked what it declares. Errors are fine; they name a line that exists.

use std::path::PathBuf;
use std::rc::Rc;

use shadowtap::limits::Limits;
use shadowtap::spec::{Document, FORMATS, HostFlags, Refs, SpecIndex};

use super::tape::Tape;

pub fn run(data: &[u8]) {
    let mut tape = Tape(data);
    let name = if tape.byte() & 1 == 0 { "spec.yaml" } else { "spec.json" };
    let limits = Limits { spec_nodes: 20_000, spec_routes: 2_000, ..Limits::default() };
    // A folder that does not exist: references to files find none.
    let path = PathBuf::from("/nowhere/at/all").join(name);
    let lines = tape.0.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    let document = match Document::parse(path, name, tape.0, &limits) {
        Ok(document) => Rc::new(document),
        Err(error) => {
            assert!(error.to_string().starts_with(name), "an error names its file: {error}");
            return;
        }
    };
    assert!(document.line("") as usize <= lines);
    let Some(format) = FORMATS.iter().find(|format| format.recognises(&document)) else { return };
    let Ok(spec) = format.read(&document, &mut Refs::new(&document, &limits)) else { return };
    let operations = spec.operations.len();
    let Ok(index) = SpecIndex::build_within(vec![spec], &HostFlags::default(), &limits) else { return };
    assert_eq!(index.specs()[0].operations.len(), operations);
    assert!(index.pins().len() <= limits.spec_routes);
}
