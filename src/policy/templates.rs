//! `[[template]]`: pins, forbids, renames; and which of them contradict each other.
//!
//! Of two rules that cannot both hold one would be passed over in silence, so both are named and nothing runs. Rules of hosts that
//! lie in one another do not clash: the narrower host's holds there.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::read::{Fault, read_host, template};
use super::words::PolicyFile;
use crate::api::{Forbid, HostPattern, PathTemplate, Piece, Pin, Rename, TemplateSegment, alike};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateTable {
    host: Option<Spanned<String>>,
    pin: Option<Spanned<String>>,
    forbid: Option<Spanned<String>>,
    rename: Option<RenameTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameTable {
    from: Spanned<String>,
    to: Spanned<String>,
}

impl TemplateTable {
    pub(super) fn understood(
        self,
        at: Range<usize>,
        policy: &mut PolicyFile,
        earlier: &mut Earlier,
    ) -> Result<(), Fault> {
        let host = match &self.host {
            Some(host) => read_host(host)?,
            None => HostPattern::Any,
        };
        let rules = &mut policy.templates;
        match (self.pin, self.forbid, self.rename) {
            (Some(pin), None, None) => {
                let template = template(&pin)?;
                earlier.pin(&host, &template, pin.span())?;
                rules.pins.push(Pin { host, template, methods: Vec::new() });
            }
            (None, Some(forbid), None) => {
                let template = template(&forbid)?;
                if template.segments.last().is_none_or(|last| last.literal().is_some()) {
                    let what = format!("'{}' does not end in a variable, which is what is forbidden", forbid.get_ref());
                    return Err(Fault::new(forbid.span(), what, r#"write it as "/static/{name}""#));
                }
                earlier.forbid(&host, &template, forbid.span())?;
                rules.forbids.push(Forbid { host, template });
            }
            (None, None, Some(RenameTable { from, to })) => {
                let (old, new) = (template(&from)?, template(&to)?);
                let same = old.segments.len() == new.segments.len()
                    && old.segments.iter().zip(&new.segments).all(|(a, b)| alike(a, b));
                if !same {
                    let what = format!("'{}' is another template than '{}'", to.get_ref(), from.get_ref());
                    return Err(Fault::new(to.span(), what, "change nothing but the names of variables"));
                }
                if new.variables().next().is_none() {
                    let what = format!("'{}' has no variable that could be called otherwise", from.get_ref());
                    return Err(Fault::new(
                        from.span(),
                        what,
                        r#"write it as { from = "/users/{x}", to = "/users/{login}" }"#,
                    ));
                }
                earlier.rename(&host, &new, to.span())?;
                rules.renames.push(Rename { host, from: old, to: new });
            }
            _ => {
                let what = "a template says one of pin, forbid and rename";
                return Err(Fault::new(at, what, "write one [[template]] for each"));
            }
        }
        Ok(())
    }
}

/// The rules above one in the file, to find those it contradicts.
#[derive(Default)]
pub(super) struct Earlier {
    places: Places,
    pins: BTreeMap<usize, Rule>,
    /// By place, what the variables of its last segment are to be called.
    names: BTreeMap<usize, Rule>,
    /// Where a rename ends.
    renames: BTreeMap<usize, Rule>,
    forbids: Vec<Rule>,
}

/// A rule, and at which bytes it stands.
#[derive(Clone)]
struct Rule {
    host: HostPattern,
    template: PathTemplate,
    at: Range<usize>,
}

impl Earlier {
    fn pin(&mut self, host: &HostPattern, template: &PathTemplate, at: Range<usize>) -> Result<(), Fault> {
        let rule = Rule { host: host.clone(), template: template.clone(), at };
        let place = self.places.of(host, template).last().copied().unwrap_or_default();
        let otherwise = |known: &&Rule| known.template != *template;
        if let Some(known) = self.pins.get(&place).filter(otherwise) {
            return Err(clash(("pin", &rule), ("pin", known), TWO_NAMES, "leave one of them out"));
        }
        if let Some(known) = self.renames.get(&place).filter(otherwise) {
            return Err(clash(("pin", &rule), ("rename to", known), TWO_NAMES, ONE_NAME));
        }
        if let Some(known) = self.forbids.iter().find(|forbid| swallows(&rule, forbid)) {
            return Err(clash(("pin", &rule), ("forbid", known), SWALLOWED, "leave one of them out"));
        }
        self.pins.entry(place).or_insert(rule);
        Ok(())
    }

    fn forbid(&mut self, host: &HostPattern, template: &PathTemplate, at: Range<usize>) -> Result<(), Fault> {
        let rule = Rule { host: host.clone(), template: template.clone(), at };
        if let Some(known) = self.pins.values().find(|pin| swallows(pin, &rule)) {
            return Err(clash(("forbid", &rule), ("pin", known), SWALLOWED, "leave one of them out"));
        }
        self.forbids.push(rule);
        Ok(())
    }

    fn rename(&mut self, host: &HostPattern, to: &PathTemplate, at: Range<usize>) -> Result<(), Fault> {
        let rule = Rule { host: host.clone(), template: to.clone(), at };
        let places = self.places.of(host, to);
        // What begins one template begins the other, too, and its variables have one name each.
        for (segment, place) in places.iter().skip(1).enumerate() {
            let known = self.names.entry(*place).or_insert_with(|| rule.clone());
            if known.template.segments.get(segment) != to.segments.get(segment) {
                return Err(clash(("rename to", &rule), ("rename to", known), TWO_NAMES, ONE_NAME));
            }
        }
        let place = places.last().copied().unwrap_or_default();
        if let Some(known) = self.pins.get(&place).filter(|known| known.template != *to) {
            return Err(clash(("rename to", &rule), ("pin", known), TWO_NAMES, ONE_NAME));
        }
        self.renames.entry(place).or_insert(rule);
        Ok(())
    }
}

const TWO_NAMES: &str = "one variable would have two names";
const ONE_NAME: &str = "write the same name in both";
const SWALLOWED: &str = "the pin makes one template of what is to be kept apart";

fn clash(one: (&str, &Rule), other: (&str, &Rule), why: &'static str, mend: &str) -> Fault {
    let called = |(kind, rule): (&str, &Rule)| format!("{kind} '{}'", rule.template);
    let what = format!("{} clashes with {}", called(one), called(other));
    Fault::new(one.1.at.clone(), what, mend).with(other.1.at.clone(), why)
}

/// The pin takes all that is forbidden to be folded: the forbid would say nothing.
fn swallows(pin: &Rule, forbid: &Rule) -> bool {
    let (wide, narrow) = (&pin.template.segments, &forbid.template.segments);
    let any = |segment: &TemplateSegment| matches!(segment.0.as_slice(), [Piece::Variable(_)]);
    wide.len() == narrow.len()
        && wide.iter().zip(narrow).all(|(wide, narrow)| any(wide) || alike(wide, narrow))
        && pin.host.covers(&forbid.host)
}

/// Places of templates: two templates that are alike but for their variables' names end at one place, and lead over the same ones.
#[derive(Default)]
struct Places(BTreeMap<(Option<HostPattern>, usize, TemplateSegment), usize>);

impl Places {
    /// The host's place and those of all segments, from the left.
    fn of(&mut self, host: &HostPattern, template: &PathTemplate) -> Vec<usize> {
        let mut above = self.step((Some(host.unnamed()), 0, TemplateSegment(Vec::new())));
        let mut places = vec![above];
        for segment in &template.segments {
            above = self.step((None, above, segment.unnamed()));
            places.push(above);
        }
        places
    }

    fn step(&mut self, step: (Option<HostPattern>, usize, TemplateSegment)) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(step).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A policy of these rules, each behind a line of its own.
    fn read(rules: &[&str]) -> Result<PolicyFile, String> {
        let text: String = rules.iter().map(|rule| format!("[[template]]\n{rule}\n")).collect();
        PolicyFile::parse("policy.toml", &text).map_err(|error| error.to_string())
    }

    #[test]
    fn two_rules_that_cannot_both_hold_are_one_error_that_names_both() {
        // Catches a rule that is passed over in silence, whichever of the two that is.
        for (rules, line, what) in [
            (
                vec!["pin = '/users/{a}'", "pin = '/users/{b}'"],
                4,
                "pin '/users/{b}' clashes with pin '/users/{a}' in line 2: one variable would have two names; leave one",
            ),
            (
                vec!["host = 'a'\npin = '/u/{a}/x{n}'", "pin = '/v/{a}'", "host = 'A'\npin = '/u/{b}/x{n}'"],
                8,
                "clashes with pin '/u/{a}/x{n}' in line 3",
            ),
            (
                vec!["host = '*.a'\npin = '/u/{a}'", "host = '{x}.a'\npin = '/u/{b}'"],
                6,
                "clashes with pin '/u/{a}' in line 3",
            ),
            (
                vec!["rename = { from = '/u/{x}', to = '/u/{a}' }", "rename = { from = '/u/{y}', to = '/u/{b}' }"],
                4,
                "rename to '/u/{b}' clashes with rename to '/u/{a}' in line 2: one variable would have two names; write",
            ),
            (
                vec![
                    "rename = { from = '/u/{x}/v/{y}', to = '/u/{a}/v/{b}' }",
                    "rename = { from = '/u/{y}', to = '/u/{b}' }",
                ],
                4,
                "clashes with rename to '/u/{a}/v/{b}' in line 2",
            ),
            (
                vec!["rename = { from = '/u/{x}', to = '/u/{a}' }", "pin = '/u/{b}'"],
                4,
                "pin '/u/{b}' clashes with rename to '/u/{a}' in line 2",
            ),
            (
                vec!["pin = '/u/{b}'", "rename = { from = '/u/{x}', to = '/u/{a}' }"],
                4,
                "rename to '/u/{a}' clashes with pin '/u/{b}' in line 2",
            ),
            (vec!["pin = '/u/{a}'", "forbid = '/u/{b}'"], 4, "the pin makes one template of what is to be kept apart"),
            (vec!["forbid = '/u/{b}'", "pin = '/u/{a}'"], 4, "pin '/u/{a}' clashes with forbid '/u/{b}' in line 2"),
            (
                vec!["pin = '/{t}/{a}'", "host = 'a'\nforbid = '/u/{b}.json'"],
                5,
                "clashes with pin '/{t}/{a}' in line 2",
            ),
            (vec!["rename = { from = '/users', to = '/users' }"], 2, "has no variable that could be called otherwise"),
            (vec!["pin = '/users/*'"], 2, "has a star"),
            (vec!["forbid = '/*/{x}'"], 2, "has a star"),
            (vec!["pin = '/users/{a}{b}'"], 2, "nothing between them"),
        ] {
            let said = read(&rules).unwrap_err();
            assert!(said.starts_with(&format!("policy.toml:{line}: ")) && said.contains(what), "{rules:?}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }

    #[test]
    fn rules_that_can_both_hold_do_not_clash() {
        // Catches a check that forbids what it does not understand.
        for rules in [
            vec!["pin = '/users/{a}'", "pin = '/users/{a}'"],
            vec!["pin = '/users/{a}/x'", "pin = '/users/{b}/y'"],
            vec!["pin = '/users/{a}'", "pin = '/users/{a}.json'", "pin = '/users/me'", "pin = '/{x}/{y}'"],
            vec!["pin = '/users/{a}-{b}'", "pin = '/users/%2A'"],
            vec!["pin = '/users/{a}'", "host = 'a'\npin = '/users/{b}'"],
            vec!["host = 'a:80'\npin = '/users/{a}'", "host = 'a:81'\npin = '/users/{b}'"],
            vec!["forbid = '/users/{a}'", "forbid = '/users/{b}'"],
            // The pin is the exception, and the rest is kept apart.
            vec!["forbid = '/{t}/docs/{page}'", "pin = '/acme/docs/{page}'"],
            vec!["forbid = '/users/{a}'", "host = 'a'\npin = '/users/{b}'"],
            vec!["pin = '/users/{a}/x'", "forbid = '/users/{b}'"],
            vec![
                "rename = { from = '/u/{x}', to = '/u/{a}' }",
                "rename = { from = '/u/{x}/v/{y}', to = '/u/{a}/v/{b}' }",
            ],
            vec!["rename = { from = '/u/{x}', to = '/u/{a}' }", "rename = { from = '/u/v{x}', to = '/u/v{b}' }"],
            vec![
                "rename = { from = '/u/{x}', to = '/u/{a}' }",
                "host = 'a'\nrename = { from = '/u/{x}', to = '/u/{b}' }",
            ],
            vec!["rename = { from = '/u/{x}', to = '/u/{a}' }", "pin = '/u/{a}'", "pin = '/u/{b}/y'"],
        ] {
            assert!(read(&rules).is_ok(), "{rules:?}: {:?}", read(&rules).err());
        }
    }
}
