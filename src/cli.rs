//! The command line: [`Cli`] and the argument groups that commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;
use crate::db::Timeouts;

/// Names the exit codes of a command for its `after_help`: 0, 1, 2 and 130 always, and those listed.
///
/// `#[command(after_help = exit_codes!(6 7 8))]`; `exit_codes!(offline)` for a command that only prints.
macro_rules! exit_codes {
    (offline) => {
        concat!(
            "Exit codes:\n",
            "  0    done\n",
            "  1    failed: the result could not be written\n",
            "  2    wrong arguments",
        )
    };
    (@ 3) => { "  3    migrations are pending\n" };
    (@ 4) => { "  4    verification found differences\n" };
    (@ 5) => { "  5    the history diverges, misses a migration or is newer than this binary\n" };
    (@ 6) => { "  6    a lock was not obtained in time; try again later\n" };
    (@ 7) => { "  7    cannot connect\n" };
    (@ 8) => { "  8    outcome unknown: the connection broke at COMMIT and could not be re-read\n" };
    ($($code:tt)*) => {
        concat!(
            "Exit codes:\n",
            "  0    done, or nothing to do\n",
            "  1    failed; the message says what was kept\n",
            "  2    wrong arguments or configuration\n",
            $($crate::cli::exit_codes!(@ $code),)*
            "  130  interrupted; the message says what state the database is in"
        )
    };
}
pub(crate) use exit_codes;

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

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub yes: bool,

    /// Connection options.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Format of the result on stdout
    #[arg(
        long,
        short = 'o',
        value_enum,
        default_value_t,
        global = true,
        help_heading = "Output"
    )]
    pub output: Format,

    /// Format of progress events on stderr
    #[arg(long, value_enum, default_value_t, global = true, help_heading = "Output")]
    pub progress: ProgressFormat,

    /// Say nothing but results and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,

    /// Log to stderr what is done (-v info, -vv debug)
    #[arg(long, short, action = clap::ArgAction::Count, global = true, help_heading = "Output")]
    pub verbose: u8,
}

/// How to reach the server; what is not given comes from the environment, as libpq does it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectArgs {
    /// URL or libpq connection string [env: DATABASE_URL, then PGHOST, PGUSER, ...]
    ///
    /// Others on this machine can see the command line, so a password is better left to DATABASE_URL, PGPASSWORD,
    /// ~/.pgpass or vital.yaml.
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,

    /// Named target of vital.yaml; beats DATABASE_URL
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "database_url")]
    pub target: Option<String>,

    /// File that defines the targets [default: ./vital.yaml]
    #[arg(long, value_name = "PATH", global = true)]
    pub config: Option<PathBuf>,

    /// Keep trying for this long while the server is not up yet, such as 60s
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_duration)]
    pub wait: Option<Duration>,

    /// Give up one attempt to lock a table after this long, then try again
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_attempt, default_value = "300ms")]
    pub lock_timeout: Duration,

    /// Keep trying to lock a table for this long
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_duration, default_value = "5min")]
    pub lock_wait: Duration,

    /// Wait this long for another vital that migrates the same database
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_duration, default_value = "60s")]
    pub migration_lock_wait: Duration,

    /// Cancel a statement that takes longer
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_limit, default_value = "off")]
    pub statement_timeout: Duration,
}

impl Default for ConnectArgs {
    fn default() -> Self {
        Self {
            database_url: None,
            target: None,
            config: None,
            wait: None,
            lock_timeout: Duration::from_millis(300),
            lock_wait: Duration::from_secs(300),
            migration_lock_wait: Duration::from_secs(60),
            statement_timeout: Duration::ZERO,
        }
    }
}

impl ConnectArgs {
    /// The limits of statements and locks.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        Timeouts {
            lock: self.lock_timeout,
            lock_wait: self.lock_wait,
            migration_lock_wait: self.migration_lock_wait,
            statement: self.statement_timeout,
        }
    }
}

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Aligned columns for a person
    #[default]
    Table,
    /// One JSON object
    Json,
    /// The same object as YAML
    Yaml,
    /// Header and rows
    Csv,
}

/// The format of progress events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProgressFormat {
    /// A bar on a terminal, plain lines elsewhere
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

/// Parses `500ms`, `30s`, `5min`, `2h`; a bare number is seconds.
///
/// # Errors
/// A sentence that names the accepted units.
pub fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err("expected a number with unit ms, s, min or h, such as 500ms or 5min".into()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor))
        .map(std::time::Duration::from_millis)
        .ok_or_else(|| "expected a number with unit ms, s, min or h, such as 500ms or 5min".into())
}

/// Like [`parse_duration`], with `off` for no limit, which is zero.
///
/// # Errors
/// A sentence that names the accepted units.
pub fn parse_limit(text: &str) -> Result<Duration, String> {
    match text {
        "off" => Ok(Duration::ZERO),
        _ => parse_duration(text).map_err(|problem| format!("{problem}, or off")),
    }
}

/// Like [`parse_duration`], but never zero: an attempt without a limit would hold up everybody behind it.
///
/// # Errors
/// A sentence that names the accepted units, or says that there must be a limit.
pub fn parse_attempt(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("expected a limit of at least 1ms".into()),
        limit => Ok(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct OnlyConnect {
        #[command(flatten)]
        connect: ConnectArgs,
    }

    #[test]
    fn defaults_of_flags_and_of_code_agree() {
        let parsed = OnlyConnect::parse_from(["vital"]).connect;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", ConnectArgs::default()));
    }

    #[test]
    fn limit_may_be_off() {
        assert_eq!(parse_limit("off"), Ok(Duration::ZERO));
        assert_eq!(parse_limit("1500ms"), Ok(Duration::from_millis(1500)));
        assert!(parse_limit("never").is_err());
    }
}
