//! Suppressions: findings that somebody has looked at and lets stand, why, who answers for that, and until when.
//!
//! In: one TOML file (`--suppressions`). They hide nothing: what they take is listed apart, with its reason.

use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::error::PolicyError;
use super::judging::{Named, named};
use super::noise::{method, path};
use super::read::{Fault, read_host, text_of};
use super::words::begins;
use crate::api::{HostPattern, PathRule, PathTemplate, ServiceId};
use crate::time::{Deadline, Timestamp};

/// Suppressions of one file. The empty one suppresses nothing.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    /// The file as the user named it.
    pub file: String,
    /// In order of the file; of several that take a finding the first is meant.
    pub all: Vec<Suppression>,
}

/// Findings that are let stand: those that it takes in every respect that it names.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// A rule's id, a kind, or `*` for every rule.
    pub rule: Named,
    /// Hosts; none: all.
    pub host: Option<HostPattern>,
    /// The method.
    pub method: Option<String>,
    /// Paths.
    pub path: Option<PathRule>,
    /// The finding of this id.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when; it does not hold any more afterwards.
    pub expires: Option<Deadline>,
    /// Host, method and path as they were written, `*` where they were not.
    pub pattern: [String; 3],
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<'s> {
    /// The finding's id.
    pub id: &'s str,
    /// Where it lies.
    pub service: &'s ServiceId,
    /// Its method.
    pub method: &'s str,
    /// Its template.
    pub template: &'s PathTemplate,
}

impl Suppression {
    /// It takes what lies here, whatever the rule.
    #[must_use]
    pub fn takes(&self, suspect: Suspect<'_>) -> bool {
        let fits = |path: &PathRule| {
            let (wanted, seen) = (path.segments.len(), suspect.template.segments.len());
            let length = if path.below { seen > wanted } else { seen == wanted };
            length && begins(&PathTemplate { segments: path.segments.clone() }, suspect.template)
        };
        self.fingerprint.as_ref().is_none_or(|id| id == suspect.id)
            && self.method.as_ref().is_none_or(|method| method == suspect.method)
            && self.host.as_ref().is_none_or(|host| host.means(suspect.service))
            && self.path.as_ref().is_none_or(fits)
    }

    /// It holds no longer.
    #[must_use]
    pub fn has_expired(&self, now: Option<Timestamp>) -> bool {
        self.expires.zip(now).is_some_and(|(expires, now)| expires.passed_by(now))
    }
}

impl Suppressions {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says what makes no sense.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let file = path.display().to_string();
        let text = text_of(path, &file)?;
        Self::parse(&file, &text)
    }

    /// Reads a text; `file` is what errors call it.
    ///
    /// # Errors
    /// It says what makes no sense.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let read = toml::from_str::<Document>(text);
        let read = read.map_err(|error| Fault::of(&error, "the README's section on suppressions has every word"));
        let understood = read.and_then(|document| {
            let understood = |table: Spanned<Table>| {
                let at = table.span();
                table.into_inner().understood(at, &line)
            };
            document.suppress.into_iter().map(understood).collect::<Result<Vec<_>, _>>()
        });
        let all = understood.map_err(|fault| fault.told(file, &line))?;
        Ok(Self { file: file.to_owned(), all })
    }

    /// How reports call the file: without its folder, which is nobody's business there.
    #[must_use]
    pub fn name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// What is wrong with one.
    #[must_use]
    pub fn wrong(&self, named: &Named, what: impl Into<String>, mend: impl Into<String>) -> PolicyError {
        PolicyError::Wrong { file: self.file.clone(), line: named.line, what: what.into(), mend: mend.into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    suppress: Vec<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rule: Spanned<String>,
    host: Option<Spanned<String>>,
    method: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    fingerprint: Option<Spanned<String>>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    expires: Option<Spanned<toml::Value>>,
}

impl Table {
    fn understood(self, at: Range<usize>, line: &dyn Fn(usize) -> usize) -> Result<Suppression, Fault> {
        let names = [&self.host, &self.method, &self.path, &self.fingerprint];
        if self.rule.get_ref().trim() == "*" && names.into_iter().all(Option::is_none) {
            let mend = "say which, by rule, host, method, path or fingerprint";
            return Err(Fault::new(at, "it would take every finding", mend));
        }
        let written = |text: &Option<Spanned<String>>| text.as_ref().map_or("*", |it| it.get_ref().trim()).to_owned();
        let pattern = [&self.host, &self.method, &self.path].map(written);
        let expires = self.expires.map(|date| {
            let text = match date.get_ref() {
                toml::Value::String(text) => text.clone(),
                toml::Value::Datetime(date) => date.to_string(),
                _ => String::new(),
            };
            let mend = r#"write it as expires = "2026-12-31""#;
            Deadline::from_str(&text).map_err(|what| Fault::new(date.span(), what, mend))
        });
        Ok(Suppression {
            rule: named(&self.rule, line),
            host: self.host.as_ref().map(read_host).transpose()?,
            method: self.method.map(method).transpose()?,
            path: self.path.map(path).transpose()?,
            fingerprint: self.fingerprint.map(fingerprint).transpose()?,
            reason: said(&self.reason, "reason", "say why it may stand")?,
            owner: said(&self.owner, "owner", "say who answers for it")?,
            expires: expires.transpose()?,
            pattern,
        })
    }
}

fn fingerprint(text: Spanned<String>) -> Result<String, Fault> {
    let id = text.get_ref().trim().to_owned();
    if id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(id);
    }
    Err(Fault::new(text.span(), format!("'{}' is no fingerprint", id.escape_debug()), "copy the id of the finding"))
}

