//! What the words of a path say about themselves: a part of the API, or somebody's name?
//!
//! In: one word of a path. Out: figures of how it is written. English, as paths mostly are; a word that is not known
//! here is simply no evidence. No list of names: people, companies and places are what the rest is.

use super::naming::{is_fixed, singular};
use crate::api::split_affix;

/// How a word joins its parts. One API mostly writes all of its own words in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// One part.
    #[default]
    Plain,
    Upper,
    Capital,
    Camel,
    Kebab,
    Snake,
    Dotted,
    Mixed,
}

impl Style {
    pub(super) const ALL: usize = 8;

    pub(super) fn of(word: &str) -> Self {
        let has = |of: fn(&u8) -> bool| word.bytes().any(|b| of(&b));
        let upper = word.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
        let any_upper = has(u8::is_ascii_uppercase);
        let marks = [has(|b| *b == b'-'), has(|b| *b == b'_'), has(|b| *b == b'.')];
        match (marks, upper, any_upper) {
            ([false, false, false], true, _) if !has(u8::is_ascii_lowercase) => Self::Upper,
            ([false, false, false], true, _) => Self::Capital,
            ([false, false, false], false, true) => Self::Camel,
            ([false, false, false], false, false) => Self::Plain,
            ([true, false, false], _, false) => Self::Kebab,
            ([false, true, false], _, false) => Self::Snake,
            ([false, false, true], ..) => Self::Dotted,
            _ => Self::Mixed,
        }
    }
}

/// How one word is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// It is a word that APIs are made of, as a whole.
    pub(super) known: bool,
    /// Which share of its parts is.
    pub(super) parts: f64,
    /// It has digits; which share of it they are.
    pub(super) digit: bool,
    pub(super) digits: f64,
    /// Characters, on a logarithmic scale: about 0.5 for three, 1 for twenty.
    pub(super) length: f64,
    /// Joints, in thirds, at most one.
    pub(super) dashes: f64,
    pub(super) underscores: f64,
    pub(super) style: Style,
    pub(super) camel: bool,
    pub(super) dot: bool,
    pub(super) capitals: bool,
    pub(super) version: bool,
    pub(super) plural: bool,
    /// Begins with a verb, or stands for itself in any API.
    pub(super) fixed: bool,
    /// Names no thing: `me`, `search`, `login`.
    pub(super) reserved: bool,
}

impl Look {
    /// Looks at a word; `stem` is without its affix.
    pub(super) fn at(stem: &str) -> Self {
        let bytes = stem.as_bytes();
        let count = |of: fn(&u8) -> bool| bytes.iter().filter(|b| of(b)).count();
        let digits = count(u8::is_ascii_digit);
        let thirds = |mark: u8| ratio(bytes.iter().filter(|b| **b == mark).count().min(3), 3);
        let letters = count(u8::is_ascii_alphabetic);
        let version = is_version(bytes);
        Self {
            known: is_known(&stem.to_ascii_lowercase()),
            parts: known_parts(stem),
            digit: digits > 0,
            digits: ratio(digits, bytes.len()),
            length: ratio(1 + stem.chars().count(), 1).ln() / 3.0,
            dashes: thirds(b'-'),
            underscores: thirds(b'_'),
            style: Style::of(stem),
            camel: bytes.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()),
            dot: bytes.contains(&b'.'),
            capitals: letters > 1 && count(u8::is_ascii_lowercase) == 0,
            version,
            plural: singular(stem).is_some(),
            fixed: is_fixed(stem),
            reserved: RESERVED.binary_search(&&*stem.to_ascii_lowercase()).is_ok(),
        }
    }
}

/// The affix that a segment keeps in a template: an extension, or a verb that is known. What a caller makes up stays
/// part of the value.
pub(super) fn affix(text: &str) -> &str {
    match split_affix(text).1 {
        affix if affix.starts_with(':') && known_parts(&affix[1..]) < 1.0 => "",
        affix => affix,
    }
}

fn is_version(bytes: &[u8]) -> bool {
    let number = bytes.strip_prefix(b"v").unwrap_or(bytes);
    let marked = number.len() < bytes.len() || number.contains(&b'.');
    marked
        && number.len() <= 16
        && number.first().is_some_and(u8::is_ascii_digit)
        && number.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// What a word may be as a value, where all of its siblings are of the same sort: `it`, `no` and `me` are words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A language that could be a word.
    Language,
    /// A language with its region: `en-US`, `pt_BR`, `zh-Hans-CN`.
    Region,
    /// `v2.1`, `1.4.0`.
    Version,
    /// With an extension.
    File,
}

