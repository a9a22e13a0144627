//! The words for APIs: pure types that hold shapes and classes, no values.

mod data;
mod draw;
mod observation;
mod param;
mod path;
mod pin;
mod routes;
mod security;
mod service;
mod shape;
mod values;
mod vote;
mod word;

pub use data::{DataClass, DataClasses, DataFamily, Mark};
pub use draw::{Draw, Draws};
pub use observation::{Noise, Observation, ObservationSink, OpaqueSeen, Seen};
pub use param::{Param, ParamPlace, ParamStyle, ParamType};
pub use path::{PathSegment, PathTemplate, Piece, SegmentClass, TemplateSegment};
pub use pin::{HostPattern, Pin, PinId};
pub use routes::Routes;
pub use security::AuthScheme;
pub use service::{Scheme, ServiceId};
pub use shape::{Fields, Formats, Shape, StringFormat};
pub use values::{Value, Values};
pub use vote::Classes;
pub use word::Word;
