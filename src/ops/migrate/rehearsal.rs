//! All pending migrations in one transaction that is rolled back, where more surrounds them than they know: what would
//! stop one of them half-way stops the run before anything is changed.

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::failure::{self, Script, Standing};
use super::session::{Held, begin_locked};
use super::transaction::set_up;
use super::trial::Trouble;
use super::up::Assessment;
use super::wrapper::Extras;
use crate::db::engine::{Begin, Waiting, Work};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Kind, Result};

/// Where something of ours is not as promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub object: String,
    /// What is promised.
    pub expected: String,
    /// What is.
    pub actual: String,
}

/// Compares the database, as a transaction sees it before it commits, with the promise.
pub trait Judge: AsyncFn(&Transaction<'_>) -> Result<Vec<Difference>, Fault> {}

impl<J: AsyncFn(&Transaction<'_>) -> Result<Vec<Difference>, Fault>> Judge for J {}

/// How far a rehearsal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rehearsed {
    /// Nothing would stop the migrations.
    ToTheEnd,
    /// Not far: another run has changed the history since it was assessed.
    Outrun,
}

/// Runs the pending migrations, compares what they leave with the promise, and rolls all of it back.
///
/// # Errors
/// What would have stopped a migration, with the object that it is about; [`Kind::Locked`].
pub(super) async fn rehearse<J: Judge>(
    connection: &mut Connection,
    assessment: &Assessment,
    extras: &Extras,
    judge: &J,
) -> Result<Rehearsed> {
    let mut rehearsal = Rehearsal {
        assessment,
        extras,
        judge,
        at: 0,
        completed: None,
    };
    let findings = connection.run(&mut rehearsal).await?;
    connection.take_notices();
    let Some(findings) = findings else {
        return Ok(Rehearsed::Outrun);
    };
    let Some((first, others)) = findings.split_first() else {
        return Ok(Rehearsed::ToTheEnd);
    };
    let say =
        |finding: &Difference| format!("{} would not be as promised: {}", finding.object, finding.actual);
    let mut error = Error::failed(say(first)).with_hint(
        "nothing was changed; something of others in the database keeps the migrations from their end, so find out what \
         it is and let it pass",
    );
    error.details.push(format!("expected: {}", first.expected));
    error
        .details
        .extend(others.iter().map(|other| format!("also: {}", say(other))));
    Err(error)
}

struct Rehearsal<'r, J> {
    judge: &'r J,
    assessment: &'r Assessment,
    extras: &'r Extras,
    /// The migration at which it is.
    at: usize,
    /// How many of its statements went well, once it came to them.
    completed: Option<usize>,
}

impl<J> Rehearsal<'_, J> {
    fn standing(&self) -> Standing {
        Standing {
            applied: self.assessment.history.as_ref().map_or(0, Vec::len),
            total: super::embedded::migrations().len(),
        }
    }
}

impl<J: Judge> Work for Rehearsal<'_, J> {
    type Output = Option<Vec<Difference>>;

    async fn attempt(&mut self, connection: &mut Connection, begin: Begin) -> Result<Self::Output, Fault> {
        let Held { transaction, history } = begin_locked(connection, begin).await?;
        if history != self.assessment.history.as_deref().unwrap_or_default() {
            transaction.rollback().await?;
            return Ok(None);
        }
        for (at, migration) in self.assessment.pending.iter().enumerate() {
            (self.at, self.completed) = (at, None);
            set_up(&transaction, &self.extras.consent, &self.extras.before).await?;
            if let Err((error, completed)) = transaction.script(Script::up(migration).sql).await {
                self.completed = Some(completed);
                return Err(error.into());
            }
        }
        self.completed = None;
        // What would fire at commit.
        transaction.batch("set constraints all immediate").await?;
        let findings = match self.assessment.is_complete() {
            true => (self.judge)(&transaction).await?,
            false => Vec::new(),
        };
        transaction.rollback().await?;
        Ok(Some(findings))
    }

    async fn broken(
        &mut self,
        _connection: &mut Connection,
        _waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<Self::Output>> {
        Err(Error::new(Kind::Unreachable, "could not rehearse the migrations")
            .caused_by(&error)
            .with_hint("nothing was changed; run `vital migrate up` again"))
    }

    async fn refused(&self, connection: &mut Connection, error: &ServerError) -> Error {
        let Some(migration) = self.assessment.pending.get(self.at) else {
            return Error::failed("could not rehearse the migrations").caused_by(error);
        };
        if error.code() == Some(&SqlState::QUERY_CANCELED) {
            return Error::failed("could not rehearse the migrations")
                .caused_by(error)
                .with_hint("nothing was changed; run `vital migrate up` again");
        }
        let script = Script::up(migration);
        let mut refused = failure::refused(&script, error, self.completed, self.standing());
        refused.message = format!("migration `{migration}` would fail");
        let culprits = Trouble::of(error).obstacles(connection).await.unwrap_or_default();
        let hint = match culprits.first() {
            Some(culprit) => format!("nothing was changed; {}", culprit.remedy),
            None => "nothing was changed; resolve the cause, then run `vital migrate up` again".to_owned(),
        };
        let named = culprits
            .iter()
            .map(|culprit| format!("{} {}", culprit.object, culprit.fact));
        refused.details.splice(..0, named);
        refused.with_hint(hint)
    }

    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error {
        waiting.locked_out(
            "could not rehearse the migrations",
            error,
            "nothing was changed; run `vital migrate up` again",
        )
    }
}
