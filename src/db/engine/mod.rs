//! The one transaction engine: it begins every transaction of the product, reading or writing.
//!
//! Each begins with the same pinned settings and bounded waits for locks. One that meets a lock, a deadlock or a
//! serialization failure is rolled back and tried again with growing pauses, telling who is in the way; one whose COMMIT
//! was not answered is settled on a new connection. No statement is prepared by name, so that a transaction pooler may
//! sit between.

pub mod blocker;
mod fault;
mod outcome;
mod param;
pub mod retry;
mod run;
mod transaction;
mod waiting;

pub use fault::Fault;
pub use param::{Param, Typed};
pub(crate) use run::Work;
pub use run::{End, Job};
pub use transaction::{Access, Begin, Transaction};
pub(crate) use waiting::Waiting;
