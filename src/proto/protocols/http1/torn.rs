//! Pairing where heads were lost: what a hole leaves undecided waits until the two sides agree again.
//!
//! Before a hole the order of requests is the order of answers. Behind one it is not known how many requests, or how
//! many answers, it took; and what is found behind it may be quoted in a body that has lost its head. So what is found
//! waits for the next *rest*: a moment when the client asks and had received all that the server said, message ends
//! included. Who asks then has all his answers, so that before it the last answer belongs to the last request, and
//! behind it order holds again. A client that never pipelines rests at each of its requests.
//!
//! ```text
//!  client   1  2  [hole]  4  5        | 6
//!  server   1  2   3?  4  5           |
//!           by order      from behind | rest
//! ```

use super::pairing::{Answer, Pairing, Slot, SlotId};
use crate::flow::Side;
use crate::proto::exchange::Message;

/// What was lost since the last rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Torn {
    /// Bytes of requests, among which at least so many whole or begun requests were.
    asked: Option<u32>,
    /// The same of answers.
    answered: Option<u32>,
    /// The server has said something since the last request was lost.
    advanced: bool,
    /// Interim answers before the next answer whose request is not known.
    interims: u32,
}

/// What of an exchange waits for a rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Waits {
    /// Nothing: its place is known.
    #[default]
    No,
    /// Its place: it stands behind the last hole of its side.
    Behind,
    /// Its place: a hole of its side stands before it, another behind it.
    Between,
    /// It was never said, and goes unreported.
    Void,
}

impl Pairing {
    /// Heads of `side` were lost, at least so many.
    pub(super) fn tear(&mut self, side: Side, least: u32) {
        let torn = self.torn.get_or_insert_default();
        match side {
            Side::Client => {
                torn.asked = Some(torn.asked.unwrap_or(0).saturating_add(least));
                torn.advanced = false;
            }
            Side::Server => {
                torn.answered = Some(torn.answered.unwrap_or(0).saturating_add(least));
                torn.advanced = true;
            }
        }
        for slot in &mut self.slots {
            if slot.waits == Waits::Behind && slot.exchange.request.is_some() == (side == Side::Client) {
                slot.waits = Waits::Between;
            }
        }
        for _ in 0..least {
            // Stands where it was, to be counted.
            let id = self.push(None, crate::proto::exchange::Oddities::default());
            if let Some(slot) = self.slot(id) {
                (slot.lost, slot.waits, slot.answer) = (Some(side), Waits::Between, Answer::Over);
            }
        }
    }

    /// Heads were lost since the last rest.
    pub(super) const fn is_torn(&self) -> bool {
        self.torn.is_some()
    }

    /// What a new request waits for.
    pub(super) fn waits(&self) -> Waits {
        if self.torn.is_some_and(|torn| torn.asked.is_some()) { Waits::Behind } else { Waits::No }
    }

    /// The request that the next answer belongs to, as far as order tells.
    pub(super) fn expected(&self) -> Option<SlotId> {
        if self.torn.is_some_and(|torn| torn.answered.is_some()) {
            return None;
        }
        let at = self.slots.iter().position(|slot| slot.answer == Answer::Awaited)?;
        self.slots.get(at).filter(|slot| slot.waits == Waits::No)?;
        Some(self.name(at))
    }

    /// An answer whose request is not known yet.
    pub(super) fn hold(&mut self, response: Message, oddities: crate::proto::exchange::Oddities) -> SlotId {
        let interims = self.torn.as_mut().map_or(0, |torn| {
            torn.advanced = true;
            std::mem::take(&mut torn.interims)
        });
        let id = self.push(None, oddities);
        if let Some(slot) = self.slot(id) {
            slot.answer = Answer::Begun;
            slot.waits = Waits::Behind;
            slot.exchange.response = Some(response);
            slot.exchange.interim = interims;
        }
        id
    }

    /// The server has answered.
    pub(super) const fn advance(&mut self) {
        if let Some(torn) = &mut self.torn {
            torn.advanced = true;
        }
    }

    /// An interim answer.
    pub(super) fn interim(&mut self) {
        if let Some((_, slot)) = self.awaiting() {
            slot.exchange.interim += 1;
        } else if let Some(torn) = &mut self.torn {
            torn.interims += 1;
        }
    }

