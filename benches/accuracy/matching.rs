//! How well requests find what is declared: labelled requests through the real `observe` and `inventory`, with real API
//! descriptions declared through the real `spec`.
//!
//! In: a folder of descriptions (`NAME*.json.gz`, `NAME*.yaml.gz`) and one of requests (`NAME.match.ndjson.gz`: method, host,
//! path). Out: `NAME.match.pred.ndjson`, one line a request: `{"matched": "METHOD host template"}`, or `null` where nothing
//! declared takes it. Labels are not read. HEAD is recorded under GET where HEAD is not declared (RFC 9110 section 9.3.2); such
//! a request matches no declaration of its own, so it is `null` here.

#[expect(dead_code, reason = "paths are declared, so bodies say nothing here")]
mod traffic;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use shadowtap::api::{HostPattern, Observation, ObservationSink, OpaqueSeen, Scheme, ServiceId};
use shadowtap::inventory::{Delta, Inventory};
use shadowtap::limits::Limits;
use shadowtap::observe::Observer;
use shadowtap::proto::ExchangeSink;
use shadowtap::spec::{HostFlags, Match, SpecIndex, load};
use shadowtap::time::Timestamp;

use traffic::{Line, exchange, names_of, unpack};

/// One request, without its label.
#[derive(Deserialize)]
struct Asked {
    method: String,
    host: String,
    path: String,
}

impl Asked {
    /// As the wire would say it is: lower case, without its port.
    fn host(&self) -> String {
        self.host.split(':').next().unwrap_or_default().to_ascii_lowercase()
    }
}

/// Requests that an inventory is asked about at once: each has a status of its own, by which it is found in the records.
const BATCH: u16 = 400;
/// The first of them. None says that nothing is there.
const FIRST: u16 = 550;

/// Gives an observation the status that marks it.
struct Marked {
    delta: Delta,
    status: u16,
}

impl ObservationSink for Marked {
    fn observation(&mut self, seen: &Observation<'_>) {
        self.delta.observation(&Observation { status: Some(self.status), mere_redirect: false, ..seen.clone() });
    }

    fn opaque(&mut self, _: &OpaqueSeen<'_>) {}

    fn unnamed(&mut self, _: Timestamp) {}
}

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [specs, requests, out] = folders.as_slice() else {
        bail!("usage: accuracy_matching SPEC_DIR MATCH_DIR OUT_DIR");
    };
    for name in names_of(requests, ".match.ndjson.gz")? {
        one(specs, requests, out, &name).with_context(|| name.clone())?;
    }
    Ok(())
}

/// One API.
fn one(specs: &Path, requests: &Path, out: &Path, name: &str) -> Result<()> {
    let own = out.join("specs").join(name);
    fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
    for file in names_of(specs, ".gz")?.into_iter().filter(|file| file.starts_with(name)) {
        io::copy(&mut unpack(&specs.join(format!("{file}.gz")))?, &mut File::create(own.join(&file))?)?;
    }
    let lines = unpack(&requests.join(format!("{name}.match.ndjson.gz")))?.lines();
    let asked = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Asked>>>()?;
    let hosts: BTreeSet<String> = asked.iter().map(Asked::host).collect();
    let index = declared(&own, &hosts)?;
    let mut out = BufWriter::new(File::create(out.join(format!("{name}.match.pred.ndjson")))?);
    for batch in asked.chunks(usize::from(BATCH)) {
        for matched in matches(&index, batch, &hosts)? {
            writeln!(out, "{}", serde_json::json!({ "matched": matched }))?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The descriptions. Where they do not name the hosts that are asked, as users say it: with `--spec-host`.
fn declared(folder: &Path, hosts: &BTreeSet<String>) -> Result<SpecIndex> {
    let folder = [folder.to_owned()];
    let plain = SpecIndex::build(load(&folder, &Limits::default())?, &HostFlags::default())?;
    let unnamed = |host: &&String| {
        let cover = plain.covers(&ServiceId { host: (*host).clone(), port: 443, scheme: Scheme::Https });
        cover.assumed || cover.specs.is_empty()
    };
    let hosts: Vec<&String> = hosts.iter().filter(unnamed).collect();
    let specs = load(&folder, &Limits::default())?;
    let named = specs.iter().flat_map(|spec| hosts.iter().map(|host| (spec.name.clone(), (*host).clone())));
    let flags = HostFlags { spec_hosts: named.collect(), ..HostFlags::default() };
    Ok(SpecIndex::build(specs, &flags)?)
}

/// What each of these requests is recorded under.
fn matches(index: &SpecIndex, asked: &[Asked], hosts: &BTreeSet<String>) -> Result<Vec<Option<String>>> {
    let inventory = Inventory::new(&Limits::default(), index.pins());
    let delta = Delta::new(&Limits::default(), inventory.pins());
    let mut observer = Observer::new(&Limits::default(), 1, Marked { delta, status: 0 });
    for (one, status) in asked.iter().zip(FIRST..) {
        let (method, host, path) = (one.method.clone(), one.host.clone(), one.path.clone());
        observer.sink_mut().status = status;
        observer.exchange(&exchange(&Line { method, host, path, status, rs: None, qs: None }, 0, false));
    }
    inventory.absorb(observer.into_sink().delta);
    let mut matched = vec![None; asked.len()];
    for service in inventory.snapshot().services {
        for operation in service.operations.iter().filter(|operation| operation.pin.is_some()) {
            let Match::Operation(_, _, found) = index.find(&service.id, &operation.method, &operation.template) else {
                continue;
            };
            let Some(server) = found.servers.first() else { continue };
            // A name that nobody asks (`localhost`) was meant for readers of the description.
            let host = match &server.host {
                HostPattern::Exact(host, _) if hosts.contains(host) => host,
                _ => &service.id.host,
            };
            for (status, times) in &operation.record.statuses {
                let at = usize::from(status.saturating_sub(FIRST));
                let (Some(one), Some(slot)) = (asked.get(at), matched.get_mut(at)) else { continue };
                ensure!(*times == 1 && slot.is_none(), "{} {} is recorded twice", one.method, one.path);
                let template = found.path.under(&server.base);
                *slot = (found.method == one.method).then(|| format!("{} {host} {template}", found.method));
            }
        }
    }
    Ok(matched)
}
