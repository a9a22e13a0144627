//! `shadowtap watch`: the order of things.
//!
//! Everything that can be wrong is found first. Then, in a process of one thread: open, give up privileges. Only then
//! are there threads. The main thread keeps the timetable: reports, announcements, specs that changed, drops.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ArgMatches;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::announce::{Announcer, Events, Stand};
use super::control::{self, Serving, Told};
use super::desk::{Desk, Known, now};
use super::drops::Drops;
use super::keeper::{Begun, Keeper};
use super::live_view::LiveView;
use super::pages::{Deeds, Pages};
use super::reload::Watched;
use super::standing::{Standing, folder_of};
use super::taps;
use crate::capture::LiveSource;
use crate::cli::args::{Format, Judging, Promised, Said, Watch};
use crate::cli::log::{Tail, say};
use crate::cli::privileges::{self, Plan};
use crate::cli::run::Verdict;
use crate::cli::settings;
use crate::cli::tui::View;
use crate::engine::{Board, listen};
use crate::findings::Policy;
use crate::limits::Limits;
use crate::report::Report;
use crate::spec::SpecIndex;
use crate::store::Run;
use crate::time::Span;
use crate::web::{Access, Served, Token, check_address};

/// Between two looks at the files of the specs.
const SPECS: Duration = Duration::from_secs(2);
/// Between two looks at what was lost.
const LOSSES: Duration = Duration::from_secs(10);
/// Between two pictures of the live view.
const VIEW: Duration = Duration::from_secs(1);
/// Of the time of one processor, a look for new endpoints takes no more than one part in so many.
const SHARE: u32 = 10;

