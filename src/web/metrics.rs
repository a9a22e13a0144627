//! Figures as OpenMetrics text, for Prometheus and its kin.
//!
//! What is exposed (a test compares this table with it). A family whose labels are in the table has a series for each of
//! their values that exists; `shadow`, `zombie`, `orphan` and `matched` are missing where no spec was given, and all of a
//! report's figures before the first report.
//!
//! | metric | type | labels | what |
//! | --- | --- | --- | --- |
//! | `shadowtap_build_info` | info | `version` | Which shadowtap this is; always 1. |
//! | `shadowtap_packets_total` | counter | `class` | Packets, by class: tcp, udp, other_ip, not_ip, skipped. Their sum is all packets. |
//! | `shadowtap_skipped_packets_total` | counter | `reason` | Packets of class skipped, by reason. |
//! | `shadowtap_frame_bytes_total` | counter | | Frame bytes as captured. |
//! | `shadowtap_payload_bytes_total` | counter | `class` | TCP payload bytes, by class: parsed, skipped, opaque, not_http, duplicate, discarded. |
//! | `shadowtap_waiting_bytes` | gauge | | TCP payload bytes that have no class yet. |
//! | `shadowtap_missing_bytes_total` | counter | `kind` | TCP payload bytes that were sent and not captured: gaps (holes), cut (by the snap length). |
//! | `shadowtap_last_packet_timestamp_seconds` | gauge | | Time of the last packet, in seconds since 1970; missing before the first. |
//! | `shadowtap_interface_up` | gauge | `interface` | 1: the interface is there and up. |
//! | `shadowtap_interface_frames_total` | counter | `interface` | Frames read. |
//! | `shadowtap_interface_kernel_dropped_frames_total` | counter | `interface` | Frames for which the kernel had no room in the ring. |
//! | `shadowtap_interface_dropped_frames_total` | counter | `interface` | Frames that the card or its driver dropped. |
//! | `shadowtap_interface_ring_full_total` | counter | `interface` | Times the ring was found full. |
//! | `shadowtap_interface_reopened_total` | counter | `interface` | Times the interface went and was opened again. |
//! | `shadowtap_input_errors` | gauge | | Inputs that cannot be read. |
//! | `shadowtap_warnings` | gauge | | Warnings in a report drawn now: what was lost or looks wrong. |
//! | `shadowtap_events_total` | counter | `room`, `name` | Counters of each room, as in the report's capture.counters; one that is not here is 0. |
//! | `shadowtap_endpoints` | gauge | | Endpoints. |
//! | `shadowtap_shadow_endpoints` | gauge | | Endpoints that no spec declares. |
//! | `shadowtap_zombie_endpoints` | gauge | | Endpoints in use that a spec declares deprecated. |
//! | `shadowtap_orphan_endpoints` | gauge | | Declared endpoints that are not in use. |
//! | `shadowtap_matched_endpoints` | gauge | | Endpoints that match their declaration. |
//! | `shadowtap_requests` | gauge | | Requests in the report. |
//! | `shadowtap_shadow_requests` | gauge | | Requests to shadow endpoints. |
//! | `shadowtap_service_requests` | gauge | `service` | Requests by service: the ten with the most. |
//! | `shadowtap_announced_endpoints_total` | counter | | Shadow endpoints that were announced. |
//! | `shadowtap_reports_written_total` | counter | | Reports written. |
//! | `shadowtap_reports_failed_total` | counter | | Reports that could not be written. |
//! | `shadowtap_specs_reloaded_total` | counter | | Times changed specs were loaded. |
//! | `shadowtap_specs_refused_total` | counter | | Times changed specs could not be read, and the old ones stayed. |
//!
//! Names of services are the only text from the wire. Whoever sends packets chooses them, so they are few, short and
//! without what terminals and pages obey; the library escapes what OpenMetrics itself would misread.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Registry;

use super::served::Figures;
use crate::report::{TapSummary, visible};

