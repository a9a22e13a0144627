//! Templates compiled into one tree: a path finds the most specific that takes it.
//!
//! Both towers' upper floors need it: `inventory` for pinned templates, `spec` for its index. It knows neither.

use std::collections::BTreeMap;

use super::path::{PathTemplate, Piece, TemplateSegment};

/// One segment of a path that is looked up.
pub trait Step {
    /// What literals and variables are held against.
    fn text(&self) -> &str;

    /// What a literal and a segment with affixes may be held against too.
    fn whole(&self) -> &str {
        self.text()
    }
}

impl<S: AsRef<str>> Step for S {
    fn text(&self) -> &str {
        self.as_ref()
    }
}

/// A set of templates, each with a value.
#[derive(Clone, Debug)]
pub struct Routes<T> {
    root: Node<T>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    literals: BTreeMap<String, Self>,
    /// Segments with affixes, the one with the most literal characters first.
    mixed: Vec<(TemplateSegment, Self)>,
    variable: Option<Box<Self>>,
    value: Option<T>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { literals: BTreeMap::new(), mixed: Vec::new(), variable: None, value: None }
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self { root: Node::default() }
    }
}

impl<T> Routes<T> {
    /// The value kept for this template, made on first sight. Templates that differ only in the names of their
    /// variables are the same template.
    pub fn entry(&mut self, template: &PathTemplate, make: impl FnOnce() -> T) -> &mut T {
        let mut node = &mut self.root;
        for segment in &template.segments {
            node = node.child(segment);
        }
        node.value.get_or_insert_with(make)
    }

    /// The most specific template that takes these segments: literal before affixes before variable, from the
    /// left. No allocation. A tree is walked, so each node is visited once at the most, whatever the path.
    pub fn find<S: Step>(&self, path: &[S]) -> Option<&T> {
        self.find_where(path, &|_| true)
    }

    /// Like [`Routes::find`], passing over values that do not satisfy `fits`.
    pub fn find_where<S: Step>(&self, path: &[S], fits: &dyn Fn(&T) -> bool) -> Option<&T> {
        self.root.find(path, fits)
    }
}

impl<T> Node<T> {
    fn child(&mut self, segment: &TemplateSegment) -> &mut Self {
        if let Some(text) = segment.literal() {
            return self.literals.entry(text.to_owned()).or_default();
        }
        if segment.0.len() == 1 {
            return self.variable.get_or_insert_default();
        }
        let shape = shape(segment);
        let at = match self.mixed.iter().position(|(known, _)| self::shape(known) == shape) {
            Some(at) => at,
            None => {
                let weight = |s: &TemplateSegment| std::cmp::Reverse(literal_characters(s));
                let at = self.mixed.partition_point(|(known, _)| weight(known) <= weight(segment));
                self.mixed.insert(at, (segment.clone(), Self::default()));
                at
            }
        };
        &mut self.mixed[at].1
    }

    fn find<S: Step>(&self, path: &[S], fits: &dyn Fn(&T) -> bool) -> Option<&T> {
        let Some((first, rest)) = path.split_first() else { return self.value.as_ref().filter(|value| fits(value)) };
        let (first, whole) = (first.text(), first.whole());
        // A literal that is declared with its matrix parameters (`a;v=1`) is closer than one without.
        if whole.len() > first.len()
            && let Some(found) = self.literals.get(whole).and_then(|node| node.find(rest, fits))
        {
            return Some(found);
        }
        if let Some(found) = self.literals.get(first).and_then(|node| node.find(rest, fits)) {
            return Some(found);
        }
        let mixed = self
            .mixed
            .iter()
            .filter(|(segment, _)| segment.takes(first) || whole.len() > first.len() && segment.takes(whole));
        for (_, node) in mixed {
            if let Some(found) = node.find(rest, fits) {
                return Some(found);
            }
        }
        self.variable.as_ref().and_then(|node| node.find(rest, fits))
    }
}

