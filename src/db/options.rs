//! What a caller says about a connection.

use std::path::PathBuf;
use std::time::Duration;

/// How to reach a server and how long to wait, before environment and files fill in what is left open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    /// A URL or a libpq connection string; without it and a target, `DATABASE_URL` and libpq's variables count.
    pub database_url: Option<String>,
    /// A target of `vital.yaml`.
    pub target: Option<String>,
    /// The file that defines the targets, instead of `./vital.yaml`.
    pub config: Option<PathBuf>,
    /// How long to keep trying while the server is not up yet.
    pub wait: Duration,
    /// The limits of statements and locks.
    pub timeouts: Timeouts,
}

/// How long statements and locks may take; zero is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One attempt to take a lock on a table.
    pub lock: Duration,
    /// All attempts to take a lock on a table.
    pub lock_wait: Duration,
    /// Waiting for another `vital` that migrates.
    pub migration_lock_wait: Duration,
    /// One statement.
    pub statement: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            lock: Duration::from_millis(300),
            lock_wait: Duration::from_secs(300),
            migration_lock_wait: Duration::from_secs(60),
            statement: Duration::ZERO,
        }
    }
}
