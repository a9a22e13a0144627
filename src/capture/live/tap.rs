//! One interface that is listened on, and all that was lost there.
//!
//! In: a name and options. Out: a libpcap handle that does not block, and counters that neither wrap nor start anew when
//! the interface vanishes and comes back.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use pcap::{Active, Capture};

use super::interfaces::{ANY, Interface, InterfaceCounts, is_up, said};
use super::kernel;
use crate::capture::{CaptureError, LinkType};

/// How interfaces are opened.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Bytes of the ring that the kernel fills, for each interface and each source.
    pub ring_bytes: usize,
    /// Take frames that are for other hosts: what a mirror port delivers.
    pub promiscuous: bool,
    /// A BPF expression that the kernel applies; empty: everything.
    pub filter: String,
    /// The filter was asked for: where it has no meaning for a link type, that is an error. Otherwise it is left out there.
    pub filter_asked: bool,
}

/// What is known of one interface. `received` by the kernel = frames read + `kernel_dropped` + those still in the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapStats {
    /// Its name.
    pub interface: String,
    /// It is open and up.
    pub up: bool,
    /// Link type of its frames.
    pub link: u16,
    /// Frames read.
    pub frames: u64,
    /// Frames for which the ring had no room.
    pub kernel_dropped: u64,
    /// Frames that card or driver dropped.
    pub interface_dropped: u64,
    /// Times at which the ring was found full.
    pub ring_full: u64,
    /// Times it came back: it was down, or gone and had to be opened again.
    pub reopened: u64,
}

/// How long the kernel holds a block of the ring that is not full. Shorter is sooner, longer is cheaper.
pub(super) const BLOCK: Duration = Duration::from_millis(50);
/// Between two looks for an interface that is gone.
const RETRY: Duration = Duration::from_secs(1);

/// Everything of a tap but its handle, which frames borrow.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) stats: TapStats,
    /// Kernel time of the link: what its frames' link type is.
    pub(super) link: LinkType,
    options: LiveOptions,
    /// The system's own counter when the tap was opened, or when it was read last.
    dropped_before: u64,
    /// Fan-out group, once joined.
    group: Option<u16>,
    retry_at: Instant,
    /// It was said already that it is gone.
    told: bool,
    /// Its handle said so and is still to be closed.
    failed: bool,
}

impl Tap {
    /// Opens an interface.
    pub(super) fn open(name: &str, options: &LiveOptions) -> Result<(Self, Capture<Active>), CaptureError> {
        let (capture, link) = open(name, options)?;
        let tap = Self {
            stats: TapStats { interface: name.to_owned(), up: is_up(name), link: link.0, ..TapStats::default() },
            link,
            options: options.clone(),
            dropped_before: InterfaceCounts::of(name).dropped,
            group: None,
            retry_at: Instant::now(),
            told: false,
            failed: false,
        };
        if !tap.stats.up {
            tracing::warn!(interface = name, "the interface is down; nothing will be seen until it is up");
        }
        Ok((tap, capture))
    }

    /// Shares frames with the other members of a group; a new one where none is named. Tells which.
    pub(super) fn join(&mut self, capture: &Capture<Active>, group: Option<u16>) -> std::io::Result<u16> {
        let joined = kernel::join_fanout(capture.as_fd(), group)?;
        self.group = Some(joined);
        Ok(joined)
    }

    /// Reads the counters of kernel and system. Those of the kernel start anew at each question, those of the system
    /// when the interface is made anew.
    pub(super) fn count(&mut self, capture: Option<&Capture<Active>>) {
        if let Some(counts) = capture.and_then(|capture| kernel::ring_counts(capture.as_fd()).ok()) {
            self.stats.kernel_dropped += u64::from(counts.dropped);
            self.stats.ring_full += u64::from(counts.full);
        }
        let dropped = InterfaceCounts::of(&self.stats.interface).dropped;
        self.stats.interface_dropped += dropped.checked_sub(self.dropped_before).unwrap_or(dropped);
        self.dropped_before = dropped;
        let up = capture.is_some() && is_up(&self.stats.interface);
        // One that is set down and up again needs no new handle; that it was is worth knowing all the same.
        match (self.stats.up, up) {
            (true, false) if capture.is_some() => {
                tracing::warn!(
                    interface = self.stats.interface,
                    "the interface is down; nothing is seen until it is up"
                );
            }
            (false, true) if capture.is_some() => {
                self.stats.reopened += 1;
                tracing::warn!(interface = self.stats.interface, "the interface is up again");
            }
            _ => {}
        }
        self.stats.up = up;
    }

