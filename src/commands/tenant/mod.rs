//! `vital tenant`: one file a subcommand.

mod activate;
mod archive;
mod create;
mod list;
mod show;
mod status;
mod suspend;
mod update;

use clap::Subcommand;

use super::Context;
use crate::error::Result;

/// The subcommands of `vital tenant`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the tenants with their members and agents
    List(list::Args),
    /// Show a tenant: columns, members, agents, sharing, limits used
    Show(show::Args),
    /// Create a tenant
    Create(create::Args),
    /// Change columns of a tenant
    Update(update::Args),
    /// Take access from the members of a tenant for a while
    Suspend(suspend::Args),
    /// Give a tenant that is pending, suspended or archived (back) to its members
    Activate(activate::Args),
    /// Close a tenant for good, keeping everything
    Archive(archive::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::List(args) => list::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::Create(args) => create::run(args, context).await,
        Command::Update(args) => update::run(args, context).await,
        Command::Suspend(args) => suspend::run(args, context).await,
        Command::Activate(args) => activate::run(args, context).await,
        Command::Archive(args) => archive::run(args, context).await,
    }
}
