//! Applies the migrations, undoes them, and tells what is applied and what would be.
//!
//! refinery decides what is pending and in which order; `transaction` gives each migration, up and down, a lock that
//! all runners share, short lock timeouts and further tries. Nothing is set for longer than a transaction, so a
//! transaction-mode pooler may sit between; only index builds of the online preparation need a session.

pub mod adoption;
pub mod audience;
pub mod down;
pub mod embedded;
mod failure;
pub mod foreign;
pub mod history;
pub mod index;
pub mod online;
pub mod plan;
pub mod policies;
mod preconditions;
pub mod preflight;
pub(crate) mod read;
pub mod rehearsal;
pub mod restore;
pub mod session;
pub mod statements;
pub mod status;
mod transaction;
mod trial;
pub mod undone;
pub mod up;
mod warnings;
mod wrapper;

/// The migration that creates the tenant tables and replaces their policies.
const V1_TENANTS: i64 = 20_251_026_000_001;
/// The migration that adds the tenant columns to `agents`.
const V2_COLUMNS: i64 = 20_251_026_000_002;
/// The migration that replaces the policies of `agents` and the audit.
const V3_POLICIES: i64 = 20_251_026_000_003;
/// The migration that gives agents without a tenant to the platform.
const V4_SEEDS: i64 = 20_251_026_000_004;
