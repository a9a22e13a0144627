use std::time::Duration;

use super::super::nearest::{FailedOn, NearestOp};
use super::super::server::expand;
use super::super::warnings::Warnings;
use super::*;
use crate::time::processor_time;

/// A spec with these servers; operations as `METHOD path`, deprecated with a `!` in front.
fn spec(name: &str, version: &str, servers: &[&str], operations: &[&str]) -> Spec {
    let servers: Vec<_> = servers.iter().flat_map(|url| expand(url, None, &mut Warnings::default())).collect();
    let operation = |text: &&str| {
        let (method, path) = text.trim_start_matches('!').split_once(' ').unwrap();
        SpecOperation {
            method: method.to_owned(),
            path: PathTemplate::parse(path),
            servers: servers.clone(),
            id: None,
            deprecated: text.starts_with('!'),
            sunset: None,
            params: Vec::new(),
            contract: None,
            line: 0,
        }
    };
    Spec {
        name: name.to_owned(),
        title: format!("The {name}"),
        version: version.to_owned(),
        format: "openapi 3.0",
        operations: operations.iter().map(operation).collect(),
        warnings: Vec::new(),
    }
}

fn flags(spec_hosts: &[(&str, &str)], aliases: &[(&str, &str)]) -> HostFlags {
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    HostFlags { spec_hosts: owned(spec_hosts), aliases: owned(aliases), ..HostFlags::default() }
}

fn index(specs: Vec<Spec>) -> SpecIndex {
    SpecIndex::build(specs, &HostFlags::default()).unwrap()
}

fn service(host: &str) -> ServiceId {
    let (host, port) = host.split_once(':').unwrap_or((host, "80"));
    ServiceId { host: host.to_owned(), port: port.parse().unwrap(), scheme: Scheme::Http }
}

/// The answer in a few letters: `spec.operation`, `not 0.1 0.2`, `path`, `service`.
fn find(index: &SpecIndex, host: &str, method: &str, path: &str) -> String {
    match index.find(&service(host), method, &PathTemplate::parse(path)) {
        Match::Operation(spec, operation, _) => format!("{spec}.{operation}"),
        Match::WrongMethod(others) => {
            others.iter().fold("not".to_owned(), |text, (spec, operation)| format!("{text} {spec}.{operation}"))
        }
        Match::UnknownPath => "path".to_owned(),
        Match::UnknownService => "service".to_owned(),
    }
}

fn nearest(index: &SpecIndex, host: &str, method: &str, path: &str) -> Option<NearestOp> {
    index.nearest(&service(host), method, &PathTemplate::parse(path))
}

/// Nearest operation, criterion and detail.
fn near(index: &SpecIndex, host: &str, method: &str, path: &str) -> (String, FailedOn, String) {
    let NearestOp { spec, operation, failed, detail, .. } = nearest(index, host, method, path).unwrap();
    (format!("{spec}.{operation}"), failed, detail)
}

#[test]
fn a_base_path_ends_at_a_slash() {
    let index = index(vec![spec("a", "1", &["http://h/api"], &["GET /users/{id}", "GET /"])]);
    assert_eq!(find(&index, "h", "GET", "/api/users/{number}"), "0.0");
    assert_eq!(find(&index, "h", "GET", "/api"), "0.1");
    assert_eq!(find(&index, "h", "GET", "/apiary/users/7"), "path");
    assert_eq!(find(&index, "h", "GET", "/users/7"), "path", "without its base it is another path");
    assert_eq!(find(&index, "H2", "GET", "/api"), "service");
}

#[test]
fn an_observed_variable_is_taken_by_variables_only() {
    let declared = ["GET /users/me", "GET /users/{id}", "GET /users/{id}.json", "DELETE /users/me", "GET /v/{x}/end"];
    let index = index(vec![spec("a", "1", &["/"], &declared)]);
    assert_eq!(find(&index, "h", "GET", "/users/me"), "0.0");
    assert_eq!(find(&index, "h", "GET", "/users/{id}"), "0.1");
    assert_eq!(find(&index, "h", "GET", "/users/{id}.json"), "0.2");
    assert_eq!(find(&index, "h", "DELETE", "/users/{id}"), "not 0.1");
    assert_eq!(find(&index, "h", "PUT", "/users/me"), "not 0.3 0.0");
    assert_eq!(find(&index, "h", "GET", "/{word}/{x}/end"), "path");
}

