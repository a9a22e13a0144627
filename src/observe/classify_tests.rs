//! Tables of texts and their classes.

use proptest::prelude::*;

use super::*;
use SegmentClass::{Address, Card, Date, Email, Hex, Number, Other, Prefixed, Token, Ulid, Uuid, Word};

fn check(class: SegmentClass, texts: &[&str]) {
    for text in texts {
        assert_eq!(classify_segment(text), class, "{text}");
    }
}

#[test]
fn a_secret_made_of_words_is_still_a_secret() {
    // Catches keys whose letters happen to read like a slug: their issuer's prefix gives them away.
    check(Token, &["xoxb-2048-abcdefghijkl", "sk_live_correcthorse", "ghp_batterystaplehorse"]);
    check(Word, &["sk_live_mode", "ghp_list", "xoxb-info"]);
}

#[test]
fn words_stand() {
    // Catches every rule that grew too greedy: peers turn these into parameters.
    check(
        Word,
        &[
            "api",
            "users",
            "v1",
            "V3",
            "v2.1",
            "v1beta1",
            "v1alpha2",
            "v1p1beta1",
            "v1.0.0-rc.1",
            "v10",
            "v2024-03-01",
            "1.2.3",
            "onboardingStatus",
            "chat.postMessage",
            "sha256sum",
            "oauth2",
            "oauth2024",
            "iso27001",
            "report-2023",
            "base64url",
            "getOAuth2Token",
            "listS3Buckets",
            ".well-known",
            "file.json",
            "en-US",
            "zh-Hans-CN",
            "pt_BR",
            "how-to-write-a-parser",
            "_search",
            "_bulk",
            "$metadata",
            "$batch",
            "-",
            "_",
            "*",
            "k8s",
            "i18n",
            "2fa",
            "s3",
            "mp3",
            "utf-8",
            "iso-8859-1",
            "windows-1252",
            "covid-19",
            "us-east-1",
            "step-1",
            "address2",
            "last30days",
            "24h",
            "favicon-32x32.png",
            "jquery-3.6.0.min.js",
            "robots.txt",
            "a",
            "x",
            "me",
            "self",
            "GetUser()",
            "projects:search",
            "alice",
            "john.doe",
            "überblick",
            "日本",
            "persistentvolumeclaims",
            "RECENT",
            "X",
        ],
    );
}

#[test]
fn literals_of_public_apis_are_words() {
    // Catches thresholds that were tuned on a handful of names. Literals from memory of well-known APIs.
    check(
        Word,
        &[
            "repos",
            "pulls",
            "issues",
            "actions",
            "runs",
            "artifacts",
            "code-scanning",
            "dependabot",
            "check-suites",
            "git",
            "gists",
            "starred",
            "subscriptions",
            "codes_of_conduct",
            "rate_limit",
            "payment_intents",
            "setup_intents",
            "checkout",
            "sessions",
            "billing_portal",
            "subscription_schedules",
            "balance_transactions",
            "application_fees",
            "issuing",
            "cardholders",
            "terminal",
            "Accounts",
            "IncomingPhoneNumbers.json",
            "AvailablePhoneNumbers",
            "Messages.json",
            "OutgoingCallerIds",
            "conversations.history",
            "users.profile.get",
            "team.billableInfo",
            "admin.apps.approved.list",
            "namespaces",
            "customresourcedefinitions",
            "mutatingwebhookconfigurations",
            "apiextensions.k8s.io",
            "rbac.authorization.k8s.io",
            "healthz",
            "statuses",
            "media",
            "lookup",
            "by",
            "username",
            "liked_tweets",
            "guilds",
            "channels",
            "audit-logs",
            "thread-members",
            "me",
            "drives",
            "root",
            "children",
            "microsoft.graph.delta",
            "mailFolders",
            "batchUpdate",
            "documents:commit",
            "generateContent",
            "instances",
            "machineTypes",
            "setMachineType",
            "attach_volume",
            "droplets",
            "oauth",
            "authorize",
            "userinfo",
            "introspect",
            ".well-known",
            "openid-configuration",
            "jwks.json",
            "chat",
            "completions",
            "embeddings",
            "fine_tuning",
            "vector_stores",
            "sendMessage",
            "getUpdates",
            "wp-json",
            "wp-admin",
        ],
    );
}

