//! Announces shadow endpoints as they appear, each once.
//!
//! In: a report as of now. Out: events. An endpoint is announced when it has been known for a while, for what is learned
//! meanwhile may fold it with others; where a later fold unites what was announced, that is said too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::api::PathTemplate;
use crate::cli::log::say;
use crate::findings::{Finding, Kind, Subject};
use crate::report::{EventLine, visible};
use crate::time::{Span, Timestamp};

/// What was announced, and to whom.
pub(super) struct Announcer {
    settle: Span,
    /// Shadows announced and still standing, by id. Bounded by what the inventory may hold.
    said: BTreeMap<String, Subject>,
    /// How many were announced in all.
    pub(super) announced: u64,
    events: Option<Events>,
    terminal: bool,
}

/// Where events go.
pub(super) enum Events {
    /// Line by line to stdout.
    Stdout,
    /// Appended to a file.
    File(Appended),
    /// Nobody reads them any more: said once.
    Gone,
}

/// A file that is appended to, and what it had no room for yet.
pub(super) struct Appended {
    file: File,
    place: PathBuf,
    /// Begins where the file ends, be it in the middle of a line.
    waiting: VecDeque<u8>,
    failing: bool,
}

impl Appended {
    /// Events that wait for room on the disk; more are lost, which is said.
    const MOST: usize = 4 << 20;

    fn write(&mut self, lines: &[u8]) {
        if self.waiting.len() + lines.len() > Self::MOST {
            tracing::error!("events are lost: too many wait for room in {}", self.place.display());
        } else {
            self.waiting.extend(lines);
        }
        while !self.waiting.is_empty() {
            let (front, _) = self.waiting.as_slices();
            match self.file.write(front) {
                Ok(written) if written > 0 => drop(self.waiting.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => {
                    if !self.failing {
                        let why = other.err().map_or_else(|| "nothing is taken".to_owned(), |error| error.to_string());
                        tracing::error!("events wait, they cannot be written to {}: {why}", self.place.display());
                    }
                    self.failing = true;
                    return;
                }
            }
        }
        self.failing = false;
    }
}

impl Events {
    /// Opens a file to append to, or stdout for `-`.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        if file.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        // A pipe without a reader would wait for one.
        let regular = std::fs::metadata(file).map_or(true, |known| known.is_file());
        anyhow::ensure!(regular, "--events {}: is no regular file; --events - writes to stdout", file.display());
        let open = OpenOptions::new().append(true).create(true).mode(0o600).open(file);
        let open = open.with_context(|| format!("--events {}: cannot be opened to append to", file.display()))?;
        let place = std::path::absolute(file)?;
        Ok(Self::File(Appended { file: open, place, waiting: VecDeque::new(), failing: false }))
    }

    /// Opens the file anew: whoever rotates it has moved it away.
    pub(super) fn reopen(&mut self) {
        let Self::File(known) = self else { return };
        match Self::open(&known.place) {
            // A line that was begun in a file ends there.
            Ok(Self::File(new)) if known.waiting.is_empty() => *known = new,
            Ok(_) => {}
            Err(error) => tracing::error!("{error:#}; events go on into the file that was open"),
        }
    }

    fn write(&mut self, lines: &[u8]) {
        let done = match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(lines).and_then(|()| out.flush())
            }
            Self::File(file) => return file.write(lines),
            Self::Gone => return,
        };
        // A file may have room again later; a reader that went away does not come back.
        if let Err(error) = done {
            tracing::warn!(%error, "events have no reader any more");
            *self = Self::Gone;
        }
    }
}

impl Announcer {
    /// `terminal`: a line on stderr for each, for people.
    pub(super) const fn new(settle: Span, events: Option<Events>, terminal: bool) -> Self {
        Self { settle, said: BTreeMap::new(), announced: 0, events, terminal }
    }

    /// Takes what earlier runs announced as announced.
    pub(super) fn known(&mut self, announced: Vec<[String; 4]>) {
        for [id, service, method, template] in announced {
            self.said.insert(id, Subject { service, method, template });
        }
    }

    /// What was announced and still stands: id, service, method, template.
    pub(super) fn standing(&self) -> Vec<[String; 4]> {
        let entry = |(id, subject): (&String, &Subject)| {
            let Subject { service, method, template } = subject.clone();
            [id.clone(), service, method, template]
        };
        self.said.iter().map(entry).collect()
    }

