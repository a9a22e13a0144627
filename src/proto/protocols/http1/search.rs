//! Behind a hole or nonsense: where the next message begins.
//!
//! In: bytes of one side that is lost. Out: how many of them are worth nothing, and a half that reads again.

use super::line::Line;
use super::line::{self, Found};
use super::parser::{Http1, Reading, Step};
use crate::flow::{ByteClass, Ledger, Side};
use crate::time::Timestamp;

impl Http1 {
    /// What may be the beginning of a message comes with the newest bytes.
    fn note_beginning(&mut self, side: Side, at: Timestamp, behind_hole: bool) {
        let half = self.half(side);
        half.began = Some(at);
        half.heard[1] = half.heard[0];
        half.hears = half.news && !behind_hole;
    }

    /// Looks for the next message.
    pub(super) fn search(
        &mut self,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        fresh: usize,
        ledger: &mut Ledger,
    ) -> Step {
        let behind = self.half(side).behind_hole;
        // Empty lines begin nothing.
        let nothing = bytes.get(..fresh).is_none_or(|left| line::skip_empty(left).is_empty());
        if nothing || self.half(side).began.is_none() {
            self.note_beginning(side, at, behind);
        }
        let test = match side {
            Side::Client => line::request_found,
            Side::Server => line::status,
        };
        let half = self.half(side);
        if half.line == fresh && line::goes_on(bytes, fresh) {
            half.line = bytes.len();
            return Step::Wait(0);
        }
        // Who speaks when the other has, and has heard it all, begins something.
        let turned = half.turned && half.caught_up;
        if side == Side::Client && half.behind_hole && !turned && !bytes.is_empty() {
            // A word that nobody knows may be the rest of one (`ROB`): what it is part of is not read.
            let rest = match line::known_behind(bytes) {
                Line::More => return Step::Wait(0),
                Line::Yes => 0,
                Line::No => memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1),
            };
            half.behind_hole = rest > 0 && rest == bytes.len() && !bytes.ends_with(b"\n");
            if rest > 0 {
                ledger.book(ByteClass::Discarded, rest as u64);
                return Step::On(rest);
            }
        }
        let found = line::find(bytes, fresh, true, test);
        self.half(side).turned &= bytes.is_empty() || matches!(found, Found::Maybe(_));
        if let Found::At(at) = found
            && side == Side::Client
            && !turned
            && (at == fresh || at == 0)
            && at.checked_sub(1).is_none_or(|before| bytes.get(before) != Some(&b'\n'))
            && line::known_behind(bytes.get(at..).unwrap_or_default()) != Line::Yes
        {
            // A packet that begins amid what somebody says: the word may have begun before it.
            let line = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest));
            let used = line.map_or(bytes.len(), |end| at + end + 1);
            ledger.book(ByteClass::Discarded, used as u64);
            return if used == bytes.len() { Step::Wait(used) } else { Step::On(used) };
        }
        let used = match found {
            Found::At(at) | Found::Maybe(at) => at,
            Found::Nowhere => bytes.len(),
        };
        ledger.book(ByteClass::Discarded, used as u64);
        if used >= fresh {
            self.note_beginning(side, at, behind);
        }
        // Behind an interim answer comes the body that it gave leave for.
        let announced = self.pairing.announced();
        let half = self.half(side);
        half.line = if matches!(found, Found::Maybe(_)) { bytes.len() - used } else { 0 };
        match found {
            Found::At(_) => {
                half.sure = (turned || half.hears) && !announced && (used == fresh || used == 0);
                half.reading = Reading::default();
                self.pairing.counts.resyncs += 1;
                Step::On(used)
            }
            Found::Maybe(_) | Found::Nowhere => Step::Wait(used),
        }
    }
}
