//! How well path templates are learned: labelled traffic through the real `observe` and `inventory`, and what the
//! snapshot then calls each request.
//!
//! In: `NAME.ndjson.gz`, one request a line (method, host, path, status, rs, qs), and with `--bodies`
//! `NAME.shapes.json.gz`, the sets of key paths that `rs` (response) and `qs` (request) number. Out:
//! `NAME.pred.ndjson`, one line a request: `{"predicted": "METHOD host template"}`, or `null` for what is no endpoint.
//! Labels in the traffic are not read.

mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use shadowtap::api::{Observation, ObservationSink, OpaqueSeen, Routes, Seen, Shape};
use shadowtap::diff::Existence;
use shadowtap::inventory::{Delta, Inventory, Snapshot};
use shadowtap::limits::Limits;
use shadowtap::observe::Observer;
use shadowtap::proto::ExchangeSink;
use shadowtap::time::Timestamp;

use traffic::{Line, exchange, names_of, shapes, unpack};

/// Adds the shapes of bodies to an observation, and remembers what was asked for.
struct WithBodies<'s> {
    delta: Delta,
    shapes: Option<&'s [Shape]>,
    line: (Option<usize>, Option<usize>),
    asked: Asked,
}

/// What one request asked for, as the observer understood it.
#[derive(Clone, Default)]
struct Asked {
    host: String,
    method: String,
    path: Vec<String>,
    noise: bool,
}

impl ObservationSink for WithBodies<'_> {
    fn observation(&mut self, seen: &Observation<'_>) {
        let mut seen = seen.clone();
        if let Some(shapes) = self.shapes {
            seen.answered = self.line.0.and_then(|at| shapes.get(at));
            seen.asked = self.line.1.and_then(|at| shapes.get(at));
        }
        let Seen::Http { method, path } = seen.seen;
        let path = path.iter().map(|segment| segment.text.to_owned()).collect();
        let noise = seen.noise.is_some();
        self.asked = Asked { host: seen.service.host.clone(), method: method.to_owned(), path, noise };
        self.delta.observation(&seen);
    }

    fn opaque(&mut self, _: &OpaqueSeen<'_>) {}

    fn unnamed(&mut self, _: Timestamp) {}
}

fn main() -> Result<()> {
    let mut bodies = false;
    let mut folders = Vec::new();
    for argument in std::env::args_os().skip(1) {
        if argument == "--bodies" {
            bodies = true;
        } else {
            folders.push(PathBuf::from(argument));
        }
    }
    let [traffic, out] = folders.as_slice() else { bail!("usage: accuracy_templates [--bodies] TRAFFIC_DIR OUT_DIR") };
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for name in names_of(traffic, ".ndjson.gz")? {
        one(traffic, out, &name, bodies).with_context(|| name.clone())?;
    }
    Ok(())
}

/// One API: learns from its traffic, then tells what each request is.
fn one(traffic: &Path, out: &Path, name: &str, bodies: bool) -> Result<()> {
    let shapes = if bodies { Some(shapes(&traffic.join(format!("{name}.shapes.json.gz")))?) } else { None };
    let inventory = Inventory::new(&Limits::default(), Vec::new());
    let delta = Delta::new(&Limits::default(), inventory.pins());
    let sink = WithBodies { delta, shapes: shapes.as_deref(), line: (None, None), asked: Asked::default() };
    let mut observer = Observer::new(&Limits::default(), 1, sink);
    let mut all = Vec::new();
    for (at, line) in unpack(&traffic.join(format!("{name}.ndjson.gz")))?.lines().enumerate() {
        let line: Line = serde_json::from_str(&line?)?;
        observer.sink_mut().line = (line.rs, line.qs);
        let exchange = exchange(&line, at, bodies);
        observer.exchange(&exchange);
        all.push(std::mem::take(&mut observer.sink_mut().asked));
        if observer.sink().delta.is_due(exchange.at()) {
            inventory.absorb(observer.sink_mut().delta.take());
        }
    }
    inventory.absorb(observer.into_sink().delta);
    let endpoints = endpoints(&inventory.snapshot());
    let mut out = BufWriter::new(File::create(out.join(format!("{name}.pred.ndjson")))?);
    for asked in all {
        let predicted = endpoints.get(&asked.host).and_then(|routes| told(routes, &asked));
        writeln!(out, "{}", serde_json::json!({ "predicted": predicted }))?;
    }
    out.flush()?;
    Ok(())
}

type Endpoints = Routes<BTreeMap<String, String>>;

/// The endpoints of each host: what the inventory holds for sure. Services of one host that differ in their port
/// alone are one here, as predictions name no port.
fn endpoints(snapshot: &Snapshot) -> HashMap<String, Endpoints> {
    let mut hosts: HashMap<String, Endpoints> = HashMap::new();
    for service in &snapshot.services {
        let routes = hosts.entry(service.id.host.clone()).or_default();
        for operation in &service.operations {
            if Existence::of(&operation.record, false) != Existence::Confirmed {
                continue;
            }
            let template = operation.template.to_string();
            routes.entry(&operation.template, BTreeMap::new).insert(operation.method.clone(), template);
        }
    }
    hosts
}

/// What a request is called. HEAD is answered by what answers GET.
fn told(routes: &Endpoints, asked: &Asked) -> Option<String> {
    if asked.noise {
        return None;
    }
    let spoken = if asked.method == "HEAD" { "GET" } else { &asked.method };
    let found = routes.find_where(&asked.path, &|methods| methods.contains_key(spoken))?;
    Some(format!("{} {} {}", asked.method, asked.host, found.get(spoken)?))
}
