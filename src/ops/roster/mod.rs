//! Memberships from a file: a line each, all or none.

mod file;
mod tally;

pub use file::{Defaults, Line, from_csv, from_yaml, seats};
pub use tally::{Roster, Tally};
