//! The report for an inventory of software: a CycloneDX 1.6 document of services, one's own and those of third parties.
//!
//! | where | what |
//! | --- | --- |
//! | `serialNumber` | made from the id of the capture: the same capture has the same |
//! | `metadata` | `timestamp` of the last packet, the tool |
//! | `services[].name`, `bom-ref`, `provider` | the host; the service as all reports name it; the owner by the policy |
//! | `endpoints` | a URL for each template with an endpoint, braces percent-encoded; methods share one |
//! | `authenticated` | `true` where every success was asked for with credentials, `false` where one was not; left out where there was none |
//! | `x-trust-boundary` | some request crossed from or to a network that is not one's own; left out where the way of none is known |
//! | `data` | classes of sensitive data in parameters and bodies: `inbound` in requests, `outbound` in answers, `bi-directional` in both |
//! | `properties` | `shadowtap:direction`, `environment`, `spec`s that cover it, `requests`, endpoints by verdict; `connections` of a third party that could not be read |
//!
//! Third parties whose traffic could not be read (TLS) stand behind, by the name that was asked for. One's own services that
//! could not be read are in the JSON report, under `opaque`.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Serialize;
use sha2::Digest as _;

use super::escape::visible;
use super::json::Careful;
use super::uri;
use crate::api::{AuthScheme, DataClass, DataClasses, Direction, Shape};
use crate::diff::{Coverage, Pairing};
use crate::report::contents::{Endpoint, Report, rfc3339_text};
use crate::report::identity::ThirdParty;
use crate::report::reporter::{Reporter, Style};

/// The report for an inventory of software.
#[derive(Clone, Copy, Debug)]
pub(super) struct CycloneDx;

impl Reporter for CycloneDx {
    fn name(&self) -> &'static str {
        "cyclonedx"
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.cyclonedx+json; version=1.6"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let bom = Bom {
            schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: serial(&report.capture.id),
            version: 1,
            metadata: Metadata {
                timestamp: report.capture.last.map(rfc3339_text),
                tools: Tools {
                    components: [Component {
                        r#type: "application",
                        name: env!("CARGO_PKG_NAME"),
                        version: env!("CARGO_PKG_VERSION"),
                    }],
                },
            },
            services: Services(report),
        };
        bom.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Careful::new()))?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    services: Services<'a>,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    tools: Tools,
}

#[derive(Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Serialize)]
struct Component {
    r#type: &'static str,
    name: &'static str,
    version: &'static str,
}

/// Made one after the other while they are written.
struct Services<'a>(&'a Report<'a>);

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ServiceOut {
    bom_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Provider>,
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoints: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_trust_boundary: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data: Vec<Data>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Provider {
    name: String,
}

#[derive(Serialize)]
struct Data {
    flow: &'static str,
    classification: &'static str,
}

#[derive(Serialize)]
struct Property {
    name: String,
    value: String,
}

impl Serialize for Services<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let services = &report.compared.services;
        let mut endpoints: Vec<Vec<(&Endpoint<'_>, &Pairing<'_>)>> = services.iter().map(|_| Vec::new()).collect();
        for endpoint in &report.endpoints {
            let Some(pairing) = report.compared.pairings.get(endpoint.pairing) else { continue };
            endpoints.get_mut(pairing.service).into_iter().for_each(|list| list.push((endpoint, pairing)));
        }
        let read = services.iter().zip(&endpoints).enumerate();
        let read = read.map(|(at, (coverage, endpoints))| ServiceOut::of(report, at, coverage, endpoints));
        let unread = report.identities.third_parties.iter().filter(|party| party.connections > 0);
        serializer.collect_seq(read.chain(unread.map(ServiceOut::unread)))
    }
}

impl ServiceOut {
    fn of(
        report: &Report<'_>,
        at: usize,
        coverage: &Coverage<'_>,
        endpoints: &[(&Endpoint<'_>, &Pairing<'_>)],
    ) -> Self {
        let service = coverage.service;
        let identity = report.identities.services.get(at).cloned().unwrap_or_default();
        // They stand in order of template, so that methods of one stand together.
        let mut urls: Vec<String> =
            endpoints.iter().map(|(_, pairing)| uri::endpoint(&service.id, &pairing.operation.template)).collect();
        urls.dedup();
        let mut properties = Vec::new();
        let mut say = |name: &str, value: &str| {
            properties.push(Property { name: format!("shadowtap:{name}"), value: visible(value).into_owned() });
        };
        identity.direction.into_iter().for_each(|direction| say("direction", direction.name()));
        identity.environment.into_iter().for_each(|environment| say("environment", environment));
        for spec in coverage.specs.iter().filter_map(|spec| report.compared.specs.get(*spec)) {
            say("spec", &spec.name);
        }
        say("requests", &service.requests.to_string());
        let mut verdicts = BTreeMap::new();
        for (endpoint, _) in endpoints {
            *verdicts.entry(endpoint.verdict).or_insert(0_u64) += 1;
        }
        for (verdict, count) in verdicts {
            say(&format!("endpoints:{}", verdict.name()), &count.to_string());
        }
        Self {
            bom_ref: format!("service:{}", visible(&service.id.to_string())),
            provider: identity.owner.map(|owner| Provider { name: visible(owner).into_owned() }),
            name: visible(&service.id.host).into_owned(),
            endpoints: urls,
            authenticated: authenticated(endpoints),
            x_trust_boundary: crosses(coverage),
            data: data(endpoints),
            properties,
        }
    }

