//! The operations: SQL in, report value out. Nothing here prints, prompts or parses arguments.

pub mod admins;
pub mod audit;
pub mod bootstrap;
#[cfg(feature = "server")]
pub mod demo;
pub mod doctor;
pub mod find;
pub mod manifest;
pub mod members;
pub mod migrate;
pub mod roster;
pub mod seed;
pub mod sharing;
pub mod tenancy;
pub mod tenant;
pub mod user;
pub mod verify;
mod yaml;

/// A moment for a table: RFC 3339, UTC, whole seconds.
fn moment(at: time::OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let at = at.replace_nanosecond(0).unwrap_or(at);
    at.format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}
