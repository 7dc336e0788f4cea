//! `vital user`: one file a subcommand.

mod list;
mod show;

use clap::Subcommand;

use super::Context;
use crate::error::Result;

/// The subcommands of `vital user`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the memberships and roles of a user
    Show(show::Args),
    /// List who is what in which tenant
    List(list::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Show(args) => show::run(args, context).await,
        Command::List(args) => list::run(args, context).await,
    }
}
