//! One file a subcommand: its arguments and `run`, which connects, calls the operation and renders the report.

mod assign_user;
mod audit;
mod bootstrap;
mod change;
mod completions;
mod demo;
mod doctor;
mod file;
mod grant_admin;
mod list_admins;
mod losing;
mod man;
mod migrate;
mod pick;
mod remove_user;
mod revoke_admin;
mod schema;
mod seed;
mod sharing;
mod suspend_user;
mod tenant;
mod user;
mod verify;

use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::cli::{Global, exit_codes};
use crate::db::{self, ConnectOptions, Connection, Settings};
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::prompt::Prompt;
use crate::render::Output;

/// A parser of one word of a type of [`crate::model`], which help and completions list.
macro_rules! word {
    ($kind:ty) => {{
        use clap::builder::TypedValueParser;
        clap::builder::PossibleValuesParser::new(<$kind>::WORDS).try_map(|word| word.parse::<$kind>())
    }};
}
use word;

/// Migrates VITAL's PostgreSQL database to isolated tenants, proves the isolation, and runs the tenancy.
#[derive(Debug, Parser)]
#[command(
    name = "vital",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = exit_codes!(3 4 5 6 7 8)
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply the migrations, or show what is applied and what would be
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Show, create, change, suspend, activate and archive tenants
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Show and list users with their memberships and roles
    #[command(subcommand)]
    User(user::Command),
    /// Make users members of a tenant, or change their role
    AssignUser(assign_user::Args),
    /// End memberships, keeping their history
    RemoveUser(remove_user::Args),
    /// Take access from members for a while; assign-user gives it back
    SuspendUser(suspend_user::Args),
    /// Make users platform admins
    GrantAdmin(grant_admin::Args),
    /// Take platform admin from users
    RevokeAdmin(revoke_admin::Args),
    /// List the platform admins
    ListAdmins(list_admins::Args),
    /// Bring tenants, members and admins to what a YAML file says, or write that file
    Seed(seed::Args),
    /// List who changed tenants, memberships and roles, the newest first
    Audit(audit::Args),
    /// Give a plain PostgreSQL the roles and functions of the API that the policies refer to
    Bootstrap(bootstrap::Args),
    /// Examine connection, server, role and database for what would go wrong
    Doctor(doctor::Args),
    /// Show the whole story on a private, throw-away PostgreSQL
    Demo(demo::Args),
    /// Check that the database is as promised, and that isolation holds in it
    Verify(verify::Args),
    /// Show the schema of the tenancy
    #[command(subcommand)]
    Schema(schema::Command),
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
        let progress = Progress::new(global.progress, global.quiet, global.verbose > 0);
        Self {
            output: Output::new(global.output, global.quiet, Arc::new(progress.clone())),
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
        let options = ConnectOptions::from(&self.global.connect);
        self.connect_to(&Settings::resolve(&options)?).await
    }

    /// Connects to one of several databases; otherwise as [`connect`](Self::connect).
    ///
    /// # Errors
    /// Those of [`db::connect`].
    pub async fn connect_to(&self, settings: &Settings) -> Result<Connection> {
        let waiting = |cause: &str, waited| {
            self.progress.event(&Event::Waiting {
                for_what: format!("the server on {} ({cause})", settings.place()),
                blocker: None,
                waited,
            });
        };
        let connection = db::connect_telling(settings, waiting).await?;
        Ok(connection.heard_by(Arc::new(self.progress.clone()), self.interrupt.clone()))
    }
}

/// Runs a command and returns the exit code of a success (0, or 3 and 4 where a command documents them).
///
/// # Errors
/// Whatever the command reports; [`crate::error::Kind`] decides the exit code.
pub async fn run(command: &Command, context: &Context) -> Result<u8> {
    match command {
        Command::Tenant(command) => tenant::run(command, context).await,
        Command::User(command) => user::run(command, context).await,
        Command::AssignUser(args) => assign_user::run(args, context).await,
        Command::RemoveUser(args) => remove_user::run(args, context).await,
        Command::SuspendUser(args) => suspend_user::run(args, context).await,
        Command::GrantAdmin(args) => grant_admin::run(args, context).await,
        Command::RevokeAdmin(args) => revoke_admin::run(args, context).await,
        Command::ListAdmins(args) => list_admins::run(args, context).await,
        Command::Seed(args) => seed::run(args, context).await,
        Command::Audit(args) => audit::run(args, context).await,
        Command::Bootstrap(args) => bootstrap::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Demo(args) => demo::run(args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Schema(command) => schema::run(command, context).await,
        Command::Migrate(command) => migrate::run(command, context).await,
        Command::Sharing(command) => sharing::run(command, context).await,
        Command::Completions(args) => completions::run(args, context),
        Command::Man(args) => man::run(args, context),
    }
}
