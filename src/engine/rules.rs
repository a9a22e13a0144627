//! What users say that is asked of each exchange, as all workers see it: taken up anew while the capture goes on.

use std::sync::{Arc, PoisonError, RwLock};

use crate::api::{Networks, NoiseRules};

/// What is in force.
#[derive(Debug, Default)]
pub struct SharedRules(RwLock<InForce>);

/// Networks by name, and classes of noise.
pub type InForce = (Arc<Networks>, Arc<NoiseRules>);

impl SharedRules {
    /// Others, from now on. What was counted under the old ones stays so.
    pub fn take_up(&self, networks: Networks, noise: NoiseRules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(networks), Arc::new(noise));
    }

    /// What is in force.
    #[must_use]
    pub fn now(&self) -> InForce {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
