//! One file a subcommand: its arguments and `run`, which connects, calls the operation and renders the report.

use clap::Subcommand;

use crate::cli::{Cli, Global};
use crate::error::Result;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {}

/// Runs the parsed command line and returns the exit code of a success (0, or 3 and 4 where a command documents them).
///
/// # Errors
/// Whatever the command reports; [`crate::error::Kind`] decides the exit code.
pub async fn run(cli: Cli) -> Result<u8> {
    let _global: &Global = &cli.global;
    match cli.command {}
}
