//! Networks by name as all workers see them: taken up anew while the capture goes on.

use std::sync::{Arc, PoisonError, RwLock};

use crate::api::Networks;

/// The networks in force.
#[derive(Debug, Default)]
pub struct SharedNetworks(RwLock<Arc<Networks>>);

impl SharedNetworks {
    /// Others, from now on. What was counted under the old names stays so.
    pub fn take_up(&self, networks: Networks) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(networks);
    }

    /// Those in force.
    #[must_use]
    pub fn now(&self) -> Arc<Networks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
