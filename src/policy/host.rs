//! How a host is written in a policy: `shop.example`, `shop.example:8080`, `*.shop.example`, `{tenant}.shop.example`, `[::1]:80`.

use std::net::IpAddr;

use crate::api::{HostPattern, Piece, TemplateSegment};

/// Reads one, in the spelling that services have. The error says what is wrong with it.
pub(super) fn read(text: &str) -> Result<HostPattern, String> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@')) {
        return Err(format!("'{text}' is no host"));
    }
    let (name, port) = split_port(text)?;
    if let Some(below) = name.strip_prefix("*.") {
        let rest = format!(".{}", spelt(below)?);
        let pieces = vec![Piece::Variable("*".to_owned()), Piece::Literal(rest)];
        return Ok(HostPattern::Template(TemplateSegment(pieces), port));
    }
    if name.contains('*') {
        return Err(format!("'{text}': a star stands alone in front, as in *.example.com"));
    }
    if name.contains('{') {
        let TemplateSegment(mut pieces) = TemplateSegment::parse(name);
        for piece in &mut pieces {
            if let Piece::Literal(part) = piece {
                if part.contains(['{', '}']) {
                    return Err(format!("'{text}': a brace is not closed"));
                }
                *part = part.to_ascii_lowercase();
            }
        }
        return Ok(HostPattern::Template(TemplateSegment(pieces), port));
    }
    Ok(HostPattern::Exact(spelt(name)?, port))
}

/// The port behind the last colon, unless that belongs to an IPv6 address.
fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    let Some((name, digits)) = text.rsplit_once(':') else { return Ok((text, None)) };
    if text.parse::<IpAddr>().is_ok() || text.ends_with(']') {
        return Ok((text, None));
    }
    match digits.parse::<u16>() {
        Ok(port) if port > 0 => Ok((name, Some(port))),
        _ => Err(format!("'{text}': '{digits}' is no port")),
    }
}

fn spelt(name: &str) -> Result<String, String> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => return Ok(address.to_string()),
        Ok(IpAddr::V6(address)) => return Ok(format!("[{address}]")),
        Err(_) => {}
    }
    let ascii = idna::domain_to_ascii(name.trim_end_matches('.')).map_err(|_| format!("'{name}' is no host"))?;
    if ascii.is_empty() || ascii.contains([':', '[', ']']) { Err(format!("'{name}' is no host")) } else { Ok(ascii) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Scheme, ServiceId};

    fn takes(pattern: &str, host: &str, port: u16) -> bool {
        read(pattern).unwrap().means(&ServiceId { host: host.to_owned(), port, scheme: Scheme::Http })
    }

    #[test]
    fn hosts_are_spelt_as_services_are() {
        assert!(
            takes("Shop.Example.", "shop.example", 80) && takes("b\u{fc}cher.example", "xn--bcher-kva.example", 80)
        );
        assert!(takes("shop.example:8080", "shop.example", 8080) && !takes("shop.example:8080", "shop.example", 8081));
        assert!(takes("*.shop.example", "a.b.shop.example", 80) && !takes("*.shop.example", "shop.example", 80));
        assert!(!takes("*.shop.example", "badshop.example", 80), "the dot stays with the suffix");
        assert!(takes("{tenant}.Shop.example", "a.shop.example", 80));
        assert!(takes("::1", "[::1]", 80) && takes("[::0001]:81", "[::1]", 81) && !takes("[::1]:81", "[::1]", 82));
        assert!(takes("10.0.0.7:80", "10.0.0.7", 80));
    }

    #[test]
    fn a_port_that_is_named_is_that_port() {
        // Catches a rule for one port that takes what answers at the scheme's own, and one without a port that takes only that.
        for pattern in ["pay.example:8080", "*.example:8080", "{x}.example:8080"] {
            for (port, fits) in [(8080, true), (80, false), (443, false), (8081, false)] {
                assert_eq!(takes(pattern, "pay.example", port), fits, "{pattern} {port}");
            }
        }
        let secure = ServiceId { host: "pay.example".to_owned(), port: 443, scheme: Scheme::Https };
        assert!(read("pay.example:443").unwrap().means(&secure) && !read("pay.example:80").unwrap().means(&secure));
        assert!(takes("pay.example", "pay.example", 8080) && takes("*.example", "pay.example", 80));
    }

    #[test]
    fn what_is_no_host_is_said() {
        for odd in ["", "a b", "http://a.example", "a.*.example", "a:x", "a:0", "{a.example", "[::g]"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