    /// Announces what is new; gives it back, for a view.
    pub(super) fn look<'f>(&mut self, findings: &'f [Finding], now: Timestamp) -> Vec<&'f Finding> {
        let mut shadows: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
        let mut standing = BTreeSet::new();
        for finding in findings.iter().filter(|finding| finding.kind == Kind::Shadow) {
            let Subject { service, method, .. } = &finding.subject;
            shadows.entry((service, method)).or_default().push(finding);
            standing.insert(finding.id.as_str());
        }
        // What was announced and stands no more: part of something wider, or nothing any more.
        let gone: Vec<String> = self.said.keys().filter(|id| !standing.contains(id.as_str())).cloned().collect();
        let mut united: BTreeMap<&str, (&Finding, Vec<String>)> = BTreeMap::new();
        let mut cleared = Vec::new();
        for id in gone {
            let Some(subject) = self.said.remove(&id) else { continue };
            let near = shadows.get(&(subject.service.as_str(), subject.method.as_str()));
            match near.into_iter().flatten().find(|finding| covers(&finding.subject.template, &subject.template)) {
                Some(finding) => united.entry(&finding.id).or_insert((finding, Vec::new())).1.push(id),
                None => cleared.push(id),
            }
        }
        let mut lines = Vec::new();
        let mut fresh = Vec::new();
        for finding in shadows.into_values().flatten() {
            if self.said.contains_key(&finding.id)
                || united.contains_key(finding.id.as_str())
                || !self.has_settled(finding, now)
            {
                continue;
            }
            write(&mut lines, &EventLine::shadow(now, finding));
            self.tell("shadow", finding, "");
            self.said.insert(finding.id.clone(), finding.subject.clone());
            self.announced += 1;
            fresh.push(finding);
        }
        for (finding, ids) in united.into_values() {
            write(&mut lines, &EventLine::merged(now, finding, &ids));
            self.tell("merged", finding, &format!(" (announced before as {})", ids.join(", ")));
            self.said.insert(finding.id.clone(), finding.subject.clone());
        }
        for id in &cleared {
            write(&mut lines, &EventLine::cleared(now, id));
            tracing::info!(id, "no shadow any more");
        }
        self.send(&lines);
        fresh
    }

    /// Says something about the specs.
    pub(super) fn specs(&mut self, now: Timestamp, taken_up: bool, detail: &str) {
        let mut lines = Vec::new();
        let event = if taken_up { EventLine::specs(now, detail) } else { EventLine::specs_refused(now, detail) };
        write(&mut lines, &event);
        self.send(&lines);
    }

    /// Opens the events' file anew.
    pub(super) fn reopen(&mut self) {
        if let Some(events) = &mut self.events {
            events.reopen();
        }
    }

    fn has_settled(&self, finding: &Finding, now: Timestamp) -> bool {
        finding.evidence.first.is_some_and(|first| first + self.settle <= now)
    }

    fn send(&mut self, lines: &[u8]) {
        if let Some(events) = &mut self.events {
            events.write(lines);
        }
    }

    /// For the log, and for people.
    fn tell(&self, what: &str, finding: &Finding, more: &str) {
        let Subject { service, method, template } = &finding.subject;
        let [service, method, template] = [service, method, template].map(|text| visible(text));
        let (id, severity) = (finding.id.as_str(), finding.severity.name());
        tracing::info!(id, severity, %service, %method, %template, "{what}{more}");
        if self.terminal {
            say(format_args!("{what:<7} {severity:<6} {method} {template}  {service}  {id}{more}"));
        }
    }
}

fn write(lines: &mut Vec<u8>, event: &EventLine<'_>) {
    // Writing to memory does not fail.
    let _ = event.write_line(lines);
}

