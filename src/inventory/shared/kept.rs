//! The whole inventory told record by record while workers go on, and put together again at the next start.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use super::super::delta::Rest;
use super::super::firm::Gathered;
use super::super::kept::{Kept, MOST, Part, Unsound, Whole, must};
use super::super::opaque::Opaque;
use super::super::pins::Known;
use super::super::tally::{Growing, Numbers};
use super::{Inventory, Tally};
use crate::api::{PinId, ServiceId};
use crate::merge::Merge;

/// Digests of one record.
const FIRM: usize = 1024;

impl Inventory {
    /// Tells all that is known, a record at a time; the same for equal inventories. Workers may absorb meanwhile: no lock
    /// is held while `out` is at work, so services may be told as of different moments, each as a whole.
    ///
    /// # Errors
    /// The first of `out`.
    pub fn save<E>(&self, out: &mut dyn FnMut(&Kept<'_>) -> Result<(), E>) -> Result<(), E> {
        let (rest, other_services) = self.beside();
        out(&Kept(Part::Whole(Whole {
            window: rest.window,
            exchanges: rest.exchanges,
            unnamed: rest.unnamed,
            other_services,
            other_clients: rest.signals.more(),
            other_opaque: rest.opaque.more(),
        })))?;
        let firm: Vec<u64> = self.pins().firm().iter().copied().collect();
        firm.chunks(FIRM).try_for_each(|some| out(&Kept(Part::Firm(Cow::Borrowed(some)))))?;
        rest.signals.iter().try_for_each(|(caller, client)| out(&Kept(Part::Client(caller, Cow::Borrowed(client)))))?;
        rest.opaque.iter().try_for_each(|((server, name, kind), seen)| {
            let name = name.as_deref().map(Cow::Borrowed);
            out(&Kept(Part::Opaque(*server, name, Cow::Borrowed(kind), Cow::Borrowed(seen))))
        })?;
        drop(rest);
        let mut numbers = Numbers::default();
        for id in self.ids() {
            let Some(tally) = self.tally(&id) else { continue };
            // Asked for after the tally: every pin in it is among them.
            tally.tell(&id, &self.pins(), &mut numbers, out)?;
        }
        Ok(())
    }
}

/// Puts an inventory together from the records of [`Inventory::save`], of one state or of several: they add up. The
/// records are not believed: each is checked, and the bounds of the inventory hold all along.
#[derive(Debug)]
pub struct Restore {
    inventory: Inventory,
    known: Known,
    /// Pins of the state being read, by number.
    pins: Vec<PinId>,
    firm: Gathered,
    growing: Option<Growing>,
}

impl Restore {
    /// Onto what this inventory knows, and under its declarations: a template of the state that is declared today gets
    /// today's id, others are appended, keep their records and take nothing any more.
    #[must_use]
    pub fn onto(inventory: Inventory) -> Self {
        let known = Known::new(&inventory.pins());
        Self { inventory, known, pins: Vec::new(), firm: Gathered::default(), growing: None }
    }