/// Plain text that says something: it stands in reports.
fn said(text: &Spanned<String>, what: &str, mend: &str) -> Result<String, Fault> {
    const MOST: usize = 400;
    let trimmed = text.get_ref().trim();
    if trimmed.is_empty() || trimmed.len() > MOST || trimmed.contains(char::is_control) {
        let mend = format!("{mend}, in 1 to {MOST} bytes of plain text");
        return Err(Fault::new(text.span(), format!("the {what} says nothing"), mend));
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Scheme;

    fn read(text: &str) -> Result<Suppressions, String> {
        Suppressions::parse("suppress.toml", text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_suppression_takes_what_it_names_in_every_respect() {
        // Catches one that takes more than it names: what it hides by mistake nobody looks at.
        let takes = |pattern: &str, host: &str, method: &str, template: &str| {
            let text = format!("[[suppress]]\nrule = 'shadow'\nreason = 'r'\nowner = 'o'\n{pattern}\n");
            let service = ServiceId { host: host.to_owned(), port: 80, scheme: Scheme::Http };
            let template = PathTemplate::parse(template);
            let id = "00000000000000aa";
            read(&text).unwrap().all[0].takes(Suspect { id, service: &service, method, template: &template })
        };
        for (pattern, host, method, template, fits) in [
            ("", "a.example", "GET", "/x", true),
            ("host = '*.example'", "a.example", "GET", "/x", true),
            ("host = 'b.example'", "a.example", "GET", "/x", false),
            ("method = 'GET'", "a", "GET", "/x", true),
            ("method = 'POST'", "a", "GET", "/x", false),
            ("path = '/users/{id}'", "a", "GET", "/users/{userId}", true),
            ("path = '/users/{id}'", "a", "GET", "/users/{userId}/x", false),
            ("path = '/users/{id}'", "a", "GET", "/users", false),
            ("path = '/users/me'", "a", "GET", "/users/{userId}", false),
            ("path = '/users/*'", "a", "GET", "/users/{userId}/x", true),
            ("path = '/users/*'", "a", "GET", "/users", false),
            ("fingerprint = '00000000000000aa'", "a", "GET", "/x", true),
            ("fingerprint = '00000000000000ab'", "a", "GET", "/x", false),
        ] {
            assert_eq!(takes(pattern, host, method, template), fits, "{pattern}: {host} {method} {template}");
        }
    }

    #[test]
    fn dates_are_read_as_text_and_as_toml_writes_them() {
        let of = |date: &str| {
            let text = format!("[[suppress]]\nrule = 'orphan'\nreason = 'r'\nowner = 'o'\nexpires = {date}\n");
            read(&text).unwrap().all[0].expires.unwrap().to_string()
        };
        assert_eq!([of("2026-12-31"), of("'2026-12-31'")], ["2026-12-31", "2026-12-31"]);
        assert_eq!(of("2026-12-31T12:00:00Z"), "2026-12-31T12:00:00Z");
    }

    #[test]
    fn what_makes_no_sense_is_said_with_its_line() {
        let whole = "reason = 'r'\nowner = 'o'\n";
        for (text, line, what) in [
            (format!("[[suppress]]\n{whole}"), 1, "missing field `rule`"),
            ("[[suppress]]\nrule = 'orphan'\nowner = 'o'\n".to_owned(), 1, "missing field `reason`"),
            ("[[suppress]]\nrule = 'orphan'\nreason = 'r'\n".to_owned(), 1, "missing field `owner`"),
            ("[[suppress]]\nrule = 'orphan'\nreason = ' '\nowner = 'o'\n".to_owned(), 3, "the reason says nothing"),
            (format!("\n[[suppress]]\nrule = '*'\n{whole}"), 2, "every finding"),
            (format!("[[suppress]]\nrule = 'orphan'\n{whole}expires = '2026-13-01'\n"), 5, "a date such as"),
            (format!("[[suppress]]\nrule = 'orphan'\n{whole}fingerprint = 'x'\n"), 5, "is no fingerprint"),
            (format!("[[suppress]]\nrule = 'orphan'\n{whole}path = '/a*'\n"), 5, "a star stands alone"),
            (format!("[[suppress]]\nrule = 'orphan'\n{whole}paths = '/a'\n"), 5, "unknown field"),
        ] {
            let said = read(&text).unwrap_err();
            assert!(said.starts_with(&format!("suppress.toml:{line}: ")) && said.contains(what), "{text}: {said}");
        }
    }
}
