//! The words that APIs are made of: what stands in paths and in names of fields, and can be nobody's.

/// A word that APIs are made of, as it is listed: lower case, in the singular.
#[must_use]
pub fn is_api_word(word: &str) -> bool {
    WORDS.binary_search(&word).is_ok()
}

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
        assert!(WORDS.is_sorted());
        assert!(is_api_word("about") && is_api_word("zone") && !is_api_word("anna"));
    }
}
