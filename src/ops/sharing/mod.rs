//! Who sees which agents, why, and how that changes.

pub mod audit;
pub mod catalogue;
pub mod change;
pub mod explain;
pub mod matrix;
pub mod report;
mod snapshot;
mod tenant;
pub mod timeline;

pub use crate::model::SharingMode as Mode;
pub use snapshot::read;
pub use tenant::Tenant;
