//! Why a change failed: the server's words, or a refusal of ours.

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::Access;
use crate::error::Error;

/// The failure of a step inside a transaction.
#[derive(Debug)]
pub enum Fault {
    /// The server's.
    Server(ServerError),
    /// Ours, complete with hint.
    Refused(Error),
}

impl From<ServerError> for Fault {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Says that `what` was not done, such as `could not assign the users`, and why.
pub(super) fn explain(what: &str, access: Access, error: &ServerError) -> Error {
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_SCHEMA_NAME,
    ];
    let next = match error.code() {
        Some(code) if missing.contains(code) => {
            "the database is not migrated to this version, so run `vital migrate up` first"
        }
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => "connect as the role that owns the tables of the tenancy",
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => "this is a replica, so connect to the primary",
        _ => "",
    };
    let hint = match (access, next) {
        (Access::Snapshot, next) => next.to_owned(),
        (_, "") => "nothing was changed".to_owned(),
        (_, next) => format!("nothing was changed; {next}"),
    };
    let failure = Error::failed(what);
    match hint.is_empty() {
        true => failure.caused_by(error),
        false => failure.with_hint(hint).caused_by(error),
    }
}

/// The constraint that a value breaks, with its rule, to be read after the rollback.
pub(super) fn broken_check(error: &ServerError) -> Option<(String, String)> {
    let db = error.as_db_error()?;
    let is_check = *db.code() == SqlState::CHECK_VIOLATION;
    is_check.then(|| {
        (
            db.table().unwrap_or_default().to_owned(),
            db.constraint().unwrap_or_default().to_owned(),
        )
    })
}
