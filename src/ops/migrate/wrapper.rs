//! Lets refinery drive the run, and gives each of its transactions the lock, the timeouts and the second try.

use std::time::{Duration, Instant};

use refinery::{AsyncMigrate, Migration};
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};
use tokio_postgres::Error as ServerError;
use tokio_postgres::types::Type;

use super::blocker::BlockerRow;
use super::failure::{self, Standing};
use super::history::{self, Applied};
use super::online::Preparation;
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

/// A migration of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The version.
    pub version: i64,
    /// How long its transaction took; `None` if another runner applied it meanwhile.
    pub elapsed: Option<Duration>,
}

/// How a transaction ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Applied(Duration),
    ByAnother,
}

/// The connection as refinery sees it.
pub struct Migrator<'a> {
    session: Session<'a>,
    migrations: Vec<Migration>,
    history: Option<Vec<Applied>>,
    consent: String,
    preparation: Preparation,
    /// What was done so far.
    pub steps: Vec<Step>,
}

impl<'a> Migrator<'a> {
    /// Creates it for a `history` that was just read; `consent` is the JSON array that
    /// `vital_private.replace_policies` expects.
    #[must_use]
    pub fn new(
        session: Session<'a>,
        migrations: Vec<Migration>,
        history: Option<Vec<Applied>>,
        consent: String,
        preparation: Preparation,
    ) -> Self {
        Self {
            session,
            migrations,
            history,
            consent,
            preparation,
            steps: Vec::new(),
        }
    }

    fn standing(&self) -> Standing {
        Standing {
            applied: self.history.as_ref().map_or(0, Vec::len),
            total: self.migrations.len(),
        }
    }

    fn is_applied(&self, version: i64) -> bool {
        let mut rows = self.history.iter().flatten();
        rows.any(|row| row.version == version)
    }

    async fn apply(&mut self, sql: &str, record: &str) -> Result<()> {
        let found = self.migrations.iter().find(|m| m.sql() == Some(sql));
        let Some(migration) = found.cloned() else {
            return Err(Error::failed(
                "refinery asked for a migration that this binary does not have",
            ));
        };
        let version = migration.version();
        if self.is_applied(version) {
            self.done(version, Outcome::ByAnother);
            return Ok(());
        }
        self.session.interrupt.check()?;
        self.session.observer.event(&Event::MigrationStarted {
            version,
            name: migration.name().to_owned(),
        });
        let standing = self.standing();
        self.preparation
            .run(&mut self.session, &migration, standing)
            .await?;
        let outcome = self.try_until_applied(&migration, record).await?;
        self.session.report_notices();
        if let Outcome::Applied(elapsed) = outcome {
            self.session.observer.event(&Event::MigrationApplied {
                version,
                name: migration.name().to_owned(),
                elapsed,
            });
        }
        self.done(version, outcome);
        Ok(())
    }

    fn done(&mut self, version: i64, outcome: Outcome) {
        let elapsed = match outcome {
            Outcome::Applied(elapsed) => Some(elapsed),
            Outcome::ByAnother => None,
        };
        self.steps.push(Step { version, elapsed });
    }

