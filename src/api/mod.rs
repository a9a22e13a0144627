//! The words for APIs: pure types that hold shapes and classes, no values.

mod affix;
mod agent;
mod client;
mod data;
mod jwt;
mod network;
mod observation;
mod param;
mod path;
mod pin;
mod routes;
mod rules;
mod security;
mod service;
mod shape;
mod vote;

pub use affix::{is_extension, split_affix};
pub use agent::{Agent, AgentKind};
pub use client::Client;
pub use data::{DataClass, DataClasses, DataFamily, Mark};
pub use jwt::{TokenAlgorithm, TokenFacts, TokenIssuer, TokenLifetime};
pub use network::{Direction, Network, NetworkKind, Networks};
pub use observation::{Noise, Observation, ObservationSink, OpaqueSeen, Seen};
pub use param::{Param, ParamPlace, ParamType};
pub use path::{PathSegment, PathTemplate, Piece, SegmentClass, TemplateSegment};
pub use pin::{HostPattern, Pin, PinId};
pub use routes::Routes;
pub(crate) use rules::alike;
pub use rules::{Forbid, Forbidden, Rename, TemplateRules, Templates};
pub use security::AuthScheme;
pub use service::{Scheme, ServiceId};
pub use shape::{Fields, Formats, Shape, StringFormat};
pub use vote::Classes;
