//! How bad: one table, with the reason for each row.

use crate::policy::Severity;

/// The cases that severity tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Case {
    /// A confirmed shadow that changes state.
    ShadowWrites,
    /// A confirmed shadow on a host that a spec covers, which succeeded without credentials.
    ShadowOpen,
    /// Any other confirmed shadow on a host that a spec covers.
    ShadowReads,
    /// A confirmed shadow on an unmanaged host that changes nothing.
    ShadowUnmanagedReads,
    /// A shadow that only says what may be asked.
    ShadowOptions,
    /// A shadow that only refused or failed.
    ShadowProvisional,
    /// A zombie that answers.
    ZombieAnswers,
    /// A zombie that only refused or failed.
    ZombieProvisional,
    /// An orphan.
    Orphan,
}

/// The severity of each case, and why.
pub const SEVERITIES: &[(Case, Severity, &str)] = &[
    (Case::ShadowWrites, Severity::High, "nobody reviewed it, and it changes state: the damage can be done now"),
    (Case::ShadowOpen, Severity::High, "nobody reviewed it, and it answers whoever asks, without credentials"),
    (Case::ShadowReads, Severity::Medium, "nobody reviewed it; its callers at least say who they are"),
    (
        Case::ShadowUnmanagedReads,
        Severity::Medium,
        "often another team's or another company's host, where open reads are ordinary: the host is the finding",
    ),
    (
        Case::ShadowOptions,
        Severity::Info,
        "frameworks answer OPTIONS everywhere: it tells which methods there are, and no more",
    ),
    (Case::ShadowProvisional, Severity::Low, "it refused or failed each time: perhaps a gate answered, nothing else"),
    (Case::ZombieAnswers, Severity::Medium, "it is known and documented, and should have no callers left"),
    (Case::ZombieProvisional, Severity::Low, "its callers get nothing any more; they only need to be told"),
    (Case::Orphan, Severity::Low, "nothing happened there: the risk is a promise that nobody tests"),
];

impl Case {
    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        SEVERITIES.iter().find(|(case, ..)| *case == self).map_or(Severity::Medium, |(_, severity, _)| *severity)
    }

    /// When it is that case, for people.
    #[must_use]
    pub const fn said(self) -> &'static str {
        match self {
            Self::ShadowWrites => "its method changes state",
            Self::ShadowOpen => "it succeeded without credentials",
            Self::ShadowReads | Self::ShadowUnmanagedReads => "it changes nothing",
            Self::ShadowOptions => "its method is OPTIONS",
            Self::ShadowProvisional => "it only refused or failed",
            Self::ZombieAnswers => "it answers",
            Self::ZombieProvisional => "it only refuses or fails",
            Self::Orphan => "always",
        }
    }

    /// Why it is that bad.
    #[must_use]
    pub fn why(self) -> &'static str {
        SEVERITIES.iter().find(|(case, ..)| *case == self).map_or("", |(.., why)| why)
    }
}

/// The method is meant to change state: RFC 9110 section 9.2.1 calls the others safe. WebDAV's writing methods
/// (RFC 4918) are among them; a method that nobody knows is not, for any caller can make one up.
pub(super) fn changes_state(method: &str) -> bool {
    const WRITES: [&str; 9] = ["POST", "PUT", "PATCH", "DELETE", "MKCOL", "COPY", "MOVE", "PROPPATCH", "LINK"];
    WRITES.contains(&method)
}
