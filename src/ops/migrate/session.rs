//! A connection that migrates: its transactions, the migration lock, and what it waits for.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Error as ServerError};

use super::blocker::BlockerRow;
use super::history::{self, Applied};
use super::read;
use super::retry::Backoff;
use crate::db::{self, Connection, Timeouts};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::ops::event::{Event, Observer};

/// The advisory lock that everything holds which changes the schema: `vital` in ASCII.
pub const LOCK_KEY: i64 = 0x0076_6974_616c;

const SETTINGS: &str = include_str!("../../../sql/migrate/settings.sql");
const LOCK: &str = include_str!("../../../sql/migrate/lock.sql");
const LOCK_HOLDER: &str = include_str!("../../../sql/migrate/lock_holder.sql");
const HISTORY_EXISTS: &str = include_str!("../../../sql/migrate/history_exists.sql");
const BLOCKERS: &str = include_str!("../../../sql/migrate/blockers.sql");

/// How often a wait for another runner is reported.
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// How long to try to come back after the connection broke, if another runner is waited for that long, too; a server
/// that crashed needs some seconds to recover.
const RECONNECT_WITHIN: Duration = Duration::from_secs(30);

/// What an attempt can end with besides success.
#[derive(Debug)]
pub enum Failure {
    /// The server refused, or the connection broke.
    Server(ServerError),
    /// Others held locks for as long as the run may wait.
    Locked(ServerError, Vec<BlockerRow>),
    /// Ready for the user.
    Final(Error),
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    /// Turns it into an error that starts with `message`.
    #[must_use]
    pub fn into_error(self, message: &str) -> Error {
        match self {
            Self::Server(error) => Error::failed(message).caused_by(&error),
            Self::Locked(error, blockers) => {
                let mut locked = Error::new(Kind::Locked, message).caused_by(&error);
                locked.details.extend(blockers.iter().map(BlockerRow::sentence));
                locked
            }
            Self::Final(error) => error,
        }
    }
}

/// Whether to try again for the locks, and who was in the way.
#[derive(Debug)]
pub enum Wait {
    /// The pause is over; try again.
    Again(Vec<BlockerRow>),
    /// No more tries are left.
    Over(Vec<BlockerRow>),
}

/// What the lock was taken on.
#[derive(Debug)]
pub struct Held {
    /// The history as it is under the lock; `None` if its table does not exist.
    pub history: Option<Vec<Applied>>,
}

/// A connection with the run's listeners.
pub struct Session<'a> {
    /// The connection; a new one after the old one broke.
    pub connection: &'a mut Connection,
    /// Hears events.
    pub observer: &'a dyn Observer,
    /// Tells that the user wants to stop.
    pub interrupt: &'a Interrupt,
}

