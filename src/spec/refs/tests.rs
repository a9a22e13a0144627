use std::fs;

use super::*;

/// A folder with these files; the spec's folder is `spec` in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Follows `/start` of `spec/api.json`.
fn follow(folder: &tempfile::TempDir) -> Result<Value, String> {
    let limits = Limits::default();
    let path = folder.path().canonicalize().unwrap().join("spec/api.json");
    let document = Rc::new(Document::read(&path, "api.json", &limits).unwrap());
    let start = Found { document: Rc::clone(&document), pointer: "/start".to_owned() };
    let found = Refs::new(&document, &limits).resolve(start).map_err(|fault| fault.to_string())?;
    Ok(found.value().unwrap().clone())
}

fn follow_one(reference: &str, more: &[(&str, &str)]) -> Result<Value, String> {
    let root = format!("{{\n\"start\": {{\"$ref\": \"{reference}\"}},\n\"a/b~c %\": {{\"x\": [7]}} }}");
    let mut files = vec![("spec/api.json", root.as_str())];
    files.extend(more);
    follow(&folder(&files))
}

#[test]
fn pointers_are_unescaped() {
    assert_eq!(follow_one("#/a~1b~0c%20%25/x/0", &[]).unwrap(), 7);
    assert!(
        follow_one("#/a/b", &[]).unwrap_err().starts_with("api.json:2: /start: `$ref` \"#/a/b\" points to nothing")
    );
    assert!(follow_one("#here", &[]).unwrap_err().contains("no JSON pointer"));
}

#[test]
fn files_are_found_from_the_file_that_refers() {
    let more = [
        ("spec/parts/one.yaml", "here:\n  $ref: 'deep/two.json#/there'\n"),
        ("spec/parts/deep/two.json", "{\"there\": {\"$ref\": \"../../three.yaml\"}}"),
        ("spec/three.yaml", "done: true\n"),
    ];
    assert_eq!(follow_one("./parts/one.yaml#/here", &more).unwrap()["done"], true);
    assert_eq!(follow_one("parts/../three%2Eyaml", &more).unwrap()["done"], true);
    assert!(follow_one("parts/none.yaml", &more).unwrap_err().contains("cannot be read"));
    let broken = [("spec/b.yaml", "a: [\n")];
    assert!(follow_one("b.yaml#/a", &broken).unwrap_err().starts_with("b.yaml:"), "the fault is in the other file");
}

#[test]
fn nothing_outside_the_folder_is_read() {
    let more = [("secret.json", "{\"key\": 1}"), ("spec-private/x.json", "{}"), ("spec/sub/y.json", "{}")];
    for reference in
        ["../secret.json", "sub/../../secret.json", "%2e%2e/secret.json", "../spec-private/x.json", "/etc/passwd"]
    {
        let told = follow_one(reference, &more).unwrap_err();
        assert!(told.contains("leads out of the spec's folder"), "{told}");
    }
    for reference in
        ["https://evil.example/x.json", "http://h/x", "file:///etc/passwd", "//evil.example/x", "HTTPS://x"]
    {
        let told = follow_one(reference, &more).unwrap_err();
        assert!(told.contains("never fetched") && told.contains("bundle"), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn a_symlink_is_where_it_leads() {
    // Catches a check of names before symlinks are resolved.
    let root = "{\"start\": {\"$ref\": \"link.json\"}}";
    let out = folder(&[("spec/api.json", root), ("secret.json", "{\"key\": 1}")]);
    std::os::unix::fs::symlink(out.path().join("secret.json"), out.path().join("spec/link.json")).unwrap();
    assert!(follow(&out).unwrap_err().contains("leads out"));
    let inside = folder(&[("spec/api.json", root), ("spec/real.json", "{\"key\": 1}")]);
    std::os::unix::fs::symlink("real.json", inside.path().join("spec/link.json")).unwrap();
    assert_eq!(follow(&inside).unwrap()["key"], 1);
    let folder_link =
        folder(&[("spec/api.json", "{\"start\": {\"$ref\": \"up/secret.json\"}}"), ("secret.json", "{}")]);
    std::os::unix::fs::symlink(folder_link.path(), folder_link.path().join("spec/up")).unwrap();
    assert!(follow(&folder_link).unwrap_err().contains("leads out"));
}

#[test]
fn circles_and_long_chains_end() {
    assert!(follow_one("#/start", &[]).unwrap_err().contains("in a circle"));
    let there = "{\"$ref\": \"api.json#/start\"}";
    assert!(follow_one("there.json", &[("spec/there.json", there)]).unwrap_err().contains("in a circle"));
    let chain = |length: usize| {
        let links: Vec<String> = (0..length).map(|n| format!("\"{n}\": {{\"$ref\": \"#/{}\"}}", n + 1)).collect();
        let text = format!("{{\"start\": {{\"$ref\": \"#/0\"}}, {}, \"{length}\": 1}}", links.join(","));
        follow(&folder(&[("spec/api.json", &text)]))
    };
    assert_eq!(chain(60).unwrap(), 1);
    assert!(chain(70).unwrap_err().contains("more than 64"));
}