    /// Takes in the next record.
    ///
    /// # Errors
    /// It says what no inventory can have told. What was taken in before is worth nothing then.
    pub fn take(&mut self, kept: Kept<'static>) -> Result<(), Unsound> {
        let limits = &self.inventory.limits;
        // A part of a service is as good as the whole, and what waits here is beside the bounds.
        if self.growing.as_ref().is_some_and(|growing| growing.bytes > limits.inventory_bytes / 8) {
            self.hand_over()?;
        }
        let limits = &self.inventory.limits;
        let growing = self.growing.as_mut().ok_or(Unsound("a record without a service"));
        match kept.0 {
            Part::Whole(whole) => {
                self.hand_over()?;
                self.growing = None;
                self.pins.clear();
                self.firm.begin();
                self.whole(whole)?;
            }
            Part::Client(caller, client) => {
                let client = client.into_owned();
                must(client.is_sound(), "a client with odd figures")?;
                let mut common = self.inventory.common();
                Arc::make_mut(&mut common.rest).signals.unite(caller, client, limits.clients);
            }
            Part::Opaque(server, name, kind, seen) => {
                must(name.as_ref().is_none_or(|name| name.len() <= Opaque::NAME_BYTES), "a name that is too long")?;
                must(kind.len() <= 16 && seen.is_sound(), "an odd service that was not read")?;
                let key = (server, name.map(|name| name.into()), Cow::Owned(kind.into_owned()));
                let mut common = self.inventory.common();
                Arc::make_mut(&mut common.rest).opaque.unite(key, seen.into_owned(), limits.opaque_services);
            }
            Part::Pin(written) => {
                let id = self.known.id(written.read()).ok_or(Unsound("too many declarations"))?;
                must(self.known.gone.len() <= limits.spec_routes, "too many declarations")?;
                self.pins.push(id);
            }
            Part::Firm(digests) => {
                must(self.firm.take(&digests, limits.spec_routes), "declarations of no state, or too many")?;
            }
            Part::Service(service, head) => {
                let next = Growing::new(service.into_owned(), head.into_owned())?;
                self.hand_over()?;
                self.growing = Some(next);
            }
            Part::Declared(number, method, entry) => {
                let pin = self.pins.get(number as usize).ok_or(Unsound("a record of no declaration"))?;
                growing?.declared(*pin, &method, entry.into_owned(), limits)?;
            }
            Part::Place(depth, step, texts, values) => {
                growing?.place(depth, step, (texts.into_owned(), values.map(Cow::into_owned)), limits)?;
            }
            Part::Learned(method, entry) => growing?.learned(&method, entry.into_owned(), limits)?,
            Part::Unknown(path, method, entry) => growing?.unknown(&path, &method, entry.into_owned(), limits)?,
        }
        Ok(())
    }

    /// The inventory, within its bounds.
    ///
    /// # Errors
    /// There is more than the bounds can have let in.
    pub fn finish(mut self) -> Result<Inventory, Unsound> {
        self.hand_over()?;
        let pins = self.inventory.pins.get_mut().unwrap_or_else(PoisonError::into_inner);
        let pins = Arc::make_mut(pins);
        pins.extend(self.known.gone);
        if let Some(firm) = self.firm.finish() {
            pins.keep_firm(&firm);
        }
        self.inventory.tidy(&mut self.inventory.common());
        Ok(self.inventory)
    }

    fn whole(&self, whole: Whole) -> Result<(), Unsound> {
        let Whole { window, exchanges, unnamed, other_services, other_clients, other_opaque } = whole;
        let counts = [exchanges, unnamed, other_services, other_clients, other_opaque];
        must(window.is_sound() && counts.iter().all(|count| *count <= MOST), "odd figures of the whole")?;
        let mut common = self.inventory.common();
        common.other_services.merge(other_services);
        let rest = Arc::make_mut(&mut common.rest);
        rest.absorb(Rest { window, exchanges, unnamed, ..Rest::default() }, &self.inventory.limits);
        rest.signals.leave_out(other_clients);
        rest.opaque.leave_out(other_opaque);
        Ok(())
    }

    /// What has been put together of a service goes to the others.
    fn hand_over(&mut self) -> Result<(), Unsound> {
        let Some(growing) = &mut self.growing else { return Ok(()) };
        let tally = growing.take();
        self.inventory.take_in(&growing.service, tally)
    }
}

impl Inventory {
    /// Where no bound could hold, the records were made up: declared operations of one service are never dropped, but
    /// they are no more than somebody declared.
    const MOST_BYTES: usize = 256 << 20;

    fn take_in(&self, service: &ServiceId, tally: Tally) -> Result<(), Unsound> {
        let (requests, load) = (tally.requests(), tally.load());
        let homeless = !self.absorb_service(service, tally, &self.pins());
        let mut common = self.common();
        if homeless {
            common.other_services.merge(requests);
            return Ok(());
        }
        common.load += load;
        self.settle(&mut common);
        let most = self.limits.inventory_bytes.saturating_mul(4).max(Self::MOST_BYTES);
        must(common.load.bytes <= most, "more than there can have been room for")
    }
}
