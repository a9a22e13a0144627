//! BPF expressions for files too, compiled by libpcap.
//!
//! In: an expression and frames. Out: yes or no. A program is compiled for one link type, so each that is met
//! has its own.

use pcap::{BpfProgram, Capture, Linktype};

use super::frame::{Frame, LinkType};
use super::source::CaptureError;

/// A filter expression (`pcap-filter(7)`), ready for any link type.
///
/// It sees what was captured: `len`, `less` and `greater` speak of the captured length.
pub struct Filter {
    expression: String,
    /// By link type; `None` where the expression has no meaning and nothing matches.
    programs: Vec<(LinkType, Option<BpfProgram>)>,
}

impl Filter {
    /// More link types than this in one run match nothing.
    const LINKS: usize = 256;

    /// Compiles an expression.
    ///
    /// # Errors
    /// [`CaptureError::Filter`] with what libpcap says of it, for Ethernet.
    pub fn new(expression: &str) -> Result<Self, CaptureError> {
        let program = compile(expression, LinkType::ETHERNET)
            .map_err(|what| CaptureError::Filter { expression: expression.to_owned(), what })?;
        Ok(Self { expression: expression.to_owned(), programs: vec![(LinkType::ETHERNET, Some(program))] })
    }

    /// Whether a frame passes.
    pub fn accepts(&mut self, frame: &Frame<'_>) -> bool {
        let known = self.programs.iter().position(|(link, _)| *link == frame.link);
        let at = match known {
            Some(at) => at,
            None if self.programs.len() >= Self::LINKS => return false,
            None => {
                let program = compile(&self.expression, frame.link)
                    .inspect_err(|what| {
                        tracing::warn!(
                            link_type = frame.link.0,
                            "--filter has no meaning for this link type ({what}); none of its frames match"
                        );
                    })
                    .ok();
                self.programs.push((frame.link, program));
                self.programs.len() - 1
            }
        };
        matches!(self.programs.get(at), Some((_, Some(program))) if program.filter(frame.bytes))
    }
}

fn compile(expression: &str, link: LinkType) -> Result<BpfProgram, String> {
    Capture::dead(Linktype(link.to_platform())).and_then(|capture| capture.compile(expression, true)).map_err(|error| {
        match error {
            pcap::Error::PcapError(what) => what,
            other => other.to_string(),
        }
    })
}
