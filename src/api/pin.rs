//! Declared templates, handed from what was promised to what is seen: neither room names the other.

use serde::{Deserialize, Serialize};

use super::path::{PathTemplate, Piece, TemplateSegment};
use super::service::ServiceId;

/// A declared template, lent to the inventory by its index in the list of pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinId(pub u32);

/// A declared template that paths are recorded under before anything is learned.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Hosts it holds for.
    pub host: HostPattern,
    /// Base path and path together.
    pub template: PathTemplate,
    /// Methods declared on it, upper case. HEAD is recorded under GET unless it stands here.
    pub methods: Vec<String>,
}

/// Which hosts something holds for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HostPattern {
    /// This host, and this port when the declaration named one that does not go without saying.
    Exact(String, Option<u16>),
    /// A host with variables (`{tenant}.example.com`), in pieces as a template segment; and the port.
    Template(TemplateSegment, Option<u16>),
    /// Every host that nothing else names.
    Any,
}

impl HostPattern {
    /// The pattern takes this service. The scheme never counts; the port only where both sides name one that does
    /// not go without saying. `Any` takes everything: whoever asks must have asked the others first.
    #[must_use]
    pub fn takes(&self, service: &ServiceId) -> bool {
        let port_fits = |port: &Option<u16>| match (port, service.odd_port()) {
            (Some(declared), Some(seen)) => *declared == seen,
            _ => true,
        };
        match self {
            Self::Exact(host, port) => *host == service.host && port_fits(port),
            Self::Template(pieces, port) => pieces.takes(&service.host) && port_fits(port),
            Self::Any => true,
        }
    }

    /// As users write it, who mean one port where they name one: `shop.example:8080` is not what answers at port 80.
    #[must_use]
    pub fn means(&self, service: &ServiceId) -> bool {
        self.port().is_none_or(|port| port == service.port) && self.takes(service)
    }

    /// How narrow it is, to be compared.
    #[must_use]
    pub fn narrowness(&self) -> impl Ord + use<> {
        let (kind, literal) = match self {
            Self::Exact(host, _) => (2_u8, host.len()),
            Self::Template(TemplateSegment(pieces), _) => {
                let length = |piece: &Piece| if let Piece::Literal(text) = piece { text.len() } else { 0 };
                (1, pieces.iter().map(length).sum())
            }
            Self::Any => (0, 0),
        };
        (kind, literal, self.port().is_some())
    }

    /// It surely takes all that the other takes, as users mean both.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let port = self.port().is_none() || self.port() == other.port();
        let host = match (self, other) {
            (Self::Any, _) => true,
            (Self::Exact(mine, _), Self::Exact(theirs, _)) => mine == theirs,
            (Self::Template(mine, _), Self::Exact(theirs, _)) => mine.takes(theirs),
            (Self::Template(mine, _), Self::Template(theirs, _)) => mine.unnamed() == theirs.unnamed(),
            (Self::Exact(..) | Self::Template(..), _) => false,
        };
        host && port
    }

    /// The same, whatever its variables were called.
    #[must_use]
    pub fn unnamed(&self) -> Self {
        match self {
            Self::Template(pieces, port) => Self::Template(pieces.unnamed(), *port),
            Self::Exact(..) | Self::Any => self.clone(),
        }
    }

    const fn port(&self) -> Option<u16> {
        match self {
            Self::Exact(_, port) | Self::Template(_, port) => *port,
            Self::Any => None,
        }
    }
}
