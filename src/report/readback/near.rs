//! What somebody may have meant.

use crate::report::reporters::shown;

/// Names offered.
const OFFERED: usize = 3;
/// Characters compared: people mistype short names.
const COMPARED: usize = 120;

/// The names nearest to one, in words: `; nearest: GET /users/{id}, ...`.
pub(super) fn nearest(asked: &str, names: impl Iterator<Item = String>) -> String {
    let asked: Vec<char> = asked.to_lowercase().chars().take(COMPARED).collect();
    let mut best: Vec<(usize, String)> = Vec::new();
    for name in names {
        let distance = distance(&asked, &name.to_lowercase().chars().take(COMPARED).collect::<Vec<_>>());
        let place = best.partition_point(|known| known < &(distance, name.clone()));
        if place < OFFERED && best.get(place).is_none_or(|known| known.1 != name) {
            best.insert(place, (distance, name));
            best.truncate(OFFERED);
        }
    }
    if best.is_empty() {
        return "; the report has no endpoints there".to_owned();
    }
    let names: Vec<_> = best.iter().map(|(_, name)| shown(name).into_owned()).collect();
    format!("; nearest: {}", names.join(", "))
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
        let names = ["GET /users/{id}", "GET /user", "GET /users", "POST /orders", "GET /users"].map(str::to_owned);
        assert_eq!(nearest("get /userz", names.into_iter()), "; nearest: GET /user, GET /users, GET /users/{id}");
        assert_eq!(nearest("x", std::iter::empty()), "; the report has no endpoints there");
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!((distance(&chars(""), &chars("abc")), distance(&chars("abc"), &chars(""))), (3, 3));
    }
}
