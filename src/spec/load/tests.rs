use std::fs;

use super::*;

const SPEC: &str = "openapi: 3.0.0\npaths:\n  /a: {get: {}}\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn names(folder: &tempfile::TempDir, paths: &[&str]) -> Result<Vec<String>, String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
    let specs = load(&paths, &Limits::default()).map_err(|fault| fault.to_string())?;
    Ok(specs.into_iter().map(|spec| spec.name).collect())
}

#[test]
fn a_folder_is_read_in_order_and_without_the_rest() {
    let files = [
        ("s/b.yml", SPEC),
        ("s/sub/a.JSON", "{\"swagger\": \"2.0\", \"paths\": {}}"),
        ("s/sub/parts.yaml", "openapi_parts: 1\n"),
        ("s/broken.yaml", "a: [\n"),
        ("s/package.json", "{\"dependencies\": {\"swagger-ui\": \"1\"}}"),
        ("s/chart.yaml", "x: {{ .Values.openapi }}\n"),
        ("s/.git/c.yaml", SPEC),
        ("s/readme.md", SPEC),
    ];
    assert_eq!(names(&folder(&files), &["s"]).unwrap(), ["b.yml", "a.JSON"]);
}

#[test]
fn collections_and_archives_are_specs_too() {
    // Catches data of a folder that passes for an archive, and an archive that is read where nobody can template it.
    let archive = "{\"log\": {\"version\": \"1.2\", \"entries\": []}}";
    let postman = "{\"info\": {\"schema\": \"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"}, \"item\": []}";
    let files = [("s/a.json", postman), ("s/b.json", archive), ("s/c.har", archive), ("t/d.json", archive)];
    let folder = folder(&files);
    struct Nobody;
    impl Learner for Nobody {
        fn learn(&self, _: &[crate::spec::Asked]) -> Vec<crate::spec::Learned> {
            Vec::new()
        }
    }
    let learned = |path: &str| {
        let specs = load_learning(&[folder.path().join(path)], &Limits::default(), &Nobody);
        specs
            .map(|specs| specs.into_iter().map(|spec| spec.name).collect::<Vec<_>>())
            .map_err(|fault| fault.to_string())
    };
    assert_eq!(learned("s").unwrap(), ["a.json", "c.har"]);
    assert_eq!(learned("t/d.json").unwrap(), ["d.json"], "one that is named is read");
    assert!(learned("t").unwrap_err().contains("holds no spec"));
    assert!(names(&folder, &["s/c.har"]).unwrap_err().contains("not read here"));
}

#[test]
fn names_differ_and_hold_no_more_of_the_path_than_needed() {
    let same = folder(&[("s/api.yaml", SPEC), ("s/v1/api.yaml", SPEC), ("s/v2/api.yaml", SPEC), ("t/api.yaml", SPEC)]);
    assert_eq!(names(&same, &["s"]).unwrap(), ["api.yaml", "v1/api.yaml", "v2/api.yaml"]);
    assert_eq!(names(&same, &["s/v2/api.yaml", "s/v1/api.yaml"]).unwrap(), ["v2/api.yaml", "v1/api.yaml"]);
    let all = names(&same, &["s", "t/api.yaml"]).unwrap();
    assert_eq!(all, ["s/api.yaml", "v1/api.yaml", "v2/api.yaml", "t/api.yaml"]);
    assert_eq!(names(&same, &["t/api.yaml", "t", "t/../t/api.yaml"]).unwrap(), ["api.yaml"], "one file is one spec");
}

#[test]
fn what_cannot_be_read_is_told() {
    let files = [("e/x.json", "{}"), ("n/x.txt", "y"), ("b/api.yaml", "openapi: 3.0.0\npaths: [\n"), ("b/x.json", "{")];
    let folder = folder(&files);
    let fault = |path: &str| names(&folder, &[path]).unwrap_err();
    assert!(fault("e").contains("holds no spec") && fault("n").contains("holds no spec"));
    assert!(fault("e/x.json").contains("neither `openapi` nor `swagger`"));
    assert!(fault("b").contains("b/api.yaml:") && fault("b").contains("is no YAML"), "{}", fault("b"));
    assert!(fault("none.yaml").contains("cannot be read"));
    let small = Limits { spec_bytes: 20, spec_files: 1, ..Limits::default() };
    let told = |path: &str| load(&[folder.path().join(path)], &small).unwrap_err().to_string();
    assert!(told("b/api.yaml").contains("larger than 20 bytes"));
    assert!(told("b").contains("more than 1 files"));
}

#[cfg(unix)]
#[test]
fn symlinks_neither_loop_nor_double() {
    let folder = folder(&[("s/real/api.yaml", SPEC)]);
    let root = folder.path().join("s");
    std::os::unix::fs::symlink(&root, root.join("real/up")).unwrap();
    std::os::unix::fs::symlink("real/api.yaml", root.join("alias.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("dangling.yaml")).unwrap();
    assert_eq!(names(&folder, &["s"]).unwrap(), ["alias.yaml"]);
}

#[test]
fn references_reach_the_files_beside_a_spec() {
    let root = "openapi: 3.0.0\npaths:\n  /a: {$ref: 'parts/a.yaml'}\n";
    let part = "parameters: [{$ref: 'b.json#/P'}]\nget: {}\n";
    let files = [
        ("s/api.yaml", root),
        ("s/parts/a.yaml", part),
        ("s/parts/b.json", "{\"P\": {\"in\": \"query\", \"name\": \"q\"}}"),
    ];
    let folder = folder(&files);
    let specs = load(&[folder.path().join("s")], &Limits::default()).unwrap();
    assert_eq!(specs.len(), 1);
    assert_eq!(specs[0].operations[0].params[0].name, "q");
    assert_eq!(specs[0].operations[0].line, 3, "the line in the spec's own file");
}
