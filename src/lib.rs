//! Passive API discovery: listens on a mirror port or replays captures, without touching the traffic, keeps an inventory
//! of every API in use, and holds it against the declared specs. What nobody wrote down is a *shadow*.
//!
//! Two towers on one ground. This page is the map.
//!
//! ```text
//!   floor
//!    10                  main
//!     9                  cli                        what was typed, what will run
//!     8                 engine                      threads; stands on both towers
//!     7   observe          |     web                what an exchange means  | pages
//!     6   proto            |     report  store      what both sides said    | told, kept
//!     5   tls              |     findings           recognised              | judged
//!     4   flow             |     diff               in order                | compared
//!     3   decode           |     spec   policy   inventory   peeled         | promised, said, seen
//!     2   capture          |      contract  api      frames                 | what a promise demands, the words for APIs
//!     1      time     limits     carry     merge    the ground: small files, imports from each other at most
//!
//!         WIRE: bytes to speech     MEANING: speech to judgement       bridge: observe -> api
//! ```
//!
//! **The law.** A room looks upstream for types, never downstream: it may name the room its input comes from, never the
//! room its output goes to; downstream rooms plug in through a trait that the upstream room owns. Only [`observe`] (an
//! exchange becomes an observation), [`engine`] (which assembles) and [`cli`] (which sets up) know both towers. `mod.rs` is a room's door:
//! `mod` lines and `pub use`. A shelf (a plural folder) keeps its table in its `mod.rs`.
//!
//! # A packet's way
//!
//! [`engine`]'s reader asks a [`capture::PacketSource`] for the next frame, which borrows the source's buffer. Its time
//! goes through [`time::Clock`], which does not believe one packet that claims to be from next year.
//! [`decode::Decoder`] peels headers until a TCP [`decode::Segment`] is left, its payload still inside the frame.
//! [`flow::FlowKey::shard`] picks the worker: with one, it is called directly and nothing is copied; with several, the
//! segment goes into a recycled batch, the one copy of the packet path. [`flow::FlowTable`] puts both directions in order and
//! lends the bytes to [`proto::Sessions`], which detects what is spoken and lets a [`proto::Protocol`] read it.
//! A finished [`proto::Exchange`] goes to [`observe::Observer`]: values end there. The [`api::Observation`] is noted in the
//! worker's [`inventory::Delta`], under the declared template that takes its path, or under what is learned; about
//! once a second of packet time the delta is absorbed by the shared [`inventory::Inventory`].
//!
//! # A report's way
//!
//! [`spec::load`] reads documents, [`spec::SpecIndex`] compiles them; its pins are the declared templates that the inventory
//! knows first, and what each demands ([`contract`]) goes with them: [`api::Promise`]. While an exchange is at hand, whoever notes it asks its
//! [`api::Witness`] to hold it against the promise that takes it; of that only facts remain ([`api::Fact`]), counted with the operation. At the end [`diff::compare`] holds a frozen [`inventory::Snapshot`] against the index: facts.
//! [`findings::judge`] runs the rules over them: opinions, with evidence. [`report::Report::draw_up`] puts together all that
//! may be printed, and a [`report::Reporter`] writes it for one medium. While a capture runs, [`web`] hands it and the
//! figures behind it to monitors.
//!
//! A JSON report is read back by the commands that tell about endpoints (`report/readback/`): by what stands in it, not by the types
//! that wrote it, so that reports of near versions can be read.
//!
//! # What outlives a run
//!
//! [`store::save`] writes the growing tallies of the inventory, not a snapshot of them, into one file: whole or not at all, while
//! workers go on. [`store::load`] checks it and puts an inventory together under today's bounds and declarations, which a
//! new run goes on with; what it adds counts on top.
//!
//! # What holds everywhere
//!
//! - *The ledger.* Each captured TCP payload byte has one class ([`flow::ByteClass`]), each packet one class or reason. Missing
//!   bytes stand beside it. `tests/ledger.rs` adds it up.
//! - *Repeatable.* The same capture and settings give the same bytes, whatever the number of workers: a flow's result depends
//!   on its own segments alone, everything shared only merges ([`merge::Merge`]), all output is sorted.
//! - *Bounded.* Every bound is a field of [`limits::Limits`]; when one is met it is counted and shown.
//! - *Private.* No value that crossed the wire is kept: a text of a value class is its class from first sight.
//!
//! # Where the house was changed on purpose
//!
//! - `StreamConsumer` books the bytes it uses in a ledger that it is handed, and hears of the end of a side: the classes of bytes
//!   are known where they are read, and until-close bodies end at a FIN.
//! - `StreamConsumer` is told what the sender of the newest bytes had received (`heard`): behind a hole that is all that
//!   tells whose answer is whose (`proto/protocols/http1/torn.rs`).
//! - Order between the two directions is causal: mirror ports deliver them out of step, so a segment waits for the peer's bytes
//!   that it acknowledges, within a grace, and is delivered with its own time.
//! - `flow/ages.rs` holds connections in lists by age, where a timing wheel was drawn: a packet moves its connection to the end
//!   of a list, what is due stands in front. A worker's flows, with all that their sessions hold, lie within one bound.
//! - A tunnel is a row with its carriers, and several may share one (all that ride on GRE do): a peel that meets another's
//!   header says `Malformed`, and the next is asked. `Decoder` is handed `DecodeOptions`: what the user knows of the network.
//! - `decode/link.rs` became the shelf `decode/links/`: forty link types are more than one file.
//! - Directions that came under different scopes are joined in `flow/siblings.rs`, where their numbers answer each other. So
//!   the shard of a flow does not look at its scope.
//! - Time is believed in the reader (`time::Clock`), before any room sees it; flows are forgotten by the slowest tap's time.
//! - `Pin`, `HostPattern` and `Routes` (templates compiled into a tree) live in [`api`]: `spec` makes pins, `inventory` holds
//!   them, and neither names the other.
//! - `Rule` has no `before` and no clock: its time is that of the last packet. It brings the words for its ids along
//!   ([`findings::RuleText`]), so that `explain`, the policy and suppressions know what there is; what a rule's severity is by the policy, and
//!   what is suppressed, [`findings::judge`] asks after all of them.
//! - `transactions` streams from [`engine`] through a sorted spool, not through a `Reporter`: its order must not depend on workers.
//! - `SpecFormat::read` is handed a resolver of references; `ScopeItem` lives in [`diff`], which judges by it.
//! - A list of recorded requests (HAR) is templated as traffic is: `spec` owns the trait [`spec::Learner`], and `engine/lessons.rs`,
//!   which knows both towers, sends them through the observer into an inventory of their own.
//! - tokio serves one thread of [`cli`], for signals and the sockets of [`web`], which names hyper and no router: four pages
//!   need none. No packet meets it.
//! - Unsafe code stands in one file, `capture/live/kernel.rs`: two socket options that no library wraps.
//! - Templates: `inventory/tree.rs` keeps words and value classes; at a snapshot `fold.rs` makes places of what was answered, and
//!   folds them from the root down as `evidence.rs` judges: figures of each word (`lexicon.rs`, `profile.rs`, `crowd.rs`) with the
//!   weights of `weights.rs`, and what words alike in all say together (`alike.rs`). Services of one host that answer at one address learn together, whatever the ports in their names. With the
//!   feature `teach`, `inventory/teach.rs` tells the figures, so that weights can be fitted anew (`benches/accuracy/`).
//! - Bodies are drawn by a keyed hash into rounds ([`api::Draw`]); sums of rounds merge, where a list of the smallest hashes was drawn.
//! - Retired specs are an index of their own, asked only where no spec in force takes an operation; their templates go to the inventory as
//!   those of users do, which declare nothing.
//! - The inventory knows which declarations were there from the first (`inventory/firm.rs`), so that `diff` concludes nothing of what was folded
//!   before it was declared.
//! - Drift is found where values are, exchange by exchange, and not from what was learned: an enum, a range, a pattern cannot be held against classes
//!   of values. `observe` lends what was said (`observe/witness.rs`), `inventory` knows whose declaration takes it and counts the facts under a digest of that
//!   (`inventory/drifts.rs`); a declaration that changes begins anew. What a declaration demands is compiled by [`spec`] into the room [`contract`].
//! - Of a HAR file paths are learned as traffic's are: [`spec`] owns the trait, `engine/lessons.rs` brings the learner.
//! - [`policy`] is what users say of their world (networks, owners, templates), of findings (severities, thresholds, suppressions). It names
//!   rules and does not know them: [`findings::understands`] looks them up. Networks and rules of templates are words of
//!   [`api`], so that neither `observe` nor `inventory` names it.
//! - A record that is put away is bytes, as a state file would hold them (`inventory/slot.rs`): a hundred thousand operations fit
//!   a GiB so. A snapshot holds body shapes likewise (`inventory/bodies.rs`) and a report opens one after the other.
//! - [`store`] is one file and no database: a sensor has one state, which is replaced whole.
//! - `fleet` is not built yet.

#![deny(unsafe_code)]
#![warn(missing_docs, unreachable_pub, unused_qualifications)]
#![warn(clippy::use_self, clippy::manual_let_else, clippy::or_fun_call, clippy::needless_pass_by_ref_mut)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

pub mod carry;
pub mod limits;
pub mod merge;
pub mod time;

pub mod capture;
pub mod decode;
pub mod flow;
pub mod proto;
pub mod tls;

pub mod api;
pub mod observe;

pub mod contract;
pub mod diff;
pub mod findings;
pub mod inventory;
pub mod policy;
pub mod report;
pub mod spec;
pub mod store;
pub mod web;

pub mod cli;
pub mod engine;
