//! Memberships from a file: a line each, all or none.

mod file;
mod tally;

pub use file::{Defaults, Line, from_csv, from_yaml, memberships};
pub use tally::{Roster, Tally};
