//! The words of which closed sets of values are made: states, orders, kinds, units.
//!
//! A value may only be told when it cannot be anybody's: when every part of it is a word of this list. So a name, a
//! password or a note never is, however often it came. What the list lacks makes a set that is not told, and that is all.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value made of one to three words of a fixed list: `active`, `IN_PROGRESS`, `bank-transfer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Word {
    // INVARIANT: the first `len` are places in WORDS, the others 0.
    parts: [u16; MOST_PARTS],
    len: u8,
    joint: u8,
    case: Case,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Case {
    Lower,
    Upper,
    /// `Pending`: the first letter of each word.
    Title,
}

/// Words of one value.
const MOST_PARTS: usize = 3;
/// Longer values are none.
const MOST_BYTES: usize = 40;

impl Word {
    /// Reads a value; `None` when anything in it is not of the list.
    #[must_use]
    pub fn of(value: &[u8]) -> Option<Self> {
        if !(2..=MOST_BYTES).contains(&value.len()) {
            return None;
        }
        let joint = *value.iter().find(|byte| !byte.is_ascii_alphabetic()).unwrap_or(&0);
        if !JOINTS.contains(&joint) {
            return None;
        }
        let case = match value {
            [b'A'..=b'Z', b'A'..=b'Z', ..] => Case::Upper,
            [b'A'..=b'Z', ..] => Case::Title,
            _ => Case::Lower,
        };
        let mut word = Self { parts: [0; MOST_PARTS], len: 0, joint, case };
        for part in value.split(|byte| *byte == joint && joint != 0) {
            if !case.fits(part) {
                return None;
            }
            *word.parts.get_mut(usize::from(word.len))? = find(part)?;
            word.len += 1;
        }
        Some(word)
    }
}

impl Word {
    /// One word of the list, in letters of any case.
    #[must_use]
    pub fn is_part(part: &[u8]) -> bool {
        find(part).is_some()
    }

    const PART_BITS: u32 = 10;

    /// As a number of 36 bits.
    pub(super) fn pack(self) -> u64 {
        let parts = self.parts.iter().fold(0, |packed, part| packed << Self::PART_BITS | u64::from(*part));
        let joint = JOINTS.iter().position(|joint| *joint == self.joint).unwrap_or_default() as u64;
        ((parts << 2 | u64::from(self.len)) << 2 | joint) << 2 | self.case as u64
    }

    /// What was packed; `None` of what never was.
    pub(super) fn unpack(packed: u64) -> Option<Self> {
        let case = match packed & 3 {
            0 => Case::Lower,
            1 => Case::Upper,
            2 => Case::Title,
            _ => return None,
        };
        let joint = *JOINTS.get((packed >> 2 & 3) as usize)?;
        let part = |at: u32| (packed >> 6 >> (at * Self::PART_BITS) & ((1 << Self::PART_BITS) - 1)) as u16;
        let word = Self { parts: [part(2), part(1), part(0)], len: (packed >> 4 & 3) as u8, joint, case };
        // Only what can be read is a word.
        (word.pack() == packed && Self::of(word.to_string().as_bytes()) == Some(word)).then_some(word)
    }
}

/// What may stand between words.
const JOINTS: [u8; 4] = [0, b'_', b'-', b'.'];

impl Case {
    fn fits(self, part: &[u8]) -> bool {
        let rest = part.get(1..).unwrap_or_default();
        match self {
            Self::Lower => part.iter().all(u8::is_ascii_lowercase),
            Self::Upper => part.iter().all(u8::is_ascii_uppercase),
            Self::Title => part.first().is_some_and(u8::is_ascii_uppercase) && rest.iter().all(u8::is_ascii_lowercase),
        }
    }
}

