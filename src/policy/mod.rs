//! What users say of their own world: networks, environments, owners, noise, templates; and how findings are judged.
//!
//! In: one TOML file (`--policy`). Out: a [`PolicyFile`], whole and checked, or one error with file, line and mend. It knows
//! neither traffic nor specs.

mod error;
mod host;
mod judging;
mod noise;
mod read;
mod suppress;
mod templates;
mod words;

pub use error::PolicyError;
pub use judging::{Judging, Named, Severity, SeverityRule, Thresholds};
pub use suppress::{Suppression, Suppressions, Suspect};
pub use words::{Environment, Owner, PolicyFile, Subject};
