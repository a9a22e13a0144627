//! What one of those is called that a word of a path names together: `user` of `users`, `person` of `people`, `order` of `order`.
//!
//! For names of variables alone. What is evidence asks [`super::naming::singular`] whether a word is a plural at all, which must
//! not change with every noun that is added here.

use super::naming::{is_verb, names_nothing, singular};

/// The word for one of them, spelt as the word was; `None`: it names no things.
pub(super) fn noun(word: &str) -> Option<String> {
    if !word.is_ascii() {
        return None;
    }
    // `USERS` is no word of five humps.
    let shouted = !word.bytes().any(|byte| byte.is_ascii_lowercase());
    let word = if shouted { word.to_ascii_lowercase() } else { word.to_owned() };
    let (head, last) = word.split_at_checked(last_part(&word))?;
    let lower = last.to_ascii_lowercase();
    if names_nothing(&lower) {
        return None;
    }
    let one = match (irregular(&lower), singular(&word)) {
        (Some(one), Some(_)) => one.to_owned(),
        (None, Some(_)) => regular(&lower),
        // `get-user` and `find-people` name what is done.
        (_, None) if begins_with_verb(head.trim_end_matches(['-', '_', '.'])) => return None,
        (Some(one), None) => one.to_owned(),
        (None, None) => NOUNS.binary_search(&lower.as_str()).is_ok().then_some(lower)?,
    };
    let mut letters = one.chars();
    let Some(first) = letters.next() else { return singular(&word) };
    let first = if last.starts_with(|c: char| c.is_ascii_uppercase()) { first.to_ascii_uppercase() } else { first };
    Some(format!("{head}{first}{}", letters.as_str()))
}

/// Where the last part of a word begins: behind a mark, or at its last hump.
fn last_part(word: &str) -> usize {
    let bytes = word.as_bytes();
    let starts = |at: &usize| match (bytes.get(at.wrapping_sub(1)), bytes.get(*at)) {
        (Some(b'-' | b'_' | b'.'), _) => true,
        (Some(before), Some(here)) => before.is_ascii_lowercase() && here.is_ascii_uppercase(),
        _ => false,
    };
    (1..=bytes.len()).rev().find(starts).unwrap_or(0)
}

/// One of the words before the last is a verb.
fn begins_with_verb(head: &str) -> bool {
    let mut rest = head;
    while !rest.is_empty() {
        let (before, part) = rest.split_at_checked(last_part(rest)).unwrap_or(("", rest));
        if is_verb(&part.trim_end_matches(['-', '_', '.']).to_ascii_lowercase()) {
            return true;
        }
        rest = before.trim_end_matches(['-', '_', '.']);
    }
    false
}

fn irregular(lower: &str) -> Option<&'static str> {
    let at = IRREGULAR.binary_search_by(|(many, _)| (*many).cmp(lower)).ok()?;
    IRREGULAR.get(at).map(|(_, one)| *one)
}

/// Of a plural that is made by rule.
fn regular(lower: &str) -> String {
    let cut = |end: usize| lower.get(..lower.len().saturating_sub(end)).unwrap_or(lower);
    // `houses` and `causes` keep their e; `statuses` and `viruses` had none. So with `shoes` and `heroes`.
    let us = lower.ends_with("uses") && !["ouses", "auses"].iter().any(|end| lower.ends_with(end));
    let o = lower.ends_with("oes");
    if (us || o) && !KEEP_E.contains(&lower) && lower.len() > 4 {
        cut(2).to_owned()
    } else if lower.ends_with("ies") && lower.len() > 4 {
        format!("{}y", cut(3))
    } else if ["sses", "shes", "ches", "xes", "zzes"].iter().any(|end| lower.ends_with(end)) {
        cut(2).to_owned()
    } else {
        cut(1).to_owned()
    }
}

/// `uses` and `oes` behind which a singular has its e.
const KEEP_E: [&str; 12] = [
    "abuses",
    "canoes",
    "excuses",
    "floes",
    "fuses",
    "horseshoes",
    "muses",
    "oboes",
    "refuses",
    "reuses",
    "shoes",
    "toes",
];

