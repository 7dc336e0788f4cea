//! The tenancy as a file: tenants, their members, and the platform admins.

mod apply;
mod export;
mod file;
mod value;

pub use apply::{Action, Item, Seeded, seed};
pub use export::{Export, export};
pub use file::{SeedFile, SeedMember, SeedTenant};
pub use value::{Given, Moment};
