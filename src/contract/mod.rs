//! What one declared operation demands of one exchange, compiled; and what an exchange breaks.

mod formats;
mod media;
mod operation;
mod pattern;
mod places;
mod request;
mod response;
mod schema;
mod security;
mod sunset;
mod text;
mod value;

pub use media::MediaRange;
pub use operation::{Contract, DeclaredBody, DeclaredParam, Response, Sealed, Speaks, StatusRange};
pub use pattern::Pattern;
pub use schema::{At, List, Object, Others, Parts, Scalar, Schema, SchemaId, Schemas, ToldBy, Types};
pub use security::Need;
pub use text::Style;