impl Sort {
    /// The sort of a word; most have none.
    pub(super) fn of(word: &str) -> Option<Self> {
        if is_version(word.as_bytes()) {
            return Some(Self::Version);
        }
        if split_affix(word).1.starts_with('.') {
            return Some(Self::File);
        }
        let mut parts = word.split(['-', '_']);
        let language = parts.next().filter(|part| LANGUAGES.binary_search(part).is_ok())?;
        let (Some(second), third) = (parts.next(), parts.next()) else {
            return (language.len() == word.len()).then_some(Self::Language);
        };
        let region = match third {
            None => second,
            Some(region) if is_script(second) && parts.next().is_none() => region,
            Some(_) => return None,
        };
        let region = region.as_bytes();
        match region.len() {
            2 if region.iter().all(u8::is_ascii_uppercase) => Some(Self::Region),
            2 if region.iter().all(u8::is_ascii_lowercase) => Some(Self::Language),
            3 if region.iter().all(u8::is_ascii_digit) => Some(Self::Region),
            _ => None,
        }
    }
}

fn is_script(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.len() == 4 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_lowercase)
}

/// Languages that services are translated into (ISO 639-1). Sorted.
#[rustfmt::skip]
const LANGUAGES: &[&str] = &[
    "af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et", "eu",
    "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn",
    "ko", "ky", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "nn", "no", "pa", "pl", "pt",
    "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh", "zu",
];

/// Which share of a word's parts, as joints and camel case divide it, APIs are made of. Numbers are no part.
fn known_parts(word: &str) -> f64 {
    let (mut all, mut known) = (0, 0);
    for run in word.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty()) {
        let mut start = 0;
        let mut before: Option<char> = None;
        let mut chars = run.char_indices().peekable();
        while let Some((index, letter)) = chars.next() {
            let next_lower = chars.peek().is_some_and(|(_, c)| c.is_lowercase());
            if letter.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || next_lower) {
                all += 1;
                known += usize::from(is_part(run.get(start..index).unwrap_or_default()));
                start = index;
            }
            before = Some(letter);
        }
        all += 1;
        known += usize::from(is_part(run.get(start..).unwrap_or_default()));
    }
    ratio(known, all)
}

fn is_part(part: &str) -> bool {
    if part.bytes().any(|b| b.is_ascii_uppercase()) { is_known(&part.to_ascii_lowercase()) } else { is_known(part) }
}

/// A word that APIs are made of, as it is listed or with an `s`. Rougher than [`is_known`], and allocates nothing.
pub(super) fn is_listed(text: &str) -> bool {
    let listed = |word: &str| WORDS.binary_search(&word).is_ok();
    listed(text) || text.strip_suffix('s').is_some_and(listed) || begins_paths(text)
}

/// `v1`, `v12`: paths begin with it.
fn begins_paths(text: &str) -> bool {
    matches!(text.as_bytes(), [b'v', b'0'..=b'9'] | [b'v', b'1'..=b'9', b'0'..=b'9'])
}

