//! What all commands that run the tenancy share: transactions with attribution, and finding users and tenants.

mod nearest;
mod operator;
pub mod people;
pub mod tenants;
mod transaction;

pub use crate::db::Fault;
pub use nearest::nearest;
pub use operator::Operator;
pub use people::Person;
pub use tenants::TenantName;
pub use transaction::Tenancy;

/// The answer of a change, of which a preview is another reading.
pub trait Outcome {
    /// How many things change; zero if everything is as it should be.
    fn changes(&self) -> usize;

    /// Marks the answer as what would happen.
    fn mark_preview(&mut self);
}
