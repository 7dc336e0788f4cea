//! The errors of a migration, as a person needs them.

use refinery::Migration;
use tokio_postgres::Error as ServerError;
use tokio_postgres::error::{DbError, ErrorPosition};

use super::blocker::BlockerRow;
use super::embedded;
use super::statements;
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

/// Says that a statement of a migration failed, which one, and in which line; `completed` of its statements went before
/// it, or it came to none.
#[must_use]
pub fn refused(
    migration: &Migration,
    error: &ServerError,
    completed: Option<usize>,
    standing: Standing,
) -> Error {
    let mut refused = could_not_apply(migration).caused_by(error);
    let server_hint = refused.hint.take();
    refused.details.extend(location(migration, error, completed));
    if let Some(db) = error.as_db_error() {
        refused.details.extend(context(db));
    }
    let next = server_hint.unwrap_or_else(|| "mend the cause".to_owned());
    refused.with_hint(format!(
        "{}; {next}, then run `vital migrate up` again",
        standing.sentence()
    ))
}

/// Says that the locks were not obtained, and who holds them.
#[must_use]
pub fn locked_out(
    migration: &Migration,
    (error, completed): (&ServerError, Option<usize>),
    blockers: &[BlockerRow],
    standing: Standing,
) -> Error {
    let mut locked = could_not_apply(migration).caused_by(error);
    locked.kind = Kind::Locked;
    locked.details.extend(location(migration, error, completed));
    locked.details.extend(blockers.iter().map(BlockerRow::sentence));
    let next = match blockers.first() {
        Some(first) if first.pid > 0 => format!(
            "run `vital migrate up` again when they are done, or end one with select pg_terminate_backend({})",
            first.pid
        ),
        _ => "run `vital migrate up` again".to_owned(),
    };
    locked.with_hint(format!("{}; {next}", standing.sentence()))
}

/// Says that the connection broke and that the migration is not in the history.
#[must_use]
pub fn cut_off(migration: &Migration, error: &ServerError, standing: Standing) -> Error {
    could_not_apply(migration)
        .caused_by(error)
        .with_detail("the connection broke; the history was read again on a new one")
        .with_hint(format!("{}; run `vital migrate up` again", standing.sentence()))
}

/// Says that nobody knows whether the migration was committed.
#[must_use]
pub fn unknown(migration: &Migration, error: &ServerError, reason: &Error) -> Error {
    Error::new(
        Kind::Unknown,
        format!("the connection broke while migration `{migration}` was applied, and its outcome is unknown"),
    )
    .caused_by(error)
    .with_detail(format!("reading the history again: {reason}"))
    .with_hint(
        "the migration is applied completely or not at all; `vital migrate status` tells which, and running \
         `vital migrate up` again is safe",
    )
}

fn could_not_apply(migration: &Migration) -> Error {
    Error::failed(format!("could not apply migration `{migration}`"))
}

/// The file and line of the failing statement, and its first line.
fn location(migration: &Migration, error: &ServerError, completed: Option<usize>) -> Vec<String> {
    let Some(completed) = completed else {
        return vec!["before its first statement, while its transaction was set up".to_owned()];
    };
    let sql = migration.sql().unwrap_or_default();
    let path = embedded::path(migration);
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
