//! What all commands that run the tenancy share: transactions with attribution.

mod operator;
mod transaction;

pub use crate::db::Fault;
pub use operator::Operator;
pub use transaction::Tenancy;

/// The answer of a change, of which a preview is another reading.
pub trait Outcome {
    /// How many things change; zero if everything is as it should be.
    fn changes(&self) -> usize;

    /// Marks the answer as what would happen.
    fn mark_preview(&mut self);
}
