//! IP directly in IP: 4 in anything (RFC 2003), 6 in anything (RFC 4213).

use super::super::layer::{Layer, Slice};
use super::super::segment::Scope;

/// There is no header, and nothing that tells one such tunnel from another but its ends, which differ by direction:
/// the scope stays.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Ip(slice)
}