impl Session<'_> {
    /// How long the run waits for what.
    pub(super) fn timeouts(&self) -> Timeouts {
        self.connection.settings.timeouts
    }

    /// Begins a transaction that holds the migration lock, polling until the limit; never blocks in the server.
    ///
    /// `has_history` says that the history table is known to exist, which saves a round trip.
    ///
    /// # Errors
    /// [`Kind::Locked`], naming the holder, or the server's error.
    pub async fn begin_locked(&self, lock_timeout: Duration, has_history: bool) -> Result<Held, Failure> {
        let started = Instant::now();
        let mut reported: Option<Duration> = None;
        let begin = format!(
            "{}; {}; {}",
            begin(lock_timeout, self.timeouts().statement),
            with_key(LOCK),
            if has_history {
                history::APPLIED
            } else {
                HISTORY_EXISTS
            }
        );
        loop {
            let answer = self.connection.simple_query(&begin).await?;
            if read::flag(&answer, "locked") {
                let history = match has_history {
                    true => Some(history::rows(&answer)),
                    false => self.history(read::flag(&answer, "history")).await?,
                };
                return Ok(Held { history });
            }
            self.connection.simple_query("rollback").await?;
            let waited = started.elapsed();
            if waited >= self.timeouts().migration_lock_wait {
                return Err(self.lock_taken(waited).await.into());
            }
            if reported.is_none_or(|at| waited - at >= REPORT_EVERY) {
                reported = Some(waited);
                self.report_lock_holder(waited).await;
            }
            let pause = Duration::from_millis(fastrand::u64(50..=500));
            self.interrupt.sleep(pause).await?;
        }
    }

    async fn history(&self, exists: bool) -> Result<Option<Vec<Applied>>, ServerError> {
        if !exists {
            return Ok(None);
        }
        let answer = self.connection.simple_query(history::APPLIED).await?;
        Ok(Some(history::rows(&answer)))
    }

    async fn lock_holder(&self) -> Option<BlockerRow> {
        let holders = lock_holders(self.connection).await;
        holders.ok().and_then(|mut holders| holders.pop())
    }

    async fn report_lock_holder(&self, waited: Duration) {
        let blocker = self.lock_holder().await.map(|holder| holder.to_blocker());
        self.observer.event(&Event::Waiting {
            for_what: "another vital that migrates this database".to_owned(),
            blocker,
            waited,
        });
    }

    async fn lock_taken(&self, waited: Duration) -> Error {
        let error = Error::new(Kind::Locked, "another vital is migrating this database")
            .with_cause(format!("its lock was not released within {} s", waited.as_secs()))
            .with_hint("nothing was changed by this run; run it again later, or wait longer with --migration-lock-wait");
        match self.lock_holder().await {
            Some(holder) => error.with_detail(holder.sentence()),
            None => error,
        }
    }

    /// Begins a transaction with the run's settings and without the migration lock.
    ///
    /// # Errors
    /// The server's error.
    pub async fn begin(&self, lock_timeout: Duration) -> Result<(), ServerError> {
        self.connection
            .batch_execute(&begin(lock_timeout, self.timeouts().statement))
            .await
    }

    /// Rolls back. An error means that the connection is gone, and the transaction with it.
    pub async fn rollback(&self) {
        if let Err(error) = self.connection.batch_execute("rollback").await {
            tracing::debug!(%error, "the rollback was not confirmed");
        }
    }

    /// Lists the sessions that hold locks on the tables that migrations change; empty if the server will not tell.
    pub async fn blockers(&self) -> Vec<BlockerRow> {
        read::json(self.connection, BLOCKERS).await.unwrap_or_default()
    }

    /// Pauses before the next try, reporting who is in the way.
    ///
    /// # Errors
    /// [`Kind::Interrupted`].
    pub async fn wait_for_locks(&self, backoff: &mut Backoff) -> Result<Wait> {
        let blockers = self.blockers().await;
        let Some(pause) = backoff.pause() else {
            return Ok(Wait::Over(blockers));
        };
        self.observer.event(&Event::Waiting {
            for_what: blockers
                .first()
                .map_or_else(|| "a lock".to_owned(), BlockerRow::holds),
            blocker: blockers.first().map(BlockerRow::to_blocker),
            waited: backoff.waited(),
        });
        self.interrupt.sleep(pause).await?;
        Ok(Wait::Again(blockers))
    }

    /// Replaces a broken connection, trying for half a minute at most.
    ///
    /// # Errors
    /// [`Kind::Unreachable`].
    pub async fn reconnect(&mut self) -> Result<()> {
        let settings = self.connection.settings.clone();
        let mut backoff = Backoff::new(RECONNECT_WITHIN.min(self.timeouts().migration_lock_wait));
        loop {
            match db::connect(&settings).await {
                Ok(connection) => {
                    *self.connection = connection;
                    self.interrupt.watch(self.connection);
                    return Ok(());
                }
                Err(error) => match backoff.pause() {
                    Some(pause) => self.interrupt.sleep(pause).await?,
                    None => return Err(error),
                },
            }
        }
    }

    /// Passes on what the server said, without the remarks that `if exists` makes.
    pub fn report_notices(&mut self) {
        for notice in self.connection.take_notices() {
            if !notice.message.ends_with(", skipping") {
                self.observer.event(&Event::Notice {
                    severity: notice.severity,
                    message: notice.message,
                });
            }
        }
    }
}

/// Names the session that holds the migration lock, if one does.
///
/// # Errors
/// The server's.
pub async fn lock_holders(client: &Client) -> Result<Vec<BlockerRow>> {
    read::json(client, &with_key(LOCK_HOLDER)).await
}

/// The statements that begin a transaction with the run's settings.
fn begin(lock_timeout: Duration, statement_timeout: Duration) -> String {
    let settings = SETTINGS
        .replace(":'lock_timeout'", &milliseconds(lock_timeout))
        .replace(":'statement_timeout'", &milliseconds(statement_timeout));
    format!("begin isolation level read committed; {settings}")
}

fn milliseconds(duration: Duration) -> String {
    let longest = i32::MAX.unsigned_abs().into();
    format!("'{}ms'", duration.as_millis().min(longest))
}

fn with_key(sql: &str) -> String {
    sql.replace(":key", &LOCK_KEY.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        let begin = begin(Duration::from_millis(300), Duration::ZERO);
        assert!(begin.contains("'lock_timeout', '300ms'") && begin.contains("'statement_timeout', '0ms'"));
        for sql in [with_key(LOCK), with_key(LOCK_HOLDER)] {
            assert!(sql.contains("508") && !sql.contains(":key"), "{sql}");
        }
        assert_eq!(milliseconds(Duration::MAX), "'2147483647ms'");
    }
}
