//! Which response answers which request: by order. What holes leave of that is decided in `torn.rs`.
//!
//! INVARIANT: slots stand in order of requests; only the front leaves. A response goes to the first slot without one,
//! so a slot that is answered never stands behind one that is not, save for responses without any request.

use std::collections::VecDeque;

use super::torn::{Rest, Torn, Waits};
use crate::flow::{Connection, Side};
use crate::proto::exchange::{Exchange, ExchangeSink, Message, Oddities};
use crate::proto::protocol::{Outlet, ProtoCounts};

/// One exchange in the making.
pub(super) struct Slot {
    pub(super) exchange: Exchange,
    /// The request is read, or will not come.
    pub(super) asked: bool,
    /// How far its response is.
    pub(super) answer: Answer,
    /// How many bytes the server had sent when this was asked.
    pub(super) server_at: u64,
    /// Where its request stands, or where there is none its answer, or the hole that it is.
    pub(super) place: Place,
    /// What of it is not decided yet.
    pub(super) waits: Waits,
    /// Its request was certainly said: it began when the client had been told all that it waited for.
    pub(super) sure: bool,
    /// It is no exchange but a hole of this side, in which at least so many heads were.
    pub(super) lost: Option<(Side, u32)>,
}

/// Where something stands in the stream of its side, and how much of the other side its sender had received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) from: u64,
    pub(super) upto: u64,
    pub(super) heard: Option<u64>,
}

/// How far a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing of it was seen.
    Awaited,
    /// Its head is read.
    Begun,
    /// It is whole, or no more of it will come.
    Over,
}

/// Names a slot for as long as it stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotId(u64);

/// The exchanges of one connection that are not reported yet.
pub(super) struct Pairing {
    connection: Connection,
    pub(super) slots: VecDeque<Slot>,
    /// Number of slots that have left.
    left: u64,
    next_index: u32,
    /// Responses still owed to requests that were reported without waiting for them.
    owed: u64,
    /// What was lost since order was known last.
    pub(super) torn: Torn,
    /// Lent for the length of a call; see `swap_spares`.
    spare: Vec<Message>,
    pub(super) counts: ProtoCounts,
}

impl Pairing {
    pub(super) fn new(connection: &Connection, first: u32) -> Self {
        Self {
            connection: *connection,
            slots: VecDeque::new(),
            left: 0,
            next_index: first,
            owed: 0,
            torn: Torn::default(),
            spare: Vec::new(),
            counts: ProtoCounts::default(),
        }
    }

    /// Borrows the worker's spare messages at the start of a call, and gives them back at its end.
    pub(super) const fn swap_spares(&mut self, out: &mut Outlet<'_>) {
        std::mem::swap(&mut self.spare, out.spares);
    }

    /// Memory taken by what is not reported yet.
    pub(super) fn held(&self) -> usize {
        let of = |message: &Option<Message>| message.as_ref().map_or(0, Message::capacity);
        let messages = |slot: &Slot| of(&slot.exchange.request) + of(&slot.exchange.response);
        self.slots.capacity() * size_of::<Slot>() + self.slots.iter().map(messages).sum::<usize>()
    }