    async fn try_until_applied(&mut self, migration: &Migration, record: &str) -> Result<Outcome> {
        let mut backoff = Backoff::new(self.session.timeouts().lock_wait);
        let mut blockers = Vec::new();
        loop {
            let lock_timeout = self.lock_timeout(&backoff, &blockers);
            tracing::info!(%migration, failed_tries = backoff.tries(), ?lock_timeout, "applying");
            let (error, completed) = match self.attempt(migration, record, lock_timeout).await {
                Ok(outcome) => return Ok(outcome),
                Err((Failure::Server(error), completed)) => (error, completed),
                Err((failure, _)) => return Err(failure.into_error("could not apply the migration")),
            };
            if retry::is_broken(&error) || self.session.connection.is_closed() {
                let unsent = completed.is_none() && !retry::is_ended_by_admin(&error);
                if unsent && self.resume(&mut backoff, &error).await? {
                    continue;
                }
                return self.settle(migration, &error).await;
            }
            self.session.rollback().await;
            if !retry::is_passing(&error) {
                self.session.report_notices();
                return Err(failure::refused(migration, &error, completed, self.standing()));
            }
            blockers = match self.session.wait_for_locks(&mut backoff).await? {
                Wait::Again(blockers) => blockers,
                Wait::Over(blockers) => {
                    let failed = (&error, completed);
                    return Err(failure::locked_out(migration, failed, &blockers, self.standing()));
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

    /// One transaction, begun and committed here. The number beside a failure counts the migration's statements that
    /// went well, once it came to them.
    async fn attempt(
        &mut self,
        migration: &Migration,
        record: &str,
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
            if fits.is_err() || self.is_applied(migration.version()) {
                self.session.rollback().await;
                return fits.map(|()| Outcome::ByAnother).map_err(|e| (e.into(), None));
            }
        }
        let started = Instant::now();
        self.set_up().await.map_err(|e| early(e.into()))?;
        let sql = migration.sql().unwrap_or_default();
        let commit = format!("{record}; commit");
        send::transact(self.session.connection, sql, &commit)
            .await
            .map_err(|(error, completed)| (error.into(), Some(completed)))?;
        self.remember(migration);
        Ok(Outcome::Applied(started.elapsed()))
    }

    /// Creates the history with the first migration, and tells the server which policies may be replaced.
    async fn set_up(&self) -> Result<(), ServerError> {
        if self.history.is_none() {
            self.session.connection.batch_execute(HISTORY).await?;
        }
        if !self.consent.is_empty() {
            self.session
                .connection
                .query_typed(CONSENT, &[(&self.consent, Type::TEXT)])
                .await?;
        }
        Ok(())
    }

    fn remember(&mut self, migration: &Migration) {
        let row = Applied {
            version: migration.version(),
            name: migration.name().to_owned(),
            applied_on: String::new(),
            checksum: migration.checksum().to_string(),
            applied_by: None,
            took_ms: None,
        };
        self.history.get_or_insert_default().push(row);
    }

    async fn resume(&mut self, backoff: &mut Backoff, error: &ServerError) -> Result<bool> {
        let resumed = self.session.resume(backoff, error).await;
        resumed.map_err(|error| error.with_detail(self.standing().progress()))
    }

    /// Finds out what became of a transaction whose connection broke.
    async fn settle(&mut self, migration: &Migration, error: &ServerError) -> Result<Outcome> {
        let started = Instant::now();
        let history = match self.session.read_again().await {
            Ok(history) => history,
            Err(reason) => return Err(failure::unknown(migration, error, &reason)),
        };
        self.history = history;
        if self.is_applied(migration.version()) {
            let message =
                format!("the connection broke, but {migration} is committed; going on with a new one");
            self.session.observer.event(&Event::Step { message });
            return Ok(Outcome::Applied(started.elapsed()));
        }
        Err(failure::cut_off(migration, error, self.standing()))
    }
}

impl AsyncTransaction for Migrator<'_> {
    type Error = Error;

    /// Applies a migration. Refinery passes its text and the statement that records it; when it passes one statement,
    /// to create the history, nothing is done: that happens in the transaction of the first migration.
    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        queries: T,
    ) -> Result<usize, Error> {
        let queries: Vec<&str> = queries.collect();
        if let [sql, record] = queries.as_slice() {
            self.apply(sql, record).await?;
        }
        Ok(queries.len())
    }
}

impl AsyncQuery<Vec<Migration>> for Migrator<'_> {
    /// Answers from the history that was read before the run, and that is read again under the lock.
    async fn query<'a>(&'a mut self, _query: &'a str) -> Result<Vec<Migration>, Error> {
        Ok(history::to_refinery(self.history.as_deref().unwrap_or_default()))
    }
}

impl AsyncMigrate for Migrator<'_> {
    fn assert_migrations_table_query(_migration_table_name: &str) -> String {
        HISTORY.to_owned()
    }
}