/// The type of [`exposition`].
pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures as OpenMetrics text.
///
/// # Errors
/// None that is known: the text goes to memory.
pub(super) fn exposition(figures: Figures) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("shadowtap");
    registry.register_collector(Box::new(Sheet(figures)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Sheet(Figures);

impl Collector for Sheet {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        page.build()?;
        self.wire(&mut page)?;
        self.interfaces(&mut page)?;
        self.report(&mut page)?;
        self.acts(&mut page)
    }
}

impl Sheet {
    /// What the capture is like.
    fn wire(&self, page: &mut Page<'_>) -> fmt::Result {
        let capture = &self.0.capture;
        let (packets, payload, missing) = (&capture.packets, &capture.payload, &capture.missing);
        page.counters(
            ("packets", "Packets, by class: tcp, udp, other_ip, not_ip, skipped. Their sum is all packets."),
            [
                ([("class", "tcp")], packets.tcp),
                ([("class", "udp")], packets.udp),
                ([("class", "other_ip")], packets.other_ip),
                ([("class", "not_ip")], packets.not_ip),
                ([("class", "skipped")], packets.skipped.values().sum()),
            ],
        )?;
        page.counters(
            ("skipped_packets", "Packets of class skipped, by reason."),
            packets.skipped.iter().map(|(reason, count)| ([("reason", label(reason))], *count)),
        )?;
        page.counter(("frame_bytes", "Frame bytes as captured."), capture.bytes)?;
        page.counters(
            ("payload_bytes", "TCP payload bytes, by class: parsed, skipped, opaque, not_http, duplicate, discarded."),
            [
                ([("class", "parsed")], payload.parsed),
                ([("class", "skipped")], payload.skipped),
                ([("class", "opaque")], payload.opaque),
                ([("class", "not_http")], payload.not_http),
                ([("class", "duplicate")], payload.duplicate),
                ([("class", "discarded")], payload.discarded),
            ],
        )?;
        page.gauge(("waiting_bytes", "TCP payload bytes that have no class yet."), payload.waiting)?;
        page.counters(
            (
                "missing_bytes",
                "TCP payload bytes that were sent and not captured: gaps (holes), cut (by the snap length).",
            ),
            [([("kind", "gaps")], missing.gaps), ([("kind", "cut")], missing.cut)],
        )?;
        if let Some(last) = capture.last {
            let help = "Time of the last packet, in seconds since 1970; missing before the first.";
            page.seconds(("last_packet_timestamp_seconds", help), last.nanos())?;
        }
        page.gauge(("input_errors", "Inputs that cannot be read."), capture.input_errors.len() as u64)?;
        page.gauge(
            ("warnings", "Warnings in a report drawn now: what was lost or looks wrong."),
            capture.warnings.len() as u64,
        )?;
        page.counters(
            ("events", "Counters of each room, as in the report's capture.counters; one that is not here is 0."),
            capture.counters.iter().map(|(name, count)| {
                let (room, name) = name.split_once('.').unwrap_or(("", name));
                ([("room", label(room)), ("name", label(name))], *count)
            }),
        )
    }

    fn interfaces(&self, page: &mut Page<'_>) -> fmt::Result {
        // The same series twice makes a scraper refuse the whole page: an interface that is tapped twice is one here.
        let mut taps: BTreeMap<String, TapSummary> = BTreeMap::new();
        for tap in &self.0.capture.taps {
            let sum =
                taps.entry(label(&tap.interface)).or_insert_with(|| TapSummary { up: true, ..TapSummary::default() });
            sum.up &= tap.up;
            sum.frames += tap.frames;
            sum.kernel_dropped += tap.kernel_dropped;
            sum.interface_dropped += tap.interface_dropped;
            sum.ring_full += tap.ring_full;
            sum.reopened += tap.reopened;
        }
        let each = |of: fn(&TapSummary) -> u64| {
            taps.iter().map(move |(name, tap)| ([("interface", name.as_str())], of(tap))).collect::<Vec<_>>()
        };
        page.gauges(("interface_up", "1: the interface is there and up."), each(|tap| tap.up.into()))?;
        page.counters(("interface_frames", "Frames read."), each(|tap| tap.frames))?;
        page.counters(
            ("interface_kernel_dropped_frames", "Frames for which the kernel had no room in the ring."),
            each(|tap| tap.kernel_dropped),
        )?;
        page.counters(
            ("interface_dropped_frames", "Frames that the card or its driver dropped."),
            each(|tap| tap.interface_dropped),
        )?;
        page.counters(("interface_ring_full", "Times the ring was found full."), each(|tap| tap.ring_full))?;
        page.counters(
            ("interface_reopened", "Times the interface went and was opened again."),
            each(|tap| tap.reopened),
        )
    }

    /// What the last report says.
    fn report(&self, page: &mut Page<'_>) -> fmt::Result {
        if let Some(headline) = &self.0.headline {
            page.gauge(("endpoints", "Endpoints."), headline.endpoints)?;
            page.gauge(("requests", "Requests in the report."), headline.requests)?;
            // Without specs a 0 would say that all is well.
            if headline.judged {
                page.gauge(("shadow_endpoints", "Endpoints that no spec declares."), headline.shadow)?;
                page.gauge(("zombie_endpoints", "Endpoints in use that a spec declares deprecated."), headline.zombie)?;
                page.gauge(("orphan_endpoints", "Declared endpoints that are not in use."), headline.orphan)?;
                page.gauge(("matched_endpoints", "Endpoints that match their declaration."), headline.matched)?;
                page.gauge(("shadow_requests", "Requests to shadow endpoints."), headline.shadow_requests)?;
            }
        }
        page.gauges(
            ("service_requests", "Requests by service: the ten with the most."),
            self.top().iter().map(|(name, requests)| ([("service", name.as_str())], *requests)),
        )
    }

    /// The services with the most requests, by name. Long names that begin alike are one here, as their series would be.
    fn top(&self) -> BTreeMap<String, u64> {
        let mut all: Vec<_> = self.0.top.iter().collect();
        all.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        let mut top = BTreeMap::new();
        for (name, requests) in all.into_iter().take(SERVICES) {
            *top.entry(label(name)).or_default() += requests;
        }
        top
    }

    /// What was done about it.
    fn acts(&self, page: &mut Page<'_>) -> fmt::Result {
        let Figures { announced, reports, specs, .. } = &self.0;
        page.counter(("announced_endpoints", "Shadow endpoints that were announced."), *announced)?;
        page.counter(("reports_written", "Reports written."), reports.done)?;
        page.counter(("reports_failed", "Reports that could not be written."), reports.failed)?;
        page.counter(("specs_reloaded", "Times changed specs were loaded."), specs.done)?;
        page.counter(("specs_refused", "Times changed specs could not be read, and the old ones stayed."), specs.failed)
    }
}

/// Writes families of metrics, each with its name (the prefix and `_total` are the library's) and its help.
struct Page<'a>(DescriptorEncoder<'a>);

