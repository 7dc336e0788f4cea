//! The one loop that runs, repeats and settles transactions.

use tokio_postgres::{Error as ServerError, SimpleQueryMessage};

use super::fault::{Fault, broken_check, explain};
use super::outcome::{Uncommitted, settle};
use super::retry;
use super::transaction::{Access, Begin, Transaction};
use super::waiting::{Wait, Waiting};
use crate::db::Connection;
use crate::error::{Error, Kind, Result};

const RULE: &str = include_str!("../../../sql/engine/rule.sql");

/// Something that is done in one transaction, and may be begun anew.
pub(crate) trait Work {
    /// What comes of it.
    type Output;

    /// One try, from BEGIN to COMMIT or ROLLBACK.
    async fn attempt(&mut self, connection: &mut Connection, begin: Begin) -> Result<Self::Output, Fault>;

    /// Finds out what became of it after the connection broke; nothing if it is to be tried again.
    async fn broken(
        &mut self,
        connection: &mut Connection,
        waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<Self::Output>>;

    /// The error for what the server refused; nothing of the try was kept.
    async fn refused(&self, connection: &mut Connection, error: &ServerError) -> Error;

    /// The error for locks that were not obtained.
    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error;
}

impl Connection {
    /// Runs `work` until it is done, refused, or others hold its locks for longer than it may wait.
    pub(crate) async fn run<W: Work>(&mut self, work: &mut W) -> Result<W::Output> {
        let limits = self.settings.timeouts;
        let mut waiting = Waiting::new(limits.lock_wait);
        loop {
            let begin = Begin {
                lock: waiting.lock_timeout(limits.lock),
                ..Begin::new(Access::Write, &limits)
            };
            let error = match work.attempt(self, begin).await {
                Ok(output) => return Ok(output),
                Err(Fault::Refused(error)) => {
                    self.roll_back().await;
                    return Err(error);
                }
                Err(Fault::Server(error)) => error,
            };
            if retry::is_broken(&error) {
                match work.broken(self, &mut waiting, error).await? {
                    Some(output) => return Ok(output),
                    None => continue,
                }
            }
            // What the server refused is not committed, even if the connection is gone by then.
            self.roll_back().await;
            if !retry::is_passing(&error) {
                return Err(work.refused(self, &error).await);
            }
            if waiting.again(self).await? == Wait::Over {
                return Err(work.locked_out(&waiting, &error));
            }
        }
    }

    /// Reads one unchanging state of the database. `what` is the failure, such as `could not read the audit`.
    ///
    /// # Errors
    /// Those of `work`; [`Kind::Locked`] if others hold locks for too long; [`Kind::Unreachable`].
    pub async fn read<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(&mut Job::new(what, Access::Snapshot, End::Rollback, work))
            .await
    }

    /// Does `work` and keeps it. `what` is the failure, such as `could not assign the users`.
    ///
    /// # Errors
    /// Those of `work`; [`Kind::Locked`] if others hold locks for too long; [`Kind::Unreachable`];
    /// [`Kind::Unknown`] if the connection broke at COMMIT and the outcome could not be read back.
    pub async fn write<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(&mut Job::new(what, Access::Write, End::Commit, work))
            .await
    }

    /// Does `work`, with every check of the real thing, and rolls it back.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn rehearse<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(&mut Job::new(what, Access::Write, End::Rollback, work))
            .await
    }
}

impl Connection {
    /// Asks something in a transaction of its own and in one round trip; `what` is the failure.
    ///
    /// # Errors
    /// The server's reason, with its SQLSTATE in [`Error::sqlstate`]; [`Kind::Locked`] if others hold locks for too
    /// long; [`Kind::Unreachable`].
    pub async fn ask(&mut self, what: &str, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        self.run(&mut Question { what, sql }).await
    }
}

/// A statement that reads, with the transaction around it in one message.
struct Question<'w> {
    what: &'w str,
    sql: &'w str,
}

impl Work for Question<'_> {
    type Output = Vec<SimpleQueryMessage>;

    async fn attempt(&mut self, connection: &mut Connection, begin: Begin) -> Result<Self::Output, Fault> {
        let begin = Begin {
            access: Access::Snapshot,
            ..begin
        };
        Ok(Transaction::ask(connection, begin, self.sql).await?)
    }

    async fn broken(
        &mut self,
        connection: &mut Connection,
        _waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<Self::Output>> {
        Err(unreachable(self.what, Access::Snapshot, connection, &error))
    }

    async fn refused(&self, _connection: &mut Connection, error: &ServerError) -> Error {
        explain(self.what, Access::Snapshot, error)
    }

    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error {
        waiting.locked_out(self.what, error, "try again")
    }
}

