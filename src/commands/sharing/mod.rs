//! `vital sharing`: who sees which agents, why, and how that changes.

mod audit;
mod change;
mod empty;
mod explain;
mod matrix;
mod picture;
mod report;
mod set;
mod share;
mod unshare;

use clap::Subcommand;

use super::Context;
use crate::error::Result;

/// The subcommands of `vital sharing`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Count how agents are owned and shared, in all and by tenant
    Report(report::Args),
    /// Count what each tenant sees of each other tenant's agents
    Matrix(matrix::Args),
    /// Tell what somebody sees and by which rule, or why they do not
    Explain(explain::Args),
    /// Set how agents are shared, after showing who gains and who loses
    Set(set::Args),
    /// Share agents with more tenants
    Share(share::Args),
    /// No longer share agents with some tenants
    Unshare(unshare::Args),
    /// Show who changed what, newest first
    Audit(audit::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Report(args) => report::run(args, context).await,
        Command::Matrix(args) => matrix::run(args, context).await,
        Command::Explain(args) => explain::run(args, context).await,
        Command::Set(args) => set::run(args, context).await,
        Command::Share(args) => share::run(args, context).await,
        Command::Unshare(args) => unshare::run(args, context).await,
        Command::Audit(args) => audit::run(args, context).await,
    }
}
