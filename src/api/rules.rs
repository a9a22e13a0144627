//! What users say of path templates: pin one, forbid one, rename its variables.
//!
//! In: a policy file. Out: plain rules that whoever learns templates asks. A pin of a user is no promise: what it takes is named
//! by it, and is still a shadow where no spec declares it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::path::{PathTemplate, Piece, TemplateSegment};
use super::pin::{HostPattern, Pin};
use super::promise::Promise;
use super::service::ServiceId;

/// All that is known of templates before anything is seen.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// What specs declare.
    pub declared: Vec<Pin>,
    /// What each of these demands, by method, in the same order; may be shorter.
    pub promises: Vec<Promises>,
    /// What users say.
    pub rules: TemplateRules,
}

/// What a declared template demands, by method.
pub type Promises = Vec<(String, Arc<dyn Promise>)>;

impl From<Vec<Pin>> for Templates {
    fn from(declared: Vec<Pin>) -> Self {
        Self { declared, promises: Vec::new(), rules: TemplateRules::default() }
    }
}

/// What users say of templates.
#[derive(Clone, Debug, Default)]
pub struct TemplateRules {
    /// Templates that paths are recorded under where no spec declares the operation. They name no methods: all are taken.
    pub pins: Vec<Pin>,
    /// What is never folded.
    pub forbids: Vec<Forbid>,
    /// What variables are called.
    pub renames: Vec<Rename>,
}

/// At the place of the last segment nothing is folded into a variable: literal paths stay apart. Texts of a value class are
/// their class all the same, which is no folding but privacy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbid {
    /// Hosts it holds for.
    pub host: HostPattern,
    /// The template that must not be; its last segment is a variable, and variables before it stand for any segment.
    pub template: PathTemplate,
}

/// Variables that are to be called otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// Hosts it holds for.
    pub host: HostPattern,
    /// A template, whatever its variables are called ...
    pub from: PathTemplate,
    /// ... and the same template with the names that are wanted.
    pub to: PathTemplate,
}

impl TemplateRules {
    /// Nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.forbids.is_empty() && self.renames.is_empty()
    }

    /// What is forbidden of a service, as seen from the root of its paths.
    #[must_use]
    pub fn forbidden(&self, service: &ServiceId) -> Forbidden<'_> {
        let of_service = self.forbids.iter().filter(|forbid| forbid.host.means(service));
        Forbidden(of_service.map(|forbid| forbid.template.segments.as_slice()).collect())
    }

    /// The template with its variables called as users want: those of every rule that begins it, a narrower host's over a wider
    /// one's, else a later rule over an earlier one. `None`: nobody said anything. Names stay unique: where a new one stands in the template already, the one further
    /// right gets a number.
    #[must_use]
    pub fn renamed(&self, service: &ServiceId, template: &PathTemplate) -> Option<PathTemplate> {
        let fitting = |rename: &&Rename| rename.host.means(service) && begins(&rename.from, template);
        let mut renames: Vec<&Rename> = self.renames.iter().filter(fitting).collect();
        renames.sort_by_key(|rename| rename.host.narrowness());
        let mut named: Option<PathTemplate> = None;
        for rename in renames {
            let into = named.get_or_insert_with(|| template.clone());
            for (segment, wanted) in into.segments.iter_mut().zip(&rename.to.segments) {
                segment.clone_from(wanted);
            }
        }
        named.map(unique)
    }
}

/// What is forbidden below one place of the tree of paths: handed down while the tree is walked.
#[derive(Clone, Debug, Default)]
pub struct Forbidden<'r>(Vec<&'r [TemplateSegment]>);

impl Forbidden<'_> {
    /// What stands below this place must not be folded into a variable.
    #[must_use]
    pub fn here(&self) -> bool {
        self.0.iter().any(|rest| matches!(rest, [last] if last.literal().is_none()))
    }

    /// What is forbidden at another place, too, that was united with this one.
    pub fn extend(&mut self, other: Self) {
        for rest in other.0 {
            if !self.0.iter().any(|known| std::ptr::eq(*known, rest)) {
                self.0.push(rest);
            }
        }
    }

    /// Nothing is forbidden here or below.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Below a segment that is this text.
    #[must_use]
    pub fn below(&self, text: &str) -> Self {
        self.step(|segment| segment.takes(text))
    }

    /// Below a segment that is a variable, or a value class.
    #[must_use]
    pub fn below_variable(&self) -> Self {
        self.step(|segment| segment.literal().is_none())
    }

    fn step(&self, fits: impl Fn(&TemplateSegment) -> bool) -> Self {
        let below = self.0.iter().filter_map(|rest| rest.split_first().filter(|(first, _)| fits(first)));
        Self(below.map(|(_, rest)| rest).filter(|rest| !rest.is_empty()).collect())
    }
}

