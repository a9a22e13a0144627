use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::{Scheme, ServiceId};

/// Servers as `host:port base`.
fn shown_servers(servers: &[Server]) -> Vec<String> {
    let host = |host: &HostPattern| match host {
        HostPattern::Exact(name, port) => format!("{name}{}", port.map_or_else(String::new, |port| format!(":{port}"))),
        HostPattern::Template(pieces, port) => {
            format!("~{pieces}{}", port.map_or_else(String::new, |p| format!(":{p}")))
        }
        HostPattern::Any => "*".to_owned(),
    };
    servers.iter().map(|server| format!("{} {}", host(&server.host), server.base)).collect()
}

fn expanded(url: &str, variables: Value) -> Vec<String> {
    shown_servers(&expand(url, Some(&variables), &mut Warnings::default()))
}

fn one(url: &str) -> String {
    let servers = expanded(url, json!({}));
    assert_eq!(servers.len(), 1, "{servers:?}");
    servers[0].clone()
}

#[test]
fn urls_name_host_port_and_base() {
    for (url, want) in [
        ("https://api.example.com/v1", "api.example.com /v1"),
        ("https://API.Example.com.:443/v1/", "api.example.com /v1"),
        ("http://h:443", "h:443 /"),
        ("http://h:80/a//b/../c/./", "h /a/c"),
        ("wss://h:443/x", "h /x"),
        ("https://h:8443/", "h:8443 /"),
        ("//h:8080/x", "h:8080 /x"),
        ("//h:443", "h /"),
        ("https://user:p%40ss@h/x", "h /x"),
        ("https://[2001:DB8:0:0::1]:8080/x", "[2001:db8::1]:8080 /x"),
        ("https://[::1]/x", "[::1] /x"),
        ("https://b\u{fc}cher.example/x", "xn--bcher-kva.example /x"),
        ("https://h/x?y=1#z", "h /x"),
        ("https://h/caf%C3%A9", "h /caf\u{e9}"),
        ("https://h:port/x", "h /x"),
        ("", "* /"),
        ("/", "* /"),
        (".", "* /"),
        ("./v1", "* /v1"),
        ("../x", "* /x"),
        ("/v1/", "* /v1"),
        ("v1.0/api", "* /v1.0/api"),
        ("https:///v1", "* /v1"),
        ("api.example.com/v1", "api.example.com /v1"),
        ("localhost:8080/v1", "localhost:8080 /v1"),
        (" https://h/x ", "h /x"),
    ] {
        assert_eq!(one(url), want, "{url}");
    }
}

#[test]
fn enumerated_variables_stand_for_their_values() {
    let variables = json!({
        "env": {"enum": ["live", "test"], "default": "live"},
        "version": {"enum": ["v1", "v2"], "default": "v2"},
        "protocol": {"enum": ["http", "https"], "default": "https"},
    });
    assert_eq!(
        expanded("{protocol}://{env}.example.com/{version}", variables),
        ["live.example.com /v1", "live.example.com /v2", "test.example.com /v1", "test.example.com /v2"]
    );
    let values: Vec<String> = (0..65).map(|n| format!("e{n}")).collect();
    let many = json!({"env": {"enum": values, "default": "e0"}});
    assert_eq!(
        expanded("https://{env}.example.com/x", many),
        ["~{env}.example.com /x"],
        "beyond the bound it takes any"
    );
}

#[test]
fn open_variables_take_anything_and_their_default_first() {
    let variables = json!({
        "version": {"default": "v2"}, "stage": {"default": "live"}, "tenant": {"default": "demo"}, "port": {"default": "8443"},
        "base": {"default": "api/v1"}, "number": {"default": 3}, "server": {"default": "https://x.example/y"},
        "host": {"default": "api.example.com"},
    });
    let of = |url| expanded(url, variables.clone());
    assert_eq!(of("https://h/{stage}/x"), ["h /live/x", "h /{stage}/x"]);
    assert_eq!(of("https://h/{version}/x"), ["h /v2/x"], "another version is not what the document describes");
    assert_eq!(of("https://h/v{number}"), ["h /v3"]);
    assert_eq!(of("https://h/{stage}/{version}"), ["h /live/v2", "h /{stage}/v2"]);
    assert_eq!(of("https://{version}.example.com"), ["~{version}.example.com /"], "a host is no version");
    assert_eq!(of("https://h/{base}"), ["h /api/v1", "h /{base}"], "a default of two segments");
    assert_eq!(of("https://{tenant}.example.com:{port}/"), ["~{tenant}.example.com /"], "any port");
    assert_eq!(of("https://h:{port}/x"), ["h /x"], "any port");
    assert_eq!(of("https://{tenant}.B\u{fc}cher.example"), ["~{tenant}.xn--bcher-kva.example /"]);
    assert_eq!(of("https://{host}/v1"), ["api.example.com /v1", "* /v1"], "a host that may be any names none");
    assert_eq!(of("{server}/z"), ["x.example /y/z"], "a variable that holds the whole URL");
    assert_eq!(of("https://{unknown}.example.com/{x}"), ["~{unknown}.example.com /{x}"]);
    assert_eq!(of("https://*.example.com:8443/v1"), ["~{*}.example.com:8443 /v1"], "a star is a variable");
    assert_eq!(of("https://*/v1"), ["* /v1"]);
}

