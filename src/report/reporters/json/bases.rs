//! Base paths that a proxy seems to have changed.

use serde::Serialize;

use crate::api::PathTemplate;
use crate::diff::{Coverage, Pairing, Rebased};
use crate::report::Report;

#[derive(Serialize)]
pub(super) struct RebasedOut<'a> {
    spec: &'a str,
    base_declared: &'a PathTemplate,
    base_observed: &'a PathTemplate,
    operations: u64,
    requests: u64,
    against: u64,
    counted: bool,
    flag: &'a str,
}

impl<'a> RebasedOut<'a> {
    /// Those of a service.
    pub(super) fn of(report: &'a Report<'a>, coverage: &'a Coverage<'a>) -> Vec<Self> {
        let out = |one: &'a Rebased| Self {
            spec: report.compared.specs.get(one.spec).map_or("", |spec| spec.name.as_str()),
            base_declared: &one.declared,
            base_observed: &one.observed,
            operations: one.operations,
            requests: one.requests,
            against: one.against,
            counted: one.counted,
            flag: &one.flag,
        };
        coverage.rebased.iter().map(out).collect()
    }
}

/// The base path under which a declaration takes an operation, where it is not the declared one.
pub(super) fn base_observed<'a>(report: &'a Report<'a>, pairing: &'a Pairing<'a>) -> Option<&'a PathTemplate> {
    Some(&report.compared.services.get(pairing.service)?.rebased.get(pairing.rebased?)?.observed)
}
