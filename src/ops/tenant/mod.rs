//! Tenants: listed, shown, created and changed.

mod assignment;
mod column;
pub mod create;
pub mod list;
pub mod show;
pub mod status;
pub mod update;
mod write;

pub use assignment::Assignment;
pub(super) use column::{LEFT_OUT, document};
pub use write::{Given, TenantChange};
pub(super) use write::{insert, shown, write};
