//! Why a change failed: the server's words, or a refusal of ours.

use tokio_postgres::error::SqlState;

use crate::error::{Error, Kind};

/// The failure of a step inside a transaction.
#[derive(Debug)]
pub enum Fault {
    /// The server's.
    Server(tokio_postgres::Error),
    /// Ours, complete with hint.
    Refused(Error),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Tells whether the same transaction may succeed a moment later.
pub(super) fn may_pass(error: &tokio_postgres::Error) -> bool {
    let passing = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    error.code().is_some_and(|code| passing.contains(code))
}

/// Says that `what` was not done, such as `could not assign the users`, and why.
pub(super) fn explain(what: &str, error: &tokio_postgres::Error) -> Error {
    let Some(code) = error.code() else {
        return Error::new(Kind::Unreachable, what)
            .caused_by(error)
            .with_hint("nothing was changed: the server rolls back what was not committed");
    };
    if may_pass(error) {
        return Error::new(Kind::Locked, what)
            .caused_by(error)
            .with_hint("nothing was changed; somebody else is changing the same rows, so try again later");
    }
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_SCHEMA_NAME,
    ];
    let hint = match code {
        code if missing.contains(code) => {
            "nothing was changed; the database is not migrated to this version, so run `vital migrate up` first"
        }
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            "nothing was changed; connect as the role that owns the tables of the tenancy"
        }
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            "nothing was changed; this is a replica or a read-only session, so connect to the primary"
        }
        _ => "nothing was changed",
    };
    Error::failed(what).with_hint(hint).caused_by(error)
}

/// The constraint that a value breaks, with its rule, to be read after the rollback.
pub(super) fn broken_check(error: &tokio_postgres::Error) -> Option<(String, String)> {
    let db = error.as_db_error()?;
    let is_check = *db.code() == SqlState::CHECK_VIOLATION;
    is_check.then(|| {
        (
            db.table().unwrap_or_default().to_owned(),
            db.constraint().unwrap_or_default().to_owned(),
        )
    })
}