/// Listens until it is told to stop. An error here means that nothing was captured.
pub(in crate::cli) fn watch(flags: &Watch, matches: &ArgMatches, tail: &Tail) -> anyhow::Result<Verdict> {
    let interfaces = flags.listening.interface.len();
    let caller_key = random().context("the system has no random numbers")?;
    let mut settings = settings::live(&flags.reading, flags.listening.workers, interfaces, caller_key)?;
    anyhow::ensure!(
        !flags.format.contains(&Format::Transactions),
        "--format transactions: grows with the traffic, and is for `replay`; --events tells what is new"
    );
    let promises = Promises {
        promised: flags.promised.clone(),
        said: flags.said.clone(),
        judging: flags.judging.clone(),
        limits: settings.limits.clone(),
    };
    let known = promises.read()?;
    let asked = (flags.format.as_slice(), flags.output.as_slice());
    let planned = settings::outputs(matches, asked, &promises.specs(), &promises.said.files(), &settings.limits)?;
    let mut reports = Standing::plan(planned, flags.keep, flags.color)?;
    let to_stdout = reports.iter().any(Standing::is_stdout);
    anyhow::ensure!(
        flags.events.as_ref().is_none_or(|events| events.as_os_str() != "-") || flags.format.is_empty() || !to_stdout,
        "--events -: a report goes to stdout already; give it a file with -o"
    );
    let events_to_stdout = flags.events.as_ref().is_some_and(|events| events.as_os_str() == "-");
    if events_to_stdout {
        // Nobody asked for the report in words that would go there.
        reports.retain(|report| !report.is_stdout());
    }
    let written = [flags.events.as_deref().filter(|_| !events_to_stdout), flags.state.as_deref()];
    let written = written.into_iter().flatten().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
    let mut places: BTreeSet<PathBuf> = reports.iter().filter_map(Standing::place).map(Path::to_path_buf).collect();
    for place in &written {
        let real = place.canonicalize().unwrap_or_else(|_| place.clone());
        let spec =
            promises.files().iter().any(|spec| spec.is_file() && spec.canonicalize().is_ok_and(|spec| spec == real));
        anyhow::ensure!(
            !spec,
            "{}: is a spec or the policy; events and state would be written over it",
            place.display()
        );
        anyhow::ensure!(places.insert(real), "{}: is named for two things that are written", place.display());
    }
    let folders = reports.iter().filter_map(Standing::place).chain(written.iter().map(PathBuf::as_path)).map(folder_of);
    let plan = Plan {
        user: flags.user.clone(),
        read: promises.files(),
        write_folders: folders.map(Path::to_path_buf).collect::<BTreeSet<_>>().into_iter().collect(),
        sandbox: !flags.no_sandbox,
    };
    privileges::check(&plan)?;
    let serving = flags.listen.map(|address| serving(address, flags)).transpose()?;
    let view = flags.tui.then(View::enter).transpose().context("--tui")?;
    let mut sources = taps::open(&flags.listening, &settings)?;
    give_up(&plan)?;

    // What is written from here on is made by whoever it is that writes it later.
    for report in &reports {
        report.try_out()?;
    }
    let events = flags.events.as_deref().map(Events::open).transpose()?;

    let run = format!("{:016x}", random().context("the system has no random numbers")?);
    let started = Run { id: run.clone(), started: now(), window: None };
    let mut begun = match &flags.state {
        None => Begun::anew(&settings.limits, known.templates(), caller_key),
        Some(path) => {
            Begun::from(&std::path::absolute(path)?, &settings.limits, known.templates(), started, caller_key)?
        }
    };
    settings.caller_key = begun.caller_key;
    let inventory = Arc::new(begun.inventory);
    // After the state was read, which takes its time: what the kernel lost meanwhile was never ours.
    let how = taps::share_out(&mut sources, flags.listening.fanout, &settings)?;
    sources.iter_mut().for_each(LiveSource::start_counting);
    let board = Arc::new(Board::new(sources.len(), settings.workers, &run, interfaces as u64));
    let rules = Arc::clone(&settings.rules);
    let desk = Arc::new(Desk::new(Arc::clone(&inventory), Arc::clone(&board), rules, known));
    let deeds = Arc::new(Deeds::default());
    let terminal = !flags.quiet && !flags.tui && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let mut announcer = Announcer::new(flags.settle, events, terminal);
    desk.note("state", begun.note.take());
    announcer.known(begun.announced);

    let (tell, told) = unbounded();
    let serving = serving.map(|(listener, access)| Serving {
        listener,
        access,
        pages: Arc::new(Pages::new(&desk, &deeds)) as Arc<dyn Served>,
    });
    control::watch(tell.clone(), flags.quiet, flags.tui, serving).context("signals cannot be watched")?;
    let listening_on = taps::told(&sources);
    let view = view.map(|view| LiveView::start(view, tail.clone(), flags.every, tell.clone())).transpose()?;
    let stop = Arc::clone(&settings.stop);
    let ended = Ended(Arc::clone(&deeds), tell);
    let capture = thread::Builder::new().name("capture".to_owned()).spawn(move || {
        let _ended = ended;
        listen(&mut sources, &settings, &inventory, &board)
    })?;
    if !flags.quiet && !flags.tui {
        say(format_args!("listening on {listening_on}: {how}; Ctrl-C reports and ends"));
    }
    tracing::info!(run, "listening on {listening_on}: {how}");

    let mut timetable = Timetable {
        flags,
        desk: &desk,
        deeds: &deeds,
        reports,
        announcer,
        promises: &promises,
        keeper: begun.keeper,
        view,
        ours: places.into_iter().collect(),
    };
    timetable.keep(&told);
    stop.store(true, Ordering::Relaxed);
    for line in timetable.view.take().map(LiveView::end).unwrap_or_default().iter().rev() {
        say(format_args!("{line}"));
    }
    let ended = capture.join();
    let mut failed = timetable.last();
    match ended {
        Ok(Ok(errors)) => {
            for error in errors {
                say(format_args!("error: {error}"));
                failed = true;
            }
        }
        Ok(Err(error)) => {
            say(format_args!("error: {error}"));
            failed = true;
        }
        Err(_) => {
            eprintln!(
                "error: the capture stopped unexpectedly; please report this. What it knew before is in the report"
            );
            failed = true;
        }
    }
    Ok(if failed { Verdict::Failed } else { Verdict::Fine })
}

