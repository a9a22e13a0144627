//! Telling: one report, several media.

mod contents;
mod draw;
mod explain;
mod identity;
mod readback;
mod reporter;
mod reporters;

pub use contents::{
    CaptureSummary, Endpoint, Headline, MissingLedger, PacketLedger, PayloadLedger, Report, TapSummary, Verdict,
    rfc3339_text,
};
pub use explain::{explain_rule, list_rules};
pub use identity::{Identities, Identity, ThirdParty};
pub use readback::{Difference, Filter, ReadBack, ReadBackError, difference};
pub use reporter::{Reporter, Style};
pub use reporters::{EventLine, Mask, REPORTERS, SCHEMA, SCHEMA_VERSION, TransactionLine, Why, visible};
pub(crate) use reporters::{bytes, columns, count, fit, moment, percent_text, wrapped};

#[cfg(test)]
mod tests;
