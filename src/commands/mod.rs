//! One file a subcommand: its arguments and `run`, which connects, calls the operation and renders the report.

mod bootstrap;
mod completions;
mod demo;
mod man;
mod migrate;
mod sharing;

use clap::Subcommand;

use crate::cli::Global;
use crate::db::{self, Connection, Settings};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::prompt::Prompt;
use crate::render::Output;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give a plain PostgreSQL the roles and functions of the API that the policies refer to
    Bootstrap(bootstrap::Args),
    /// Show the whole story on a private, throw-away PostgreSQL
    Demo(demo::Args),
    /// Apply the migrations, or show what is applied and what would be
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Report, explain and change who sees which agents
    #[command(subcommand)]
    Sharing(sharing::Command),
    /// Write the completion script of a shell
    Completions(completions::Args),
    /// Write the manual
    Man(man::Args),
}

/// What every command works with.
pub struct Context {
    /// The options of every command.
    pub global: Global,
    /// Prints.
    pub output: Output,
    /// Asks.
    pub prompt: Prompt,
    /// Shows events; pass `&context.progress` to operations.
    pub progress: Progress,
    /// Tells that the user wants to stop; pass it to operations that loop or sleep.
    pub interrupt: Interrupt,
}

impl Context {
    /// Creates the context of one run.
    #[must_use]
    pub fn new(global: Global, interrupt: Interrupt) -> Self {
        let progress = Progress::new(&global);
        Self {
            output: Output::new(&global, progress.clone()),
            prompt: Prompt::new(global.yes, progress.clone(), interrupt.clone()),
            progress,
            interrupt,
            global,
        }
    }

    /// Connects as the global options say; Ctrl-C cancels what runs on the connection.
    ///
    /// # Errors
    /// Those of [`Settings::resolve`] and [`db::connect`].
    pub async fn connect(&self) -> Result<Connection> {
        self.connect_to(&Settings::resolve(&self.global.connect)?).await
    }

    /// Connects to one of several databases; otherwise as [`connect`](Self::connect).
    ///
    /// # Errors
    /// Those of [`db::connect`].
    pub async fn connect_to(&self, settings: &Settings) -> Result<Connection> {
        let connection = db::connect(settings).await?;
        self.interrupt.watch(&connection);
        Ok(connection)
    }
}

/// Runs a command and returns the exit code of a success (0, or 3 and 4 where a command documents them).
///
/// # Errors
/// Whatever the command reports; [`crate::error::Kind`] decides the exit code.
pub async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Bootstrap(args) => bootstrap::run(args, context).await,
        Command::Demo(args) => demo::run(args, context).await,
        Command::Migrate(command) => migrate::run(command, context).await,
        Command::Sharing(command) => sharing::run(command, context).await,
        Command::Completions(args) => completions::run(args, context),
        Command::Man(args) => man::run(args, context),
    }
}