#[test]
fn values_are_their_class() {
    check(Number, &["0", "42", "-12", "+5", "3.14", "48213", "1700000000000", "2024", "48213.json", "48213:cancel"]);
    check(Uuid, &["123e4567-e89b-12d3-a456-426614174000", "{123E4567-E89B-12D3-A456-426614174000}"]);
    check(Uuid, &["urn:uuid:123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000.pdf"]);
    check(Hex, &["123e4567e89b12d3a456426614174000", "507f1f77bcf86cd799439011", "0xdeadbeef01", "DEADBEE1"]);
    check(Date, &["2024-03-01", "2010-04-01", "2024-03", "2024-03-01T10:15:00Z", "20240301T101500Z", "01.03.2024"]);
    check(Email, &["alice@example.com", "first.last+tag@sub.example.org"]);
    check(
        Address,
        &["10.0.0.7", "10.0.0.0/24", "10.0.0.7:8080", "::1", "2001:db8::7", "[2001:db8::7]:80", "fe80::1%eth0"],
    );
    check(
        Card,
        &["4111111111111111", "378282246310005", "4111-1111-1111-1111", "4111 1111 1111 1111", "card-4111111111111111"],
    );
}

#[test]
fn ids_and_secrets_are_never_words() {
    // Catches a hole in the privacy line: each of these stood as a literal in some peer.
    check(
        Token,
        &[
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "sk_live_abcdXYzqPwLkJhGfDsAqWeRt",
            "dQw4w9WgXcQ",
            "PIubCp_YoWkNu-kK1dzCMp5zIXd6daxb",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE",
            "xkqzvbnwprtyghjk",
            "JBSWYDPEHPKPXPJB",
            "aGVsbG8gd29ybGQgMTIzNA==",
            "my-article-title-a1b2c3d4e5f6g7",
            "stake1w9qpjcsmdq5hawk1mgdm569mr5qbl33p4py7lebugkf10rdwvy2sz",
            "irMyHZYXwsnrNvz",
        ],
    );
    check(Ulid, &["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAV.json"]);
    check(
        Prefixed,
        &[
            "cus_9s6XKzkNRiz8i3",
            "req-4f2a81c0",
            "ch_1J2k3L4m",
            "pm_card_1J2k3L4m5N",
            "enterprise_897762",
            "AC53f6e320aae0fd43d92db926de8034a1",
            "cus_9s6XKzkNRiz8i3:cancel",
        ],
    );
    // Catches a form that is too wide: another alphabet, another time, a mixture of cases, more words than a prefix has.
    check(
        Token,
        &[
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "71ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAv",
            "a-b-c-9s6XKzkNRiz8i3",
        ],
    );
    check(
        Other,
        &[
            "a1b2c3",
            "ORD-10023",
            "u1234",
            "INV2024-0001",
            "abc123",
            "555-123-4567",
            "123-45-6789",
            "item-42",
            "hello world",
            "{id}",
            "a,b",
            "a=b",
            "Products(1)",
            "a/b",
            "x\u{202e}y",
            "\u{0}",
            "\n",
            "--- ",
            "5FnUs",
            "hunter2!",
            "@alice",
        ],
    );
    for long in ["a".repeat(257), "word-".repeat(60), "ü".repeat(200)] {
        assert!(classify_segment(&long).is_value());
    }
}

