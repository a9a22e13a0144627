//! Pairing where heads were lost: what a hole leaves undecided waits until it can be known whose answer is whose.
//!
//! Before a hole the order of requests is the order of answers. Behind one it is not known how many requests, or how
//! many answers, it took; and what is found behind it may be quoted in a body that has lost its head. Two things are
//! known still, from what each packet acknowledges (RFC 9293 section 3.4): who *asks* had received so much of the answers,
//! and who *answers* had received so much of what was asked. So what is found waits for the next *rest*: a request by
//! someone who has heard more than when he asked before. All that was asked before it is answered before that place, and
//! what is in between makes one *window*. A client that never pipelines rests at each of its requests.
//!
//! ```text
//!  client   1  2  [hole]  4  5        | 6        6 had heard all up to the bar
//!  server   1  2   3?  4  5           |
//!           by order      from behind | rest
//! ```
//!
//! In a window: as many answers as requests are in order; behind the last hole the last answer is the last request's. And
//! where nobody pipelines, an answer is to what its sender had received last.

use super::align::{self, Item, Manners};
use super::pairing::{Answer, Pairing, Place, Slot, SlotId};
use crate::flow::Side;
use crate::proto::exchange::{Message, Oddities};

/// What was lost since order was known last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Torn {
    /// Slots that are holes of each side.
    holes: [u32; 2],
    /// Interim answers before the next answer whose request is not known.
    interims: u32,
    /// The last answer was an interim one.
    pub(super) announced: bool,
    /// How much of the answers the client had received when it asked last.
    heard: Option<u64>,
    /// The client has asked while an answer was due.
    pipelines: bool,
}

/// What of an exchange waits to be decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Waits {
    /// Nothing: its place is known.
    #[default]
    No,
    /// Its place: it stands behind a hole of its side, or is one.
    Behind,
    /// It was never said, and goes unreported.
    Void,
}

/// Why it is decided now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// All that was asked so far is answered before this place in the server's stream; with the last bytes before it the
    /// server had received so much, if that is known.
    Before { until: u64, received: Option<u64> },
    /// All that was asked is answered.
    All,
    /// The connection is over, and something may be missing at its end.
    Over,
    /// There is no room to wait longer.
    Full,
}

/// What was asked, and what was answered, between two rests: slots, in the order of each stream. Holes among them.
struct Window {
    asks: Vec<usize>,
    answers: Vec<usize>,
}

impl Pairing {
    /// Heads of `side` were lost, at least so many, in this part of its stream.
    pub(super) fn tear(&mut self, side: Side, hole: std::ops::Range<u64>, least: u32) {
        if side == Side::Server {
            // What they announced was in the hole.
            self.torn.interims = 0;
        }
        // Holes with nothing found between them are one.
        let last = self.slots.iter_mut().rev().find(|slot| match slot.lost {
            Some((whose, _)) => whose == side,
            None => slot.exchange.request.is_some() == (side == Side::Client),
        });
        if let Some(Slot { lost: Some((_, known)), place, waits: Waits::Behind, .. }) = last {
            *known = known.saturating_add(least);
            place.upto = hole.end;
            return;
        }
        let id = self.push(None, Oddities::default());
        if let Some(slot) = self.slot(id) {
            (slot.lost, slot.waits, slot.answer) = (Some((side, least)), Waits::Behind, Answer::Over);
            slot.place = Place { from: hole.start, upto: hole.end, heard: None };
        }
        self.torn.holes[side.index()] += 1;
    }

    /// Heads were lost since the last rest.
    pub(super) fn is_torn(&self) -> bool {
        self.torn.holes != [0, 0]
    }

    const fn holed(&self, side: Side) -> bool {
        self.torn.holes[side.index()] > 0
    }

    /// Takes note of a new request; what it waits for.
    pub(super) fn note_asked(&mut self, place: Place) -> Waits {
        self.torn.pipelines |= !self.is_torn() && self.pipelines();
        self.torn.heard = place.heard;
        if self.holed(Side::Client) { Waits::Behind } else { Waits::No }
    }

    /// The request that the next answer belongs to, as far as order tells.
    pub(super) fn expected(&self) -> Option<SlotId> {
        if self.holed(Side::Server) {
            return None;
        }
        let at = self.slots.iter().position(|slot| slot.answer == Answer::Awaited)?;
        self.slots.get(at).filter(|slot| slot.waits == Waits::No)?;
        Some(self.name(at))
    }