/// A word that APIs are made of, in the singular or plural, lower case.
pub(super) fn is_known(lower: &str) -> bool {
    let listed = |word: &str| WORDS.binary_search(&word).is_ok();
    // `archived`, `pinned`, `running`: what is done to things is no name either.
    let done = |stem: &str| {
        let mut letters = stem.bytes().rev();
        let doubled = letters.next() == letters.next();
        stem.len() > 2 && (listed(stem) || listed(&format!("{stem}e")) || doubled && listed(&stem[..stem.len() - 1]))
    };
    listed(lower)
        || singular(lower).is_some_and(|one| listed(&one))
        || lower.is_ascii() && ["ed", "ing"].iter().any(|end| lower.strip_suffix(end).is_some_and(done))
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Words that name no thing, so that nobody calls a thing so. Sorted.
const RESERVED: &[&str] = &[
    "_bulk",
    "_search",
    "all",
    "authenticate",
    "batch",
    "bulk",
    "count",
    "current",
    "export",
    "import",
    "login",
    "logout",
    "me",
    "mine",
    "my",
    "new",
    "recent",
    "register",
    "search",
    "self",
    "signin",
    "signout",
    "signup",
    "verify",
    "whoami",
];

/// Words that APIs are made of, in the singular. Sorted.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "about", "accept", "access", "account", "ack", "action", "activate", "active", "activity", "add", "additional",
    "address", "admin", "agent", "aggregate", "agreement", "alert", "algorithm", "alias", "all", "allocation",
    "amount", "analysis", "analytics", "annotation", "announcement", "answer", "api", "apikey", "app", "application",
    "apply", "approval", "approve", "archive", "archived", "area", "article", "artifact", "assertion", "asset",
    "assign", "assignment", "assistant", "associate", "association", "atom", "attach", "attachment", "attempt",
    "attribute", "audience", "audio", "audit", "auth", "authenticate", "authentication", "author", "authority",
    "authorization", "authorize", "authorized", "auto", "automation", "availability", "available", "avatar", "award",
    "background", "backup", "balance", "ban", "bank", "banner", "base", "basic", "batch", "beneficiary", "benefit",
    "bill", "billing", "bin", "binding", "block", "body", "book", "booking", "bookmark", "boot", "branch", "brand",
    "broadcast", "browse", "bucket", "budget", "build", "bulk", "bundle", "business", "buy", "cache", "calculate",
    "calendar", "call", "callback", "campaign", "cancel", "canceled", "cancellation", "candidate", "capability",
    "capacity", "capture", "card", "cart", "case", "catalog", "category", "certificate", "challenge", "change",
    "changelog", "channel", "charge", "chart", "chat", "check", "checkout", "child", "children", "choice", "city",
    "claim", "class", "classification", "clean", "cleanup", "clear", "client", "clone", "close", "closed", "cluster",
    "code", "collaboration", "collaborator", "collection", "column", "command", "comment", "commerce", "commission",
    "commit", "common", "company", "compare", "compatibility", "complete", "completed", "completion", "component",
    "compute", "config", "configuration", "confirm", "confirmation", "connect", "connection", "connector", "consent",
    "consumer", "contact", "container", "content", "context", "contract", "contribution", "contributor", "control",
    "conversation", "conversion", "convert", "cookie", "copy", "cost", "count", "counter", "country", "coupon",
    "course", "create", "created", "creation", "creator", "credential", "credit", "criteria", "cron", "csv",
    "currency", "current", "cursor", "custom", "customer", "customization", "daily", "dashboard", "data", "database",
    "dataset", "date", "day", "deactivate", "debit", "debug", "decision", "default", "defaults", "definition",
    "delegate", "delete", "deleted", "deliver", "delivery", "demo", "department", "dependency", "deploy",
    "deployment", "deposit", "description", "design", "destination", "destroy", "detach", "detail", "detect",
    "device", "diagnostic", "dictionary", "diff", "digest", "dimension", "directory", "disable", "disabled",
    "disclosure", "discount", "discover", "discovery", "discussion", "disk", "dismiss", "dispatch", "dispute",
    "distribution", "dividend", "document", "domain", "domains", "donation", "download", "draft", "drive", "driver",
    "duplicate", "edit", "effect", "element", "email", "embed", "embedding", "employee", "enable", "enabled",
    "encryption", "endpoint", "engine", "enroll", "enrollment", "entitlement", "entity", "entry", "enum",
    "environment", "epoch", "error", "escalation", "estimate", "eval", "evaluation", "event", "evidence", "exchange",
    "exclusion", "exec", "execute", "execution", "exemption", "exist", "expense", "experiment", "expire", "explore",
    "export", "expression", "extend", "extension", "external", "extra", "face", "facet", "factor", "favorite",
    "feature", "fee", "feed", "feedback", "fetch", "field", "file", "filter", "final", "finalize", "finance", "find",
    "fine", "flag", "flow", "folder", "follow", "follower", "following", "font", "force", "forecast", "forgot",
    "fork", "form", "format", "forum", "forward", "fragment", "free", "freeze", "frequency", "full", "function",
    "fund", "funding", "gallery", "game", "gateway", "general", "generate", "generation", "get", "global", "goal",
    "grant", "graph", "graphql", "group", "guest", "guide", "handler", "hash", "head", "header", "health", "healthz",
    "help", "hidden", "hierarchy", "history", "hold", "holder", "holiday", "home", "hook", "host", "hour", "house",
    "icon", "id", "identifier", "identity", "image", "impersonate", "import", "inbound", "inbox", "incident",
    "include", "income", "index", "indicator", "info", "information", "ingest", "ingress", "init", "initiate",
    "input", "insight", "inspect", "install", "installation", "instance", "instruction", "insurance", "integration",
    "intent", "interaction", "interest", "interface", "internal", "interval", "inventory", "invitation", "invite",
    "invoice", "issue", "issuer", "item", "iteration", "job", "join", "journal", "json", "jwks", "key", "keyword",
    "kill", "kind", "label", "language", "last", "latest", "launch", "layer", "layout", "lead", "leader", "learn",
    "lease", "leave", "ledger", "legal", "level", "library", "license", "like", "limit", "line", "link", "list",
    "listing", "live", "load", "loan", "local", "locale", "location", "lock", "locked", "log", "logger", "login",
    "logo", "logout", "lookup", "loyalty", "machine", "mail", "mailbox", "maintenance", "manage", "management",
    "manager", "manifest", "manual", "map", "mapping", "mark", "market", "marketing", "marketplace", "master",
    "match", "material", "me", "measure", "measurement", "media", "meeting", "member", "membership", "memory", "menu",
    "merchant", "merge", "message", "meta", "metadata", "meter", "method", "metric", "migrate", "migration",
    "milestone", "mine", "minute", "mirror", "mobile", "mode", "model", "moderation", "module", "money", "monitor",
    "monitoring", "month", "move", "my", "name", "namespace", "native", "navigation", "network", "new", "news",
    "newsletter", "next", "node", "note", "notebook", "notice", "notification", "oauth", "object", "observation",
    "offer", "office", "offset", "onboarding", "online", "open", "openapi", "operation", "operator", "opportunity",
    "option", "order", "org", "organization", "origin", "outbound", "outbox", "outcome", "output", "overage",
    "overview", "own", "owner", "package", "page", "pair", "panel", "parameter", "parent", "part", "participant",
    "participation", "partition", "partner", "party", "password", "patch", "path", "pause", "pay", "payable", "payee",
    "payer", "payload", "payment", "payout", "peer", "pending", "people", "performance", "period", "permission",
    "permit", "person", "persona", "personal", "phase", "phone", "photo", "picture", "pin", "ping", "pipeline",
    "place", "plan", "platform", "play", "player", "playlist", "plugin", "point", "policy", "poll", "pool", "popular",
    "port", "portal", "portfolio", "position", "post", "power", "practice", "preference", "prefix", "preset",
    "preview", "previous", "price", "pricing", "primary", "principal", "print", "priority", "privacy", "private",
    "problem", "process", "processor", "product", "production", "profile", "program", "progress", "project",
    "prometheus", "promote", "promotion", "prompt", "property", "proposal", "protect", "protection", "protocol",
    "prove", "provider", "provision", "proxy", "public", "publication", "publish", "publisher", "pull", "purchase",
    "purge", "push", "put", "quality", "quarantine", "query", "question", "queue", "quick", "quota", "quote",
    "random", "range", "rank", "ranking", "rate", "rating", "raw", "reaction", "read", "reader", "readme", "ready",
    "realm", "reason", "rebuild", "receipt", "receive", "received", "recent", "recipient", "recommendation",
    "reconcile", "record", "recording", "recover", "recovery", "redeem", "redirect", "reference", "referral",
    "refresh", "refund", "region", "register", "registration", "registry", "reject", "relation", "relationship",
    "release", "reload", "remind", "reminder", "remote", "remove", "rename", "render", "renew", "renewal", "rent",
    "repeat", "replace", "replay", "replica", "reply", "repo", "report", "repository", "request", "requirement",
    "reschedule", "resend", "reservation", "reserve", "reset", "resolution", "resolve", "resource", "response",
    "rest", "restart", "restore", "restriction", "result", "resume", "retention", "retrieve", "retry", "return",
    "revenue", "reverse", "review", "reviewer", "revision", "revoke", "reward", "ring", "risk", "role", "rollback",
    "room", "root", "rotate", "route", "router", "row", "rpc", "rss", "rule", "run", "runner", "runtime", "salary",
    "sale", "sample", "sandbox", "save", "scale", "scan", "scenario", "schedule", "scheduler", "schema", "scope",
    "score", "screen", "screenshot", "script", "sdk", "search", "season", "seat", "secret", "section", "security",
    "segment", "select", "selection", "self", "seller", "send", "sender", "sequence", "series", "serve", "server",
    "service", "session", "set", "setting", "setup", "severity", "shape", "share", "shared", "shift", "ship",
    "shipment", "shipping", "shop", "short", "show", "side", "sign", "signal", "signature", "signin", "signup",
    "simulate", "simulation", "site", "size", "skill", "sku", "slot", "snapshot", "social", "software", "solution",
    "source", "space", "spec", "specification", "speech", "split", "spread", "stage", "standard", "star", "start",
    "stat", "state", "statement", "static", "statistic", "status", "step", "stop", "storage", "store", "story",
    "strategy", "stream", "structure", "style", "subject", "submission", "submit", "subscribe", "subscriber",
    "subscription", "subtitle", "suggest", "suggestion", "summary", "supplier", "support", "survey", "suspend",
    "swap", "switch", "symbol", "sync", "synchronize", "system", "table", "tag", "target", "task", "tax", "team",
    "template", "tenant", "term", "test", "text", "theme", "thread", "threshold", "thumbnail", "ticket", "tier",
    "time", "timeline", "timer", "timestamp", "title", "toggle", "token", "tool", "top", "topic", "total", "touch",
    "trace", "track", "tracking", "trade", "traffic", "trail", "training", "transaction", "transcript",
    "transcription", "transfer", "transform", "transition", "translate", "translation", "transport", "trash", "tree",
    "trend", "trial", "trigger", "trust", "tunnel", "type", "unarchive", "unassign", "unblock", "unfollow",
    "uninstall", "unit", "unlike", "unlink", "unlock", "unpause", "unpin", "unpublish", "unread", "unregister",
    "unsubscribe", "unwatch", "update", "upgrade", "upload", "upstream", "uptime", "url", "usage", "user", "username",
    "util", "utility", "validate", "validation", "value", "variable", "variant", "vault", "vector", "vehicle",
    "vendor", "verification", "verify", "version", "video", "view", "viewer", "visibility", "visit", "visitor",
    "void", "volume", "vote", "voucher", "wait", "wallet", "warehouse", "warning", "watch", "watcher", "webhook",
    "website", "week", "weight", "well", "whoami", "widget", "wiki", "window", "withdraw", "withdrawal", "word",
    "work", "worker", "workflow", "workspace", "wrapper", "write", "xml", "year", "yearly", "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        // Catches a word that a binary search would never find.
        assert!(WORDS.is_sorted() && RESERVED.is_sorted());
    }

    #[test]
    fn a_word_may_be_a_language_a_version_or_a_file() {
        // Catches words that hold a language, and languages that nobody speaks.
        assert!(LANGUAGES.is_sorted());
        for (word, sort) in [
            ("en", Some(Sort::Language)),
            ("en-us", Some(Sort::Language)),
            ("en-US", Some(Sort::Region)),
            ("pt_BR", Some(Sort::Region)),
            ("zh-Hans-CN", Some(Sort::Region)),
            ("es-419", Some(Sort::Region)),
            ("v2.1", Some(Sort::Version)),
            ("1.4.0", Some(Sort::Version)),
            ("report.csv", Some(Sort::File)),
            ("english", None),
            ("en-", None),
            ("en-USA", None),
            ("en-US-x-y", None),
            ("no-reply", None),
            ("xx-US", None),
            ("me", None),
            ("", None),
        ] {
            assert_eq!(Sort::of(word), sort, "{word}");
        }
    }

    #[test]
    fn a_verb_that_nobody_knows_is_part_of_the_value() {
        assert_eq!(
            ["7:cancel", "7:batchGet", "7:mallory", "7.json", "7.exe"].map(affix),
            [":cancel", ":batchGet", "", ".json", ""]
        );
    }

    #[test]
    fn parts_of_a_word_are_known_or_not() {
        // Catches camel case that is not divided: every procedure of an API would be a name then.
        for (word, share) in [("getUserOrders", 1.0), ("user-alice", 0.5), ("alice", 0.0), ("APIKeys", 1.0)] {
            assert!((known_parts(word) - share).abs() < 1e-9, "{word}: {}", known_parts(word));
        }
    }
}