    /// Whether it can be a rest when the client asks now, having received all, and the server is between two answers.
    pub(super) fn may_rest(&self) -> bool {
        let Some(torn) = self.torn else { return true };
        // What was lost was asked, too; and what was asked and is not answered must have its answer in a hole.
        (torn.asked.is_none() || torn.advanced)
            && (torn.answered.is_some()
                || !self.slots.iter().any(|s| s.answer == Answer::Awaited && s.waits == Waits::No))
    }

    /// Decides what waits. `rest`: all that was asked is answered. `silent`: the server never says anything here.
    pub(super) fn settle_torn(&mut self, rest: bool, silent: bool) {
        let Some(torn) = self.torn.take() else { return };
        let these = |fits: &dyn Fn(&Slot) -> bool| -> Vec<usize> {
            self.slots.iter().enumerate().filter(|(_, slot)| fits(slot)).map(|(at, _)| at).collect()
        };
        let asks = |slot: &Slot| {
            slot.lost == Some(Side::Client) || (awaited(slot) && torn.asked.is_some() == (slot.waits != Waits::No))
        };
        let answers = |slot: &Slot| {
            slot.lost == Some(Side::Server) || (slot.waits != Waits::No && slot.exchange.response.is_some())
        };
        let (all_asked, all_answers) = (these(&asks), these(&answers));
        let found = these(&|slot| asks(slot) && slot.lost.is_none() && slot.waits != Waits::Between);
        let given = these(&|slot| answers(slot) && slot.lost.is_none() && slot.waits != Waits::Between);
        let fits = match (torn.asked, torn.answered) {
            (Some(least), None) => given.len().saturating_sub(least as usize),
            // Who asked one thing, whose answer is lost, has no second answer: that is quoted in the first.
            (None, Some(least)) if all_asked.len() <= least.min(1) as usize => 0,
            (None, Some(_)) if given.len() <= found.len() => given.len(),
            _ => 0,
        };
        let one_sided = torn.asked.is_some() != torn.answered.is_some();
        let pairs: Vec<(usize, usize)> = if one_sided && all_asked.len() == all_answers.len() {
            // As many of each: nothing but what is known was lost.
            all_asked.into_iter().zip(all_answers).collect()
        } else {
            let fits = fits.min(found.len());
            let last = |all: Vec<usize>| all.into_iter().rev().take(fits);
            last(found).zip(last(given)).collect()
        };
        // An answer alone was given where a request is missing, and is quoted where none is.
        let alone = torn.asked.is_some() && torn.answered.is_none();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let told = match (slot.lost, slot.waits) {
                (Some(_), _) | (_, Waits::Void) => false,
                (_, Waits::No) => true,
                _ if slot.exchange.request.is_none() => alone,
                _ => silent || pairs.iter().any(|pair| pair.0 == at),
            };
            if slot.answer == Answer::Awaited || !told {
                slot.answer = Answer::Over;
            }
            if slot.lost.is_none() && slot.waits != Waits::No && slot.waits != Waits::Void {
                let request = slot.exchange.request.is_some();
                let count = if request { &mut self.counts.requests } else { &mut self.counts.responses };
                *count -= u64::from(!told).min(*count);
                self.counts.orphan_responses += u64::from(told && !request);
            }
            slot.asked |= !told;
            slot.waits = if told { Waits::No } else { Waits::Void };
        }
        if rest {
            pairs.into_iter().for_each(|(question, answer)| self.join(question, answer));
        }
    }

    /// Gives a request its answer.
    fn join(&mut self, question: usize, answer: usize) {
        if self.slots.get(question).is_none_or(|slot| slot.lost.is_some()) {
            return;
        }
        let Some(from) = self.slots.get_mut(answer).filter(|slot| slot.lost.is_none()) else { return };
        let was = std::mem::replace(&mut from.waits, Waits::Void);
        let (response, oddities, state) = (from.exchange.response.take(), from.exchange.oddities, from.answer);
        let interims = from.exchange.interim;
        if was == Waits::Void {
            self.counts.responses += 1;
        } else {
            self.counts.orphan_responses -= self.counts.orphan_responses.min(1);
        }
        if let Some(to) = self.slots.get_mut(question) {
            to.exchange.response = response;
            to.exchange.interim += interims;
            to.exchange.oddities.add(oddities);
            to.answer = state;
        }
    }
}

/// Asked, and not answered yet.
fn awaited(slot: &Slot) -> bool {
    slot.answer == Answer::Awaited && slot.exchange.request.is_some()
}
