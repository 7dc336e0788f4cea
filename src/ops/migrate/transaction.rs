//! One migration's transaction, in either direction: the lock, the history under it, and the truth about a COMMIT whose
//! answer was lost.

use std::time::{Duration, Instant};

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::embedded::Migration;
use super::failure::{self, Direction, Script, Standing};
use super::history::{self, Applied};
use super::session::{Held, begin_locked, report_notices};
use crate::db::engine::{Access, Begin, Waiting, Work};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::event::Event;

const CONSENT: &str = include_str!("../../../sql/migrate/consent.sql");

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
    pub connection: &'a mut Connection,
    /// The binary's migrations, by version.
    pub migrations: Vec<Migration>,
    /// The history as it was read last.
    pub history: Vec<Applied>,
}

impl Transactions<'_> {
    /// How far the run got.
    #[must_use]
    pub fn standing(&self) -> Standing {
        standing(&self.migrations, &self.history)
    }

    /// Tells whether the history holds the migration.
    #[must_use]
    pub fn is_applied(&self, version: i64) -> bool {
        is_applied(&self.history, version)
    }

    /// Runs `task`, trying again for as long as others hold its locks.
    ///
    /// # Errors
    /// [`crate::Kind::Locked`], [`crate::Kind::Diverged`], [`crate::Kind::Unknown`], or [`crate::Kind::Failed`] with the
    /// failing statement.
    pub async fn run(&mut self, task: &Task<'_>) -> Result<Outcome> {
        let mut step = Step {
            task,
            migrations: &self.migrations,
            history: &mut self.history,
            completed: None,
        };
        self.connection.run(&mut step).await
    }
}

fn standing(migrations: &[Migration], history: &[Applied]) -> Standing {
    Standing {
        applied: history.len(),
        total: migrations.len(),
    }
}

fn is_applied(history: &[Applied], version: i64) -> bool {
    history.iter().any(|row| row.version == version)
}

/// Does what goes before the text: says what it may replace, and runs `before`.
pub(super) async fn set_up(
    transaction: &Transaction<'_>,
    consent: &str,
    before: &str,
) -> Result<(), ServerError> {
    if !consent.is_empty() {
        transaction.query(CONSENT, &[&consent]).await?;
    }
    if !before.is_empty() {
        transaction.batch(before).await?;
    }
    Ok(())
}

/// A task as the engine runs it.
struct Step<'s> {
    task: &'s Task<'s>,
    migrations: &'s [Migration],
    history: &'s mut Vec<Applied>,
    /// How many of the text's statements went well in the last try, once it came to them.
    completed: Option<usize>,
}