/// The template begins with the segments of another, whatever the variables are called.
fn begins(beginning: &PathTemplate, template: &PathTemplate) -> bool {
    let (start, whole) = (&beginning.segments, &template.segments);
    start.len() <= whole.len() && start.iter().zip(whole).all(|(a, b)| alike(a, b))
}

/// The same but for the names of variables.
pub(crate) fn alike(a: &TemplateSegment, b: &TemplateSegment) -> bool {
    let same = |(a, b): (&Piece, &Piece)| match (a, b) {
        (Piece::Literal(a), Piece::Literal(b)) => a == b,
        (Piece::Variable(_), Piece::Variable(_)) => true,
        _ => false,
    };
    a.0.len() == b.0.len() && a.0.iter().zip(&b.0).all(same)
}

/// No two variables of one name.
fn unique(mut template: PathTemplate) -> PathTemplate {
    let mut taken = BTreeSet::new();
    for piece in template.segments.iter_mut().flat_map(|segment| &mut segment.0) {
        let Piece::Variable(name) = piece else { continue };
        let mut free = name.clone();
        let mut number = 2;
        while !taken.insert(free.clone()) {
            free = format!("{name}{number}");
            number += 1;
        }
        *name = free;
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Scheme;

    fn service(host: &str) -> ServiceId {
        ServiceId { host: host.to_owned(), port: 80, scheme: Scheme::Http }
    }

    fn exact(host: &str) -> HostPattern {
        HostPattern::Exact(host.to_owned(), None)
    }

    #[test]
    fn a_forbid_holds_at_its_place_and_nowhere_else() {
        // Catches a rule that forbids every folding below a prefix, or on every host.
        let forbid = |host, text: &str| Forbid { host, template: PathTemplate::parse(text) };
        let rules = TemplateRules {
            forbids: vec![forbid(exact("a"), "/static/{x}"), forbid(HostPattern::Any, "/{tenant}/docs/{page}")],
            ..TemplateRules::default()
        };
        let root = rules.forbidden(&service("a"));
        assert!(!root.here());
        assert!(root.below("static").here());
        assert!(!root.below("static").below("x").here(), "deeper is another place");
        assert!(root.below("static").below("docs").here(), "a variable before stands for any word");
        assert!(root.below_variable().below("docs").here());
        assert!(!root.below_variable().here() && root.below("static").below("x").below("y").is_empty());
        let other = rules.forbidden(&service("b"));
        assert!(!other.below("static").here() && other.below("static").below("docs").here());
    }

    #[test]
    fn renames_hold_for_all_that_begins_so_and_keep_names_apart() {
        let rename = |from: &str, to: &str| Rename {
            host: exact("a"),
            from: PathTemplate::parse(from),
            to: PathTemplate::parse(to),
        };
        let rules = TemplateRules {
            renames: vec![
                rename("/users/{x}", "/users/{userId}"),
                rename("/users/{x}/v{y}", "/users/{user}/v{version}"),
            ],
            ..TemplateRules::default()
        };
        let renamed = |host: &str, text: &str| {
            rules.renamed(&service(host), &PathTemplate::parse(text)).map(|template| template.to_string())
        };
        assert_eq!(renamed("a", "/users/{id}").as_deref(), Some("/users/{userId}"));
        assert_eq!(renamed("a", "/users/{id}/orders/{orderId}").as_deref(), Some("/users/{userId}/orders/{orderId}"));
        assert_eq!(renamed("a", "/users/{id}/peers/{userId}").as_deref(), Some("/users/{userId}/peers/{userId2}"));
        assert_eq!(renamed("a", "/users/{id}/v{n}").as_deref(), Some("/users/{user}/v{version}"), "the later one");
        assert_eq!(renamed("a", "/users/me"), None);
        assert_eq!(renamed("b", "/users/{id}"), None);
    }

    #[test]
    fn a_narrower_host_goes_before_a_wider_one_wherever_it_stands() {
        // Catches names that hang on the order in the file.
        let template = PathTemplate::parse;
        let rename = |host, to: &str| Rename { host, from: template("/users/{x}"), to: template(to) };
        let below = HostPattern::Template(TemplateSegment::parse("{x}.a"), None);
        let mut renames = vec![
            rename(exact("b.a"), "/users/{exact}"),
            rename(HostPattern::Any, "/users/{any}"),
            rename(below, "/users/{below}"),
        ];
        for _ in 0..renames.len() {
            renames.rotate_left(1);
            let rules = TemplateRules { renames: renames.clone(), ..TemplateRules::default() };
            for (host, name) in [("b.a", "exact"), ("c.a", "below"), ("d", "any")] {
                let renamed = rules.renamed(&service(host), &template("/users/{id}")).unwrap();
                assert_eq!(renamed.to_string(), format!("/users/{{{name}}}"), "{host}");
            }
        }
    }
}