/// Characters that stand as they are.
fn literal_characters(TemplateSegment(pieces): &TemplateSegment) -> usize {
    pieces.iter().map(|piece| if let Piece::Literal(text) = piece { text.chars().count() } else { 0 }).sum()
}

/// A segment with the names of its variables taken out.
fn shape(segment: &TemplateSegment) -> String {
    segment.0.iter().map(|piece| if let Piece::Literal(text) = piece { text.as_str() } else { "\u{0}" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(templates: &[&'static str]) -> Routes<&'static str> {
        let mut routes = Routes::default();
        for text in templates {
            routes.entry(&PathTemplate::parse(text), || *text);
        }
        routes
    }

    fn find(routes: &Routes<&'static str>, path: &str) -> Option<&'static str> {
        let path: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        routes.find(&path).copied()
    }

    #[test]
    fn literal_beats_affix_beats_variable() {
        let routes = routes(&["/users/{id}", "/users/me", "/users/{id}.json", "/users/{id}/orders", "/{a}/x"]);
        assert_eq!(find(&routes, "/users/me"), Some("/users/me"));
        assert_eq!(find(&routes, "/users/7.json"), Some("/users/{id}.json"));
        assert_eq!(find(&routes, "/users/7"), Some("/users/{id}"));
        assert_eq!(find(&routes, "/users/me/orders"), Some("/users/{id}/orders"), "steps back from a literal");
        assert_eq!(find(&routes, "/users/x"), Some("/users/{id}"));
        assert_eq!(find(&routes, "/other/x"), Some("/{a}/x"));
        assert_eq!(find(&routes, "/"), None);
    }

    #[test]
    fn of_segments_with_affixes_the_one_with_the_most_literal_characters_counts() {
        // Catches variables that weigh as much as a character, and an order of declaration that decides.
        for turned in [["/{a}{b}x", "/{a}xx", "/{a}"], ["/{a}", "/{a}xx", "/{a}{b}x"], ["/{a}xx", "/{a}{b}x", "/{a}"]] {
            let routes = routes(&turned);
            assert_eq!(find(&routes, "/pqxx"), Some("/{a}xx"), "{turned:?}");
            assert_eq!(find(&routes, "/pqx"), Some("/{a}{b}x"), "{turned:?}");
            assert_eq!(find(&routes, "/x"), Some("/{a}"), "{turned:?}");
        }
    }

    #[test]
    fn what_a_text_leaves_out_is_for_affixes_and_for_literals_that_say_it() {
        // Catches matrix parameters that another literal or a variable is held against.
        struct Part(&'static str, &'static str);
        impl Step for Part {
            fn text(&self) -> &str {
                self.0
            }
            fn whole(&self) -> &str {
                self.1
            }
        }
        let routes = routes(&["/a/{id}.json", "/b/x", "/c/{id}", "/d/{id}.json", "/d/{id}", "/e/x;v=1", "/e/x"]);
        let find = |of: &'static str, last: Part| routes.find(&[Part(of, of), last]).copied();
        assert_eq!(find("a", Part("7", "7;v=1.json")), Some("/a/{id}.json"));
        assert_eq!(find("a", Part("7.json", "7.json;v=1")), Some("/a/{id}.json"));
        assert_eq!(find("a", Part("7", "7;v=1")), None);
        assert_eq!(find("b", Part("x", "x;v=1")), Some("/b/x"));
        assert_eq!(find("c", Part("7", "7;v=1.json")), Some("/c/{id}"));
        assert_eq!(find("d", Part("7", "7;v=1")), Some("/d/{id}"));
        assert_eq!(find("e", Part("x", "x;v=1")), Some("/e/x;v=1"));
        assert_eq!(find("e", Part("x", "x;v=2")), Some("/e/x"));
    }

    #[test]
    fn names_of_variables_do_not_tell_templates_apart() {
        let routes = routes(&["/users/{id}", "/users/{name}"]);
        assert_eq!(find(&routes, "/users/7"), Some("/users/{id}"));
    }
}
