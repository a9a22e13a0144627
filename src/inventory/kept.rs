//! All that is known, as records that can be written down and read back: what a state file is made of.
//!
//! A state is a list of [`Kept`] records and not one value: a service is told record by record, so neither writing nor
//! reading needs the whole twice, and what reads them back can stop at any bound. They hold the growing tallies and
//! not the snapshot made of them: two states add up, and are folded when the whole is read.
//!
//! The order: figures of the whole, which declarations were known from the first, clients, opaque services; then service by service: its head, what was recorded under
//! declarations, the tree of paths from the root down, the unknown paths. Every list is sorted, so that equal
//! inventories are equal records. A declared template stands before the first record under it.
//!
//! Names, shapes, counts and keyed hashes; no value that crossed the wire (there is none in the inventory).

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Window};
use super::opaque;
use super::path_values::PathValues;
use super::pins::Written;
use super::signals::Client;
use super::sketch::Distinct;
use super::tally::Head;
use crate::api::{SegmentClass, ServiceId};

/// No count of requests can be greater: it takes twenty years at a hundred thousand a second. So a million of them add
/// up without a thought of overflow.
pub(super) const MOST: u64 = 1 << 46;

/// One record of a state. What it says is the inventory's own business; it can be written down and read back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept<'k>(pub(super) Part<'k>);

// The order of variants and fields is the format of state files: whoever changes it gives the format a new number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Part<'k> {
    Whole(Whole),
    Client(u64, Cow<'k, Client>),
    Opaque(SocketAddr, Option<Cow<'k, str>>, Cow<'k, str>, Cow<'k, opaque::Seen>),
    /// A declared template; the first is number 0.
    Pin(Written<'k>),
    /// A service begins.
    Service(Cow<'k, ServiceId>, Cow<'k, Head>),
    /// Under the declared template of this number.
    Declared(u32, Cow<'k, str>, Cow<'k, Entry>),
    /// A place of the tree: so deep below the root, by this step, standing for these texts, which were like this.
    Place(usize, Step<'k>, Cow<'k, Distinct>, Option<Cow<'k, PathValues>>),
    /// At the place told last; before any, at the root.
    Learned(Cow<'k, str>, Cow<'k, Entry>),
    /// Path, method.
    Unknown(Cow<'k, str>, Cow<'k, str>, Cow<'k, Entry>),
    /// Digests of declared templates that were known from the first; told behind the figures of the whole.
    Firm(Cow<'k, [u64]>),
}

/// What is known beside services and clients.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Whole {
    pub(super) window: Window,
    pub(super) exchanges: u64,
    pub(super) unnamed: u64,
    pub(super) other_services: u64,
    pub(super) other_clients: u64,
    pub(super) other_opaque: u64,
}

/// A step down the tree of paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step<'k> {
    Word(Cow<'k, str>),
    Class(SegmentClass, Cow<'k, str>),
    /// To what stands for the words that found no room.
    Rest,
}

/// A record says what no inventory can have told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsound(pub(super) &'static str);

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unsound {}

/// Fails with `what` unless it is so.
pub(super) fn must(sound: bool, what: &'static str) -> Result<(), Unsound> {
    if sound { Ok(()) } else { Err(Unsound(what)) }
}
