//! What a record that was read back must satisfy.
//!
//! A state file may be damaged or made up. What has the wrong form is refused while it is read; here is what only the
//! meaning tells. Nothing that passes can make a sum overflow or a list grow that is bounded elsewhere.

use super::super::kept::MOST;
use super::{Entry, NAME_BYTES, Window, code};

impl Window {
    /// The first is not after the last.
    pub(in super::super) fn is_sound(self) -> bool {
        self.0.is_none_or(|(first, last)| first <= last)
    }
}

impl Entry {
    /// It could have grown out of observations, as far as other figures lean on that.
    pub(in super::super) fn is_sound(&self) -> bool {
        let answers = self.statuses.values().fold(self.unanswered, |sum, count| sum.saturating_add(*count));
        let counts = [answers, self.mere_redirects, self.encrypted, self.noise()];
        let mut media = self.request_types.keys().chain(self.response_types.keys());
        self.requests <= MOST
            && counts.iter().chain(self.auth.values()).chain(self.auth_ok.values()).all(|n| *n <= self.requests)
            && self.statuses.keys().all(|status| code(*status) == *status)
            && self.window.is_sound()
            && self.latency.is_sound()
            && self.traffic.is_sound()
            && self.tokens.as_ref().is_none_or(|tokens| tokens.is_sound(self.requests))
            && self.params.is_sound()
            && self.odd_bodies.as_ref().is_none_or(|odd| odd.sum() <= self.requests.saturating_mul(2))
            && self.lessons.is_sound()
            && self.drifts.as_ref().is_none_or(|drifts| drifts.is_sound())
            && media.all(|name| name.len() <= NAME_BYTES)
    }
}