    /// An answer whose request is not known yet.
    pub(super) fn hold(&mut self, response: Message, oddities: Oddities, place: Place) -> SlotId {
        let interims = std::mem::take(&mut self.torn.interims);
        let id = self.push(None, oddities);
        if let Some(slot) = self.slot(id) {
            slot.answer = Answer::Begun;
            slot.waits = Waits::Behind;
            slot.place = place;
            slot.exchange.response = Some(response);
            slot.exchange.interim = interims;
        }
        id
    }

    /// The server has said last that an answer will come.
    pub(super) const fn announced(&self) -> bool {
        self.torn.announced
    }

    /// An interim answer.
    pub(super) fn interim(&mut self) {
        self.torn.announced = true;
        if let Some((_, slot)) = self.awaiting() {
            slot.exchange.interim += 1;
        } else if self.is_torn() {
            self.torn.interims += 1;
        }
    }

    /// Whether it can be a rest when the client asks now, having received so much.
    pub(super) fn may_rest(&self, heard: u64) -> bool {
        // What was asked and is not answered must have its answer in a hole.
        let due = |slot: &Slot| awaited(slot) && slot.waits == Waits::No;
        self.torn.heard.is_none_or(|before| heard > before) && (self.holed(Side::Server) || !self.slots.iter().any(due))
    }

    /// Decides what waits. `silent`: the server never says anything here.
    pub(super) fn settle(&mut self, rest: Rest, silent: bool) {
        if !self.is_torn() {
            return;
        }
        let (until, received) =
            if let Rest::Before { until, received } = rest { (until, received.unwrap_or(0)) } else { (u64::MAX, 0) };
        let these = |fits: &dyn Fn(&Slot) -> bool| -> Vec<usize> {
            self.slots.iter().enumerate().filter(|(_, slot)| fits(slot)).map(|(at, _)| at).collect()
        };
        let window = Window {
            asks: these(&|slot| slot.is_hole(Side::Client) || awaited(slot)),
            answers: these(&|slot| slot.waits == Waits::Behind && slot.is_of_server() && slot.place.from < until),
        };
        let pairs = self.pairs(&window, rest);
        let hole = |at: &usize| self.slots.get(*at).is_some_and(|slot| slot.lost.is_some());
        // An answer alone was given where a request may be missing, and may be quoted behind a hole of its own side.
        let first_hole = window.answers.iter().find(|at| hole(at)).copied();
        let alone = |at: usize| self.holed(Side::Client) && first_hole.is_none_or(|hole| at < hole);
        let told: Vec<bool> = self
            .slots
            .iter()
            .enumerate()
            .map(|(at, slot)| match (slot.lost, slot.waits) {
                (Some(_), _) | (_, Waits::Void) => false,
                (None, Waits::No) => true,
                (None, Waits::Behind) if slot.is_answer() => alone(at) || pairs.iter().any(|pair| pair.1 == at),
                (None, Waits::Behind) => silent || slot.sure || pairs.iter().any(|pair| pair.0 == at),
            })
            .collect();
        let goes_on = self.carry(&window, until, received, pairs.len());
        for (at, (slot, told)) in self.slots.iter_mut().zip(told).enumerate() {
            let later = slot.waits == Waits::Behind && slot.is_of_server() && slot.place.from >= until;
            if slot.waits == Waits::Void || later || goes_on.contains(&at) {
                continue;
            }
            if let Some((side, _)) = slot.lost {
                self.torn.holes[side.index()] -= 1;
                slot.waits = Waits::Void;
                continue;
            }
            if slot.answer == Answer::Awaited || !told {
                slot.answer = Answer::Over;
            }
            if slot.waits == Waits::Behind {
                let request = slot.exchange.request.is_some();
                let count = if request { &mut self.counts.requests } else { &mut self.counts.responses };
                *count -= u64::from(!told).min(*count);
                self.counts.orphan_responses += u64::from(told && !request);
            }
            slot.asked |= !told;
            slot.waits = if told { Waits::No } else { Waits::Void };
        }
        pairs.into_iter().for_each(|(question, answer)| self.join(question, answer));
        if rest == Rest::Full {
            // What comes now still stands behind a hole.
            for (side, list) in [(Side::Client, &window.asks), (Side::Server, &window.answers)] {
                let holes = list.iter().rev().filter_map(|at| self.slots.get(*at));
                if let Some(end) = holes.filter(|slot| slot.lost.is_some()).map(|slot| slot.place.upto).next() {
                    self.tear(side, end..end, 0);
                }
            }
        }
        if !self.is_torn() {
            self.torn.interims = 0;
        }
    }

