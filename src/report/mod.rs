//! Telling: one report, several media.

mod contents;
mod reporter;
pub mod reporters;

pub use contents::{
    CaptureSummary, Endpoint, Headline, MissingLedger, PacketLedger, PayloadLedger, Report, Verdict, rfc3339_text,
};
pub use reporter::{Reporter, Style};