#[test]
fn head_is_get_unless_declared() {
    let index = index(vec![spec("a", "1", &["/"], &["GET /a", "HEAD /b", "GET /b", "POST /c"])]);
    assert_eq!(find(&index, "h", "HEAD", "/a"), "0.0");
    assert_eq!(find(&index, "h", "HEAD", "/b"), "0.1");
    assert_eq!(find(&index, "h", "HEAD", "/c"), "not 0.3");
    assert_eq!(find(&index, "h", "get", "/a"), "not 0.0", "methods are case-sensitive (RFC 9110 section 9.1)");
}

#[test]
fn names_beat_patterns_and_patterns_beat_anything() {
    let index = index(vec![
        spec("any", "1", &["/"], &["GET /a", "GET /only-any"]),
        spec("wide", "1", &["http://{t}.example"], &["GET /a", "GET /wide"]),
        spec("close", "1", &["http://{t}.api.example"], &["GET /a"]),
        spec("exact", "1", &["http://x.example"], &["GET /a"]),
        spec("port", "1", &["http://x.example:8080"], &["GET /a", "GET /port"]),
    ]);
    assert_eq!(find(&index, "x.example", "GET", "/a"), "3.0");
    assert_eq!(find(&index, "x.example:8080", "GET", "/a"), "4.0");
    assert_eq!(find(&index, "x.example:9090", "GET", "/a"), "3.0", "a port that only one side names does not count");
    assert_eq!(find(&index, "x.example:9090", "GET", "/port"), "path");
    assert_eq!(find(&index, "x.example", "GET", "/port"), "4.1");
    assert_eq!(find(&index, "x.example", "GET", "/wide"), "1.1", "a pattern holds beside a name");
    assert_eq!(find(&index, "y.api.example", "GET", "/a"), "2.0");
    assert_eq!(find(&index, "other", "GET", "/a"), "0.0");
    assert_eq!(find(&index, "x.example", "GET", "/only-any"), "path", "it covers only what nobody names");
    let https = ServiceId { host: "x.example".to_owned(), port: 443, scheme: Scheme::Https };
    assert!(
        matches!(index.find(&https, "GET", &PathTemplate::parse("/a")), Match::Operation(3, ..)),
        "no scheme counts"
    );
    assert_eq!(index.covers(&service("x.example")), Cover { specs: vec![1, 3, 4], assumed: false });
    assert_eq!(index.covers(&service("other")), Cover { specs: vec![0], assumed: true });
    assert_eq!(SpecIndex::default().covers(&service("h")), Cover::default());
}

#[test]
fn a_relative_server_holds_on_the_hosts_its_spec_names() {
    let index = index(vec![spec("a", "1", &["/v1", "http://h/v2"], &["GET /a"])]);
    assert_eq!(find(&index, "h", "GET", "/v1/a"), "0.0");
    assert_eq!(find(&index, "h", "GET", "/v2/a"), "0.0");
    assert_eq!(find(&index, "other", "GET", "/v1/a"), "0.0");
    assert_eq!(find(&index, "other", "GET", "/v2/a"), "path");
}

#[test]
fn of_two_declarations_the_later_and_living_one_counts() {
    let specs = || {
        vec![
            spec("a", "1.9", &["http://h"], &["GET /x", "GET /y", "GET /z"]),
            spec("b", "1.10", &["http://h"], &["GET /x", "!GET /y", "GET /z"]),
            spec("c", "1.10", &["http://h"], &["GET /x/", "!GET /y", "!GET /{v}"]),
            spec("d", "1.10.0", &["http://h"], &["GET /{u}"]),
        ]
    };
    let index = index(specs());
    assert_eq!(find(&index, "h", "GET", "/x"), "1.0", "1.10 is later than 1.9, and b was named before c");
    assert_eq!(find(&index, "h", "GET", "/y"), "1.1", "what the later version deprecates is deprecated");
    assert_eq!(find(&index, "h", "GET", "/w"), "3.0", "of the same version the living one");
}