/// Says that the connection broke.
fn unreachable(what: &str, access: Access, connection: &Connection, error: &ServerError) -> Error {
    let reason = connection.lost().map(ToString::to_string);
    let failure = Error::new(Kind::Unreachable, what);
    let failure = match reason.filter(|_| error.code().is_none()) {
        Some(reason) => failure.with_cause(reason),
        None => failure.caused_by(error),
    };
    match access {
        Access::Snapshot => failure,
        _ => failure.with_hint("nothing was changed: the server rolls back what was not committed"),
    }
}

/// What becomes of a transaction's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is kept.
    Commit,
    /// It is rolled back.
    Rollback,
}

/// A closure as the engine runs it.
pub struct Job<'w, T, F> {
    what: &'w str,
    access: Access,
    end: End,
    work: F,
    /// What was done, and the transaction's id, once COMMIT was sent.
    committing: Option<(T, Option<String>)>,
}

impl<'w, T, F: AsyncFn(&Transaction<'_>) -> Result<T, Fault>> Job<'w, T, F> {
    /// Creates it; `what` is the failure.
    pub fn new(what: &'w str, access: Access, end: End, work: F) -> Self {
        Self {
            what,
            access,
            end,
            work,
            committing: None,
        }
    }
}

impl<T, F: AsyncFn(&Transaction<'_>) -> Result<T, Fault>> Work for Job<'_, T, F> {
    type Output = T;

    async fn attempt(&mut self, connection: &mut Connection, begin: Begin) -> Result<T, Fault> {
        let interrupt = connection.interrupt().clone();
        let access = self.access;
        let transaction = connection.begin(Begin { access, ..begin }, "").await?;
        let done = (self.work)(&transaction).await?;
        interrupt.check()?;
        match (self.access, self.end) {
            // There is nothing to be kept, and the server counts a rollback as a failure.
            (Access::Snapshot, _) => {
                transaction.end().await?;
                return Ok(done);
            }
            (_, End::Rollback) => {
                transaction.rollback().await?;
                return Ok(done);
            }
            (_, End::Commit) => {}
        }
        let id = transaction.id().await?;
        self.committing = Some((done, id));
        transaction.commit().await?;
        match self.committing.take() {
            Some((done, _)) => Ok(done),
            None => Err(Error::failed(self.what).into()),
        }
    }

    async fn broken(
        &mut self,
        connection: &mut Connection,
        _waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<T>> {
        let Some((done, id)) = self.committing.take() else {
            return Err(unreachable(self.what, self.access, connection, &error));
        };
        match settle(connection, id.as_deref(), error).await {
            Ok(()) => Ok(Some(done)),
            Err(Uncommitted::RolledBack(error)) => {
                Err(unreachable(self.what, self.access, connection, &error))
            }
            Err(Uncommitted::Unknown(error, reason)) => Err(Error::new(
                Kind::Unknown,
                format!("{}, or it was done: the connection broke at COMMIT", self.what),
            )
            .caused_by(&error)
            .with_detail(format!("asking for its outcome: {reason}"))
            .with_hint("run the same command again; what is done already, it leaves as it is")),
        }
    }

    /// Explains a server's error; for a broken rule, with the rule.
    async fn refused(&self, connection: &mut Connection, error: &ServerError) -> Error {
        let failure = explain(self.what, self.access, error);
        let Some((table, constraint)) = broken_check(error) else {
            return failure;
        };
        let Ok(Some(rule)) = rule(connection, &table, &constraint).await else {
            return failure;
        };
        // The server's detail is the whole row.
        let failure = Error {
            details: Vec::new(),
            ..failure
        };
        failure.with_detail(format!("the rule is {rule}"))
    }

    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error {
        waiting.locked_out(self.what, error, "nothing was changed; try again")
    }
}

/// The rule of a constraint, for the error that it was broken.
async fn rule(connection: &Connection, table: &str, constraint: &str) -> Result<Option<String>, Fault> {
    let begin = Begin::new(Access::Snapshot, &connection.settings.timeouts);
    let transaction = connection.begin(begin, "").await?;
    let rule = transaction.query_opt(RULE, &[&table, &constraint]).await?;
    transaction.rollback().await?;
    Ok(rule.map(|row| row.get("definition")))
}
