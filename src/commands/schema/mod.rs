//! `vital schema`: show the schema of the tenancy.

mod dump;

use clap::Subcommand;

use super::Context;
use crate::error::Result;

/// The subcommands of `vital schema`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the catalog that the migrations promise, or the live one in the same form
    Dump(dump::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Dump(args) => dump::run(args, context).await,
    }
}
