//! The formats of specs: one file each, one line each in the table.

mod har;
mod openapi3;
mod postman;
mod swagger2;

use super::format::SpecFormat;

/// Every format; the first that recognises a document reads it.
pub const FORMATS: &[&dyn SpecFormat] = &[&openapi3::OpenApi3, &swagger2::Swagger2, &postman::Postman, &har::Har];

#[cfg(test)]
mod listed_tests;
#[cfg(test)]
mod tests;
