//! Media types of declarations: plain ones, and ranges.

use super::schema::SchemaId;

/// A media type or a range of them (RFC 9110 section 12.5.1), lower case, without parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaRange(String);

impl MediaRange {
    /// As it is declared.
    #[must_use]
    pub fn new(declared: &str) -> Self {
        Self(declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// How well it fits: a plain type better than `application/*`, that better than `*/*`.
    fn fits(&self, media: &str) -> Option<u8> {
        if self.0 == media {
            return Some(2);
        }
        match self.0.split_once('/') {
            Some(("*", "*")) => Some(0),
            // `application/*+json` is no range of the RFC, and is written all the same.
            Some((kind, suffix)) if suffix.starts_with("*+") => {
                let (known, name) = media.split_once('/')?;
                let fits = name.ends_with(suffix.trim_start_matches('*')) || name == suffix.trim_start_matches("*+");
                (fits && (known == kind || kind == "*")).then_some(1)
            }
            Some((kind, "*")) => media.split_once('/').filter(|(known, _)| *known == kind).map(|_| 1),
            // What is no media type at all says nothing.
            None => Some(0),
            _ => None,
        }
    }

    /// The schema of the entry that fits best; `None`: nothing fits. Of several that fit as well (they differ in parameters) none speaks.
    #[must_use]
    pub fn find(content: &[(Self, Option<SchemaId>)], media: &str) -> Option<Option<SchemaId>> {
        let fitting = || content.iter().filter_map(|(range, schema)| Some((range.fits(media)?, *schema)));
        let best = fitting().map(|(rank, _)| rank).max()?;
        let mut all = fitting().filter(|(rank, _)| *rank == best).map(|(_, schema)| schema);
        let first = all.next()?;
        Some(if all.all(|other| other == first) { first } else { None })
    }
}

/// JSON, one value.
pub(super) fn is_json(media: &str) -> bool {
    let (_, kind) = media.split_once('/').unwrap_or(("", media));
    matches!(kind, "json" | "x-json") || kind.ends_with("+json")
}

/// Names and values.
pub(super) fn is_form(media: &str) -> bool {
    media == "application/x-www-form-urlencoded"
}

/// Parts with names.
pub(super) fn is_multipart(media: &str) -> bool {
    media == "multipart/form-data"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_range_speaks() {
        // Catches a range that goes before the type itself, and one that takes what is not in it.
        let content: Vec<_> = ["*/*", "application/*", "Application/JSON; charset=utf-8"]
            .iter()
            .zip(0..)
            .map(|(text, n)| (MediaRange::new(text), Some(SchemaId(n))))
            .collect();
        let found = |media| MediaRange::find(&content, media).flatten().map(|id| id.0);
        assert_eq!(
            [found("application/json"), found("application/xml"), found("text/plain")],
            [Some(2), Some(1), Some(0)]
        );
        assert_eq!(MediaRange::find(&content[1..], "text/plain"), None);
        assert!(is_json("application/problem+json") && is_json("text/json") && !is_json("application/x-ndjson"));
    }
}
