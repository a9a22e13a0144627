//! What flags take: formats, pairs, spans, sizes.

use clap::ValueEnum;

use crate::time::Span;

/// Formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For a terminal.
    Text,
    /// For programs: schema-versioned.
    Json,
    /// One self-contained page.
    Html,
    /// For pipes: one JSON object a line, of a finding, an endpoint, the run.
    Ndjson,
    /// For a spreadsheet: one row an endpoint.
    Csv,
    /// For a pull request: short enough for a comment.
    Markdown,
    /// For a build server: JUnit XML, one test an endpoint; --fail-on says what fails.
    Junit,
    /// For code scanning: SARIF 2.1.0, one result a finding.
    Sarif,
    /// For an inventory of software: CycloneDX 1.6, one's own services and third parties.
    Cyclonedx,
    /// A spec: OpenAPI 3.1 of everything observed.
    Openapi,
    /// A spec: OpenAPI 3.1 of the shadow part alone.
    OpenapiShadow,
    /// A patch for a spec: OpenAPI Overlay 1.0, what drift and shadows say is missing.
    Overlay,
    /// NDJSON, one exchange a line, with raw request targets.
    Transactions,
}

impl Format {
    /// What `--format` calls it.
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Html => "html",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Cyclonedx => "cyclonedx",
            Self::Openapi => "openapi",
            Self::OpenapiShadow => "openapi-shadow",
            Self::Overlay => "overlay",
            Self::Transactions => "transactions",
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which bodies are looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum InspectKind {
    /// Every one.
    All,
    /// A sample of every method, path and status.
    Sampled,
    /// None.
    None,
}

/// One word of --scope-by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScopeKind {
    /// VLAN ids.
    Vlan,
    /// Tunnel ids.
    Tunnel,
    /// Nothing: addresses alone.
    None,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => Ok((left.to_owned(), right.to_owned())),
        _ => Err("two names joined by '=' are wanted, such as 10.0.0.7:8080=api.shop.example".to_owned()),
    }
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("a percentage from 0 to 100 is wanted".to_owned()),
    }
}

pub(super) fn span(text: &str) -> Result<Span, String> {
    text.parse()
}

/// A span after which something is done again.
pub(super) fn interval(text: &str) -> Result<Span, String> {
    let span = span(text)?;
    if span < Span::from_secs(1) { Err("at least 1s is wanted".to_owned()) } else { Ok(span) }
}

pub(super) fn size(text: &str) -> Result<usize, String> {
    match bytes(text) {
        Some(bytes) if bytes >= 32 << 20 => Ok(bytes),
        _ => Err("a size of at least 32M is wanted, such as 256M or 2G".to_owned()),
    }
}

/// A ring: from one block to what libpcap can be told.
pub(super) fn ring(text: &str) -> Result<usize, String> {
    match bytes(text) {
        Some(bytes) if (256 << 10..=i32::MAX as usize).contains(&bytes) => Ok(bytes),
        _ => Err("a size from 256K to 2047M is wanted, such as 64M".to_owned()),
    }
}

/// A number with K, M or G.
fn bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_have_units() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert!(size("7").is_err() && size("xM").is_err() && size("99999999999999999G").is_err());
        assert_eq!(span("10m"), Ok(Span::from_secs(600)));
        assert!(span("10y").is_err());
    }
}
