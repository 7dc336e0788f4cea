//! A private, throw-away PostgreSQL server for the demo and the tests.
//!
//! [`Binaries::find_or_fetch`] finds PostgreSQL on this machine or downloads it, and [`Cluster::start`] runs it in a
//! directory of its own. A supervisor process ends the server and removes the directory whenever its owner ends, even
//! by SIGKILL.

mod account;
mod binaries;
mod cluster;
mod directory;
mod fetch;
mod install;
mod npm;
mod options;
mod places;
mod supervisor;

pub use binaries::{Binaries, SUPPORTED};
pub use cluster::{Cluster, Signal};
pub use options::Options;