    fn unread(party: &ThirdParty<'_>) -> Self {
        let say = |name: &str, value: &str| Property {
            name: format!("shadowtap:{name}"),
            value: visible(value).into_owned(),
        };
        let mut properties = vec![
            say("direction", Direction::Outbound.name()),
            say("kind", party.kind),
            say("connections", &party.connections.to_string()),
        ];
        properties.extend(party.servers.iter().map(|server| say("server", server)));
        Self {
            bom_ref: format!("third-party:{}:{}", visible(party.kind), visible(&party.name)),
            provider: None,
            name: visible(&party.name).into_owned(),
            endpoints: Vec::new(),
            authenticated: None,
            x_trust_boundary: Some(true),
            data: Vec::new(),
            properties,
        }
    }
}

/// Every success was asked for with credentials.
fn authenticated(endpoints: &[(&Endpoint<'_>, &Pairing<'_>)]) -> Option<bool> {
    let mut known = endpoints.iter().flat_map(|(_, pairing)| pairing.operation.record.auth_ok.iter()).peekable();
    known.peek()?;
    Some(!known.any(|(scheme, count)| *scheme == AuthScheme::None && *count > 0))
}

fn crosses(coverage: &Coverage<'_>) -> Option<bool> {
    let ways = &coverage.service.traffic.clients.directions;
    let mut ways = ways.iter().filter(|(_, count)| **count > 0).peekable();
    ways.peek()?;
    Some(ways.any(|(way, _)| *way != Direction::Internal))
}

/// Classes of sensitive data, and which way they go.
fn data(endpoints: &[(&Endpoint<'_>, &Pairing<'_>)]) -> Vec<Data> {
    let (mut asked, mut answered) = (DataClasses::NONE, DataClasses::NONE);
    for (_, pairing) in endpoints {
        let record = &pairing.operation.record;
        for param in &record.params {
            let side = if param.place.is_of_response() { &mut answered } else { &mut asked };
            *side = side.and(param.data);
        }
        // Opened one after the other: of a hundred thousand shapes only one is there.
        let bodies = record.bodies.open();
        bodies.asked.iter().for_each(|shape| gather(shape, &mut asked));
        bodies.answered.values().for_each(|shape| gather(shape, &mut answered));
    }
    let of = |class: DataClass| {
        let flow = match (asked.has(class), answered.has(class)) {
            (true, true) => "bi-directional",
            (true, false) => "inbound",
            (false, true) => "outbound",
            (false, false) => return None,
        };
        Some(Data { flow, classification: class.name() })
    };
    DataClass::ALL.into_iter().filter_map(of).collect()
}

/// Shapes are no deeper than `Limits` allow.
fn gather(shape: &Shape, all: &mut DataClasses) {
    *all = all.and(shape.data);
    shape.items.iter().for_each(|items| gather(items, all));
    shape.fields.values().for_each(|field| gather(field, all));
}

/// A UUID out of a digest: version 8, which is free for such (RFC 9562 section 5.8).
fn serial(capture: &str) -> String {
    let digest = sha2::Sha256::digest(format!("shadowtap cyclonedx {capture}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    let number = u128::from_be_bytes(bytes);
    // The version, and the variant 10.
    let number = number & !(0xf << 76) | 0x8 << 76;
    let number = number & !(0x3 << 62) | 0x2 << 62;
    let text = format!("{number:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_a_uuid_and_hangs_on_the_capture() {
        let one = serial("5d41402abc4b2a76");
        assert_eq!((one.len(), one.as_bytes()[23], &one[..9]), (45, b'8', "urn:uuid:"));
        assert!(b"89ab".contains(&one.as_bytes()[28]), "{one}");
        assert_ne!(one, serial("5d41402abc4b2a77"));
    }
}