/// Tells that the capture has ended, also when it panicked.
struct Ended(Arc<Deeds>, Sender<Told>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
        // Nobody hears it when it was told to stop.
        let _ = self.1.send(Told::Ended);
    }
}

/// What was promised and what users say, and how to read it again.
struct Promises {
    promised: Promised,
    said: Said,
    judging: Judging,
    limits: Limits,
}

impl Promises {
    fn read(&self) -> anyhow::Result<Known> {
        let hosts = settings::hosts(&self.promised);
        let index =
            SpecIndex::build_within(settings::specs_of(&self.promised.spec, &self.limits)?, &hosts, &self.limits)?;
        let retired = settings::retired(&self.promised, &self.limits)?;
        let said = settings::policy(&self.said)?;
        let policy = Policy::new(&self.judging.scope, self.judging.min_window, &said);
        Ok(Known { index, retired, said, policy })
    }

    /// Specs, those in force and those that are retired.
    fn specs(&self) -> Vec<PathBuf> {
        [self.promised.spec.as_slice(), &self.promised.retired_spec].concat()
    }

    /// All that is read again.
    fn files(&self) -> Vec<PathBuf> {
        self.specs().into_iter().chain(self.said.files()).collect()
    }
}

/// What is done when.
struct Timetable<'r> {
    flags: &'r Watch,
    desk: &'r Desk,
    deeds: &'r Deeds,
    reports: Vec<Standing>,
    announcer: Announcer,
    promises: &'r Promises,
    keeper: Option<Keeper>,
    view: Option<LiveView>,
    /// What this run writes.
    ours: Vec<PathBuf>,
}

