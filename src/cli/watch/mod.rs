//! `shadowtap watch`: interfaces in, reports and events out, for months.

mod announce;
pub(super) mod control;
mod desk;
mod drops;
mod keeper;
mod live_view;
mod pages;
mod reload;
mod run;
mod standing;
mod taps;

pub(super) use run::{give_up, watch};
pub(super) use taps::{link_name, open, share_out, told};
