//! What answers say about whether an operation is there at all.
//!
//! Every status teaches something: a 401 says that somebody stands at the door, a 404 that there is no door.

use super::comparison::Existence;
use crate::inventory::Record;

/// What one status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// It is there.
    There,
    /// Something answered, and it may be the gate in front and not the operation.
    Perhaps,
    /// A redirect: there, unless it is a mere one.
    Elsewhere,
    /// No such path.
    NoPath,
    /// No such method.
    NoMethod,
    /// Nothing: interim, not an answer.
    Nothing,
}

fn says(status: u16) -> Says {
    match status {
        101 | 200..=299 => Says::There,
        100..=199 => Says::Nothing,
        300..=399 => Says::Elsewhere,
        404 | 410 => Says::NoPath,
        405 | 501 => Says::NoMethod,
        // 400, 401, 403, 409, 422, 429 and 5xx, and what is as inconclusive: other 4xx, and numbers that no RFC knows.
        _ => Says::Perhaps,
    }
}

impl Existence {
    /// Reads the answers; of mixed ones the strongest counts. Noise counts as such only where nothing declares the
    /// operation: a documented health check is an operation like any other.
    #[must_use]
    pub fn of(record: &Record, declared: bool) -> Self {
        let count = |wanted: Says| -> u64 {
            record.statuses.iter().filter(|(status, _)| says(**status) == wanted).map(|(_, count)| *count).sum()
        };
        // Who asked hides nothing: what a scanner found is there, and what refused it may be.
        let by_path = record.noise.iter().filter(|(class, _)| !class.is_of_caller());
        let noise = by_path.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        if !declared && noise > 0 && noise >= record.requests {
            return Self::Noise;
        }
        let redirects = count(Says::Elsewhere);
        if count(Says::There) > 0 || redirects > record.mere_redirects {
            Self::Confirmed
        } else if count(Says::Perhaps) > 0 {
            Self::Provisional
        } else if count(Says::NoMethod) > 0 {
            Self::NotAllowed
        } else if count(Says::NoPath) > 0 {
            Self::NotFound
        } else if redirects > 0 {
            Self::Noise
        } else {
            Self::Unanswered
        }
    }

    /// What it says makes an endpoint: a 404 or 405 does not, noise does not.
    #[must_use]
    pub const fn is_endpoint(self) -> bool {
        matches!(self, Self::Confirmed | Self::Provisional | Self::Unanswered)
    }

    /// A status that makes an operation provisional: something answered, perhaps only the gate in front.
    #[must_use]
    pub fn doubts(status: u16) -> bool {
        says(status) == Says::Perhaps
    }
}