#[test]
fn flags_add_hosts() {
    let specs =
        || vec![spec("api.yaml", "1", &["/v1"], &["GET /a"]), spec("x.json", "1", &["http://x.example"], &["GET /b"])];
    let built = |hosts: &[(&str, &str)], aliases: &[(&str, &str)]| SpecIndex::build(specs(), &flags(hosts, aliases));
    for name in ["api.yaml", "api", "The api.yaml"] {
        let index = built(&[(name, "A.example:8080")], &[]).unwrap();
        assert_eq!(find(&index, "a.example:8080", "GET", "/v1/a"), "0.0", "{name}");
        assert_eq!(find(&index, "other", "GET", "/v1/a"), "service", "a spec that was given a host covers no other");
    }
    let index = built(&[("x", "y.example")], &[("10.0.0.7:8080", "x.example"), ("::1", "y.example")]).unwrap();
    for host in ["x.example", "y.example", "10.0.0.7:8080"] {
        assert_eq!(find(&index, host, "GET", "/b"), "1.0", "{host}");
    }
    let local = ServiceId { host: "[::1]".to_owned(), port: 80, scheme: Scheme::Http };
    assert_eq!(index.covers(&local).specs, [1]);
    assert_eq!(find(&index, "10.0.0.7:9090", "GET", "/b"), "path", "another port, and a spec that names no host");
    let told = built(&[("nope", "h")], &[]).unwrap_err().to_string();
    assert!(told.contains("\"nope\"") && told.contains("\"api.yaml\", \"x.json\""), "{told}");
    let told = built(&[], &[("a", "nobody.example")]).unwrap_err().to_string();
    assert!(told.contains("nobody.example") && told.contains("x.example"), "{told}");
    assert!(built(&[("x", "")], &[]).is_err() && built(&[], &[("", "x.example")]).is_err());
}

#[test]
fn aliases_may_be_patterns_and_name_ports() {
    // Catches an inner pattern that takes the declared host itself, another port, or a name that only ends alike.
    let specs = || {
        vec![
            spec("pay", "1", &["http://pay.example/v1"], &["GET /a"]),
            spec("tenants", "1", &["http://{tenant}.shop.example"], &["GET /b"]),
        ]
    };
    let built = |aliases: &[(&str, &str)]| SpecIndex::build(specs(), &flags(&[], aliases)).unwrap();
    let index = built(&[("*.internal.example:8080", "pay.example"), ("10.0.0.7:80", "pay.example")]);
    for host in ["a.internal.example:8080", "a.b.internal.example:8080", "10.0.0.7:80", "pay.example"] {
        assert_eq!(find(&index, host, "GET", "/v1/a"), "0.0", "{host}");
    }
    for host in ["a.internal.example:8081", "internal.example:8080", "xinternal.example:8080", "10.0.0.7:8080"] {
        assert_eq!(find(&index, host, "GET", "/v1/a"), "service", "{host}");
    }
    let hosts: Vec<String> = index.pins().iter().map(|pin| host_text(&pin.host)).collect();
    assert!(hosts.contains(&"{*}.internal.example:8080".to_owned()), "paths are recorded so from the start: {hosts:?}");
    let index = built(&[("10.0.0.8", "*.shop.example"), ("10.0.0.9", "acme.shop.example"), ("*.in", "*.shop.example")]);
    for host in ["10.0.0.8", "10.0.0.9", "x.in", "y.shop.example"] {
        assert_eq!(find(&index, host, "GET", "/b"), "1.0", "{host}: whatever the variable is called");
    }
    let told = SpecIndex::build(specs(), &flags(&[], &[("*", "pay.example")])).unwrap_err().to_string();
    assert!(told.contains("is no host"), "{told}");
}

#[test]
fn the_most_specific_path_wins_before_the_closest_host() {
    // Catches an index that holds another declaration to be meant than the one that the inventory recorded.
    let index = index(vec![
        spec("exact", "1", &["http://a.example"], &["GET /users/{id}", "GET /x/{a}-{b}"]),
        spec("wide", "1", &["http://{t}.example"], &["GET /users/me", "GET /users/{name}", "GET /x/{c}"]),
    ]);
    assert_eq!(find(&index, "a.example", "GET", "/users/me"), "1.0");
    assert_eq!(find(&index, "a.example", "GET", "/users/7"), "0.0", "equal ones by the closest host");
    assert_eq!(find(&index, "a.example", "GET", "/x/{a}-{b}"), "0.1");
    assert_eq!(find(&index, "a.example", "GET", "/x/{c}"), "1.2");
}

#[test]
fn names_of_variables_say_nothing() {
    // Catches the name of a variable that passes for affixes: every pin must be found again by its own template.
    let index = index(vec![spec("a", "1", &["/"], &["GET /t/{base}.{ext}", "GET /t/{thing.id}", "GET /u/{v1:x}"])]);
    assert_eq!(find(&index, "h", "GET", "/t/{thing.id}"), "0.1");
    assert_eq!(find(&index, "h", "GET", "/t/{a}.{b}"), "0.0");
    assert_eq!(find(&index, "h", "GET", "/u/{number}"), "0.2");
}