/// The place of a word in the list, whatever its case.
fn find(part: &[u8]) -> Option<u16> {
    let mut lower = [0; MOST_BYTES];
    let lower = lower.get_mut(..part.len())?;
    lower.copy_from_slice(part);
    lower.make_ascii_lowercase();
    let letter = usize::from(lower.first()?.checked_sub(b'a')?);
    let (from, to) = (*BEGINNINGS.get(letter)?, *BEGINNINGS.get(letter + 1)?);
    let alike = WORDS.get(usize::from(from)..usize::from(to))?;
    let at = alike.binary_search_by(|word| word.as_bytes().cmp(lower)).ok()?;
    Some(from + u16::try_from(at).ok()?)
}

/// How many words begin with an earlier letter than this one of the alphabet: where its own begin.
static BEGINNINGS: [u16; 27] = {
    let mut table = [0; 27];
    let mut at = 0;
    while at < WORDS.len() {
        let mut letter = (WORDS[at].as_bytes()[0] - b'a') as usize + 1;
        while letter < table.len() {
            table[letter] += 1;
            letter += 1;
        }
        at += 1;
    }
    table
};

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.iter().take(usize::from(self.len));
        for (at, word) in parts.filter_map(|part| WORDS.get(usize::from(*part))).enumerate() {
            if at > 0 {
                write!(f, "{}", char::from(self.joint))?;
            }
            match self.case {
                Case::Lower => f.write_str(word)?,
                Case::Upper => f.write_str(&word.to_ascii_uppercase())?,
                Case::Title => {
                    let (first, rest) = word.split_at(1);
                    write!(f, "{}{rest}", first.to_ascii_uppercase())?;
                }
            }
        }
        Ok(())
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.to_string()
    }
}

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::of(text.as_bytes()).ok_or("a word that is not of the list")
    }
}

