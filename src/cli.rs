//! The command line: [`Cli`] and the argument groups that commands share.

use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;

/// Names the exit codes of a command for its `after_help`: 0, 1, 2 and 130 always, and those listed.
///
/// `#[command(after_help = exit_codes!(6 7 8))]`
macro_rules! exit_codes {
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
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectArgs {
    /// URL or libpq connection string [env: DATABASE_URL, then PGHOST, PGUSER, ...]
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,

    /// Named target of vital.yaml
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "database_url")]
    pub target: Option<String>,

    /// Keep trying for this long while the server is not up yet, such as 60s
    #[arg(long, value_name = "DURATION", global = true, value_parser = parse_duration)]
    pub wait: Option<std::time::Duration>,
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