impl Timetable<'_> {
    /// Keeps it until the run is told to stop.
    fn keep(&mut self, told: &Receiver<Told>) {
        let every = duration(self.flags.every).max(Duration::from_millis(100));
        let pace = duration(self.flags.settle).div_f32(2.0).clamp(Duration::from_secs(1), Duration::from_secs(5));
        let files = self.promises.files();
        let mut watched = Watched::new(&files, std::mem::take(&mut self.ours));
        let mut drops = Drops::default();
        let start = Instant::now();
        let (mut report_at, mut look_at, mut specs_at, mut losses_at) =
            (start + every, start + pace, start + SPECS, start + LOSSES);
        let mut view_at = start;
        loop {
            let mut next = report_at.min(look_at).min(specs_at).min(losses_at);
            if self.view.is_some() {
                next = next.min(view_at);
            }
            match told.recv_deadline(next) {
                Ok(Told::Stop | Told::Ended) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Told::Reload) => {
                    self.announcer.reopen();
                    watched.taken();
                    self.reload();
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let at = Instant::now();
            if at >= specs_at {
                specs_at = at + SPECS;
                if !files.is_empty() && watched.changed() {
                    watched.taken();
                    self.reload();
                }
            }
            if at >= losses_at {
                losses_at = at + LOSSES;
                if let Some(warning) = drops.look(&self.desk.summary()) {
                    tracing::warn!("{warning}");
                }
            }
            if at >= report_at {
                // Not one report for each interval that was missed.
                report_at = at.max(report_at) + every;
                self.report(false);
            }
            if let Some(view) = self.view.as_mut().filter(|_| at >= view_at) {
                view_at = at + VIEW;
                let left = report_at.saturating_duration_since(at).as_nanos();
                view.show(self.desk.summary(), now() + Span::from_nanos(u64::try_from(left).unwrap_or(u64::MAX)));
            }
            if at >= look_at {
                let Self { desk, deeds, announcer, view, .. } = self;
                desk.draw(|report| look(report, announcer, deeds, view.as_mut()));
                look_at = Instant::now() + pace.max(at.elapsed() * SHARE);
            }
        }
    }

    /// The last report; tells whether something failed.
    fn last(&mut self) -> bool {
        self.report(true)
    }

    /// Draws up the report and writes it wherever it stands; stdout at the end only. Tells whether something failed.
    fn report(&mut self, at_the_end: bool) -> bool {
        let Self { desk, deeds, reports, announcer, flags, keeper, view, .. } = self;
        desk.draw(|report| {
            look(report, announcer, deeds, view.as_mut());
            let mut failed = false;
            if let Some(keeper) = keeper {
                // This run's own, which is not that of all that was learned.
                let window = report.capture.first.zip(report.capture.last);
                failed |= !keeper.save(&desk.inventory, window, announcer.standing());
            }
            for standing in reports.iter_mut().filter(|standing| at_the_end || !standing.is_stdout()) {
                let written = standing.write(report);
                let deed = if written { &deeds.reports_written } else { &deeds.reports_failed };
                deed.fetch_add(1, Ordering::Relaxed);
                failed |= !written;
                if let Some(place) = standing.place().filter(|_| at_the_end && !flags.quiet && !failed) {
                    say(format_args!("written: {}", place.display()));
                }
            }
            failed
        })
    }

    /// Reads the specs and the policy again. Those that were in force stay when the new ones make no sense.
    fn reload(&mut self) {
        let read = self.promises.read();
        let deed = if read.is_ok() { &self.deeds.specs_read } else { &self.deeds.specs_refused };
        deed.fetch_add(1, Ordering::Relaxed);
        match read {
            Ok(known) => {
                let index = &known.index;
                let operations: usize = index.specs().iter().map(|spec| spec.operations.len()).sum();
                let told = format!("{operations} operations in {} specs", index.specs().len());
                self.desk.take_up(known);
                self.desk.note("specs", None);
                tracing::info!("the specs were read again: {told}");
                self.say(&format!("specs read again: {told}"));
                self.announcer.specs(now(), true, &told);
            }
            Err(error) => {
                let told = format!(
                    "the specs or the policy changed and cannot be read; those read before stay in force: {error}"
                );
                tracing::error!("{told}");
                self.say(&format!("error: {told}"));
                self.desk.note(
                    "specs",
                    Some(
                        "The specs or the policy changed and could not be read: those read before are in force. The log says why."
                            .to_owned(),
                    ),
                );
                self.announcer.specs(now(), false, &error.to_string());
            }
        }
    }

    fn say(&self, what: &str) {
        if !self.flags.quiet && !self.flags.tui && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            say(format_args!("{what}"));
        }
    }
}

/// Announces what is new in a report, and keeps its figures.
fn look(report: &Report<'_>, announcer: &mut Announcer, deeds: &Deeds, view: Option<&mut LiveView>) {
    let fresh = announcer.look(report.findings, || Stand::all(report), now());
    if let Some(view) = view {
        view.report(report, &fresh);
    }
    deeds.announced.store(announcer.announced, Ordering::Relaxed);
    deeds.glance(report);
}

/// Gives up all privileges but the one to listen, and logs what is in force.
pub(in crate::cli) fn give_up(plan: &Plan) -> anyhow::Result<()> {
    let dropped = privileges::drop_all(plan)?;
    dropped.in_force.iter().for_each(|line| tracing::info!("{line}"));
    dropped.lacking.iter().for_each(|line| tracing::warn!("{line}"));
    Ok(())
}

/// A socket for the pages, and who may see them: found out while errors can still be told to whoever typed.
fn serving(address: SocketAddr, flags: &Watch) -> anyhow::Result<(TcpListener, Access)> {
    let token = flags.token_file.as_deref().map(Token::read).transpose()?;
    check_address(address, token.is_some())?;
    let access = Access::new(token, &flags.listen_host)?;
    Ok((crate::web::listen(address)?, access))
}

fn random() -> std::io::Result<u64> {
    let mut bytes = [0; 8];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if got < bytes.len() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(u64::from_le_bytes(bytes)) }
}

const fn duration(span: Span) -> Duration {
    Duration::from_nanos(span.nanos())
}
