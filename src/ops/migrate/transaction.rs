//! One migration's transaction, in either direction: the lock, the timeouts, the second try, and the truth about a COMMIT
//! whose answer was lost.

use std::time::{Duration, Instant};

use refinery::Migration;
use tokio_postgres::Error as ServerError;
use tokio_postgres::types::Type;

use super::blocker::BlockerRow;
use super::failure::{self, Direction, Script, Standing};
use super::history::{self, Applied};
use super::retry::{self, Backoff};
use super::send;
use super::session::{Failure, IDLE_LIMIT, Session, Wait};
use crate::error::{Error, Result};
use crate::ops::event::Event;

const HISTORY: &str = include_str!("../../../sql/migrate/history.sql");
const CONSENT: &str = include_str!("../../../sql/migrate/consent.sql");

/// After so many tries an autovacuum that is in the way gets the time it needs to notice and give way.
const PATIENT_TRIES: u32 = 3;
/// A little longer than deadlock_timeout, after which the server cancels an autovacuum that others wait for.
const PATIENT_LOCK_TIMEOUT: Duration = Duration::from_millis(1_200);

/// What one transaction does.
pub struct Task<'a> {
    /// The text, and what messages call it.
    pub script: Script<'a>,
    /// Statements that go before the text; may be empty.
    pub before: String,
    /// The JSON array that `vital_private.replace_policies` expects; empty for none.
    pub consent: &'a str,
    /// Statements that go after it, last the one that records it.
    pub after: String,
}

/// How a transaction ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Committed by this run.
    Done(Duration),
    /// Another run did it meanwhile.
    ByAnother,
}

impl Outcome {
    /// How long this run took for it.
    #[must_use]
    pub fn elapsed(self) -> Option<Duration> {
        match self {
            Self::Done(elapsed) => Some(elapsed),
            Self::ByAnother => None,
        }
    }
}

/// The transactions of a run, one after the other.
pub struct Transactions<'a> {
    /// The connection.
    pub session: Session<'a>,
    /// The binary's migrations, by version.
    pub migrations: Vec<Migration>,
    /// The history as it was read last; `None` if its table does not exist.
    pub history: Option<Vec<Applied>>,
}