#[test]
fn values_that_hold_variables_do_not_unfold() {
    // Catches a bomb: each variable would stand for many of the next.
    let mut variables = serde_json::Map::new();
    for n in 0..40 {
        let next = format!("{{v{}}}", n + 1).repeat(40);
        variables.insert(format!("v{n}"), json!({"default": next, "enum": [next]}));
    }
    let url: String = (0..40).map(|n| format!("/{{v{n}}}")).collect();
    assert_eq!(expanded(&url, Value::Object(variables)).len(), 1);
}

#[test]
fn swagger_names_host_base_and_schemes() {
    let of = |document: Value| shown_servers(&of_swagger(&document, &mut Warnings::default()));
    assert_eq!(of(json!({})), ["* /"]);
    assert_eq!(of(json!({"basePath": "/v1/"})), ["* /v1"]);
    assert_eq!(of(json!({"host": "H.example:8080", "basePath": "v1"})), ["h.example:8080 /v1"]);
    assert_eq!(of(json!({"host": "h", "basePath": "/", "schemes": ["http", "https"]})), ["h /"]);
    assert_eq!(
        of(json!({"host": "h:443", "schemes": ["http", "https"]})),
        ["h /"],
        "goes without saying for one of them"
    );
    assert_eq!(of(json!({"host": "h:80", "schemes": ["https"]})), ["h:80 /"]);
    assert_eq!(of(json!({"host": "h:80"})), ["h /"]);
    assert_eq!(of(json!({"host": "https://h/", "basePath": "/v1"})), ["h /v1"]);
    assert_eq!(of(json!({"host": "[::1]:81"})), ["[::1]:81 /"]);
}

#[test]
fn flags_name_hosts_in_any_spelling() {
    let of = |text: &str| host_of(text).map(|host| super::super::index::host_text(&host));
    for (text, want) in [
        ("Pay.Example", "pay.example"),
        ("pay.example:8080", "pay.example:8080"),
        ("pay.example:80", "pay.example:80"),
        ("10.0.0.7:443", "10.0.0.7:443"),
        ("*.pay.example:443", "{*}.pay.example:443"),
        ("10.0.0.7", "10.0.0.7"),
        ("::1", "[::1]"),
        ("[::1]:8080", "[::1]:8080"),
        ("https://pay.example:443/x", "pay.example"),
        ("{tenant}.example.com", "{tenant}.example.com"),
        ("*.example.com", "{*}.example.com"),
    ] {
        assert_eq!(of(text).as_deref(), Some(want), "{text}");
    }
    assert_eq!((of(""), of(" "), of("/x")), (None, None, None));
}

#[test]
fn a_host_ends_at_the_first_slash() {
    // Catches a brace that is never closed and takes the path along, and a slash that is written otherwise.
    for url in ["//{:0/]", "//{a/b", "//a%2Fb/c", "{:0/]"] {
        for server in expand(url, None, &mut Warnings::default()) {
            assert!(!format!("{:?}", server.host).contains('/'), "{url}: {:?}", server.host);
        }
    }
}

proptest! {
    /// Whatever stands there, it is read without harm; and a plain URL gives back what it was made of.
    #[test]
    fn any_text_is_a_server(url in "[ -~äß{}]{0,40}", default in "[ -~{}]{0,10}") {
        let variables = json!({"a": {"default": default, "enum": [default, 1]}, "b": {"default": default}});
        let servers = expand(&url, Some(&variables), &mut Warnings::default());
        prop_assert!(!servers.is_empty() && servers.len() <= 4 * COMBINATIONS);
        for server in &servers {
            if let HostPattern::Exact(host, _) = &server.host {
                prop_assert!(!host.is_empty() && !host.contains('/') && !host.bytes().any(|b| b.is_ascii_uppercase()));
            }
            for segment in &server.base.segments {
                prop_assert!(segment.literal() != Some("..") || url.contains('%'));
            }
        }
    }

    #[test]
    fn a_url_reads_back(
        scheme in "https?", host in "[a-z]{1,8}(\\.[a-z]{2,5}){0,2}", port in proptest::option::of(1u16..),
        base in proptest::collection::vec("[a-zA-Z0-9_-]{1,6}", 0..4),
    ) {
        let at = port.map_or_else(String::new, |port| format!(":{port}"));
        let path: String = base.iter().map(|part| format!("/{part}")).collect();
        let servers = expand(&format!("{scheme}://{host}{at}{path}"), None, &mut Warnings::default());
        prop_assert_eq!(servers.len(), 1);
        prop_assert_eq!(&servers[0].base, &PathTemplate::parse(&path));
        let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
        let service = ServiceId { host: host.clone(), port: port.unwrap_or_else(|| scheme.default_port()), scheme };
        prop_assert_eq!(&servers[0].host, &HostPattern::Exact(host, service.odd_port()));
        prop_assert!(servers[0].host.takes(&service));
    }
}
