//! Users: what they are in which tenant.

pub mod list;
pub mod show;