    /// A message to fill, from those that were reported before.
    pub(super) fn message(&mut self) -> Message {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a message back. Large buffers go: a quiet connection must cost little.
    pub(super) fn recycle(&mut self, mut message: Message) {
        message.clear();
        if self.spare.len() < SPARES && message.capacity() <= SPARE_BYTES {
            self.spare.push(message);
        }
    }

    /// A request's head was read.
    pub(super) fn ask(
        &mut self,
        request: Message,
        oddities: Oddities,
        place: Place,
        sure: bool,
        server_at: u64,
    ) -> SlotId {
        self.counts.requests += 1;
        let waits = self.note_asked(place);
        let id = self.push(Some(request), oddities);
        if let Some(slot) = self.slot(id) {
            slot.server_at = server_at;
            slot.place = place;
            slot.sure = sure;
            slot.waits = waits;
        }
        id
    }

    pub(super) fn push(&mut self, request: Option<Message>, oddities: Oddities) -> SlotId {
        let exchange = Exchange {
            connection: self.connection,
            index: 0,
            request,
            response: None,
            interim: 0,
            encrypted: false,
            oddities,
        };
        if self.slots.capacity() == 0 {
            // Who does not pipeline needs one; a queue grows to four at once.
            self.slots.reserve_exact(1);
        }
        let asked = exchange.request.is_none();
        self.slots.push_back(Slot {
            asked,
            exchange,
            answer: Answer::Awaited,
            server_at: 0,
            place: Place::default(),
            waits: Waits::No,
            sure: false,
            lost: None,
        });
        SlotId(self.left + self.slots.len() as u64 - 1)
    }

    /// The name of the slot at a place in the queue.
    pub(super) const fn name(&self, at: usize) -> SlotId {
        SlotId(self.left + at as u64)
    }

    /// The request that the next answer belongs to.
    pub(super) fn awaiting(&mut self) -> Option<(SlotId, &mut Slot)> {
        let id = self.expected()?;
        Some((id, self.slot(id)?))
    }

    /// Some request waits for an answer, of which it is not decided which.
    pub(super) fn pipelines(&self) -> bool {
        self.slots.iter().any(|slot| slot.answer == Answer::Awaited)
    }

    /// A final response's head was read; `None` when it belongs to a request that was reported without it.
    pub(super) fn answer(&mut self, response: Message, oddities: Oddities, place: Place) -> Option<SlotId> {
        self.counts.responses += 1;
        self.torn.announced = false;
        if self.owed > 0 {
            self.owed -= 1;
            self.recycle(response);
            return None;
        }
        let id = match self.expected() {
            Some(id) => id,
            None if self.is_torn() => return Some(self.hold(response, oddities, place)),
            None => {
                self.counts.orphan_responses += 1;
                self.push(None, oddities)
            }
        };
        if let Some(slot) = self.slot(id) {
            slot.answer = Answer::Begun;
            slot.exchange.oddities.add(oddities);
            slot.exchange.response = Some(response);
        }
        Some(id)
    }

    /// The next response answers a request that was reported already.
    pub(super) const fn owes(&self) -> bool {
        self.owed > 0
    }

    /// The answers to what was asked before the server had sent `server_at` bytes lie in a hole: whoever asks again
    /// has read them (nobody pipelines), and we have not.
    pub(super) fn lose_answers(&mut self, server_at: u64) {
        for slot in self.slots.iter_mut().filter(|slot| slot.answer == Answer::Awaited && slot.server_at < server_at) {
            slot.answer = Answer::Over;
        }
    }

    /// After a hole nothing is known of what is owed.
    pub(super) const fn forget_debts(&mut self) {
        self.owed = 0;
    }

    /// Gives up waiting for the oldest until the rest keeps the bounds.
    pub(super) fn keep_bounds(&mut self, most: usize, most_bytes: usize, silent: bool) {
        let mut over = self.slots.len().saturating_sub(most.max(1));
        let mut held: usize = self.slots.iter().skip(over).map(|slot| weight(&slot.exchange)).sum();
        while held > most_bytes && over + 1 < self.slots.len() {
            held -= self.slots.get(over).map_or(0, |slot| weight(&slot.exchange));
            over += 1;
        }
        if over > 0 && self.is_torn() {
            // Nothing can be decided any more of what was asked so far. What leaves is cut, as below: a request that goes on
            // must not hold back all that comes behind it.
            self.settle(Rest::Full, silent);
        }
        for slot in self.slots.iter_mut().take(over) {
            slot.asked = true;
            if slot.answer == Answer::Awaited {
                self.owed += 1;
            }
            slot.answer = Answer::Over;
        }
    }

    pub(super) fn slot(&mut self, id: SlotId) -> Option<&mut Slot> {
        let at = id.0.checked_sub(self.left)?;
        self.slots.get_mut(usize::try_from(at).ok()?)
    }

    /// Nothing more will come of any.
    pub(super) fn give_up(&mut self, silent: bool) {
        self.settle(Rest::Over, silent);
        for slot in &mut self.slots {
            slot.asked = true;
            slot.answer = Answer::Over;
        }
    }

    /// Reports what can teach nothing more, in order.
    pub(super) fn report(&mut self, out: &mut dyn ExchangeSink) {
        let ready = |slot: &Slot| {
            slot.waits == Waits::Void || (slot.asked && slot.answer == Answer::Over && slot.waits == Waits::No)
        };
        while self.slots.front().is_some_and(ready) {
            let Some(slot) = self.slots.pop_front() else { return };
            self.left += 1;
            let mut exchange = slot.exchange;
            if slot.waits == Waits::Void {
                exchange.request.take().into_iter().chain(exchange.response.take()).for_each(|m| self.recycle(m));
                continue;
            }
            exchange.index = self.next_index;
            self.next_index = self.next_index.saturating_add(1);
            for (count, (kind, _)) in self.counts.oddities.iter_mut().zip(Oddities::ALL) {
                *count += u64::from(exchange.oddities.has(kind));
            }
            self.counts.unanswered += u64::from(exchange.response.is_none());
            out.exchange(&exchange);
            exchange.request.take().into_iter().chain(exchange.response.take()).for_each(|m| self.recycle(m));
        }
        if self.slots.is_empty() && self.slots.capacity() > QUEUE {
            self.slots = VecDeque::new();
        }
    }
}

/// What an exchange holds, roughly.
fn weight(exchange: &Exchange) -> usize {
    let of = |message: &Option<Message>| message.as_ref().map_or(0, Message::held);
    of(&exchange.request) + of(&exchange.response)
}

/// Room for this many exchanges is kept while none is under way.
const QUEUE: usize = 4;
/// Messages kept for another use, by one worker.
const SPARES: usize = 32;
/// Largest buffers that are kept.
const SPARE_BYTES: usize = 16 << 10;