#[test]
fn pins_are_what_is_declared_whatever_the_order() {
    let specs = || {
        vec![
            spec("a", "1", &["http://h/v1", "http://{t}.example"], &["POST /users/{id}", "GET /b"]),
            spec("b", "1", &["http://h/"], &["GET /v1/users/{name}", "PUT /c"]),
            spec("c", "1", &["/"], &["GET /c"]),
        ]
    };
    let shown = |specs: Vec<Spec>| {
        let index = SpecIndex::build(specs, &flags(&[], &[("10.0.0.7", "h")])).unwrap();
        let text = |pin: &Pin| format!("{} {} {}", host_text(&pin.host), pin.template, pin.methods.join(","));
        index.pins().iter().map(text).collect::<Vec<_>>()
    };
    let want = [
        "10.0.0.7 /c PUT",
        "10.0.0.7 /v1/b GET",
        "10.0.0.7 /v1/users/{id} GET,POST",
        "h /c PUT",
        "h /v1/b GET",
        "h /v1/users/{id} GET,POST",
        "{t}.example /b GET",
        "{t}.example /users/{id} POST",
        "any host /c GET",
    ];
    assert_eq!(shown(specs()), want);
    let turned = shown(specs().into_iter().rev().collect());
    assert_eq!(turned.join(" ").replace("{name}", "{id}"), want.join(" "));
}

