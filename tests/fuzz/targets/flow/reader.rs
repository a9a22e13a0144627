//! Who reads the streams: in a mood that the input chooses, and never believing what it is brought.

use shadowtap::flow::{ByteClass, Close, Connection, Ledger, Side, StreamConsumer, Took, Want};
use shadowtap::limits::Limits;
use shadowtap::time::Timestamp;

use crate::targets::tape::Digest;

/// What a reader does with the bytes it is brought, call by call.
#[derive(Clone, Copy)]
pub struct Mood([u8; 8]);

impl From<&[u8]> for Mood {
    fn from(bytes: &[u8]) -> Self {
        let mut tape = [0; 8];
        tape.iter_mut().zip(bytes).for_each(|(into, from)| *into = *from);
        Self(tape)
    }
}

/// What one connection came to: its identity, how it ended, and a digest of every call.
pub type Record = (u64, u8, Digest);

pub struct Reader {
    mood: Mood,
    honest: bool,
    window: u64,
    /// It may ask to pass bytes over, or for nothing more.
    pub picky: bool,
    pub opened: u64,
    pub parsed: u64,
    pub records: Vec<Record>,
    /// A byte that was not the one to come.
    misplaced: Option<String>,
}

/// One connection.
pub struct Session {
    calls: usize,
    digest: Digest,
    sides: [Place; 2],
    silent: bool,
}

/// Where one side stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The value of the next byte, give or take: it is that, or one of so many after it.
    next: Option<(u8, u64)>,
    /// Bytes left over.
    left: u64,
    /// Bytes that come again, and were looked at.
    known: usize,
    ended: bool,
}

impl Reader {
    pub fn new(mood: Mood, honest: bool, limits: &Limits) -> Self {
        let picky = mood.0.iter().any(|choice| *choice >= PICKY);
        Self {
            mood,
            honest,
            window: u64::from(limits.window),
            picky,
            opened: 0,
            parsed: 0,
            records: Vec::new(),
            misplaced: None,
        }
    }

    /// Between two segments. Where a stream was found again elsewhere, its numbers begin anew, and nobody says where.
    pub fn settle(&mut self, resyncs: u64) {
        if resyncs > 0 {
            self.honest = false;
        }
        if let Some(what) = self.misplaced.take().filter(|_| self.honest) {
            panic!("{what}");
        }
    }

    /// What to do next on a connection. It depends on its own calls alone: when others are read must not show.
    fn choose(&self, session: &mut Session) -> u8 {
        let choice = self.mood.0[session.calls % self.mood.0.len()];
        session.calls += 1;
        choice
    }
}

/// Choices from here on ask for less than all.
const PICKY: u8 = 192;

impl StreamConsumer for Reader {
    type Session = Session;

    fn open(&mut self, connection: &Connection) -> Session {
        self.opened += 1;
        let mut digest = Digest::new();
        digest.add(format!("{connection:?}").as_bytes());
        Session { calls: 0, digest, sides: Default::default(), silent: false }
    }

