//! What somebody may have meant.

use crate::report::reporters::shown;

/// Names offered.
const OFFERED: usize = 3;
/// Characters compared: people mistype short names.
const COMPARED: usize = 120;
/// Of the path that was asked for, so many in a hundred characters may be otherwise. What is further off is another name.
const OTHERWISE: usize = 30;

/// A name that may be offered.
pub(super) struct Candidate<'n> {
    pub(super) method: &'n str,
    pub(super) service: &'n str,
    pub(super) template: &'n str,
}

/// What was asked for, or a part of it that was not said.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Empty where none was named: then none is offered either.
    pub(super) service: &'a str,
    pub(super) path: &'a str,
}

/// The names nearest to one, in words: `; nearest: GET /users/{id}, ...`.
pub(super) fn nearest<'n>(asked: &Asked<'_>, candidates: impl Iterator<Item = Candidate<'n>>) -> String {
    let (path, service) = (letters(asked.path), letters(asked.service));
    let most = 1 + path.len() * OTHERWISE / 100;
    let mut best: Vec<(usize, String)> = Vec::new();
    let mut any = false;
    for candidate in candidates {
        any = true;
        let other_method = !asked.method.is_empty() && !asked.method.eq_ignore_ascii_case(candidate.method);
        let mut distance =
            distance(&path, &letters(&filled(candidate.template, asked.path))) + usize::from(other_method);
        let near = distance <= most;
        // The same at another service is worth a word, however that is called.
        if near && !asked.service.is_empty() {
            distance += self::distance(&service, &letters(candidate.service));
        }
        let service = if asked.service.is_empty() { "" } else { candidate.service };
        let name = format!("{} {service}{}", candidate.method, candidate.template);
        let place = best.partition_point(|known| known < &(distance, name.clone()));
        if near && place < OFFERED && best.get(place).is_none_or(|known| known.1 != name) {
            best.insert(place, (distance, name));
            best.truncate(OFFERED);
        }
    }
    if best.is_empty() {
        let said = if any { "; nothing is called nearly so" } else { "; the report has no endpoints there" };
        return said.to_owned();
    }
    let names: Vec<_> = best.iter().map(|(_, name)| shown(name).into_owned()).collect();
    format!("; nearest: {}", names.join(", "))
}

fn letters(text: &str) -> Vec<char> {
    text.to_lowercase().chars().take(COMPARED).collect()
}

/// The template with what was asked for in the place of its variables: they take anything, so that they are not what was mistyped.
fn filled(template: &str, asked: &str) -> String {
    let asked = asked.split(['?', '#']).next().unwrap_or_default();
    let count = |path: &str| path.split('/').count();
    if count(template) != count(asked) {
        return template.to_owned();
    }
    let segments = template.split('/').zip(asked.split('/'));
    let filled = segments.map(|(segment, asked)| if is_variable(segment) { asked } else { segment });
    filled.collect::<Vec<_>>().join("/")
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Characters to change, leave out or put in (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut corner = row;
        let mut left = row + 1;
        above[0] = left;
        for (column, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = above[column + 1];
            left = change.min(left + 1).min(corner + 1);
            above[column + 1] = left;
        }
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_once() {
        let names = ["GET /users/{id}", "GET /user", "GET /users", "POST /orders", "GET /users"];
        let near = |method, service, path| {
            let candidates = names.iter().filter_map(|name| name.split_once(' ')).map(|(method, template)| Candidate {
                method,
                service: "http://a.example",
                template,
            });
            nearest(&Asked { method, service, path }, candidates)
        };
        assert_eq!(near("get", "", "/userz"), "; nearest: GET /user, GET /users");
        assert_eq!(near("", "", "/user"), "; nearest: GET /user, GET /users", "the method was not mistyped");
        assert_eq!(near("PUT", "", "/order"), "; nearest: POST /orders");
        assert_eq!(near("GET", "", "/usrs/48213?a=1"), "; nearest: GET /users/{id}", "a value is no typing error");
        assert_eq!(
            near("GET", "http://b.example", "/user"),
            "; nearest: GET http://a.example/user, GET http://a.example/users"
        );
        assert_eq!(near("POST", "http://elsewhere.example", "/orders"), "; nearest: POST http://a.example/orders");
        assert_eq!(near("GET", "", "/checkout/baskets"), "; nothing is called nearly so", "far off is not near");
        let nothing = nearest(&Asked { method: "", service: "", path: "x" }, std::iter::empty());
        assert_eq!(nothing, "; the report has no endpoints there");
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!((distance(&chars(""), &chars("abc")), distance(&chars("abc"), &chars(""))), (3, 3));
    }
}
