//! Names for learned variables, and what the words of a path say about themselves.
//!
//! English, as paths mostly are; a word that is not known here is simply no evidence.

use std::collections::BTreeSet;

use super::nouns::noun;
use crate::api::SegmentClass;

/// The name of a variable that stands for segments of these classes behind `parent`: `{userId}` behind `users`.
/// Not among `taken`, so that it is unique within its path.
pub(super) fn variable(classes: &BTreeSet<SegmentClass>, parent: Option<&str>, taken: &[&str]) -> String {
    let class = match classes.iter().next() {
        Some(class) if classes.len() == 1 => *class,
        _ => SegmentClass::Number,
    };
    let plain = match class {
        SegmentClass::Number | SegmentClass::Prefixed => "id",
        SegmentClass::FileName => "fileName",
        SegmentClass::Word => "name",
        class => class.name(),
    };
    let noun = parent.filter(|_| is_id(class)).and_then(noun).map(|noun| camel(&noun)).filter(|noun| !noun.is_empty());
    let proper = noun.filter(|noun| noun != "id").map(|noun| if noun.ends_with("Id") { noun } else { noun + "Id" });
    let names = proper.iter().cloned().chain([plain.to_owned()]);
    // Both are taken: number them.
    let numbered = (2_u32..).map(|n| format!("{}{n}", proper.as_deref().unwrap_or(plain)));
    names.chain(numbered).find(|name| !taken.contains(&name.as_str())).unwrap_or_else(|| plain.to_owned())
}

/// The name of a variable that stands for numbers with a fraction, which tell nothing from another of its kind: `{lat}` behind `lat`,
/// `{price}` behind `prices`.
pub(super) fn quantity(parent: Option<&str>, taken: &[&str]) -> String {
    let named = parent.filter(|parent| !is_fixed(parent) && parent.is_ascii());
    let named = named.map(|parent| camel(&noun(parent).unwrap_or_else(|| parent.to_owned())));
    let is_name = |name: &String| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() > 1;
    unique(named.filter(is_name).as_deref().unwrap_or("number"), taken)
}

/// Versions stand behind this word.
pub(super) fn has_versions(parent: &str) -> bool {
    let lower = parent.to_ascii_lowercase();
    let last = lower.rsplit(['-', '_', '.']).next().unwrap_or(&lower);
    matches!(last, "release" | "releases" | "version" | "versions")
}

/// This name, with a number where it is taken.
pub(super) fn unique(plain: &str, taken: &[&str]) -> String {
    let numbered = (2_u32..).map(|n| format!("{plain}{n}"));
    let mut names = std::iter::once(plain.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(&name.as_str())).unwrap_or_else(|| plain.to_owned())
}

/// A class whose texts tell one thing from another of its kind; the others say what they are by their form.
pub(super) const fn is_id(class: SegmentClass) -> bool {
    use SegmentClass::{Address, Card, Date, Email, FileName, Locale, Version};
    !matches!(class, Date | Email | Address | Card | Locale | Version | FileName)
}

/// The singular of a plural noun: of a word that names a collection.
pub(super) fn singular(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let last = lower.rsplit(['-', '_', '.']).next().unwrap_or(&lower);
    if word.len() < 4 || NO_PLURAL.binary_search(&last).is_ok() || !lower.is_ascii() {
        return None;
    }
    // Case of the head stays; only the end changes.
    let cut = |end: usize| word.get(..word.len() - end).map(str::to_owned);
    if ["ss", "us", "is", "ics"].iter().any(|end| lower.ends_with(end)) {
        None
    } else if lower.ends_with("ies") && word.len() > 4 {
        cut(3).map(|head| head + "y")
    } else if ["sses", "shes", "ches", "xes", "zzes"].iter().any(|end| lower.ends_with(end)) {
        cut(2)
    } else if lower.ends_with('s') {
        cut(1)
    } else {
        None
    }
}