#[test]
fn names_keep_their_structure_and_lose_their_values() {
    for same in [
        "q",
        "user_id",
        "page[size]",
        "filter[user_id]",
        "a.b",
        "ids[]",
        "$filter",
        "@type",
        "@odata.context",
        "_id",
        "utm_source",
        "Content-Type",
        "p95",
        "col10",
        "price_change_24h",
        "items[].id",
        "filter[a.b]",
        "xml:lang",
        "",
    ] {
        assert_eq!(name_or_class(same), same);
    }
    for (name, kept) in [
        ("4111111111111111", "{card}"),
        ("123e4567-e89b-12d3-a456-426614174000", "{uuid}"),
        ("alice@example.com", "{email}"),
        ("10.0.0.7", "{address}"),
        ("42", "{number}"),
        ("2024-03-01", "{date}"),
        ("u1234", "{value}"),
        ("First Name", "{value}"),
        ("items[0].id", "items[].id"),
        ("filter[123e4567-e89b-12d3-a456-426614174000]", "filter[{uuid}]"),
        ("filter[alice@example.com]", "filter[{email}]"),
        ("sort.0.field", "sort.{number}.field"),
        ("a.4111111111111111", "a.{card}"),
        ("Dr. John Smith.age", "{value}"),
        ("alice%40mail.corp.example", "{value}"),
        ("52.5200,13.4050", "{value}"),
        ("users.1002.name", "users.{number}.name"),
        ("eyJhbGciOi.eyJzdWIiOi1.dBjftJeZ4CVP", "{token}"),
        ("cus_9s6XKzkNRiz8i3", "{token}"),
        ("tab\there", "{value}"),
        // What a report calls the keys of maps, and classes: nobody can write such a name.
        ("{key}", "{value}"),
        ("{uuid}", "{value}"),
        ("a[{key}]", "a[{value}]"),
        ("a.{key}", "{value}"),
    ] {
        assert_eq!(name_or_class(name), kept, "{name}");
    }
    assert_eq!(name_or_class(&"n".repeat(65)), "{value}");
}

proptest! {
    #[test]
    fn any_text_has_a_class(text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        // Catches an index that runs over: texts are written by attackers.
        let _ = (classify_segment(&text), name_or_class(&text));
        let lossy = String::from_utf8_lossy(&bytes);
        let _ = classify_segment(&lossy);
        prop_assert!(name_or_class(&lossy).len() <= 64 * 8);
    }
}

#[test]
fn random_keys_are_values() {
    // Not a property of every key: letters alone may by chance read like words. So it is a rate, over fixed seeds.
    let mut state = 7_u64;
    let mut key = |alphabet: &[u8], least: u64| -> String {
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let length = least + next(15);
        (0..length).map(|_| char::from(alphabet[usize::try_from(next(alphabet.len() as u64)).unwrap()])).collect()
    };
    let small = b"abcdefghijklmnopqrstuvwxyz";
    let mixed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let words = |keys: &[String]| keys.iter().filter(|key| !classify_segment(key).is_value()).count();
    let mut keys = |alphabet: &[u8], least| -> Vec<String> { (0..5_000).map(|_| key(alphabet, least)).collect() };
    assert_eq!(words(&keys(mixed, 24)), 0);
    assert_eq!(words(&keys(b"0123456789abcdef", 32)), 0);
    let passed = words(&keys(small, 26));
    assert!(passed <= 10, "{passed} of 5000 keys of small letters were taken for words");
}

#[test]
fn short_tokens_with_a_digit_are_values() {
    // Catches a token that stands as a word because one digit in it looks like a number behind a word. Rates, over fixed seeds.
    let mut state = 11_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut rates = |alphabet: &[u8], length: usize| {
        let (mut segments, mut names, mut drawn) = (0, 0, 0);
        while drawn < 10_000 {
            let token: String = (0..length).map(|_| char::from(alphabet[next(alphabet.len())])).collect();
            let has = |kind: fn(&u8) -> bool| token.as_bytes().iter().any(kind);
            if has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
                drawn += 1;
                segments += usize::from(!classify_segment(&token).is_value());
                names += usize::from(name_or_class(&token) == token);
            }
        }
        (segments, names)
    };
    let mixed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (alphabet, length, most) in [
        (&mixed[..], 6, 70),
        (&mixed[..], 8, 20),
        (&mixed[..], 12, 3),
        (&mixed[26..], 8, 50),
        (&mixed[26..], 12, 5),
        (&mixed[26..], 16, 1),
    ] {
        let (segments, names) = rates(alphabet, length);
        assert!(segments <= most && names <= most, "{segments} and {names} of 10,000 of {length}");
    }
}

