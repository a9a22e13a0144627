//! `shadowtap check`: listens for some seconds and says what could be seen there, what could not, and what would serve better.
//!
//! It is a run like any other, thrown away at the end: what it tells is what `watch` would have met.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use crossbeam_channel::unbounded;

use super::args::Check;
use super::log::say;
use super::outputs::to_stdout;
use super::privileges::{self, Plan};
use super::run::Verdict;
use super::settings;
use super::watch::{control, give_up, open, share_out, told};
use crate::api::Direction;
use crate::capture::LiveSource;
use crate::engine::{Board, Settings, listen};
use crate::inventory::{Inventory, Snapshot};
use crate::merge::Merge;
use crate::report::{CaptureSummary, visible};

/// Names listed of one sort.
const NAMED: usize = 8;

/// Listens, and says what it was like.
pub(super) fn check(flags: &Check) -> anyhow::Result<Verdict> {
    let interfaces = flags.listening.interface.len();
    let settings = settings::live(&flags.reading, flags.listening.workers, interfaces, Settings::REPLAY_KEY)?;
    let said = settings::policy(&flags.said)?;
    settings.rules.take_up(said.networks, said.noise);
    let plan = Plan { user: flags.user.clone(), sandbox: !flags.no_sandbox, ..Plan::default() };
    privileges::check(&plan)?;
    let mut sources = open(&flags.listening, &settings)?;
    give_up(&plan)?;
    let how = share_out(&mut sources, flags.listening.fanout, &settings)?;
    sources.iter_mut().for_each(LiveSource::start_counting);
    let inventory = Arc::new(Inventory::new(&settings.limits, Vec::new()));
    let board = Arc::new(Board::new(sources.len(), settings.workers, "", interfaces as u64));
    let (tell, heard) = unbounded();
    control::watch(tell, true, false, None).context("signals cannot be watched")?;
    say(format_args!("listening on {} for {}: {how}", told(&sources), flags.span));
    let stop = Arc::clone(&settings.stop);
    let started = Instant::now();
    let capture = {
        let (inventory, board) = (Arc::clone(&inventory), Arc::clone(&board));
        thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || listen(&mut sources, &settings, &inventory, &board))?
    };
    // Ctrl-C ends it early, and what was seen is told all the same.
    let _ = heard.recv_timeout(Duration::from_nanos(flags.span.nanos()));
    let listened = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    let errors =
        capture.join().map_err(|_| anyhow::anyhow!("the capture stopped unexpectedly; please report this"))??;
    let (capture, snapshot) = (board.summary(), inventory.snapshot());
    let seen = Seen { capture: &capture, snapshot: &snapshot, seconds: listened.as_secs_f64().max(0.001) };
    to_stdout(|out| out.write_all(seen.tell().as_bytes()))?;
    errors.iter().for_each(|error| eprintln!("error: {error}"));
    Ok(if errors.is_empty() { Verdict::Fine } else { Verdict::Failed })
}

/// What was seen, and for how long.
struct Seen<'s> {
    capture: &'s CaptureSummary,
    snapshot: &'s Snapshot,
    seconds: f64,
}

