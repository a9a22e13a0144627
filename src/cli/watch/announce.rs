//! Announces shadow endpoints as they appear, each once.
//!
//! In: a report as of now. Out: events. An endpoint is announced when it has been known for a while, for what is learned
//! meanwhile may fold it with others; where a later fold unites what was announced, that is said too.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::api::PathTemplate;
use crate::cli::log::say;
use crate::findings::{Finding, Kind, Subject};
use crate::inventory::Learned;
use crate::report::{EventLine, Report, Verdict, Why, visible};
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

    /// Announces what is new; gives it back, for a view. `stands`: every endpoint as of now, asked for when it matters.
    pub(super) fn look<'f, 's>(
        &mut self,
        findings: &'f [Finding],
        stands: impl FnOnce() -> Vec<Stand<'s>>,
        now: Timestamp,
    ) -> Vec<&'f Finding> {
        let shadows = || findings.iter().filter(|finding| finding.kind == Kind::Shadow);
        let by_id: BTreeMap<&str, &'f Finding> = shadows().map(|finding| (finding.id.as_str(), finding)).collect();
        // What was announced and stands no more: part of something else, or nothing any more.
        let gone: Vec<String> = self.said.keys().filter(|id| !by_id.contains_key(id.as_str())).cloned().collect();
        let settled = |finding: &&Finding| !self.said.contains_key(&finding.id) && self.has_settled(finding, now);
        let mut fresh: Vec<&'f Finding> = shadows().filter(settled).collect();
        if gone.is_empty() && fresh.is_empty() {
            return fresh;
        }
        let crowd = Crowd::of(stands());
        let mut united: BTreeMap<String, (&Finding, Vec<String>)> = BTreeMap::new();
        let mut cleared = Vec::new();
        for id in gone {
            let Some(subject) = self.said.remove(&id) else { continue };
            let fate = crowd.fate(&subject);
            match fate.within.as_deref().and_then(|within| by_id.get(within)) {
                Some(finding) => united.entry(finding.id.clone()).or_insert((finding, Vec::new())).1.push(id),
                None => cleared.push((id, subject, fate.why)),
            }
        }
        fresh.retain(|finding| !united.contains_key(&finding.id));
        let mut lines = Vec::new();
        for finding in &fresh {
            write(&mut lines, &EventLine::shadow(now, finding, crowd.learned(finding)));
            self.tell("shadow", finding, "");
            self.said.insert(finding.id.clone(), finding.subject.clone());
            self.announced += 1;
        }
        for (finding, ids) in united.into_values() {
            write(&mut lines, &EventLine::merged(now, finding, crowd.learned(finding), &ids));
            self.tell("merged", finding, &format!(" (announced before as {})", ids.join(", ")));
            self.said.insert(finding.id.clone(), finding.subject.clone());
        }
        for (id, subject, why) in &cleared {
            write(&mut lines, &EventLine::cleared(now, id, subject, *why));
            tracing::info!(id, why = why.name(), "no shadow any more");
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

/// An endpoint as of now.
pub(super) struct Stand<'a> {
    subject: Subject,
    verdict: Verdict,
    learned: Option<&'a Learned>,
}

impl<'a> Stand<'a> {
    /// All of a report's.
    pub(super) fn all(report: &'a Report<'a>) -> Vec<Self> {
        let stand = |endpoint: &'a crate::report::Endpoint<'a>| {
            let pairing = report.compared.pairings.get(endpoint.pairing)?;
            let service = &report.compared.services.get(pairing.service)?.service.id;
            let subject = Subject::observed(service, pairing.operation);
            Some(Self { subject, verdict: endpoint.verdict, learned: pairing.operation.learned.as_ref() })
        };
        report.endpoints.iter().filter_map(stand).collect()
    }
}

/// All endpoints, by what may be one with another: service, method, number of segments.
struct Crowd<'a>(BTreeMap<(String, String, usize), Vec<(PathTemplate, Stand<'a>)>>);

/// What became of an endpoint that was announced.
struct Fate {
    /// The finding that it is part of now.
    within: Option<String>,
    /// Why it stands no more, where it is part of none.
    why: Why,
}