/// Plurals that no rule makes, and words that only look like one. Sorted.
const IRREGULAR: [(&str, &str); 56] = [
    ("alias", "alias"),
    ("aliases", "alias"),
    ("analyses", "analysis"),
    ("appendices", "appendix"),
    ("atlas", "atlas"),
    ("atlases", "atlas"),
    ("axes", "axis"),
    ("bias", "bias"),
    ("biases", "bias"),
    ("brownies", "brownie"),
    ("caches", "cache"),
    ("calories", "calorie"),
    ("calves", "calf"),
    ("canvas", "canvas"),
    ("canvases", "canvas"),
    ("children", "child"),
    ("cookies", "cookie"),
    ("crises", "crisis"),
    ("criteria", "criterion"),
    ("diagnoses", "diagnosis"),
    ("feet", "foot"),
    ("gases", "gas"),
    ("geese", "goose"),
    ("goalies", "goalie"),
    ("halves", "half"),
    ("headaches", "headache"),
    ("hoodies", "hoodie"),
    ("hypotheses", "hypothesis"),
    ("indices", "index"),
    ("knives", "knife"),
    ("lens", "lens"),
    ("lenses", "lens"),
    ("loaves", "loaf"),
    ("matrices", "matrix"),
    ("men", "man"),
    ("mice", "mouse"),
    ("movies", "movie"),
    ("newbies", "newbie"),
    ("niches", "niche"),
    ("people", "person"),
    ("quizzes", "quiz"),
    ("rookies", "rookie"),
    ("selfies", "selfie"),
    ("series", "series"),
    ("shelves", "shelf"),
    ("smoothies", "smoothie"),
    ("species", "species"),
    ("synopses", "synopsis"),
    ("teeth", "tooth"),
    ("theses", "thesis"),
    ("thieves", "thief"),
    ("vertices", "vertex"),
    ("wives", "wife"),
    ("wolves", "wolf"),
    ("women", "woman"),
    ("zombies", "zombie"),
];

/// Things that people count, in the singular: `/order/5` is one order. Nothing that is a verb, a figure (`/page/5`) or stands for
/// itself. Sorted.
#[rustfmt::skip]
const NOUNS: &[&str] = &[
    "account", "address", "agent", "agreement", "aircraft", "airline", "airport", "album", "alert", "alias",
    "analysis", "animal", "announcement", "answer", "apartment", "app", "appliance", "application", "appointment",
    "article", "artifact", "artist", "asset", "assignment", "attachment", "attempt", "attendee", "attribute",
    "auction", "audit", "author", "avatar", "award", "backup", "badge", "bank", "banner", "basket", "beneficiary",
    "bike", "bill", "block", "blog", "board", "boat", "book", "booking", "bookmark", "bot", "bottle", "box",
    "branch", "brand", "bucket", "budget", "build", "building", "bundle", "bus", "business", "cabinet", "calendar",
    "camera", "campaign", "campus", "candidate", "canvas", "car", "card", "carrier", "cart", "case", "catalog",
    "category", "cell", "certificate", "chain", "challenge", "channel", "chapter", "charger", "chart", "chat",
    "child", "cinema", "city", "claim", "class", "clinic", "club", "cluster", "coach", "collection", "column",
    "comment", "commit", "community", "company", "component", "conference", "connection", "connector", "consent",
    "consultant", "consumer", "contact", "container", "contest", "contract", "conversation", "cookie", "coupon",
    "courier", "course", "creator", "credential", "customer", "dashboard", "database", "dataset", "datasource",
    "deal", "dealer", "delegate", "delivery", "department", "deployment", "deposit", "destination", "device",
    "dialog", "dictionary", "discussion", "disk", "dispute", "district", "division", "doctor", "document", "domain",
    "donation", "donor", "draft", "drawing", "driver", "drug", "edition", "element", "employee", "employer",
    "endpoint", "engine", "enrollment", "entity", "entry", "environment", "episode", "equipment", "estimate",
    "evaluation", "event", "exam", "exercise", "expense", "experiment", "expert", "extension", "facility", "family",
    "farm", "farmer", "favorite", "feature", "field", "file", "film", "flat", "fleet", "flight", "floor", "flow",
    "folder", "follower", "font", "forecast", "fork", "forum", "fund", "game", "gateway", "gene", "genre", "gift",
    "goal", "grant", "group", "guardian", "guest", "guide", "habit", "hero", "holiday", "hook", "hospital", "host",
    "hotel", "house", "household", "icon", "identity", "image", "incident", "ingredient", "inspection", "instance",
    "institution", "instructor", "instrument", "integration", "interview", "invitation", "invitee", "invoice",
    "issue", "item", "job", "journal", "journey", "key", "keyword", "kit", "label", "landlord", "layer", "lead",
    "leader", "league", "lease", "lecture", "lecturer", "lens", "lesson", "letter", "library", "license", "listing",
    "loan", "locker", "machine", "mailbox", "manager", "manufacturer", "market", "match", "material", "matrix",
    "meal", "measurement", "media", "medication", "medicine", "meeting", "member", "membership", "memo", "menu",
    "merchant", "message", "meter", "metric", "milestone", "model", "module", "monitor", "mortgage", "movie",
    "museum", "namespace", "narrative", "neighborhood", "network", "newsletter", "node", "note", "notebook",
    "notice", "notification", "object", "observation", "offer", "office", "officer", "operation", "operator",
    "opportunity", "order", "org", "organisation", "organization", "outlet", "owner", "package", "pallet",
    "parameter", "parcel", "parent", "park", "parking", "participant", "partner", "party", "passenger", "passport",
    "patient", "payee", "payer", "payment", "payout", "payroll", "peer", "penalty", "performer", "permission",
    "person", "persona", "pet", "pharmacy", "phone", "photo", "picture", "pipeline", "plan", "planet", "plant",
    "platform", "player", "playlist", "plugin", "policy", "poll", "pool", "port", "portfolio", "post", "poster",
    "prescription", "printer", "product", "professor", "program", "project", "promo", "promotion", "property",
    "proposal", "provider", "province", "publication", "publisher", "purchase", "question", "questionnaire",
    "queue", "quiz", "quote", "rack", "reader", "receipt", "recipe", "recipient", "recommendation", "record",
    "recording", "referral", "region", "relation", "reminder", "rental", "repo", "repository", "request",
    "reservation", "resident", "resource", "response", "restaurant", "result", "resume", "reviewer", "revision",
    "reward", "ride", "rider", "ring", "role", "room", "route", "router", "row", "rule", "runner", "sale", "sample",
    "satellite", "schema", "scholarship", "school", "screen", "script", "seat", "secret", "section", "seller",
    "seminar", "sensor", "sequence", "series", "server", "service", "shelf", "shift", "ship", "shipment", "shipper",
    "shop", "site", "skill", "snapshot", "snippet", "song", "source", "speaker", "specialist", "species", "sponsor",
    "spreadsheet", "sprint", "stage", "statement", "station", "storage", "store", "story", "strategy", "stream",
    "street", "student", "studio", "subject", "submission", "subscriber", "subscription", "supplier", "survey",
    "table", "tag", "target", "task", "taxi", "teacher", "team", "template", "tenant", "terminal", "territory",
    "test", "theme", "thread", "ticket", "timer", "tool", "topic", "tournament", "town", "track", "tracker",
    "trader", "trainer", "transaction", "transcript", "translation", "treatment", "tree", "trial", "trigger",
    "trip", "truck", "tunnel", "tutor", "tutorial", "type", "unit", "university", "user", "utility", "vacancy",
    "vehicle", "vendor", "venue", "vessel", "video", "village", "virus", "visit", "visitor", "volunteer", "voter",
    "voucher", "wallet", "ward", "warehouse", "warranty", "webhook", "website", "widget", "window", "winner",
    "wishlist", "worker", "workflow", "workout", "workshop", "workspace", "zone",
];