type About = (&'static str, &'static str);

impl Page<'_> {
    fn family(&mut self, (name, help): About, kind: MetricType) -> Result<MetricEncoder<'_>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn build(&mut self) -> fmt::Result {
        self.family(("build", "Which shadowtap this is; always 1."), MetricType::Info)?
            .encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }

    fn counter(&mut self, about: About, value: u64) -> fmt::Result {
        count(&mut self.family(about, MetricType::Counter)?, value)
    }

    fn counters<L: EncodeLabelSet>(&mut self, about: About, all: impl IntoIterator<Item = (L, u64)>) -> fmt::Result {
        let mut family = self.family(about, MetricType::Counter)?;
        for (labels, value) in all {
            count(&mut family.encode_family(&labels)?, value)?;
        }
        Ok(())
    }

    fn gauge(&mut self, about: About, value: u64) -> fmt::Result {
        self.family(about, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn gauges<L: EncodeLabelSet>(&mut self, about: About, all: impl IntoIterator<Item = (L, u64)>) -> fmt::Result {
        let mut family = self.family(about, MetricType::Gauge)?;
        for (labels, value) in all {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn seconds(&mut self, about: About, nanos: u64) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "OpenMetrics has seconds as floats; a microsecond is left")]
        let seconds = nanos as f64 / 1e9;
        self.family(about, MetricType::Gauge)?.encode_gauge(&seconds)
    }
}

fn count(metric: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    metric.encode_counter(&value, None::<&Exemplar<[(&str, &str); 0], u64>>)
}

/// A text as a label: nothing invisible, at most [`LABEL`] characters.
fn label(text: &str) -> String {
    // A name may be 64 KiB long, and escapes only make it longer.
    let head = text.char_indices().nth(LABEL).and_then(|(at, _)| text.get(..at));
    let shown = visible(head.unwrap_or(text));
    if head.is_none() && shown.chars().nth(LABEL).is_none() {
        return shown.into_owned();
    }
    shown.chars().take(LABEL - MORE.len()).chain(MORE.chars()).collect()
}

/// Services that are named.
const SERVICES: usize = 10;
/// Characters of a label, before OpenMetrics' own escapes.
const LABEL: usize = 100;
/// Ends a label that was cut.
const MORE: &str = "...";

#[cfg(test)]
mod tests;
