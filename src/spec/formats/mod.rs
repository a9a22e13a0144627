//! The formats of specs: one file each, one line each in the table.

mod openapi3;
mod swagger2;

use super::format::SpecFormat;

/// Every format; the first that recognises a document reads it.
pub const FORMATS: &[&dyn SpecFormat] = &[&openapi3::OpenApi3, &swagger2::Swagger2];

#[cfg(test)]
mod tests;