/// A word that stands for itself beside variables: `me`, `search`, `login`, a version, or the name of a procedure.
pub(super) fn is_fixed(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    if FIXED.binary_search(&lower.as_str()).is_ok() {
        return true;
    }
    let bytes = word.as_bytes();
    let camel = bytes.windows(2).any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    let dotted = bytes
        .windows(3)
        .any(|three| matches!(three, [a, b'.', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()));
    let first = lower.split(['-', '_', '.', ':']).next().unwrap_or(&lower);
    let verb = first.len() < lower.len() && VERBS.binary_search(&first).is_ok();
    let version = lower.strip_prefix('v').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    camel || dotted || verb || version || VERBS.binary_search(&lower.as_str()).is_ok()
}

/// The first word of a procedure's name.
pub(super) fn is_verb(lower: &str) -> bool {
    VERBS.binary_search(&lower).is_ok()
}

/// Ends like a plural and names no collection.
pub(super) fn names_nothing(lower: &str) -> bool {
    NO_PLURAL.binary_search(&lower).is_ok()
}

/// `user-accounts` as a name: `userAccount`.
fn camel(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for part in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut chars = part.chars();
        let first = chars.next().map(|c| if name.is_empty() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
        name.extend(first.into_iter().chain(chars));
    }
    name
}

/// End like plurals and name no collection. Sorted.
const NO_PLURAL: [&str; 26] = [
    "apis",
    "assets",
    "aws",
    "cors",
    "credentials",
    "css",
    "details",
    "dns",
    "docs",
    "gps",
    "https",
    "js",
    "kubernetes",
    "metrics",
    "news",
    "oas",
    "ops",
    "options",
    "preferences",
    "rss",
    "settings",
    "sms",
    "stats",
    "status",
    "tls",
    "utils",
];

/// Stand for themselves wherever they stand. Sorted.
const FIXED: [&str; 62] = [
    "about",
    "admin",
    "all",
    "api",
    "archive",
    "auth",
    "batch",
    "bulk",
    "config",
    "count",
    "csv",
    "current",
    "default",
    "details",
    "docs",
    "events",
    "feed",
    "graphql",
    "health",
    "help",
    "history",
    "index",
    "info",
    "internal",
    "json",
    "latest",
    "login",
    "logout",
    "me",
    "metadata",
    "metrics",
    "mine",
    "my",
    "new",
    "openapi",
    "password",
    "permissions",
    "ping",
    "preferences",
    "private",
    "profile",
    "public",
    "recent",
    "register",
    "rest",
    "rpc",
    "self",
    "session",
    "settings",
    "signin",
    "signup",
    "stats",
    "status",
    "summary",
    "swagger",
    "system",
    "token",
    "version",
    "versions",
    "webhooks",
    "whoami",
    "xml",
];

/// First words of the names of procedures. Sorted.
const VERBS: [&str; 54] = [
    "accept",
    "activate",
    "add",
    "apply",
    "approve",
    "assign",
    "authorize",
    "calculate",
    "cancel",
    "charge",
    "check",
    "clear",
    "close",
    "complete",
    "confirm",
    "copy",
    "create",
    "deactivate",
    "delete",
    "disable",
    "download",
    "edit",
    "enable",
    "execute",
    "export",
    "fetch",
    "find",
    "generate",
    "get",
    "import",
    "invite",
    "list",
    "load",
    "lookup",
    "move",
    "process",
    "query",
    "refresh",
    "reject",
    "remove",
    "reset",
    "restore",
    "revoke",
    "run",
    "save",
    "search",
    "send",
    "set",
    "start",
    "stop",
    "sync",
    "update",
    "upload",
    "verify",
];

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, only};
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        // Catches a word that a binary search would never find.
        assert!(NO_PLURAL.is_sorted() && FIXED.is_sorted() && VERBS.is_sorted());
    }

    #[test]
    fn a_variable_is_named_after_its_collection() {
        let one = |class| BTreeSet::from([class]);
        let name = |class, parent| variable(&one(class), parent, &[]);
        assert_eq!(name(SegmentClass::Number, Some("users")), "userId");
        assert_eq!(name(SegmentClass::Uuid, Some("user-companies")), "userCompanyId");
        assert_eq!(name(SegmentClass::Token, Some("Batches")), "batchId");
        assert_eq!(name(SegmentClass::Token, Some("keyRings")), "keyRingId");
        assert_eq!(name(SegmentClass::Token, Some("Boxes")), "boxId");
        assert_eq!(name(SegmentClass::Ulid, Some("events")), "eventId");
        assert_eq!(name(SegmentClass::Prefixed, Some("status")), "id");
        assert_eq!(name(SegmentClass::Locale, Some("translations")), "locale");
        assert_eq!(name(SegmentClass::FileName, Some("reports")), "fileName");
        assert_eq!(name(SegmentClass::Number, Some("status")), "id");
        assert_eq!(name(SegmentClass::Uuid, Some("user")), "userId");
        assert_eq!(name(SegmentClass::Uuid, Some("by-id")), "uuid");
        assert_eq!(name(SegmentClass::Number, Some("ids")), "id");
        assert_eq!(name(SegmentClass::Number, Some("userIds")), "userId");
        assert_eq!(name(SegmentClass::Number, Some("USERS")), "userId");
        assert_eq!(name(SegmentClass::Number, Some("people")), "personId");
        assert_eq!(name(SegmentClass::Number, Some("by-id")), "id");
        assert_eq!(name(SegmentClass::Date, Some("reports")), "date");
        assert_eq!(name(SegmentClass::Number, None), "id");
        let mixed = BTreeSet::from([SegmentClass::Number, SegmentClass::Uuid]);
        assert_eq!(variable(&mixed, Some("users"), &["userId", "id"]), "userId2");
        assert_eq!(variable(&mixed, Some("api"), &["id"]), "id2");
        assert_eq!(singular("été"), None);
    }

    #[test]
    fn a_place_has_one_name_whatever_its_affixes() {
        // Catches a number where nothing is to be told apart, a name that hangs on which affix came first, one that is not unique in
        // its path.
        let mut all = String::new();
        for n in 0..20 {
            let uuid = format!("6ba7b810-9dad-11d1-80b4-00c04fd4{:04x}", n * 7);
            for path in [
                format!("ops/{n}:cancel"),
                format!("ops/{n}:retry"),
                format!("reports/{n}.json"),
                format!("reports/{uuid}.csv"),
                format!("reports/{n}/days/2026-01-{:02}", n + 1),
                format!("x/{uuid}:cancel"),
                format!("x/{n}/y/{n}:cancel"),
                format!("x/{n}/y/{n}/{n}"),
            ] {
                all.push_str(&format!("GET /{path} 200\n"));
            }
        }
        let service = only(&lines(all.trim_end()), &[]);
        let mut templates: Vec<String> = service.operations.iter().map(|op| op.template.to_string()).collect();
        templates.sort();
        assert_eq!(
            templates,
            [
                "/ops/{id}:cancel",
                "/ops/{id}:retry",
                "/reports/{reportId}.csv",
                "/reports/{reportId}.json",
                "/reports/{reportId}/days/{date}",
                "/x/{id}/y/{id2}/{id3}",
                "/x/{id}/y/{id2}:cancel",
                "/x/{id}:cancel",
            ]
        );
        for operation in &service.operations {
            let names: BTreeSet<&str> = operation.template.variables().collect();
            assert_eq!(names.len(), operation.template.variables().count(), "{}", operation.template);
            assert_eq!(names, operation.record.params.iter().map(|param| param.name.as_str()).collect());
        }
    }

    #[test]
    fn a_number_with_a_fraction_is_a_figure_and_behind_releases_a_version() {
        // Catches figures that are called versions or ids, and versions that are called ids.
        let mut all = String::new();
        for n in 0..30 {
            for path in [
                format!("lat/{n}.5"),
                format!("prices/{n}.{:02}", n * 7 % 100),
                format!("calculate/{n}.5/c"),
                format!("rates/{}", if n % 2 == 0 { n.to_string() } else { format!("{n}.25") }),
                format!("release/1.{n}"),
                format!("app-versions/1.{n}"),
                format!("releases/{}", n * 31 + 100),
                format!("a/releases/1.{n}.{}", n % 4),
                format!("orders/{n}"),
            ] {
                all.push_str(&format!("GET /{path} 200\n"));
            }
        }
        let service = only(&lines(all.trim_end()), &[]);
        let mut templates: Vec<String> = service.operations.iter().map(|op| op.template.to_string()).collect();
        templates.sort();
        assert_eq!(
            templates,
            [
                "/a/releases/{version}",
                "/app-versions/{version}",
                "/calculate/{number}/c",
                "/lat/{lat}",
                "/orders/{orderId}",
                "/prices/{price}",
                "/rates/{rate}",
                "/release/{version}",
                "/releases/{releaseId}",
            ]
        );
        for operation in service.operations {
            let learned = &operation.learned.unwrap().variables[0];
            let version = learned.name == "version";
            assert_eq!(learned.classes, [if version { SegmentClass::Version } else { SegmentClass::Number }]);
        }
    }

    #[test]
    fn names_of_procedures_stand_for_themselves() {
        for word in ["me", "v2", "getUser", "chat.postMessage", "list_users", "Login", "search", "cancel"] {
            assert!(is_fixed(word), "{word}");
        }
        for word in ["alice", "blue", "tag-one", "rust-lang", "settings.", "vera"] {
            assert!(!is_fixed(word), "{word}");
        }
    }
}