    /// Whose answer is whose in a window: slots, where that is certain.
    fn pairs(&self, window: &Window, rest: Rest) -> Vec<(usize, usize)> {
        let items = |list: &[usize]| -> Vec<Item> {
            let item = |slot: &Slot| {
                let Place { from, upto, heard } = slot.place;
                Item { from, upto, heard, hole: slot.lost.map(|(_, least)| least) }
            };
            list.iter().filter_map(|at| self.slots.get(*at).map(item)).collect()
        };
        let (mut asks, answers) = (items(&window.asks), items(&window.answers));
        if let (Rest::Before { received, .. }, Some(Item { hole: Some(least), upto, .. })) = (rest, asks.last_mut())
            && *upto > received.unwrap_or(0)
        {
            // What was lost last may have been asked after all of this.
            *least = 0;
        }
        let patient = !self.torn.pipelines;
        let closed = matches!(rest, Rest::Before { .. } | Rest::All);
        // A server that closes may leave the last question without an answer.
        let may_be_open = !matches!(rest, Rest::Before { .. });
        // What is lost of the answers may have been interim ones, which count for nothing.
        let interim: Vec<Item> = answers.iter().map(|item| Item { hole: item.hole.map(|_| 0), ..*item }).collect();
        let certain = [(true, true), (false, true), (true, false), (false, false)]
            .into_iter()
            .filter(|&(waits, ends)| (patient || !waits) && if ends { closed } else { may_be_open })
            .flat_map(|(patient, closed)| [&answers, &interim].map(|answers| (answers, Manners { patient, closed })))
            .find_map(|(answers, manners)| align::certain(&asks, answers, manners));
        let slots = |(ask, answer): (usize, usize)| Some((*window.asks.get(ask)?, *window.answers.get(answer)?));
        certain.unwrap_or_default().into_iter().filter_map(slots).collect()
    }

    /// Holes that may belong to the next window, too: those at the end of this one.
    fn carry(&mut self, window: &Window, until: u64, received: u64, pairs: usize) -> Vec<usize> {
        if until == u64::MAX {
            return Vec::new();
        }
        let mut carried = Vec::new();
        let later =
            self.slots.iter().any(|slot| slot.is_answer() && slot.waits == Waits::Behind && slot.place.from >= until);
        let answers = window.answers.iter().filter(|at| self.slots.get(**at).is_some_and(Slot::is_answer)).count();
        let holed = answers < window.answers.len();
        if let Some(&at) = window.asks.last()
            && let Some(Slot { lost: Some((_, least)), place, .. }) = self.slots.get_mut(at)
            // What the server had received before the client heard all this was asked without having heard it.
            && place.upto > received
        {
            // What was asked in it and is answered here is not asked there.
            *least = if holed { 0 } else { least.saturating_sub((answers - pairs) as u32) };
            carried.push(at);
        }
        if let Some(&at) =
            window.answers.iter().rev().find(|at| self.slots.get(**at).is_some_and(|slot| slot.lost.is_some()))
            && let Some(Slot { lost: Some((_, least)), place, .. }) = self.slots.get_mut(at)
            && (later || place.upto > until)
        {
            *least = 0;
            carried.push(at);
        }
        carried
    }

    /// Gives a request its answer.
    fn join(&mut self, question: usize, answer: usize) {
        let Some(from) = self.slots.get_mut(answer) else { return };
        from.waits = Waits::Void;
        let (response, oddities, state) = (from.exchange.response.take(), from.exchange.oddities, from.answer);
        let interims = from.exchange.interim;
        self.counts.orphan_responses -= self.counts.orphan_responses.min(1);
        if let Some(to) = self.slots.get_mut(question) {
            to.exchange.response = response;
            if let (Some(asked), Some(given)) = (&to.exchange.request, &mut to.exchange.response)
                && asked.method() == b"HEAD"
            {
                // What was taken for its body was not.
                given.body.clear();
                (given.body_len, given.body_whole) = (0, true);
            }
            to.exchange.interim += interims;
            to.exchange.oddities.add(oddities);
            to.answer = state;
        }
    }
}

impl Slot {
    fn is_hole(&self, side: Side) -> bool {
        self.waits == Waits::Behind && self.lost.is_some_and(|(whose, _)| whose == side)
    }

    /// A hole among the answers, or one of them that has no request.
    fn is_of_server(&self) -> bool {
        self.is_hole(Side::Server) || self.is_answer()
    }

    /// An answer that has no request.
    fn is_answer(&self) -> bool {
        self.lost.is_none() && self.exchange.request.is_none()
    }
}

/// Asked, and not answered yet.
fn awaited(slot: &Slot) -> bool {
    slot.answer == Answer::Awaited && slot.exchange.request.is_some()
}
