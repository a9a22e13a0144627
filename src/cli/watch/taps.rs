//! Opens the interfaces, and decides who shares their packets out: the kernel or we.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::capture::{LinkType, LiveOptions, LiveSource, PacketSource};
use crate::cli::args::{Fanout, Listening};
use crate::engine::{Settings, Survey};

/// How long the wire is looked at before that is decided.
const LOOK: Duration = Duration::from_secs(1);

/// Frames that tell what a wire is like.
const ENOUGH: u64 = 1_000;

/// One source a worker where the kernel may share out, else one. Nothing is read yet: that is for a process that has
/// given up its privileges.
pub(in crate::cli) fn open(listening: &Listening, settings: &Settings) -> anyhow::Result<Vec<LiveSource>> {
    let mut names: Vec<String> = Vec::new();
    for name in &listening.interface {
        anyhow::ensure!(!names.contains(name), "-i {name}: named twice");
        names.push(name.clone());
    }
    anyhow::ensure!(
        names.len() == 1 || !names.iter().any(|name| name == "any"),
        "-i any: takes in all interfaces; name it alone"
    );
    let options = LiveOptions {
        ring_bytes: listening.ring_size,
        promiscuous: !listening.no_promiscuous,
        filter: listening.filter.clone().unwrap_or_else(|| settings.decode.capture_filter()),
        filter_asked: listening.filter.is_some(),
    };
    let sockets = if listening.fanout == Fanout::Off { 1 } else { usize::from(listening.workers) };
    let stop: &Arc<AtomicBool> = &settings.stop;
    Ok((0..sockets).map(|_| LiveSource::open(&names, &options, stop)).collect::<Result<_, _>>()?)
}

/// Decides, and says how it was decided.
pub(in crate::cli) fn share_out(
    sources: &mut Vec<LiveSource>,
    fanout: Fanout,
    settings: &Settings,
) -> anyhow::Result<String> {
    let workers = settings.workers;
    let [first, _, ..] = &mut sources[..] else {
        return Ok(match workers {
            1 => "1 worker".to_owned(),
            _ => format!("{workers} workers, one reader shares out to them"),
        });
    };
    if fanout == Fanout::Auto {
        let Survey { frames, hidden } = Survey::of(first, &settings.decode, &settings.limits, LOOK);
        let why = if frames < ENOUGH {
            // What comes later may hide its flows, and to be wrong then costs more than a thread that shares out.
            format!("{frames} frames in {}s are too few to tell whether tunnels hide flows", LOOK.as_secs())
        } else if hidden * 100 > frames {
            // One in a hundred: what is left over is not worth the other ninety-nine.
            format!("{hidden} of the first {frames} frames hide their flows in a tunnel")
        } else {
            String::new()
        };
        if !why.is_empty() {
            sources.truncate(1);
            return Ok(format!("{workers} workers, one reader shares out to them ({why})"));
        }
    }
    LiveSource::fan_out(sources)?;
    Ok(format!("{workers} workers, the kernel shares out to them"))
}

/// The interfaces, as they were opened.
pub(in crate::cli) fn told(sources: &[LiveSource]) -> String {
    let taps = sources.first().map(PacketSource::taps).unwrap_or_default();
    let names = taps.iter().map(|tap| {
        let link = link_name(LinkType(tap.link));
        let down = if tap.up { "" } else { ", down" };
        format!("{} ({link}{down})", tap.interface)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A link type for people.
pub(in crate::cli) fn link_name(link: LinkType) -> String {
    match link {
        LinkType::ETHERNET => "Ethernet".to_owned(),
        LinkType::LINUX_SLL => "Linux cooked".to_owned(),
        LinkType::LINUX_SLL2 => "Linux cooked 2".to_owned(),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => "raw IP".to_owned(),
        LinkType::IEEE802_11 | LinkType::RADIOTAP => "IEEE 802.11".to_owned(),
        other => other.name().map_or_else(|| format!("link type {}", other.0), str::to_owned),
    }
}
