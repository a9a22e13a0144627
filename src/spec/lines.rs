//! Which line declares what: a light scan over the text beside the real parser, which forgets lines.
//!
//! In: text that has already parsed. Out: the lines of the root's keys, of the paths and of their operations, by JSON
//! pointer. It reads JSON exactly and YAML in block style; where it understands nothing a line is not known, and
//! nothing else depends on it.

use std::collections::HashMap;

/// Lines by JSON pointer.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    known: HashMap<String, u32>,
    /// Pointers that were declared more than once, with the line of the repetition.
    pub(super) repeated: Vec<(String, u32)>,
}

impl Lines {
    /// The line of the part, or of the nearest part around it that has one; 0 when none has.
    pub(super) fn around(&self, pointer: &str) -> u32 {
        let mut rest = pointer;
        loop {
            if let Some(line) = self.known.get(rest) {
                return *line;
            }
            match rest.rfind('/') {
                Some(at) => rest = rest.get(..at).unwrap_or_default(),
                None => return 0,
            }
        }
    }

    fn note(&mut self, keys: &[&str], line: u32) {
        let pointer: String = keys.iter().map(|key| format!("/{}", escape(key))).collect();
        if let Some(before) = self.known.insert(pointer.clone(), line)
            && before != line
        {
            self.repeated.push((pointer, line));
        }
    }

    /// Lines of a JSON text.
    pub(super) fn of_json(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut lines = Self::default();
        // One level per open bracket: the key we are under, and whether a key comes next.
        let mut levels: Vec<Level> = Vec::new();
        let (mut line, mut at) = (1_u32, 0_usize);
        while let Some(byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'\n' => line = line.saturating_add(1),
                b'{' => levels.push(Level { object: true, key_next: true, key: String::new() }),
                b'[' => levels.push(Level::default()),
                b'}' | b']' => drop(levels.pop()),
                b',' => {
                    if let Some(level) = levels.last_mut() {
                        level.key_next = level.object;
                    }
                }
                b'"' => {
                    while let Some(byte) = bytes.get(at) {
                        at += if *byte == b'\\' { 2 } else { 1 };
                        if *byte == b'"' {
                            break;
                        }
                    }
                    let depth = levels.len();
                    let Some(level) = levels.last_mut().filter(|level| level.key_next) else { continue };
                    level.key_next = false;
                    level.key.clear();
                    if depth <= 3 {
                        let quoted = text.get(start..at).unwrap_or_default();
                        level.key = serde_json::from_str(quoted).unwrap_or_default();
                        lines.note_below(&levels, line);
                    }
                }
                _ => {}
            }
        }
        lines
    }

    fn note_below(&mut self, levels: &[Level], line: u32) {
        let keys: Vec<&str> = levels.iter().map(|level| level.key.as_str()).collect();
        if keys.len() == 1 || (keys.first() == Some(&"paths") && levels.iter().all(|level| level.object)) {
            self.note(&keys, line);
        }
    }

    /// Lines of a YAML text in block style.
    pub(super) fn of_yaml(text: &str) -> Self {
        let mut lines = Self::default();
        let mut root = None;
        let mut in_paths = false;
        let (mut path_indent, mut method_indent) = (None, None);
        let mut path: Option<String> = None;
        for (number, line) in (1_u32..).zip(text.split('\n')) {
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            let content = content.trim_end();
            if content.is_empty() || content.starts_with(['#', '%']) || content.starts_with("---") {
                continue;
            }
            let root = *root.get_or_insert(indent);
            if indent <= root {
                in_paths = false;
                if let Some(key) = yaml_key(content) {
                    in_paths = key == "paths";
                    (path_indent, path) = (None, None);
                    lines.note(&[&key], number);
                }
            } else if in_paths {
                // What lies deeper than the first line of its kind belongs to something inside it: bodies of block
                // scalars, operations' own fields.
                if indent == *path_indent.get_or_insert(indent) {
                    path = yaml_key(content);
                    method_indent = None;
                    if let Some(path) = &path {
                        lines.note(&["paths", path], number);
                    }
                } else if let Some(path) = &path
                    && indent == *method_indent.get_or_insert(indent)
                    && let Some(key) = yaml_key(content)
                {
                    lines.note(&["paths", path, &key], number);
                }
            }
        }
        lines
    }
}