impl<'a> Crowd<'a> {
    fn of(stands: Vec<Stand<'a>>) -> Self {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for stand in stands {
            let template = PathTemplate::parse(&stand.subject.template);
            groups.entry(Self::key(&stand.subject, &template)).or_default().push((template, stand));
        }
        // So that one that still stands is found without going through all.
        groups
            .values_mut()
            .for_each(|group| group.sort_by(|(_, a), (_, b)| a.subject.template.cmp(&b.subject.template)));
        Self(groups)
    }

    /// The endpoint of the very same template.
    fn same(&self, subject: &Subject) -> Option<&Stand<'a>> {
        let group = self.0.get(&Self::key(subject, &PathTemplate::parse(&subject.template)))?;
        let at = group.binary_search_by(|(_, stand)| stand.subject.template.cmp(&subject.template)).ok()?;
        Some(&group[at].1)
    }

    fn key(subject: &Subject, template: &PathTemplate) -> (String, String, usize) {
        (subject.service.clone(), subject.method.clone(), template.segments.len())
    }

    fn fate(&self, gone: &Subject) -> Fate {
        if let Some(stand) = self.same(gone).filter(|stand| stand.verdict != Verdict::Shadow) {
            let declared = matches!(stand.verdict, Verdict::Matched | Verdict::Drift | Verdict::Zombie);
            return Fate { within: None, why: if declared { Why::Declared } else { Why::Judged } };
        }
        let template = PathTemplate::parse(&gone.template);
        let group = self.0.get(&Self::key(gone, &template)).map_or(&[][..], Vec::as_slice);
        let wider = || group.iter().filter(|(wide, _)| covers(wide, &template)).map(|(_, stand)| stand);
        let declared = |stand: &Stand<'_>| matches!(stand.verdict, Verdict::Matched | Verdict::Drift | Verdict::Zombie);
        let within = wider().find(|stand| stand.verdict == Verdict::Shadow);
        let why = if wider().any(declared) {
            Why::Declared
        } else if group.iter().any(|(narrow, _)| covers(&template, narrow) && !covers(narrow, &template)) {
            Why::Split
        } else if wider().next().is_some() {
            Why::Judged
        } else {
            Why::Gone
        };
        Fate { within: within.map(|stand| stand.subject.id(Kind::Shadow)), why }
    }

    /// Why a finding's template is believed.
    fn learned(&self, finding: &Finding) -> Option<&'a Learned> {
        self.same(&finding.subject)?.learned
    }
}

