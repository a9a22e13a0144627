//! `shadowtap interfaces`: what could be listened on, and whether traffic flows there.

use std::thread;
use std::time::Duration;

use super::outputs::to_stdout;
use super::run::Verdict;
use super::watch::link_name;
use crate::capture::{Interface, InterfaceCounts};
use crate::report::visible;

/// How long traffic is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Lists them.
pub(super) fn interfaces() -> anyhow::Result<Verdict> {
    let all = Interface::list()?;
    anyhow::ensure!(
        !all.is_empty(),
        "no interface can be listened on: run as root, or give the program the capability it needs: setcap cap_net_raw=ep"
    );
    let before: Vec<_> = all.iter().map(|interface| InterfaceCounts::of(&interface.name)).collect();
    thread::sleep(LOOK);
    let rows: Vec<[String; 5]> = all
        .iter()
        .zip(before)
        .map(|(interface, before)| {
            let now = InterfaceCounts::of(&interface.name);
            let packets =
                now.received.saturating_sub(before.received).saturating_add(now.sent.saturating_sub(before.sent));
            let traffic = match (interface.name.as_str(), packets) {
                ("any", _) => "-".to_owned(),
                (_, 0) => "none".to_owned(),
                (_, 1) => "1 packet/s".to_owned(),
                (_, packets) => format!("{packets} packets/s"),
            };
            let state = match (interface.up, interface.running) {
                (false, _) => "down",
                (true, false) if interface.name != "any" => "up, no carrier",
                _ => "up",
            };
            let address = |(address, prefix): &(std::net::IpAddr, Option<u8>)| {
                prefix.map_or_else(|| address.to_string(), |prefix| format!("{address}/{prefix}"))
            };
            let addresses: Vec<String> = interface.addresses.iter().map(address).collect();
            let link = interface.link.map_or_else(|| "-".to_owned(), link_name);
            [visible(&interface.name).into_owned(), link, state.to_owned(), traffic, addresses.join(" ")]
        })
        .collect();
    let heads = ["INTERFACE", "LINK", "STATE", "TRAFFIC", "ADDRESSES"].map(str::to_owned);
    to_stdout(|out| {
        let all = || std::iter::once(&heads).chain(&rows);
        let widths: [usize; 5] =
            std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or_default());
        for row in all() {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    })?;
    Ok(Verdict::Fine)
}