impl Step<'_> {
    fn standing(&self) -> Standing {
        standing(self.migrations, self.history)
    }

    fn is_done(&self) -> bool {
        let Script {
            migration, direction, ..
        } = &self.task.script;
        is_applied(self.history, migration.version()) == direction.applies()
    }

    /// Fails if another run went the other way meanwhile: a migration is not undone under a later one, and not applied
    /// over a gap.
    fn is_next(&self) -> Result<()> {
        let script = &self.task.script;
        let version = script.migration.version();
        let meanwhile = match script.direction {
            _ if self.is_done() => None,
            Direction::Up => {
                let mut earlier = self.migrations.iter().filter(|m| m.version() < version);
                let missing = earlier.find(|m| !is_applied(self.history, m.version()));
                missing.map(|m| format!("another run undid {m} meanwhile"))
            }
            Direction::Down => {
                let later = self.history.iter().find(|row| row.version > version);
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

    fn remember(&mut self) {
        let migration = self.task.script.migration;
        if !self.task.script.direction.applies() {
            self.history.retain(|row| row.version != migration.version());
            return;
        }
        self.history.push(Applied {
            version: migration.version(),
            name: migration.name().to_owned(),
            applied_on: String::new(),
            checksum: migration.checksum().to_string(),
            applied_by: None,
            took_ms: None,
        });
    }

    /// Goes on with a new connection after the old one broke before anything was sent that could have changed the
    /// database; false if no tries are left, or if an administrator ended the session.
    async fn resume(
        &self,
        connection: &mut Connection,
        waiting: &mut Waiting,
        error: &ServerError,
    ) -> Result<bool> {
        let lost = connection.lost().and_then(|lost| lost.cause.clone());
        let reason = lost.unwrap_or_else(|| Error::failed("").caused_by(error).cause.unwrap_or_default());
        // Somebody ended the session on purpose; coming back would be against their will.
        let ended = reason.contains(SqlState::ADMIN_SHUTDOWN.code());
        let Some(pause) = waiting.backoff.pause().filter(|_| !ended) else {
            return Ok(false);
        };
        connection.tell(&Event::Step {
            message: format!(
                "the connection broke ({reason}), and nothing was lost; going on with a new one"
            ),
        });
        let resumed = async {
            connection.interrupt().sleep(pause).await?;
            connection.reconnect().await
        };
        let resumed: Result<()> = resumed.await;
        resumed
            .map(|()| true)
            .map_err(|error| error.with_detail(self.standing().progress()))
    }

    /// Finds out what became of a transaction whose connection broke: reads the history on a new one and under the
    /// migration lock. While the lost session still lives it holds that lock, so what is read is final.
    async fn settle(&mut self, connection: &mut Connection, error: &ServerError) -> Result<Outcome> {
        let started = Instant::now();
        let script = &self.task.script;
        match read_again(connection).await {
            Ok(history) => *self.history = history,
            Err(reason) => return Err(failure::unknown(script, error, &reason)),
        }
        if self.is_done() {
            let message = format!(
                "the connection broke, but {} is committed; going on with a new one",
                script.deed()
            );
            connection.tell(&Event::Step { message });
            return Ok(Outcome::Done(started.elapsed()));
        }
        Err(failure::cut_off(script, error, self.standing()))
    }
}

impl Work for Step<'_> {
    type Output = Outcome;

    async fn attempt(&mut self, connection: &mut Connection, begin: Begin) -> Result<Outcome, Fault> {
        self.completed = None;
        let script = &self.task.script;
        tracing::info!(migration = %script.migration, direction = ?script.direction, lock_timeout = ?begin.lock, "running");
        let Held { transaction, history } = begin_locked(connection, begin).await?;
        // Runs even if the lock was waited for: another runner may have been the one who held it.
        let fits = history::check(&history, self.migrations);
        *self.history = history;
        fits.and_then(|()| self.is_next())?;
        if self.is_done() {
            transaction.rollback().await?;
            return Ok(Outcome::ByAnother);
        }
        let started = Instant::now();
        set_up(&transaction, self.task.consent, &self.task.before).await?;
        let committed = transaction.script_and_commit(script.sql, &self.task.after).await;
        if let Err((error, completed)) = committed {
            self.completed = Some(completed);
            return Err(error.into());
        }
        self.remember();
        Ok(Outcome::Done(started.elapsed()))
    }

    async fn broken(
        &mut self,
        connection: &mut Connection,
        waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<Outcome>> {
        if self.completed.is_none() && self.resume(connection, waiting, &error).await? {
            return Ok(None);
        }
        self.settle(connection, &error).await.map(Some)
    }

    async fn refused(&self, connection: &mut Connection, error: &ServerError) -> Error {
        report_notices(connection);
        failure::refused(&self.task.script, error, self.completed, self.standing())
    }

    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error {
        let failed = (error, self.completed);
        failure::locked_out(&self.task.script, failed, waiting, self.standing())
    }
}

async fn read_again(connection: &mut Connection) -> Result<Vec<Applied>> {
    connection.reconnect().await?;
    let begin = Begin::new(Access::Write, &connection.settings.timeouts);
    match begin_locked(connection, begin).await {
        Ok(Held { transaction, history }) => {
            // It may have created the history; an error means that the connection is gone, and with it that.
            let _ended: Result<(), ServerError> = transaction.rollback().await;
            Ok(history)
        }
        Err(Fault::Refused(error)) => Err(error),
        Err(Fault::Server(error)) => {
            Err(Error::failed("could not read the migration history").caused_by(&error))
        }
    }
}
