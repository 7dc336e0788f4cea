//! Lets refinery drive the run, and gives each of its transactions the lock, the timeouts and the second try.

use std::time::Duration;

use refinery::{AsyncMigrate, Migration};
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};

use super::failure::Script;
use super::history::{self, Applied};
use super::online::Preparation;
use super::restore::{self, Archived, Restored};
use super::session::Session;
use super::transaction::{Outcome, Task, Transactions};
use crate::error::{Error, Result};
use crate::ops::event::Event;

const HISTORY: &str = include_str!("../../../sql/migrate/history.sql");

/// A migration of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The version.
    pub version: i64,
    /// How long its transaction took; `None` if another runner applied it meanwhile.
    pub elapsed: Option<Duration>,
}

/// What a run does besides applying the migrations.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The JSON array that `vital_private.replace_policies` expects.
    pub consent: String,
    /// Whether to prepare online.
    pub preparation: Preparation,
    /// The migrations after which archived data is put back.
    pub restored: Vec<i64>,
}

/// The connection as refinery sees it.
pub struct Migrator<'a> {
    transactions: Transactions<'a>,
    extras: Extras,
    /// What was done so far.
    pub steps: Vec<Step>,
}

impl<'a> Migrator<'a> {
    /// Creates it for a `history` that was just read.
    #[must_use]
    pub fn new(
        session: Session<'a>,
        migrations: Vec<Migration>,
        history: Option<Vec<Applied>>,
        extras: Extras,
    ) -> Self {
        Self {
            transactions: Transactions {
                session,
                migrations,
                history,
            },
            extras,
            steps: Vec::new(),
        }
    }

    /// Tells what was put back, on a new connection if need be: all is committed by now.
    ///
    /// # Errors
    /// The server's, with what is applied.
    pub async fn restored(&mut self, archived: &[Archived]) -> Result<Vec<Restored>> {
        let session = &mut self.transactions.session;
        let mut restored = restore::restored(session.connection, archived).await;
        if restored.is_err() && session.connection.is_closed() {
            restored = match session.reconnect().await {
                Ok(()) => restore::restored(session.connection, archived).await,
                Err(error) => Err(error),
            };
        }
        let progress = self.transactions.standing().progress();
        restored.map_err(|error| {
            error.with_hint(format!(
                "{progress}; vital_archive.contents tells what was put back"
            ))
        })
    }

    async fn apply(&mut self, sql: &str, record: &str) -> Result<()> {
        let mut migrations = self.transactions.migrations.iter();
        let found = migrations.find(|m| m.sql() == Some(sql));
        let Some(migration) = found.cloned() else {
            return Err(Error::failed(
                "refinery asked for a migration that this binary does not have",
            ));
        };
        let version = migration.version();
        if self.transactions.is_applied(version) {
            self.done(version, Outcome::ByAnother);
            return Ok(());
        }
        self.transactions.session.interrupt.check()?;
        self.event(&Event::MigrationStarted {
            version,
            name: migration.name().to_owned(),
        });
        let standing = self.transactions.standing();
        self.extras
            .preparation
            .run(&mut self.transactions.session, &migration, standing)
            .await?;
        let task = Task {
            script: Script::up(&migration),
            before: String::new(),
            consent: &self.extras.consent,
            after: match self.extras.restored.contains(&version) {
                true => format!("{}; {record}", restore::statements(version)),
                false => record.to_owned(),
            },
        };
        let outcome = self.transactions.run(&task).await?;
        self.transactions.session.report_notices();
        if let Outcome::Done(elapsed) = outcome {
            self.event(&Event::MigrationApplied {
                version,
                name: migration.name().to_owned(),
                elapsed,
            });
        }
        self.done(version, outcome);
        Ok(())
    }

    fn event(&self, event: &Event) {
        self.transactions.session.observer.event(event);
    }

    fn done(&mut self, version: i64, outcome: Outcome) {
        self.steps.push(Step {
            version,
            elapsed: outcome.elapsed(),
        });
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
        let history = self.transactions.history.as_deref();
        Ok(history::to_refinery(history.unwrap_or_default()))
    }
}

impl AsyncMigrate for Migrator<'_> {
    fn assert_migrations_table_query(_migration_table_name: &str) -> String {
        HISTORY.to_owned()
    }
}