#[test]
fn names_and_segments_stand_or_fall_by_their_words() {
    // Catches a token behind a word, and a host that is written out.
    check(Token, &["kIFiwKb_GaFHVF9_fuloIzX4", "apiKeyDc5ppYly", "TSK8dpWEPA", "benovika22dodaqa.com", "GUCVjXJq"]);
    check(Other, &["GUCVj5XJ", "xeXma1kP"]);
    for name in
        ["xeXma1kP", "apiKeyDc5ppYly", "X-AKIAIOSFODNN7EXAMPLE", "x-akiaiosfodnn7example", "benovika22dodaqa.com"]
    {
        assert!(name_or_class(name).starts_with('{'), "{name}");
    }
    check(
        Word,
        &[
            "getWebhook",
            "setWebhook",
            "syncCnpj",
            "getMqtt",
            "setSwift",
            "getUserV2",
            "v2users",
            "hl7V2Stores",
            "last30days",
            "export2csv",
            "verify2FA",
            "S3Bucket",
            "ipv4addresses",
            "findingsv2",
            "python3",
            "eu1",
            "rfc7231",
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    /// Catches a short cut that decides otherwise than the long way.
    #[test]
    fn a_first_look_decides_nothing_by_itself(
        text in "[a-zA-Z_~$-]{0,40}|[0-9]{1,24}|[vV][0-9]|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[a-f-]{36}|[0-9a-fx-]{36}|.{0,12}",
        tail in 1_usize..3,
    ) {
        match glance(text.as_bytes()) {
            Glance::Sure(class) => {
                prop_assert_eq!(examined(&text, tail), class, "{}", text);
                prop_assert!(!begins_like_secret(text.as_bytes()), "{}", text);
            }
            Glance::Letters => prop_assert_eq!(examined(&text, tail), slug(text.as_bytes(), tail), "{}", text),
            Glance::Unsure => {}
        }
    }
}

#[test]
fn most_segments_take_one_look() {
    // Catches a short cut that is taken no more.
    for text in ["customers", "order_items", "48213", "4111111111111111", "0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f", "v1"]
    {
        assert_ne!(glance(text.as_bytes()), Glance::Unsure, "{text}");
    }
}

#[test]
fn a_name_that_is_no_name_is_a_value() {
    // Catches passwords, handles and addresses that stand as keys of bodies and names of parameters, of forms and of cookies.
    for (name, kept) in [
        ("Summer2024!", "{value}"),
        ("hunter!", "{value}"),
        ("!important", "{value}"),
        ("pa$$word", "{value}"),
        ("what~ever", "{value}"),
        ("JohnDoe1984", "{token}"),
        ("hunter2", "{value}"),
        ("hunter2?", "{value}"),
        ("dakeqe_kokide1975", "{value}"),
        ("john.doe.at.acme.com", "{value}"),
        ("john_doe_at_acme_com", "{value}"),
        ("www.acme.com", "{value}"),
        ("users.johndoe84.name", "users.{value}.name"),
        ("filter[hunter2]", "filter[{value}]"),
    ] {
        assert_eq!(name_or_class(name), kept, "{name}");
    }
    for name in [
        "address2",
        "Parameter12.Value",
        "$filter",
        "$$hashKey",
        "@type",
        "#text",
        "valid?",
        "filename*",
        "com.docker.compose",
        "created.at.date",
        "started_at_ms",
        "acme.com",
        "line_items[].line1",
    ] {
        assert_eq!(name_or_class(name), name);
    }
    // Paths stay as they are: their templates hang on them.
    assert_eq!(classify_segment("hunter2"), Word);
}

#[test]
fn a_word_between_dots_says_nothing_of_what_stands_beside_it() {
    // Catches a secret that is cut into short parts, with a word of APIs in front.
    assert_eq!(name_or_class("user.kqxvwz.plmzkq.wrtvbn"), "{token}");
    for name in ["user.address.street", "card.number", "filter.created.gte", "data.object.id"] {
        assert_eq!(name_or_class(name), name);
    }
}