#[cfg(test)]
mod tests {
    use super::super::naming::is_fixed;
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_hold_no_word_that_stands_for_itself() {
        assert!(NOUNS.is_sorted() && IRREGULAR.is_sorted());
        for noun in NOUNS {
            assert!(!is_fixed(noun) && !names_nothing(noun), "{noun}");
        }
    }

    #[test]
    fn one_of_many_is_called_as_people_do() {
        // Catches words that are cut where they are no plural of that rule, and ones that name no thing.
        for (many, one) in [
            ("series", "series"),
            ("cookies", "cookie"),
            ("movies", "movie"),
            ("heroes", "hero"),
            ("buses", "bus"),
            ("caches", "cache"),
            ("statuses", "status"),
            ("viruses", "virus"),
            ("indices", "index"),
            ("USERS", "user"),
            ("USER_GROUPS", "user_group"),
            ("people", "person"),
            ("People", "Person"),
            ("children", "child"),
            ("companies", "company"),
            ("addresses", "address"),
            ("branches", "branch"),
            ("boxes", "box"),
            ("quizzes", "quiz"),
            ("houses", "house"),
            ("warehouses", "warehouse"),
            ("databases", "database"),
            ("aliases", "alias"),
            ("shoes", "shoe"),
            ("alias", "alias"),
            ("canvas", "canvas"),
            ("lens", "lens"),
            ("uses", "use"),
            ("ties", "tie"),
            ("prizes", "prize"),
            ("user-groups", "user-group"),
            ("userGroups", "userGroup"),
            ("line.items", "line.item"),
            ("bot-statuses", "bot-status"),
            ("vendorIndices", "vendorIndex"),
            ("user", "user"),
            ("order", "order"),
            ("Order", "Order"),
            ("user-group", "user-group"),
            ("userGroup", "userGroup"),
            ("bus", "bus"),
            ("address", "address"),
        ] {
            assert_eq!(noun(many).as_deref(), Some(one), "{many}");
        }
        for word in [
            "get",
            "search",
            "status",
            "v1",
            "latest",
            "by-id",
            "byId",
            "id",
            "api",
            "apis",
            "me",
            "is",
            "has",
            "data",
            "settings",
            "get-user",
            "getUser",
            "find_people",
            "findPeople",
            "page",
            "level",
            "lat",
            "",
            "s",
            "-",
            "été",
            "kubernetes",
        ] {
            assert_eq!(noun(word), None, "{word}");
        }
    }

    #[test]
    fn what_is_a_plural_has_a_word_for_one_whatever_it_is() {
        // Catches a variable that loses its name, and a panic where a word is odd.
        for word in
            ["xxxs", "a-bs", "A.Bs", "sssss", "iesies", "-ies", "oes", "xoes", "_uses", "Xuses", "aa-s", "aaaa-S"]
        {
            if singular(word).is_some() {
                assert!(noun(word).is_some_and(|one| !one.is_empty()), "{word}");
            }
        }
    }
}
