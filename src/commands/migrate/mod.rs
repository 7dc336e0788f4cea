//! `vital migrate`: apply the migrations, and tell what is applied and what would be.

mod plan;
mod status;
mod up;

use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::Context;
use crate::cli::parse_duration;
use crate::error::Result;
use crate::ops::migrate::online;
use crate::ops::migrate::retry::Limits;

/// The subcommands of `vital migrate`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply what is pending
    Up(up::Args),
    /// Show what is applied, when, by whom and how long it took
    Status(status::Args),
    /// Show what `up` would do, without doing it
    Plan(plan::Args),
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Up(args) => up::run(args, context).await,
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

/// How long to wait for what.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Waiting")]
struct LimitArgs {
    /// How long one try may stand in a lock queue, holding up those behind it
    #[arg(long, value_name = "DURATION", default_value = "300ms", value_parser = parse_duration)]
    lock_timeout: Duration,

    /// How long to keep trying for locks that other sessions hold
    #[arg(long, value_name = "DURATION", default_value = "5min", value_parser = parse_duration)]
    lock_wait: Duration,

    /// How long to wait for another vital that migrates the same database
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    migration_lock_wait: Duration,

    /// Longest run of one statement of a migration; 0 is no limit
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = parse_duration)]
    statement_timeout: Duration,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            lock_timeout: self.lock_timeout.max(Duration::from_millis(1)),
            lock_wait: self.lock_wait,
            migration_lock_wait: self.migration_lock_wait,
            statement_timeout: self.statement_timeout,
        }
    }
}
