//! Lets refinery decide what comes next and how it is recorded, and applies it in the engine's transactions.

use std::time::Duration;

use refinery::{AsyncMigrate, Runner, Target};
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};

use super::embedded::Migration;
use super::failure::Script;
use super::history::{self, Applied};
use super::online::Preparation;
use super::restore::{self, Archived, Restored};
use super::session::report_notices;
use super::transaction::{Outcome, Task, Transactions};
use crate::error::{Error, Result};
use crate::event::Event;

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
    /// Statements that go before each migration's text.
    pub before: String,
}

/// A run in the forward direction.
pub struct Migrator<'a> {
    /// Its transactions.
    pub transactions: Transactions<'a>,
    /// What else it does.
    pub extras: Extras,
    /// What was done so far.
    pub steps: Vec<Step>,
}

impl Migrator<'_> {
    /// Applies `migration`, the next one, unless another runner has done so meanwhile.
    ///
    /// # Errors
    /// Those of [`Transactions::run`], and of the preparation.
    pub async fn apply(&mut self, migration: &Migration) -> Result<()> {
        let version = migration.version();
        if self.transactions.is_applied(version) {
            self.done(version, Outcome::ByAnother);
            return Ok(());
        }
        self.transactions.connection.interrupt().check()?;
        self.event(&Event::MigrationStarted {
            version,
            name: migration.name().to_owned(),
        });
        let standing = self.transactions.standing();
        self.extras
            .preparation
            .run(self.transactions.connection, migration, standing)
            .await?;
        let record = Recorder::record(&self.transactions, version).await?;
        let task = Task {
            script: Script::up(migration),
            before: self.extras.before.clone(),
            consent: &self.extras.consent,
            after: match self.extras.restored.contains(&version) {
                true => format!("{}; {record}", restore::statements(version)),
                false => record,
            },
        };
        let outcome = self.transactions.run(&task).await?;
        report_notices(self.transactions.connection);
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

    /// Tells what was put back, on a new connection if need be: all is committed by now.
    ///
    /// # Errors
    /// The server's, with what is applied.
    pub async fn restored(&mut self, archived: &[Archived]) -> Result<Vec<Restored>> {
        let connection = &mut *self.transactions.connection;
        let mut restored = restore::restored(connection, archived).await;
        if restored.is_err() && connection.is_closed() {
            restored = match connection.reconnect().await {
                Ok(()) => restore::restored(connection, archived).await,
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

    fn event(&self, event: &Event) {
        self.transactions.connection.tell(event);
    }

    fn done(&mut self, version: i64, outcome: Outcome) {
        self.steps.push(Step {
            version,
            elapsed: outcome.elapsed(),
        });
    }
}

/// A database as refinery sees it, on which nothing is done: what refinery would send is taken down.
struct Recorder<'r> {
    history: &'r [Applied],
    records: Vec<String>,
}

impl Recorder<'_> {
    /// The statement by which refinery records the migration, the next one after the history, once it has compared that
    /// with the migrations of this binary.
    async fn record(transactions: &Transactions<'_>, version: i64) -> Result<String> {
        let known: Vec<refinery::Migration> =
            transactions.migrations.iter().map(|m| m.known.clone()).collect();
        let mut runner = Runner::new(&known).set_target(Target::Version(version));
        runner.set_migration_table_name(history::TABLE);
        let mut recorder = Recorder {
            history: &transactions.history,
            records: Vec::new(),
        };
        let failed = |cause: String| Error::failed("could not apply the migrations").with_cause(cause);
        let run = runner.run_async(&mut recorder).await;
        run.map_err(|error| failed(error.to_string()))?;
        let record = recorder.records.pop();
        record.ok_or_else(|| failed(format!("refinery does not see that {version} is pending")))
    }
}

impl AsyncTransaction for Recorder<'_> {
    type Error = Error;

    /// Refinery passes a migration's text and the statement that records it, or one statement that creates the history,
    /// which is created with the migration lock.
    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        queries: T,
    ) -> Result<usize, Error> {
        let queries: Vec<&str> = queries.collect();
        if let [_, record] = queries.as_slice() {
            self.records.push((*record).to_owned());
        }
        Ok(queries.len())
    }
}

impl AsyncQuery<Vec<refinery::Migration>> for Recorder<'_> {
    async fn query<'a>(&'a mut self, _query: &'a str) -> Result<Vec<refinery::Migration>, Error> {
        Ok(history::to_refinery(self.history))
    }
}

impl AsyncMigrate for Recorder<'_> {
    fn assert_migrations_table_query(_migration_table_name: &str) -> String {
        String::new()
    }
}