/// Lower case, sorted. No word that is also a common name may come in (`max`, `white`, `page`).
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "accept", "accepted", "access", "account", "accounts", "action", "actions", "activated", "activation", "active",
    "add", "added", "address", "admin", "after", "aggregate", "alert", "alerts", "all", "allow", "allowed", "amex",
    "amount", "android", "annual", "annually", "answered", "any", "api", "app", "application", "apply", "approve",
    "approved", "archive", "archived", "array", "article", "asc", "ascending", "ask", "assigned", "at", "attached",
    "attachment", "aud", "audio", "authorization", "authorize", "authorized", "auto", "automatic", "available",
    "average", "avg", "away", "back", "balance", "bank", "bar", "basic", "batch", "before", "beta", "billing",
    "binary", "blocked", "body", "boolean", "boost", "both", "bottom", "bounced", "brl", "browser", "building",
    "bulk", "business", "buy", "by", "cad", "calendar", "call", "cancel", "canceled", "cancelled", "capture",
    "captured", "card", "cart", "cash", "category", "center", "change", "changed", "channel", "charge", "chargeback",
    "chat", "check", "checked", "checking", "checkout", "chf", "clear", "click", "client", "close", "closed", "cny",
    "code", "collection", "comment", "commercial", "compact", "company", "complete", "completed", "confirmed",
    "connected", "consumer", "contact", "contains", "content", "continue", "conversion", "cookie", "count", "country",
    "created", "creating", "credit", "critical", "csv", "currency", "current", "custom", "customer", "daily", "dark",
    "dashboard", "data", "date", "days", "debit", "debug", "declined", "default", "defer", "deferred", "delay",
    "delayed", "delete", "deleted", "deleting", "delivered", "delivery", "denied", "deny", "deposit", "desc",
    "descending", "desktop", "detail", "detailed", "details", "development", "device", "digital", "direct",
    "direction", "disable", "disabled", "discount", "discover", "dispute", "disputed", "dkk", "document", "done",
    "down", "download", "draft", "due", "duplicate", "ecommerce", "edit", "edited", "electronic", "email", "empty",
    "enable", "enabled", "encrypted", "end", "ended", "enterprise", "entity", "equals", "error", "errors", "eur",
    "event", "events", "exact", "example", "exclude", "excluded", "executed", "existing", "expand", "expired",
    "expiry", "explicit", "export", "external", "fail", "failed", "failure", "false", "fast", "fatal", "favorite",
    "feature", "featured", "fee", "female", "file", "filled", "filter", "final", "finished", "first", "fixed",
    "flagged", "flat", "folder", "for", "forbidden", "force", "forward", "found", "free", "freeze", "from", "frozen",
    "fulfilled", "full", "function", "future", "gateway", "gbp", "general", "generated", "generic", "gift", "global",
    "granted", "graph", "grid", "group", "groups", "half", "header", "health", "hidden", "high", "history", "hold",
    "horizontal", "hour", "hourly", "hours", "html", "http", "https", "hybrid", "id", "idle", "ignore", "ignored",
    "image", "images", "immediate", "import", "imported", "in", "inactive", "inbound", "inbox", "include", "included",
    "incoming", "incomplete", "index", "individual", "info", "ingress", "initial", "initiated", "inline", "input",
    "inr", "inserted", "install", "installed", "instant", "integer", "internal", "international", "invalid", "invite",
    "invited", "invoice", "invoiced", "ios", "issue", "issued", "issuing", "item", "items", "job", "joined", "jpy",
    "json", "key", "kind", "label", "landscape", "language", "large", "last", "latest", "layout", "left", "less",
    "level", "like", "limit", "line", "linked", "list", "live", "load", "local", "location", "lock", "locked", "log",
    "login", "logout", "loss", "low", "mail", "main", "maintenance", "male", "manual", "markdown", "market",
    "mastercard", "match", "maximum", "md", "mean", "median", "medium", "member", "members", "memo", "merchant",
    "merged", "message", "meta", "method", "metric", "metrics", "min", "minimum", "minor", "minute", "minutes",
    "missing", "mobile", "mode", "moderate", "modified", "monitor", "month", "monthly", "months", "more", "moved",
    "multi", "multiple", "mxn", "name", "national", "native", "negative", "neutral", "never", "new", "newest", "next",
    "no", "nok", "none", "normal", "not", "note", "notification", "null", "number", "object", "off", "offer",
    "offline", "offset", "ok", "old", "oldest", "on", "once", "one", "online", "only", "open", "opened",
    "operational", "optional", "or", "order", "ordered", "orders", "organization", "other", "out", "outbound",
    "outgoing", "output", "over", "overdue", "overview", "owner", "package", "paid", "parent", "partial", "partially",
    "partner", "passed", "past", "patch", "path", "pause", "paused", "pay", "payment", "payments", "payout", "paypal",
    "pdf", "pending", "per", "percent", "percentage", "period", "permanent", "personal", "phone", "photo", "physical",
    "pickup", "pix", "plain", "plan", "planned", "platform", "play", "pln", "plus", "png", "point", "points",
    "popular", "portrait", "position", "positive", "posted", "preauthorization", "prefix", "premium", "prepaid",
    "preview", "previous", "primary", "print", "priority", "private", "pro", "processed", "processing", "product",
    "production", "products", "profile", "progress", "promo", "proxy", "public", "published", "pull", "purchase",
    "push", "put", "quantity", "quarter", "quarterly", "query", "queue", "queued", "quote", "random", "range", "rate",
    "rated", "rating", "raw", "ready", "real", "reason", "receipt", "receive", "received", "recent", "recurring",
    "redeemed", "reference", "refund", "refunded", "refused", "region", "register", "registered", "rejected",
    "relevance", "remove", "removed", "renew", "renewed", "replace", "replied", "report", "request", "requested",
    "required", "requires", "reserved", "reset", "resolved", "resource", "response", "rest", "restricted", "result",
    "results", "retail", "retry", "return", "returned", "reversal", "reversed", "review", "revoked", "right", "role",
    "round", "row", "rule", "run", "running", "safe", "sales", "same", "sandbox", "saved", "savings", "scheduled",
    "scope", "score", "search", "second", "secondary", "seconds", "secret", "section", "secure", "sek", "select",
    "self", "sell", "seller", "send", "sending", "sent", "sepa", "server", "service", "session", "settled",
    "settlement", "setup", "share", "shared", "ship", "shipped", "shipping", "show", "sign", "signed", "signup",
    "simple", "single", "size", "skip", "skipped", "slow", "sms", "social", "sold", "sort", "source", "spam",
    "special", "staging", "standard", "start", "started", "starts", "state", "static", "status", "stop", "stopped",
    "storage", "store", "strict", "string", "subject", "submitted", "subscribed", "subscription", "succeeded",
    "success", "successful", "suffix", "sum", "summary", "support", "suspended", "swift", "sync", "system", "table",
    "tablet", "tag", "tags", "target", "task", "tax", "team", "template", "temporary", "terminal", "test", "text",
    "thread", "ticket", "time", "timeout", "title", "to", "today", "token", "tomorrow", "top", "total", "track",
    "tracked", "trade", "traffic", "transaction", "transactions", "transfer", "transferred", "transit", "trash",
    "trial", "trigger", "true", "type", "unassigned", "unavailable", "unconfirmed", "under", "unit", "unknown",
    "unlimited", "unlisted", "unlocked", "unpaid", "unread", "unsubscribed", "unverified", "up", "upcoming", "update",
    "updated", "updating", "upload", "uploaded", "urgent", "url", "us", "usage", "usd", "used", "user", "users",
    "valid", "validated", "value", "variable", "vendor", "verified", "verify", "version", "vertical", "video", "view",
    "viewed", "viewer", "views", "virtual", "visa", "visible", "visit", "void", "voided", "volume", "waiting",
    "wallet", "warehouse", "warn", "warning", "web", "webhook", "week", "weekly", "weeks", "weight", "wholesale",
    "wide", "wire", "with", "withdrawal", "within", "word", "work", "worker", "write", "writer", "xml", "yaml",
    "year", "yearly", "years", "yes", "yesterday", "zip", "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_short() {
        // Catches a word that a search never finds.
        assert!(WORDS.is_sorted_by(|a, b| a < b) && WORDS.len() < 1 << Word::PART_BITS);
        assert!(WORDS.iter().all(|word| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase())));
    }

    #[test]
    fn a_word_stands_as_it_was_sent() {
        for text in [
            "active",
            "ACTIVE",
            "Active",
            "in_progress",
            "IN_PROGRESS",
            "bank-transfer",
            "created.desc",
            "not_in_order",
        ] {
            let word = Word::of(text.as_bytes()).unwrap();
            assert_eq!((word.to_string().as_str(), Word::unpack(word.pack())), (text, Some(word)));
        }
    }

    #[test]
    fn every_word_is_found_where_it_stands() {
        // Catches a first letter whose words are looked for among those of another.
        for (at, word) in WORDS.iter().enumerate() {
            assert_eq!(find(word.as_bytes()), u16::try_from(at).ok(), "{word}");
            assert_eq!(find(word.to_ascii_uppercase().as_bytes()), find(word.as_bytes()), "{word}");
        }
        for word in [&b""[..], b"7", b"-a", b"zzz", b"{", b"aaa", &[0xff], &[b'a'; 99]] {
            assert_eq!(find(word), None);
        }
    }

    #[test]
    fn what_may_be_somebodys_is_no_word() {
        // Catches a list, or a way of reading, that lets names and secrets through.
        for text in [
            "anna",
            "Smith",
            "max.muster",
            "anna_pending",
            "hunter",
            "a",
            "",
            "x1",
            "active ",
            "aCtive",
            "pending_",
            "_pending",
            "open_open_open_open",
            "pending-in_progress",
            "p\u{e4}nding",
            "4111",
            "berlin",
        ] {
            assert_eq!(Word::of(text.as_bytes()), None, "{text}");
            assert!(Word::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