#[derive(Clone, Debug, Default)]
struct Level {
    object: bool,
    key_next: bool,
    key: String,
}

/// The key that a line of YAML opens with.
fn yaml_key(content: &str) -> Option<String> {
    let (key, rest) = match content.as_bytes().first()? {
        b'"' => {
            let mut escaped = false;
            let end = content.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            })?;
            let quoted = content.get(..=end.0)?;
            (serde_json::from_str(quoted).ok()?, content.get(end.0 + 1..)?)
        }
        b'\'' => {
            let mut key = String::new();
            let mut rest = content.get(1..)?;
            loop {
                let end = rest.find('\'')?;
                key.push_str(rest.get(..end)?);
                rest = rest.get(end + 1..)?;
                match rest.strip_prefix('\'') {
                    Some(more) => {
                        key.push('\'');
                        rest = more;
                    }
                    None => break,
                }
            }
            (key, rest)
        }
        b'-' | b'?' | b'[' | b'{' | b'&' | b'*' | b'!' | b'|' | b'>' => return None,
        _ => {
            let end = content.match_indices(':').map(|(at, _)| at).find(|at| {
                let after = content.as_bytes().get(at + 1);
                after.is_none_or(u8::is_ascii_whitespace)
            })?;
            (content.get(..end)?.trim_end().to_owned(), content.get(end..)?)
        }
    };
    rest.trim_start().starts_with(':').then_some(key)
}

/// A key as one token of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_operations_know_their_line() {
        let text = "{\n \"info\": {\"description\": \"\\\"paths\\\": {\"},\n \"paths\": {\n  \"/a\\u002fb\": {\n   \"get\":\n    {},\n   \"post\": {\"get\": 1}\n  }\n }\n}";
        let lines = Lines::of_json(text);
        assert_eq!(lines.around("/paths"), 3);
        assert_eq!(lines.around("/paths/~1a~1b"), 4);
        assert_eq!(lines.around("/paths/~1a~1b/get"), 5);
        assert_eq!(lines.around("/paths/~1a~1b/post/responses/200"), 7, "the nearest around it");
        assert_eq!(lines.around("/components"), 0);
        let twice = Lines::of_json("{\"paths\":{\"/a\":{},\n\"/a\":{}}}");
        assert_eq!(twice.repeated, [("/paths/~1a".to_owned(), 2)], "the parser keeps the last and says nothing");
    }

    #[test]
    fn yaml_operations_know_their_line() {
        // Catches a scan that is led astray by block scalars, comments, quotes and colons inside keys.
        let text = "# paths:\ninfo:\n  description: |\n    paths:\n      /x:\n        get:\npaths:\n\n  # c\n  /a/{id}:cancel:\n    description: >\n      get: no\n    get:\n      post:\n  '/it''s':\r\n    \"put\" : {}\r\n  \"/q\\u0041\":\n    delete:\ncomponents:\n  /z:\n    get:\n";
        let lines = Lines::of_yaml(text);
        assert_eq!(lines.around("/paths/~1a~1{id}:cancel"), 10);
        assert_eq!(lines.around("/paths/~1a~1{id}:cancel/get"), 13);
        assert_eq!(lines.around("/paths/~1it's/put"), 16);
        assert_eq!(lines.around("/paths/~1qA/delete"), 18);
        assert_eq!(lines.around("/paths/~1x/get"), 7, "only what lies in paths");
        assert_eq!(lines.around("/components/x"), 19);
        assert_eq!(Lines::of_yaml("paths: {/a: {get: {}}}").around("/paths/~1a/get"), 1);
    }

    #[test]
    fn any_text_is_scanned_without_harm() {
        // Catches slicing inside a character and endless loops.
        let good = "{\"paths\":{\"/ä\\\"\":{\"get\":{}}}}\npaths:\n  \"/ü\\\\\":\n    'g''et': x\n";
        for end in 0..=good.len() {
            let part = String::from_utf8_lossy(&good.as_bytes()[..end]).into_owned();
            let _ = (Lines::of_json(&part), Lines::of_yaml(&part));
        }
    }
}
