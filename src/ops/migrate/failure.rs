//! The errors of a migration, as a person needs them.

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::embedded::Migration;
use super::statements;
use crate::db::engine::Waiting;
use crate::error::{Error, Kind};

/// How far a run got, for hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// How many migrations are applied.
    pub applied: usize,
    /// How many there are.
    pub total: usize,
}

impl Standing {
    /// Says what is applied.
    #[must_use]
    pub fn progress(self) -> String {
        let Self { applied, total } = self;
        match applied {
            0 => "no migration is applied".to_owned(),
            1 => format!("1 of {total} migrations is applied"),
            _ => format!("{applied} of {total} migrations are applied"),
        }
    }

    /// Says what is applied and that nothing else was kept.
    #[must_use]
    pub fn sentence(self) -> String {
        format!("{} and nothing of this one was kept", self.progress())
    }
}

/// Which way a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is undone.
    Down,
}

impl Direction {
    /// Tells whether the history holds the migration afterwards.
    #[must_use]
    pub fn applies(self) -> bool {
        self == Self::Up
    }

    fn done(self) -> &'static str {
        match self {
            Self::Up => "applied",
            Self::Down => "undone",
        }
    }
}

/// The text of a migration for one direction, and what messages call it.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// The direction.
    pub direction: Direction,
    /// The statements.
    pub sql: &'a str,
    /// Its file, relative to the repository.
    pub path: String,
}

impl<'a> Script<'a> {
    /// The text that applies `migration`.
    #[must_use]
    pub fn up(migration: &'a Migration) -> Self {
        Self {
            migration,
            direction: Direction::Up,
            sql: migration.up(),
            path: migration.path(),
        }
    }

    /// `sql`, which undoes `migration`.
    #[must_use]
    pub fn down(migration: &'a Migration, sql: &'a str) -> Self {
        Self {
            migration,
            direction: Direction::Down,
            sql,
            path: format!("sql/down/{migration}.sql"),
        }
    }

    /// The message of every failure.
    #[must_use]
    pub fn could_not(&self) -> String {
        let verb = match self.direction {
            Direction::Up => "apply",
            Direction::Down => "undo",
        };
        format!("could not {verb} migration `{}`", self.migration)
    }

    /// What a commit has done, as a noun.
    #[must_use]
    pub fn deed(&self) -> String {
        match self.direction {
            Direction::Up => self.migration.to_string(),
            Direction::Down => format!("the undoing of {}", self.migration),
        }
    }

    /// How to try again.
    #[must_use]
    pub fn again(&self) -> String {
        match self.direction {
            Direction::Up => "run `vital migrate up` again".to_owned(),
            Direction::Down => "run `vital migrate down` again".to_owned(),
        }
    }
}

/// Says that a statement of a migration failed, which one, and in which line; `completed` of its statements went before
/// it, or it came to none.
#[must_use]
pub fn refused(
    script: &Script<'_>,
    error: &ServerError,
    completed: Option<usize>,
    standing: Standing,
) -> Error {
    let mut refused = Error::failed(script.could_not()).caused_by(error);
    let server_hint = refused.hint.take();
    refused.details.extend(location(script, error, completed));
    if let Some(db) = error.as_db_error() {
        refused.details.extend(context(db));
    }
    let next = match error.code() {
        // The server advises to drop what others made along with it.
        Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => "drop or alter the dependent objects".to_owned(),
        _ => server_hint.unwrap_or_else(|| "mend the cause".to_owned()),
    };
    refused.with_hint(format!(
        "{}; {next}, then {}",
        standing.sentence(),
        script.again()
    ))
}

/// Says that the locks were not obtained, and who holds them.
#[must_use]
pub(crate) fn locked_out(
    script: &Script<'_>,
    (error, completed): (&ServerError, Option<usize>),
    waiting: &Waiting,
    standing: Standing,
) -> Error {
    let again = format!("{}; {}", standing.sentence(), script.again());
    let mut locked = waiting.locked_out(&script.could_not(), error, &again);
    locked.details.splice(..0, location(script, error, completed));
    locked
}

/// Says that the connection broke and that the history does not show the migration as wanted.
#[must_use]
pub fn cut_off(script: &Script<'_>, error: &ServerError, standing: Standing) -> Error {
    Error::failed(script.could_not())
        .caused_by(error)
        .with_detail("the connection broke; the history was read again on a new one")
        .with_hint(format!("{}; {}", standing.sentence(), script.again()))
}

/// Says that nobody knows whether the migration was committed.
#[must_use]
pub fn unknown(script: &Script<'_>, error: &ServerError, reason: &Error) -> Error {
    Error::new(
        Kind::Unknown,
        format!(
            "the connection broke while migration `{}` was {}, and its outcome is unknown",
            script.migration,
            script.direction.done()
        ),
    )
    .caused_by(error)
    .with_detail(format!("reading the history again: {reason}"))
    .with_hint(format!(
        "the migration is {done} completely or not at all; `vital migrate status` tells which, and it is safe to {}",
        script.again(),
        done = script.direction.done()
    ))
}

/// The file and line of the failing statement, and its first line.
fn location(script: &Script<'_>, error: &ServerError, completed: Option<usize>) -> Vec<String> {
    let Some(completed) = completed else {
        return vec!["before its first statement, while its transaction was set up".to_owned()];
    };
    let (sql, path) = (script.sql, &script.path);
    let statements = statements::split(sql);
    let Some(statement) = statements.get(completed) else {
        return vec![format!("at the end of {path}, at commit")];
    };
    let line = match error.as_db_error().and_then(DbError::position) {
        Some(ErrorPosition::Original(position)) => statements::line_at(sql, *position),
        _ => statement.line,
    };
    vec![
        format!("at {path}:{line}"),
        format!("statement: {}", statement.first_line()),
    ]
}

/// Where in a function or block it happened, in the server's words.
fn context(db: &DbError) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(context) = db.where_() {
        lines.push(format!("context: {}", context.trim()));
    }
    if let Some(ErrorPosition::Internal { query, .. }) = db.position() {
        lines.push(format!("inner statement: {}", query.trim()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standing_counts() {
        let sentences: Vec<String> = [0, 1, 2]
            .map(|applied| Standing { applied, total: 4 }.sentence())
            .to_vec();
        assert_eq!(
            sentences,
            [
                "no migration is applied and nothing of this one was kept",
                "1 of 4 migrations is applied and nothing of this one was kept",
                "2 of 4 migrations are applied and nothing of this one was kept",
            ]
        );
    }
}