    /// The handle is of no use any more.
    pub(super) fn lost(&mut self, why: &str) {
        self.failed = true;
        self.stats.up = false;
        self.retry_at = Instant::now() + RETRY;
        if !self.told {
            self.told = true;
            tracing::warn!(interface = self.stats.interface, "{why}; it is looked for once a second");
        }
    }

    /// What was counted so far is forgotten.
    pub(super) fn start_counting(&mut self, capture: Option<&Capture<Active>>) {
        self.count(capture);
        let TapStats { interface, up, link, .. } = std::mem::take(&mut self.stats);
        self.stats = TapStats { interface, up, link, ..TapStats::default() };
    }

    /// Its handle failed since this was asked last.
    pub(super) const fn failed(&mut self) -> bool {
        std::mem::replace(&mut self.failed, false)
    }

    /// Opens it again, where it is time to and it is there.
    pub(super) fn reopen(&mut self) -> Option<Capture<Active>> {
        if Instant::now() < self.retry_at {
            return None;
        }
        self.retry_at = Instant::now() + RETRY;
        if !is_up(&self.stats.interface) {
            return None;
        }
        let (capture, link) =
            open(&self.stats.interface, &self.options).inspect_err(|error| tracing::debug!("{error}")).ok()?;
        if let Some(group) = self.group
            && let Err(error) = self.join(&capture, Some(group))
        {
            // Another member still holds the group with the interface that is gone; it will let go within a second.
            tracing::debug!(%error, "fan-out cannot be joined yet");
            return None;
        }
        self.link = link;
        self.stats.link = link.0;
        self.stats.reopened += 1;
        self.stats.up = true;
        self.told = false;
        tracing::warn!(interface = self.stats.interface, "the interface is back, and open again");
        Some(capture)
    }
}

fn open(name: &str, options: &LiveOptions) -> Result<(Capture<Active>, LinkType), CaptureError> {
    let failed = |error: pcap::Error| open_error(name, &said(error));
    let mut capture = Capture::from_device(name)
        .map_err(failed)?
        // Whole packets, those that a card put together included.
        .snaplen(262_144)
        // The device for all interfaces has no such mode, and libpcap calls that a failure.
        .promisc(options.promiscuous && name != ANY)
        // Not immediate: that would silently fall back to the older ring.
        .timeout(i32::try_from(BLOCK.as_millis()).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.ring_bytes).unwrap_or(i32::MAX))
        .precision(pcap::Precision::Nano)
        .open()
        .map_err(failed)?
        .setnonblock()
        .map_err(failed)?;
    let link = LinkType::of_platform(capture.get_datalink().0);
    if !options.filter.is_empty()
        && let Err(error) = capture.filter(&options.filter, true)
    {
        if options.filter_asked {
            return Err(CaptureError::Filter { expression: options.filter.clone(), what: said(error) });
        }
        tracing::info!(
            interface = name,
            link = link.0,
            "the default filter has no meaning for this link type: all is read"
        );
    }
    Ok((capture, link))
}

/// One sentence with the mend.
fn open_error(name: &str, what: &str) -> CaptureError {
    let exists = || Interface::list().is_ok_and(|all| all.iter().any(|interface| interface.name == name));
    let lower = what.to_ascii_lowercase();
    let mend = if lower.contains("permi") || lower.contains("cap_net_raw") {
        "run as root, or give the program the one capability it needs: setcap cap_net_raw=ep".to_owned()
    } else if exists() {
        "see `shadowtap interfaces`".to_owned()
    } else {
        let names: Vec<String> =
            Interface::list().unwrap_or_default().into_iter().map(|interface| interface.name).collect();
        format!("there is no such interface; there are {}", names.join(", "))
    };
    CaptureError::Input(format!("-i {name}: cannot be opened ({what}): {mend}"))
}