impl Transactions<'_> {
    /// How far the run got.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            applied: self.history.as_ref().map_or(0, Vec::len),
            total: self.migrations.len(),
        }
    }

    /// Tells whether the history holds the migration.
    #[must_use]
    pub fn is_applied(&self, version: i64) -> bool {
        let mut rows = self.history.iter().flatten();
        rows.any(|row| row.version == version)
    }

    fn is_done(&self, script: &Script<'_>) -> bool {
        self.is_applied(script.migration.version()) == script.direction.applies()
    }

    /// Runs `task`, trying again for as long as others hold its locks.
    ///
    /// # Errors
    /// [`crate::Kind::Locked`], [`crate::Kind::Diverged`], [`crate::Kind::Unknown`], or [`crate::Kind::Failed`] with the
    /// failing statement.
    pub async fn run(&mut self, task: &Task<'_>) -> Result<Outcome> {
        let script = &task.script;
        let mut backoff = Backoff::new(self.session.timeouts().lock_wait);
        let mut blockers = Vec::new();
        loop {
            let lock_timeout = self.lock_timeout(&backoff, &blockers);
            let direction = script.direction;
            tracing::info!(migration = %script.migration, ?direction, failed_tries = backoff.tries(), ?lock_timeout, "running");
            let (error, completed) = match self.attempt(task, lock_timeout).await {
                Ok(outcome) => return Ok(outcome),
                Err((Failure::Server(error), completed)) => (error, completed),
                Err((failure, _)) => return Err(failure.into_error(&script.could_not_any())),
            };
            if retry::is_broken(&error) {
                if completed.is_none() && self.resume(&mut backoff, &error).await? {
                    continue;
                }
                return self.settle(task, &error).await;
            }
            // What the server refused is not committed, even if the connection is gone then.
            self.session.rollback().await;
            if !retry::is_passing(&error) {
                self.session.report_notices();
                return Err(failure::refused(script, &error, completed, self.standing()));
            }
            blockers = match self.session.wait_for_locks(&mut backoff).await? {
                Wait::Again(blockers) => blockers,
                Wait::Over(blockers) => {
                    let failed = (&error, completed);
                    return Err(failure::locked_out(script, failed, &blockers, self.standing()));
                }
            };
        }
    }

    fn lock_timeout(&self, backoff: &Backoff, blockers: &[BlockerRow]) -> Duration {
        let usual = self.session.timeouts().lock;
        let autovacuum = !blockers.is_empty() && blockers.iter().all(BlockerRow::is_autovacuum);
        if autovacuum && backoff.tries() >= PATIENT_TRIES {
            usual.max(PATIENT_LOCK_TIMEOUT)
        } else {
            usual
        }
    }

    /// One transaction, begun and committed here. The number beside a failure counts the text's statements that went
    /// well, once it came to them.
    async fn attempt(
        &mut self,
        task: &Task<'_>,
        lock_timeout: Duration,
    ) -> Result<Outcome, (Failure, Option<usize>)> {
        let early = |failure: Failure| (failure, None);
        let has_history = self.history.is_some();
        let held = self
            .session
            .begin_locked(lock_timeout, IDLE_LIMIT, has_history)
            .await
            .map_err(early)?;
        // Runs even if the lock was waited for: another runner may have been the one who held it.
        if let Some(history) = held.history {
            let fits = history::check(&history, &self.migrations);
            self.history = Some(history);
            let fits = fits.and_then(|()| self.is_next(&task.script));
            if fits.is_err() || self.is_done(&task.script) {
                self.session.rollback().await;
                return fits.map(|()| Outcome::ByAnother).map_err(|e| (e.into(), None));
            }
        }
        let started = Instant::now();
        self.set_up(task).await.map_err(|e| early(e.into()))?;
        let commit = format!("{}; commit", task.after);
        send::transact(self.session.connection, task.script.sql, &commit)
            .await
            .map_err(|(error, completed)| (error.into(), Some(completed)))?;
        self.remember(&task.script);
        Ok(Outcome::Done(started.elapsed()))
    }

    /// Fails if another run went the other way meanwhile: a migration is not undone under a later one, and not applied
    /// over a gap.
    fn is_next(&self, script: &Script<'_>) -> Result<()> {
        let version = script.migration.version();
        let meanwhile = match script.direction {
            _ if self.is_done(script) => None,
            Direction::Up => {
                let mut earlier = self.migrations.iter().filter(|m| m.version() < version);
                let missing = earlier.find(|m| !self.is_applied(m.version()));
                missing.map(|m| format!("another run undid {m} meanwhile"))
            }
            Direction::Down => {
                let later = self.history.iter().flatten().find(|row| row.version > version);
                later.map(|row| format!("another run applied V{}__{} meanwhile", row.version, row.name))
            }
        };
        match meanwhile {
            None => Ok(()),
            Some(cause) => Err(Error::failed(script.could_not())
                .with_cause(cause)
                .with_hint(format!("{}; {}", self.standing().sentence(), script.again()))),
        }
    }

    /// Creates the history with the first migration, and does what goes before the text.
    async fn set_up(&self, task: &Task<'_>) -> Result<(), ServerError> {
        let connection = &self.session.connection;
        if self.history.is_none() {
            connection.batch_execute(HISTORY).await?;
        }
        if !task.consent.is_empty() {
            connection
                .query_typed(CONSENT, &[(&task.consent, Type::TEXT)])
                .await?;
        }
        if !task.before.is_empty() {
            connection.batch_execute(&task.before).await?;
        }
        Ok(())
    }

    fn remember(&mut self, script: &Script<'_>) {
        let migration = script.migration;
        let history = self.history.get_or_insert_default();
        if !script.direction.applies() {
            history.retain(|row| row.version != migration.version());
            return;
        }
        history.push(Applied {
            version: migration.version(),
            name: migration.name().to_owned(),
            applied_on: String::new(),
            checksum: migration.checksum().to_string(),
            applied_by: None,
            took_ms: None,
        });
    }

    async fn resume(&mut self, backoff: &mut Backoff, error: &ServerError) -> Result<bool> {
        let resumed = self.session.resume(backoff, error).await;
        resumed.map_err(|error| error.with_detail(self.standing().progress()))
    }

    /// Finds out what became of a transaction whose connection broke.
    async fn settle(&mut self, task: &Task<'_>, error: &ServerError) -> Result<Outcome> {
        let started = Instant::now();
        let script = &task.script;
        let history = match self.session.read_again().await {
            Ok(history) => history,
            Err(reason) => return Err(failure::unknown(script, error, &reason)),
        };
        self.history = history;
        if self.is_done(script) {
            let message = format!(
                "the connection broke, but {} is committed; going on with a new one",
                script.deed()
            );
            self.session.observer.event(&Event::Step { message });
            return Ok(Outcome::Done(started.elapsed()));
        }
        Err(failure::cut_off(script, error, self.standing()))
    }
}
