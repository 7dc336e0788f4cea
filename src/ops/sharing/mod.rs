//! Who sees which agents, why, and how that changes.

pub mod audit;
pub mod catalogue;
pub mod change;
pub mod explain;
pub mod find;
pub mod matrix;
pub mod report;
mod snapshot;
pub mod timeline;

pub use snapshot::read;

use serde::Serialize;

/// How an agent is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The owning tenant reads it.
    Private,
    /// So do the tenants that are named.
    Selective,
    /// Everybody who is signed in reads it.
    Global,
}

impl Mode {
    /// The mode as the database names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Selective => "selective",
            Self::Global => "global",
        }
    }

    /// Reads the database's name; what it does not know opens nothing.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "global" => Self::Global,
            "selective" => Self::Selective,
            _ => Self::Private,
        }
    }
}
