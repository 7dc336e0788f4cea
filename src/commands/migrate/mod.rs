//! `vital migrate`: apply the migrations, undo them, and tell what is applied and what would be.

mod consent;
mod down;
mod plan;
mod status;
mod up;

use clap::{Subcommand, ValueEnum};

use super::Context;
use crate::error::Result;
use crate::ops::migrate::online;

/// The subcommands of `vital migrate`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply what is pending
    Up(up::Args),
    /// Undo migrations, keeping what they remove in an archive
    Down(down::Args),
    /// Show what is applied, when, by whom and how long it took
    Status(status::Args),
    /// Show what `up` would do, without doing it
    Plan(plan::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Up(args) => up::run(args, context).await,
        Command::Down(args) => down::run(args, context).await,
        Command::Status(args) => status::run(args, context).await,
        Command::Plan(args) => plan::run(args, context).await,
    }
}

/// When to prepare a large table without blocking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Online {
    /// If `agents` has more than about 100,000 rows
    #[default]
    Auto,
    /// Whatever its size
    Always,
    /// Not at all
    Never,
}

impl From<Online> for online::Online {
    fn from(online: Online) -> Self {
        match online {
            Online::Auto => Self::Auto,
            Online::Always => Self::Always,
            Online::Never => Self::Never,
        }
    }
}