    fn data(
        &mut self,
        _: &Connection,
        session: &mut Session,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Took {
        let choice = self.choose(session);
        let place = &mut session.sides[side.index()];
        assert!(!session.silent && !place.ended, "bytes after silence or an end");
        assert!(bytes.len() as u64 > place.left, "a call without new bytes");
        session.digest.add(&[side.index() as u8, choice]);
        session.digest.add(&at.nanos().to_le_bytes());
        // What was left over was looked at before: a reader that starts over each time would be what is slow here.
        let known = place.known;
        session.digest.add(&bytes[known..]);
        if let Some(first) = bytes.first() {
            let (value, slack) = place.next.unwrap_or((*first, 0));
            let in_order = bytes[known.saturating_sub(1)..].windows(2).all(|pair| pair[0].wrapping_add(1) == pair[1]);
            if !in_order || u64::from(first.wrapping_sub(value)) > slack {
                self.misplaced = Some(format!(
                    "{side:?}: {value} and at most {slack} more was to come, not {:?}",
                    bytes.get(..40).unwrap_or(bytes)
                ));
            }
            place.next = Some((*first, 0));
        }
        let (used, want) = match choice {
            0..=63 => (bytes.len(), Want::More),
            64..=127 => (bytes.len() / 2, Want::More),
            128..=159 => (bytes.len().min(7), Want::More),
            160..PICKY => (0, Want::More),
            PICKY..=220 => (bytes.len().min(3), Want::Skip(u64::from(choice - PICKY) * 5)),
            221..=240 => (bytes.len(), Want::Skip(u64::from(choice - 220) * 100)),
            241..=250 => (0, Want::Skip(1)),
            _ => (bytes.len() / 3, Want::Nothing(ByteClass::Opaque)),
        };
        let passed = if let Want::Skip(n) = want { n } else { 0 };
        place.next = place.next.map(|(value, _)| (value.wrapping_add(used as u8).wrapping_add(passed as u8), 0));
        place.left = (bytes.len() - used) as u64;
        place.left -= place.left.min(passed);
        place.known = place.left as usize;
        if matches!(want, Want::Skip(1..)) {
            // What follows a skip is brought at once.
            place.left = 0;
        }
        session.silent = matches!(want, Want::Nothing(_));
        ledger.book(ByteClass::Parsed, used as u64);
        self.parsed += used as u64;
        Took { used, want }
    }

    fn gap(
        &mut self,
        _: &Connection,
        session: &mut Session,
        side: Side,
        at: Timestamp,
        missing: u64,
        left: u64,
        ledger: &mut Ledger,
    ) -> Want {
        let choice = self.choose(session);
        let place = &mut session.sides[side.index()];
        assert!(missing > 0, "a gap of nothing");
        assert!(!session.silent && !place.ended, "a gap after silence or an end");
        assert_eq!(left, place.left, "what was left over");
        session.digest.add(&[9, side.index() as u8]);
        session.digest.add(&at.nanos().to_le_bytes());
        session.digest.add(&missing.to_le_bytes());
        ledger.book(ByteClass::Discarded, left);
        (place.left, place.known) = (0, 0);
        // The end of a hole may still be filled, so that reading goes on anywhere in it.
        let slack = if missing >= self.window { u64::MAX } else { missing };
        place.next = place.next.map(|(value, more)| (value.wrapping_add(left as u8), more.saturating_add(slack)));
        match choice {
            0..PICKY => Want::More,
            PICKY..=240 => {
                let passed = u64::from(choice - PICKY);
                place.next = place.next.map(|(value, more)| (value.wrapping_add(passed as u8), more));
                Want::Skip(passed)
            }
            _ => {
                session.silent = true;
                Want::Nothing(ByteClass::NotHttp)
            }
        }
    }

    fn end(&mut self, _: &Connection, session: &mut Session, side: Side, _: Timestamp) {
        let place = &mut session.sides[side.index()];
        assert!(!place.ended, "two ends");
        place.ended = true;
        session.digest.add(&[7, side.index() as u8]);
    }

    fn held(_: &Session) -> usize {
        size_of::<Session>()
    }

    fn close(
        &mut self,
        connection: &Connection,
        mut session: Session,
        at: Timestamp,
        why: Close,
        left: [u64; 2],
        ledger: &mut Ledger,
    ) {
        // A reader that left too much was made deaf, and lost it.
        assert!(left == [0, 0] || (!session.silent && left == session.sides.map(|place| place.left)), "left-overs");
        ledger.book(ByteClass::Discarded, left[0] + left[1]);
        session.digest.add(&at.nanos().to_le_bytes());
        session.digest.add(format!("{left:?} {:?}", connection.payload).as_bytes());
        self.records.push((connection.id, why as u8, session.digest));
    }
}