#[test]
fn too_much_of_all_is_refused() {
    let hosts: Vec<String> = (0..20).map(|n| format!("http://h{n}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let limits = Limits { spec_routes: 39, ..Limits::default() };
    let build = |limits: &Limits| {
        let specs = vec![spec("a", "1", &hosts, &["GET /a"]), spec("b", "1", &hosts, &["GET /a"])];
        SpecIndex::build_within(specs, &HostFlags::default(), limits)
    };
    assert!(build(&limits).unwrap_err().to_string().starts_with("b: together"));
    assert!(build(&Limits::default()).is_ok());
}

#[test]
fn a_near_miss_says_what_failed_first() {
    let declared = ["GET /users/{id}", "GET /users/{id}/orders", "POST /orders", "GET /"];
    let index = index(vec![
        spec("shop", "1", &["http://shop.example/api/v2"], &declared),
        spec("pay", "1", &["http://pay.example"], &["POST /payments/{id}/refund", "GET /{any}"]),
    ]);
    let shop = |method: &str, path: &str| near(&index, "shop.example", method, path);
    let (method, version, base, segment) = (FailedOn::Method, FailedOn::Version, FailedOn::BasePath, FailedOn::Segment);
    let said = |text: &str| text.to_owned();
    assert_eq!(shop("PUT", "/api/v2/orders"), (said("0.2"), method, said("method: declared is POST")));
    assert_eq!(
        shop("GET", "/api/v1/users/{number}"),
        (said("0.0"), version, said("version: \"v1\" where \"v2\" is declared"))
    );
    assert_eq!(shop("PUT", "/api/v1/orders").1, version, "with another method too the path fits");
    assert_eq!(shop("GET", "/apiary/users/7/orders"), (said("0.1"), base, said("base path: \"/api/v2\" is declared")));
    assert_eq!(shop("GET", "/users/7").1, base);
    assert_eq!(shop("GET", "/debug").1, base, "no base path is the beginning of it");
    assert_eq!(
        shop("GET", "/api/v2/users/{number}/ordrs"),
        (said("0.1"), segment, said("segment 5: \"ordrs\" where \"orders\" is declared"))
    );
    assert_eq!(
        shop("GET", "/api/v2/users/{number}/orders/{number}"),
        (said("0.1"), segment, said("segment 6: \"{number}\" where the declared path ends"))
    );
    assert_eq!(
        shop("POST", "/api/v2/users"),
        (said("0.0"), segment, said("segment 4: nothing where \"{id}\" is declared"))
    );
    assert_eq!(
        shop("POST", "/api/v2/Orders").2,
        "segment 3: \"Orders\" where \"orders\" is declared, which differs in case"
    );
    assert_eq!(nearest(&index, "elsewhere", "GET", "/unheard/of"), None);
    assert_eq!(nearest(&SpecIndex::default(), "h", "GET", "/"), None);
}

#[test]
fn versions_of_every_kind_are_told_apart_from_ids() {
    let declared = ["GET /2.0/users", "GET /2024-01-01/things", "GET /v1/a", "GET /v3/a", "GET /v1beta1/b"];
    let index = index(vec![spec("a", "1", &["/"], &declared)]);
    let at = |path: &str| near(&index, "h", "GET", path);
    assert_eq!((at("/1.1/users").1, at("/{number}/users").1), (FailedOn::Version, FailedOn::Version));
    assert_eq!((at("/2023-06-01/things").1, at("/{date}/things").1), (FailedOn::Version, FailedOn::Version));
    assert_eq!(at("/v2/a").0, "0.3", "the latest declared version");
    assert_eq!(at("/v1/b").1, FailedOn::Version);
    assert_eq!((at("/{number}/things").1, at("/7/users").1), (FailedOn::Segment, FailedOn::Segment));
}

#[test]
fn a_version_that_nobody_declares_is_named() {
    // Catches a new version of an unversioned API that is told as any unknown path, and a word that passes for a version.
    let index = index(vec![spec("a", "1", &["/"], &["GET /users/{id}", "GET /api/orders", "GET /{any}"])]);
    let at = |method: &str, path: &str| near(&index, "h", method, path);
    let said = "version: \"v2\" where none is declared".to_owned();
    assert_eq!(at("GET", "/v2/users/{number}"), ("0.0".to_owned(), FailedOn::Version, said.clone()));
    assert_eq!(at("GET", "/api/v2/orders"), ("0.1".to_owned(), FailedOn::Version, said));
    assert_eq!(at("POST", "/v2/users/{number}").1, FailedOn::Segment, "without the method it is chance");
    assert_eq!(at("GET", "/old/users/{number}").1, FailedOn::Segment);
    assert_eq!(at("GET", "/v2/else").1, FailedOn::Segment, "a variable alone fits anything");
}

#[test]
fn another_host_that_declares_it_is_named() {
    let declared = index(vec![
        spec("pay", "1", &["http://pay.example:8443/v1"], &["POST /payments/{id}", "GET /{any}"]),
        spec("shop", "1", &["http://shop.example"], &["GET /users"]),
    ]);
    let inner = nearest(&declared, "10.0.0.7:8080", "POST", "/v1/payments/{number}").unwrap();
    assert_eq!((inner.spec, inner.operation, inner.failed), (0, 0, FailedOn::Host));
    assert_eq!(inner.host_alias.as_deref(), Some("10.0.0.7:8080=pay.example:8443"));
    // The flag that is proposed must do what it promises.
    let (from, to) = inner.host_alias.as_deref().unwrap().split_once('=').unwrap();
    let specs = declared.specs().to_vec();
    let aliased = SpecIndex::build(specs, &flags(&[], &[(from, to)])).unwrap();
    assert_eq!(find(&aliased, "10.0.0.7:8080", "POST", "/v1/payments/{number}"), "0.0");

    let several =
        index(vec![spec("a", "1", &["http://shop.example", "http://[::1]", "http://{t}.a.example"], &["GET /users"])]);
    let inner = nearest(&several, "10.0.0.7", "GET", "/users").unwrap();
    assert_eq!(inner.host_alias.as_deref(), Some("10.0.0.7=shop.example"), "the host that was named first");

    let wrong = nearest(&declared, "10.0.0.7", "PUT", "/v1/payments/{number}").unwrap();
    assert_eq!((wrong.failed, wrong.host_alias), (FailedOn::Host, None), "the method does not fit there either");
    let covered = nearest(&declared, "shop.example", "POST", "/v1/payments/{number}").unwrap();
    assert_eq!((covered.spec, covered.failed), (1, FailedOn::Segment), "its host is covered: that did not fail");
    assert_eq!(covered.host_alias.as_deref(), Some("shop.example=pay.example:8443"));
    assert!(covered.detail.ends_with("declared for pay.example:8443"), "{}", covered.detail);
}

#[test]
fn many_unknown_endpoints_are_placed_quickly() {
    // Catches a walk over all that is declared for each that is observed: 20 million comparisons and more.
    let declared: Vec<String> = (0..2_000).map(|n| format!("GET /v1/group{}/{{id}}/item{n}", n % 50)).collect();
    let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
    let index = index(vec![spec("a", "1", &["http://h/api"], &declared)]);
    let since = processor_time();
    for n in 0..10_000 {
        let path = match n % 4 {
            0 => format!("/api/v1/group{}/{{number}}/other{n}", n % 60),
            1 => format!("/api/v2/group{}/{{number}}/item{n}", n % 60),
            2 => format!("/other/v1/group{}/{{number}}/item{n}", n % 60),
            _ => format!("/api/unknown{n}/deep/down/there"),
        };
        let host = if n % 5 == 0 { "unknown" } else { "h" };
        let _ = nearest(&index, host, "GET", &path);
    }
    let took = processor_time() - since;
    assert!(took < Duration::from_secs(60), "{took:?}");
}
