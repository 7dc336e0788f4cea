//! What commands have in common on the command line: options, exit codes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::db::{ConnectOptions, Timeouts};
use crate::model::moment::{attempt, duration, limit};
use crate::progress;
use crate::render::Format;

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
    pub progress: progress::Format,

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
    #[arg(long, value_name = "DURATION", global = true, value_parser = duration)]
    pub wait: Option<Duration>,

    /// Give up one attempt to lock a table after this long, then try again
    #[arg(long, value_name = "DURATION", global = true, value_parser = attempt, default_value = "300ms")]
    pub lock_timeout: Duration,

    /// Keep trying to lock a table for this long
    #[arg(long, value_name = "DURATION", global = true, value_parser = duration, default_value = "5min")]
    pub lock_wait: Duration,

    /// Wait this long for another vital that migrates the same database
    #[arg(long, value_name = "DURATION", global = true, value_parser = duration, default_value = "60s")]
    pub migration_lock_wait: Duration,

    /// Cancel a statement that takes longer
    #[arg(long, value_name = "DURATION", global = true, value_parser = limit, default_value = "off")]
    pub statement_timeout: Duration,
}

impl From<&ConnectArgs> for ConnectOptions {
    fn from(args: &ConnectArgs) -> Self {
        Self {
            database_url: args.database_url.clone(),
            target: args.target.clone(),
            config: args.config.clone(),
            wait: args.wait.unwrap_or_default(),
            timeouts: Timeouts {
                lock: args.lock_timeout,
                lock_wait: args.lock_wait,
                migration_lock_wait: args.migration_lock_wait,
                statement: args.statement_timeout,
            },
        }
    }
}

/// How much of a long list is answered.
#[derive(Debug, Clone, Copy, Args)]
pub struct LimitArgs<const DEFAULT: u32> {
    /// At most so many, the newest; 0 for all
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = DEFAULT)]
    pub limit: u32,
}

impl<const DEFAULT: u32> LimitArgs<DEFAULT> {
    /// The limit, none for all.
    #[must_use]
    pub fn get(self) -> Option<i64> {
        (self.limit > 0).then(|| self.limit.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct OnlyConnect {
        #[command(flatten)]
        connect: ConnectArgs,
    }

    #[test]
    fn defaults_of_flags_and_of_code_agree() {
        let parsed = OnlyConnect::parse_from(["vital"]).connect;
        assert_eq!(ConnectOptions::from(&parsed), ConnectOptions::default());
    }
}
