//! Figures of the words of labelled traffic, with what they are: what the weights of template learning are fitted to.
//!
//! In: the folder and names of `templates`, and which share of each file is read. Out: `NAME.lessons.ndjson`, one word a
//! line: `[text, 1 for a value, [figures]]`; and `figures.json`, their names. See README.md.

mod traffic;

use std::fs::{self, File};
use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use shadowtap::api::{Observation, ObservationSink, OpaqueSeen, Seen, Shape};
use shadowtap::inventory::teach::{self, Labels};
use shadowtap::inventory::{Delta, Inventory};
use shadowtap::limits::Limits;
use shadowtap::observe::Observer;
use shadowtap::proto::ExchangeSink;
use shadowtap::time::Timestamp;

use traffic::{Line, exchange, names_of, shapes, unpack};

/// Notes what is seen, and what its segments are.
struct Teacher<'s> {
    delta: Delta,
    shapes: Option<&'s [Shape]>,
    line: (Option<usize>, Option<usize>),
    /// The template of what is seen next.
    truth: Option<String>,
    labels: Labels,
}

impl ObservationSink for Teacher<'_> {
    fn observation(&mut self, seen: &Observation<'_>) {
        let mut seen = seen.clone();
        if let Some(shapes) = self.shapes {
            seen.answered = self.line.0.and_then(|at| shapes.get(at));
            seen.asked = self.line.1.and_then(|at| shapes.get(at));
        }
        let Seen::Http { path, .. } = seen.seen;
        let template = self.truth.as_deref().and_then(|truth| truth.splitn(3, ' ').nth(2)).unwrap_or_default();
        let segments: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
        if segments.len() == path.len() {
            for (mark, segment) in teach::marks(path).into_iter().zip(segments) {
                let (literal, variable) = self.labels.entry(mark).or_default();
                *if segment.contains('{') { variable } else { literal } += 1;
            }
        }
        self.delta.observation(&seen);
    }

    fn opaque(&mut self, _: &OpaqueSeen<'_>) {}

    fn unnamed(&mut self, _: Timestamp) {}
}

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let bodies = arguments.iter().position(|argument| argument == "--bodies").map(|at| arguments.remove(at)).is_some();
    let [share, traffic, out] = arguments.as_slice() else {
        bail!("usage: accuracy_teach [--bodies] SHARE TRAFFIC_DIR OUT_DIR")
    };
    let share: f64 = share.parse().context("SHARE is a number from 0 to 1")?;
    let (traffic, out) = (PathBuf::from(traffic), PathBuf::from(out));
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    fs::write(out.join("figures.json"), serde_json::to_vec(teach::names())?)?;
    for name in names_of(&traffic, ".ndjson.gz")? {
        one(&traffic, &out, &name, bodies, share).with_context(|| name.clone())?;
    }
    Ok(())
}

fn one(traffic: &Path, out: &Path, name: &str, bodies: bool, share: f64) -> Result<()> {
    let shapes = if bodies { Some(shapes(&traffic.join(format!("{name}.shapes.json.gz")))?) } else { None };
    let inventory = Inventory::new(&Limits::default(), Vec::new());
    let delta = Delta::new(&Limits::default(), inventory.pins());
    let sink = Teacher { delta, shapes: shapes.as_deref(), line: (None, None), truth: None, labels: Labels::new() };
    let mut observer = Observer::new(&Limits::default(), 1, sink);
    let lines: Vec<String> = unpack(&traffic.join(format!("{name}.ndjson.gz")))?.lines().collect::<Result<_, _>>()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share")]
    let most = (lines.len() as f64 * share) as usize;
    for (at, line) in lines.iter().take(most).enumerate() {
        let label: serde_json::Value = serde_json::from_str(line)?;
        let line: Line = serde_json::from_str(line)?;
        observer.sink_mut().line = (line.rs, line.qs);
        observer.sink_mut().truth = label["truth"].as_str().map(str::to_owned);
        let exchange = exchange(&line, at, bodies);
        observer.exchange(&exchange);
        if observer.sink().delta.is_due(exchange.at()) {
            inventory.absorb(observer.sink_mut().delta.take());
        }
    }
    let sink = observer.into_sink();
    inventory.absorb(sink.delta);
    teach::teach(sink.labels);
    drop(inventory.snapshot());
    let mut out = BufWriter::new(File::create(out.join(format!("{name}.lessons.ndjson")))?);
    for (text, value, figures) in teach::lessons() {
        writeln!(out, "{}", serde_json::json!([text, u8::from(value), figures]))?;
    }
    out.flush()?;
    Ok(())
}