/// Every path that `narrow` takes, `wide` takes too.
fn covers(wide: &PathTemplate, narrow: &PathTemplate) -> bool {
    wide.segments.len() == narrow.segments.len()
        && wide.segments.iter().zip(&narrow.segments).all(|(wide, narrow)| match wide.literal() {
            Some(text) => narrow.literal() == Some(text),
            None => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Evidence, Place, Severity, rule_text};

    fn shadow(template: &str, first: u64) -> Finding {
        let subject = Subject { service: "http://a".into(), method: "GET".into(), template: template.into() };
        Finding {
            id: subject.id(Kind::Shadow),
            kind: Kind::Shadow,
            rule: rule_text("shadow-unknown-path").unwrap(),
            part: String::new(),
            next: String::new(),
            reason: None,
            severity: Severity::High,
            subject,
            place: Place::default(),
            summary: String::new(),
            evidence: Evidence { first: Some(at(first)), ..Evidence::default() },
            suppressed: None,
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    /// Those of findings, and `others` with their verdicts.
    fn stands<'a>(found: &[Finding], others: &[(&str, Verdict)]) -> Vec<Stand<'a>> {
        let of = |subject: &Subject, verdict| Stand { subject: subject.clone(), verdict, learned: None };
        let other = |&(template, verdict): &(&str, Verdict)| of(&shadow(template, 1).subject, verdict);
        found.iter().map(|finding| of(&finding.subject, Verdict::Shadow)).chain(others.iter().map(other)).collect()
    }

    /// Looks at findings that are all there is.
    fn look<'f>(announcer: &mut Announcer, found: &'f [Finding], seconds: u64) -> Vec<&'f Finding> {
        announcer.look(found, || stands(found, &[]), at(seconds))
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
        assert!(look(&mut announcer, &found, 109).is_empty());
        assert_eq!(look(&mut announcer, &found, 110).len(), 1);
        assert_eq!(look(&mut announcer, &found, 110).len(), 0);
        assert_eq!(look(&mut announcer, &found, 200).len(), 1);
        let said: Vec<String> = read().into_iter().map(|(event, id, _)| event + &id).collect();
        assert_eq!(said, [format!("shadow{}", found[0].id), format!("shadow{}", found[1].id)]);
    }

    #[test]
    fn a_fold_that_unites_what_was_announced_says_so() {
        // Catches a fold told as a new endpoint, and old ids that nobody can resolve.
        let (mut announcer, read) = announcer();
        let old = [shadow("/users/anna", 1), shadow("/users/bert", 2), shadow("/else", 3)];
        look(&mut announcer, &old, 100);
        let new = [shadow("/users/{user}", 1), shadow("/else", 3)];
        assert!(look(&mut announcer, &new, 101).is_empty());
        look(&mut announcer, &new, 102);
        let said = read();
        assert_eq!(said.len(), 4, "{said:?}");
        let mut ids = vec![old[0].id.clone(), old[1].id.clone()];
        ids.sort();
        assert_eq!(said[3], ("merged".to_owned(), new[0].id.clone(), ids));
    }

    #[test]
    fn what_joins_an_announced_one_later_is_united_too() {
        let (mut announcer, read) = announcer();
        look(&mut announcer, &[shadow("/users/{user}", 1), shadow("/users/carl", 2)], 100);
        look(&mut announcer, &[shadow("/users/{user}", 1)], 101);
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
        look(&mut announcer, &[shadow("/a", 1)], 100);
        look(&mut announcer, &[], 101);
        look(&mut announcer, &[shadow("/a", 1)], 102);
        let said: Vec<String> = read().into_iter().map(|(event, ..)| event).collect();
        assert_eq!(said, ["shadow", "cleared", "shadow"]);
    }

    #[test]
    fn why_it_is_cleared_is_said() {
        // Catches a template that changes without a word on what made it change.
        for (others, why) in [
            (&[("/users/{login}", Verdict::Matched)][..], "declared"),
            (&[("/users/me", Verdict::Unmanaged), ("/users/search", Verdict::Shadow)], "split"),
            (&[("/users/{user}", Verdict::Unproven)], "judged"),
            (&[("/users", Verdict::Shadow), ("/users/{user}/keys", Verdict::Shadow)], "gone"),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut announcer = Announcer::new(Span::ZERO, Some(Events::open(file.path()).unwrap()), false);
            look(&mut announcer, &[shadow("/users/{user}", 1)], 100);
            announcer.look(&[], || stands(&[], others), at(101));
            let text = std::fs::read_to_string(file.path()).unwrap();
            let event: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            let fields = ["event", "template", "why"].map(|field| event[field].as_str().unwrap_or_default());
            assert_eq!(fields, ["cleared", "/users/{user}", why]);
        }
    }

    #[test]
    fn what_an_earlier_run_knew_is_not_announced_again() {
        // Catches an event for all that was known at each start, and a shadow that nobody hears of as no spec was given before.
        let (mut earlier, _) = announcer();
        look(&mut earlier, &[shadow("/a", 1), shadow("/users/anna", 1)], 100);
        let (mut announcer, read) = announcer();
        announcer.known(earlier.standing());
        look(&mut announcer, &[shadow("/a", 1), shadow("/users/{user}", 1), shadow("/never-said", 2)], 200);
        let said: Vec<String> = read().into_iter().map(|(event, ..)| event).collect();
        assert_eq!(said, ["shadow", "merged"], "and not what was said");
    }

    #[test]
    fn a_template_covers_what_it_is_wider_than() {
        let takes = |wide, narrow| covers(&PathTemplate::parse(wide), &PathTemplate::parse(narrow));
        assert!(takes("/a/{x}", "/a/b") && takes("/a/{x}", "/a/{y}") && takes("/{x}/{y}", "/a/{y}"));
        assert!(!takes("/a/b", "/a/{x}") && !takes("/a/{x}", "/a/b/c") && !takes("/a/{x}", "/b/c"));
    }
}