/// Every path that `narrow` takes, `wide` takes too.
fn covers(wide: &str, narrow: &str) -> bool {
    let [wide, narrow] = [wide, narrow].map(PathTemplate::parse);
    wide.segments.len() == narrow.segments.len()
        && wide.segments.iter().zip(&narrow.segments).all(|(wide, narrow)| match wide.literal() {
            Some(text) => narrow.literal() == Some(text),
            None => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Evidence, Severity};

    fn shadow(template: &str, first: u64) -> Finding {
        let subject = Subject { service: "http://a".into(), method: "GET".into(), template: template.into() };
        Finding {
            id: subject.id(Kind::Shadow),
            kind: Kind::Shadow,
            reason: None,
            severity: Severity::High,
            subject,
            summary: String::new(),
            evidence: Evidence { first: Some(at(first)), ..Evidence::default() },
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    /// Event, id, ids it stands for.
    type Said = (String, String, Vec<String>);

    /// An announcer that writes to a file, and how to read what it wrote.
    fn announcer() -> (Announcer, impl Fn() -> Vec<Said>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let announcer = Announcer::new(Span::from_secs(10), Some(Events::open(file.path()).unwrap()), false);
        let read = move || {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let line = |line: &str| {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
                let ids = event["merged"].as_array().into_iter().flatten();
                (text("event"), text("id"), ids.map(|id| id.as_str().unwrap().to_owned()).collect())
            };
            text.lines().map(line).collect()
        };
        (announcer, read)
    }

    #[test]
    fn each_is_announced_once_and_when_it_has_settled() {
        let (mut announcer, read) = announcer();
        let found = [shadow("/a", 100), shadow("/b", 105)];
        assert!(announcer.look(&found, at(109)).is_empty());
        assert_eq!(announcer.look(&found, at(110)).len(), 1);
        assert_eq!(announcer.look(&found, at(110)).len(), 0);
        assert_eq!(announcer.look(&found, at(200)).len(), 1);
        let said: Vec<String> = read().into_iter().map(|(event, id, _)| event + &id).collect();
        assert_eq!(said, [format!("shadow{}", found[0].id), format!("shadow{}", found[1].id)]);
    }

    #[test]
    fn a_fold_that_unites_what_was_announced_says_so() {
        // Catches a fold told as a new endpoint, and old ids that nobody can resolve.
        let (mut announcer, read) = announcer();
        let old = [shadow("/users/anna", 1), shadow("/users/bert", 2), shadow("/else", 3)];
        announcer.look(&old, at(100));
        let new = [shadow("/users/{user}", 1), shadow("/else", 3)];
        assert!(announcer.look(&new, at(101)).is_empty());
        announcer.look(&new, at(102));
        let said = read();
        assert_eq!(said.len(), 4, "{said:?}");
        let mut ids = vec![old[0].id.clone(), old[1].id.clone()];
        ids.sort();
        assert_eq!(said[3], ("merged".to_owned(), new[0].id.clone(), ids));
    }

    #[test]
    fn what_joins_an_announced_one_later_is_united_too() {
        let (mut announcer, read) = announcer();
        announcer.look(&[shadow("/users/{user}", 1), shadow("/users/carl", 2)], at(100));
        announcer.look(&[shadow("/users/{user}", 1)], at(101));
        let (event, id, ids) = read().pop().unwrap();
        assert_eq!((event.as_str(), id), ("merged", shadow("/users/{user}", 1).id));
        assert_eq!(ids, [shadow("/users/carl", 2).id]);
    }

    #[test]
    fn a_full_disk_delays_events_and_tears_none() {
        // Catches half a line that the next one is glued to, and an event that is announced once and to nobody.
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut events = Appended { file: full, place: "/dev/full".into(), waiting: VecDeque::new(), failing: false };
        events.write(b"one\n");
        events.write(b"two\n");
        assert!(events.failing);
        let file = tempfile::NamedTempFile::new().unwrap();
        events.file = file.reopen().unwrap();
        events.write(b"");
        events.write(b"three\n");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "one\ntwo\nthree\n");
        for _ in 0..3 {
            events.file = OpenOptions::new().append(true).open("/dev/full").unwrap();
            events.write(&vec![b'x'; Appended::MOST / 2]);
        }
        assert!(events.waiting.len() <= Appended::MOST, "what waits is bounded");
    }

    #[test]
    fn what_is_declared_by_now_is_cleared_and_may_come_back() {
        let (mut announcer, read) = announcer();
        announcer.look(&[shadow("/a", 1)], at(100));
        announcer.look(&[], at(101));
        announcer.look(&[shadow("/a", 1)], at(102));
        let said: Vec<String> = read().into_iter().map(|(event, ..)| event).collect();
        assert_eq!(said, ["shadow", "cleared", "shadow"]);
    }

    #[test]
    fn what_an_earlier_run_knew_is_not_announced_again() {
        // Catches an event for all that was known at each start, and a shadow that nobody hears of as no spec was given before.
        let (mut earlier, _) = announcer();
        earlier.look(&[shadow("/a", 1), shadow("/users/anna", 1)], at(100));
        let (mut announcer, read) = announcer();
        announcer.known(earlier.standing());
        announcer.look(&[shadow("/a", 1), shadow("/users/{user}", 1), shadow("/never-said", 2)], at(200));
        let said: Vec<String> = read().into_iter().map(|(event, ..)| event).collect();
        assert_eq!(said, ["shadow", "merged"], "and not what was said");
    }

    #[test]
    fn a_template_covers_what_it_is_wider_than() {
        assert!(covers("/a/{x}", "/a/b") && covers("/a/{x}", "/a/{y}") && covers("/{x}/{y}", "/a/{y}"));
        assert!(!covers("/a/b", "/a/{x}") && !covers("/a/{x}", "/a/b/c") && !covers("/a/{x}", "/b/c"));
    }
}
