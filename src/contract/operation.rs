//! What one declared operation demands, and how an exchange is held against it.
//!
//! In: an exchange as it was said. Out: facts. What a request asked for counts where the answer is a success: a server that
//! refuses what is not declared keeps its word. What an answer says counts always.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::media::MediaRange;
use super::schema::{SchemaId, Schemas};
use super::security::Need;
use super::text::Style;
use crate::api::{Checked, Facts, HostPattern, ParamPlace, Promise, Spoken};

/// What one declared operation demands.
#[derive(Debug, Default)]
pub struct Contract {
    /// Where it stands: `#/paths/~1users/get`.
    pub at: String,
    /// Declared deprecated, or with a day on which it ends: that an answer says so is no news.
    pub ending: bool,
    /// Parameters in path, query, header and cookie.
    pub params: Vec<DeclaredParam>,
    /// The request body.
    pub body: Option<DeclaredBody>,
    /// Answers, in order of the document. None at all: nothing is said of answers.
    pub responses: Vec<(StatusRange, Response)>,
    /// Ways to be allowed in: the needs of one of them must be met. Empty: nothing is demanded.
    pub security: Vec<Vec<Need>>,
    /// Where that stands.
    pub security_at: String,
    /// All that schemes of the document want to see, of this operation or of others.
    pub keys: Arc<Vec<Need>>,
    /// Hosts where it is declared for https and for nothing else, and where that stands.
    pub secure: Arc<(Vec<HostPattern>, String)>,
    /// What its document speaks of at all.
    pub speaks: Speaks,
    /// The schemas that all of that names.
    pub schemas: Arc<Schemas>,
}

/// What a document speaks of, in any of its operations. One that names paths and nothing else does not say that there are no bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Speaks {
    /// Query parameters.
    pub queries: bool,
    /// Header fields of requests.
    pub headers: bool,
    /// Request bodies.
    pub bodies: bool,
    /// Responses that tell of errors.
    pub errors: bool,
}

impl Speaks {
    /// What one operation speaks of.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        Self {
            queries: contract.params(ParamPlace::Query).next().is_some(),
            headers: contract.params(ParamPlace::Header).next().is_some(),
            bodies: contract.body.is_some(),
            errors: contract.responses.iter().any(|(range, _)| match range {
                StatusRange::One(status) => *status >= 400,
                StatusRange::Hundred(hundred) => *hundred >= 4,
                StatusRange::Default => true,
            }),
        }
    }

    /// What either speaks of.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            queries: self.queries || other.queries,
            headers: self.headers || other.headers,
            bodies: self.bodies || other.bodies,
            errors: self.errors || other.errors,
        }
    }
}

/// A declared parameter.
#[derive(Debug)]
pub struct DeclaredParam {
    /// Path, query, header or cookie.
    pub place: ParamPlace,
    /// Its name; of a header in lower case.
    pub name: String,
    /// It must be there.
    pub required: bool,
    /// Declared deprecated.
    pub deprecated: bool,
    /// How several values are put under it.
    pub style: Style,
    /// Each value has a name of its own.
    pub explode: bool,
    /// It is JSON.
    pub is_json: bool,
    /// Of its value.
    pub schema: Option<SchemaId>,
    /// Of a path: how many variables stand behind it in the declared path.
    pub from_end: usize,
    /// Where it stands.
    pub at: String,
}

/// A declared request body.
#[derive(Debug)]
pub struct DeclaredBody {
    /// It must be there.
    pub required: bool,
    /// By media type.
    pub content: Vec<(MediaRange, Option<SchemaId>)>,
    /// Where it stands.
    pub at: String,
}

/// A declared answer.
#[derive(Debug)]
pub struct Response {
    /// By media type. None at all: no body.
    pub content: Vec<(MediaRange, Option<SchemaId>)>,
    /// Header fields: name as declared, required, schema.
    pub headers: Vec<(String, bool, Option<SchemaId>)>,
    /// Where it stands.
    pub at: String,
}

/// Statuses that a declared answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusRange {
    /// This one.
    One(u16),
    /// `4XX`: all with this first digit.
    Hundred(u16),
    /// All that nothing else is for.
    Default,
}

/// A digest of what a declared operation demands, and what it demands.
#[derive(Debug)]
pub struct Sealed {
    digest: u64,
    contract: Contract,
}

impl Sealed {
    /// Seals it.
    #[must_use]
    pub fn new(contract: Contract) -> Self {
        Self { digest: contract.digest(), contract }
    }

    /// The same over the schemas that it was drawn up for.
    #[must_use]
    pub fn over(self, schemas: &Arc<Schemas>, speaks: Speaks) -> Self {
        Self::new(Contract { schemas: Arc::clone(schemas), speaks, ..self.contract })
    }

    /// What it demands.
    #[must_use]
    pub const fn contract(&self) -> &Contract {
        &self.contract
    }
}

impl Promise for Sealed {
    fn digest(&self) -> u64 {
        self.digest
    }

    fn hold(&self, said: &Spoken<'_>, facts: &mut Facts) {
        self.contract.hold(said, facts);
    }
}

impl Contract {
    fn digest(&self) -> u64 {
        let mut hash = Xxh3::new();
        (&self.at, self.ending, self.speaks).hash(&mut hash);
        let mut roots = Vec::new();
        let mut note = |schema: Option<SchemaId>| {
            roots.extend(schema);
            schema.is_some()
        };
        for it in &self.params {
            let schema = note(it.schema);
            (it.place.name(), &it.name, it.required, it.deprecated, it.style).hash(&mut hash);
            (it.explode, it.is_json, it.from_end, schema).hash(&mut hash);
        }
        if let Some(body) = &self.body {
            body.required.hash(&mut hash);
            for (media, schema) in &body.content {
                (media, note(*schema)).hash(&mut hash);
            }
        }
        for (range, response) in &self.responses {
            range.hash(&mut hash);
            for (media, schema) in &response.content {
                (media, note(*schema)).hash(&mut hash);
            }
            for (name, required, schema) in &response.headers {
                (name, required, note(*schema)).hash(&mut hash);
            }
        }
        (&self.security, &self.secure.0).hash(&mut hash);
        self.schemas.digest(roots, &mut hash);
        hash.finish()
    }

    fn hold(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let Some(status) = said.status else { return };
        facts.check(Checked::Answers);
        // A redirect is as often a refusal: to a page where one logs in, to https.
        if matches!(status, 101 | 200..=299 | 304) {
            facts.check(Checked::Request);
            self.request(said, facts);
        }
        self.response(said, status, facts);
    }

    pub(super) fn params(&self, place: ParamPlace) -> impl Iterator<Item = &DeclaredParam> {
        self.params.iter().filter(move |param| param.place == place)
    }
}