impl Seen<'_> {
    fn tell(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, what: String| {
            if !what.is_empty() {
                let _ = writeln!(text, "{name:<14}{what}");
            }
        };
        row("traffic", self.traffic());
        for tap in &self.capture.taps {
            let lost = format!(
                "{} frames read, {} dropped by the kernel, {} by the interface, ring full {} times{}",
                tap.frames,
                tap.kernel_dropped,
                tap.interface_dropped,
                tap.ring_full,
                if tap.up { "" } else { "; down" }
            );
            row(&tap.interface, lost);
        }
        row("connections", self.connections());
        row("payload", self.payload());
        row("tunnels", self.tunnels());
        row("hosts", self.hosts());
        row("directions", self.directions());
        row("networks", self.networks());
        row("not readable", self.unreadable());
        row("ports", self.ports());
        let advice = self.advice();
        if advice.is_empty() {
            text.push_str("\nNothing stands in the way: this is a good place to listen.\n");
        } else {
            text.push_str("\nWhat would serve better:\n");
            for line in advice {
                let _ = writeln!(text, "- {}", visible(&line));
            }
        }
        text
    }

    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    fn traffic(&self) -> String {
        let packets = &self.capture.packets;
        let skipped: u64 = packets.skipped.values().sum();
        format!(
            "{:.0} packets/s, {:.1} Mbit/s ({} TCP, {} UDP, {} other IP, {} not IP, {} skipped)",
            packets.seen as f64 / self.seconds,
            self.capture.bytes as f64 * 8.0 / 1e6 / self.seconds,
            packets.tcp,
            packets.udp,
            packets.other_ip,
            packets.not_ip,
            skipped
        )
    }

    fn connections(&self) -> String {
        let of = |name: &str| self.counter(name);
        let all = of("flow.connections");
        if all == 0 {
            return "none".to_owned();
        }
        let mut kinds = vec![];
        for (name, counter) in [
            ("HTTP/1", "proto.connections_http"),
            ("TLS", "proto.connections_tls"),
            ("HTTP/2", "proto.connections_http2"),
            ("other protocols", "proto.connections_not_http"),
            ("not decided", "proto.connections_undecided"),
        ] {
            if of(counter) > 0 {
                kinds.push(format!("{name} {}", of(counter)));
            }
        }
        let sides = share(of("flow.one_sided"), all);
        format!("{all}, {sides} of them with one direction only{}", list(": ", &kinds))
    }

    fn payload(&self) -> String {
        let payload = &self.capture.payload;
        if payload.captured == 0 {
            return String::new();
        }
        let of = |bytes| share(bytes, payload.captured);
        let missing = self.capture.missing.percent(payload.captured);
        format!(
            "{} read, {} TLS, {} not HTTP, {} duplicates; {missing:.2} % more is missing",
            of(payload.parsed + payload.skipped),
            of(payload.opaque),
            of(payload.not_http),
            of(payload.duplicate),
        )
    }

    fn tunnels(&self) -> String {
        let kinds: Vec<String> = self
            .capture
            .counters
            .iter()
            .filter_map(|(name, frames)| Some(format!("{} {frames} frames", name.strip_prefix("decode.tunnel_")?)))
            .collect();
        list("", &kinds)
    }

    fn hosts(&self) -> String {
        let mut services: Vec<_> = self.snapshot.services.iter().collect();
        services.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.id.cmp(&b.id)));
        let named: Vec<String> = services
            .iter()
            .map(|service| format!("{} ({} requests)", visible(&service.id.to_string()), service.requests))
            .collect();
        list("", &named)
    }

    /// Which way requests went: by the policy's networks, where there is one.
    fn directions(&self) -> String {
        let mut sums: BTreeMap<Direction, u64> = BTreeMap::new();
        let all = self.snapshot.services.iter().map(|service| service.traffic.clients.directions.clone());
        all.for_each(|directions| Merge::merge(&mut sums, directions.into_iter().collect()));
        list(
            "",
            &sums.iter().map(|(direction, requests)| format!("{} {requests}", direction.name())).collect::<Vec<_>>(),
        )
    }

    /// Where clients called from.
    fn networks(&self) -> String {
        let mut sums: BTreeMap<Box<str>, u64> = BTreeMap::new();
        let all = self.snapshot.services.iter().map(|service| service.traffic.clients.networks.clone());
        all.for_each(|networks| Merge::merge(&mut sums, networks.into_iter().collect()));
        list("", &sums.iter().map(|(name, requests)| format!("{} {requests}", visible(name))).collect::<Vec<_>>())
    }

    fn unreadable(&self) -> String {
        let mut services: Vec<_> = self.snapshot.opaque.iter().collect();
        services.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.cmp(b)));
        let named: Vec<String> = services
            .iter()
            .map(|service| {
                let name = service.name.as_deref().unwrap_or(&service.server);
                format!("{} ({})", visible(name), service.kind)
            })
            .collect();
        list("", &named)
    }

    fn ports(&self) -> String {
        let mut ports: BTreeSet<u16> = BTreeSet::new();
        let servers = self.snapshot.services.iter().flat_map(|service| &service.servers);
        for server in servers.chain(self.snapshot.opaque.iter().map(|service| &service.server)) {
            ports.extend(server.parse::<std::net::SocketAddr>().ok().map(|server| server.port()));
        }
        list("", &ports.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// What stands in the way, the worst first.
    fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        let (packets, payload) = (&self.capture.packets, &self.capture.payload);
        let more_than = |part: u64, whole: u64, percent: u64| whole > 0 && part * 100 > whole * percent;
        if packets.seen == 0 {
            advice.push(
                "Nothing came. Is the mirror session set to send to this port, and is the interface up? `shadowtap interfaces` \
                 shows where traffic flows."
                    .to_owned(),
            );
            return advice;
        }
        if packets.tcp == 0 {
            advice.push(
                "No TCP came: this looks like a port of its own and not like a mirror. Mirror the ports of the API servers, or \
                 of the load balancer before them, to it."
                    .to_owned(),
            );
        }
        let connections = self.counter("flow.connections");
        if more_than(self.counter("flow.one_sided"), connections, 20) {
            advice.push(
                "Many connections show one direction only, and an endpoint needs both: mirror what is received and what is sent \
                 (rx and tx), or listen on the other interface too (-i once more)."
                    .to_owned(),
            );
        }
        if more_than(payload.duplicate, payload.captured, 20) {
            advice.push(
                "Much of the payload comes twice: the mirror copies packets as they enter and as they leave. They are counted \
                 once, and cost twice: mirror one of the two."
                    .to_owned(),
            );
        }
        if more_than(payload.opaque, payload.captured, 50) {
            advice.push(
                "Most of the payload is TLS, which cannot be read: listen behind where it ends, between the load balancer (or \
                 ingress, or sidecar) and the services."
                    .to_owned(),
            );
        }
        if payload.captured > 0 && self.counter("proto.connections_http") == 0 {
            advice.push(
                "No HTTP/1 was met. If APIs are called here, they speak something else, or they are encrypted."
                    .to_owned(),
            );
        }
        // The report's own, which name their mends.
        advice.extend(self.capture.warnings.iter().filter(|line| !line.contains("direction only")).cloned());
        advice
    }

    fn counter(&self, name: &str) -> u64 {
        self.capture.counters.get(name).copied().unwrap_or_default()
    }
}

/// Some of many.
fn list(before: &str, all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
    format!("{before}{}{more}", all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}
