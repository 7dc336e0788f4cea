//! One transaction a command: with attribution, tried again while somebody else holds its rows, and with a known end.

use std::time::{Duration, Instant};

use tokio_postgres::{Error as ServerError, Transaction};

use super::fault::{Fault, broken_check, explain, may_pass};
use super::operator::Operator;
use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::ops::commit::{self, Uncommitted};
use crate::ops::event::{Event, Observer};

const BEGIN: &str = include_str!("../../../sql/admin/begin.sql");
const RULE: &str = include_str!("../../../sql/admin/rule.sql");

/// The pause before the second try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A connection on which the tenancy is run.
pub struct Tenancy<'a> {
    /// The connection.
    pub connection: &'a mut Connection,
    /// Who runs the command.
    pub operator: Operator,
    /// Hears of waiting and of progress.
    pub observer: &'a dyn Observer,
    /// Ends waiting.
    pub interrupt: &'a Interrupt,
}

/// What becomes of a transaction's work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    Rollback,
}

impl Tenancy<'_> {
    /// Does `work` and keeps it. `what` is the failure, such as `could not assign the users`.
    ///
    /// # Errors
    /// Those of `work`; [`Kind::Locked`] if its rows stay locked; [`Kind::Unknown`] if the connection broke at COMMIT
    /// and the outcome could not be read back.
    pub async fn apply<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(what, End::Commit, work).await
    }

    /// Does `work`, with every check of the real thing, and rolls it back.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn preview<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(what, End::Rollback, work).await
    }

    async fn run<T>(
        &mut self,
        what: &str,
        end: End,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.attempt(what, end, &work).await {
                Ok(done) => return Ok(done),
                Err(Fault::Refused(error)) => return Err(error),
                Err(Fault::Server(error)) => error,
            };
            let waited = started.elapsed();
            if !may_pass(&error) || waited >= self.connection.settings.timeouts.lock_wait {
                return Err(self.failure(what, &error).await);
            }
            self.observer.event(&Event::Waiting {
                for_what: "another session that changes the same rows".to_owned(),
                blocker: None,
                waited,
            });
            self.interrupt
                .sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0))
                .await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt<T>(
        &mut self,
        what: &str,
        end: End,
        work: &impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let operator = self.operator.setting();
        let transaction = self.connection.begin().await?;
        let begun = transaction.query_one(BEGIN, &[&operator]).await?;
        if let Some(tables) = begun.get::<_, Option<String>>("hidden") {
            return Err(hidden(what, &tables, begun.get("role")).into());
        }
        let done = work(&transaction).await?;
        self.interrupt.check()?;
        if end == End::Rollback {
            transaction.rollback().await?;
            return Ok(done);
        }
        let id = commit::id(&transaction).await?;
        let Err(error) = transaction.commit().await else {
            return Ok(done);
        };
        match commit::settle(self.connection, self.interrupt, id.as_deref(), error).await {
            Ok(()) => Ok(done),
            Err(Uncommitted::RolledBack(error)) => Err(error.into()),
            Err(unknown) => Err(unknown.into_error(what, |error| explain(what, error)).into()),
        }
    }

    /// Explains a server's error; for a broken rule, with the rule.
    async fn failure(&self, what: &str, error: &ServerError) -> Error {
        let failure = match self.connection.lost() {
            Some(reason) if error.code().is_none() => Error::new(Kind::Unreachable, what)
                .with_cause(reason.to_string())
                .with_hint("nothing was changed: the server rolls back what was not committed"),
            _ => explain(what, error),
        };
        let Some((table, constraint)) = broken_check(error) else {
            return failure;
        };
        let rule = self.connection.query_opt(RULE, &[&table, &constraint]).await;
        let Ok(Some(rule)) = rule else {
            return failure;
        };
        // The server's detail is the whole row.
        let failure = Error {
            details: Vec::new(),
            ..failure
        };
        failure.with_detail(format!("the rule is {}", rule.get::<_, &str>("definition")))
    }
}

/// What the role may read but does not see would look like nothing at all.
fn hidden(what: &str, tables: &str, role: &str) -> Error {
    Error::failed(what)
        .with_cause(format!("row security hides {tables} from role `{role}`"))
        .with_hint(
            "nothing was changed; connect as the owner of the tables, or as another role that bypasses row security",
        )
}
