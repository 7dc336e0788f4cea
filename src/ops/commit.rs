//! A connection that broke, and the truth about a COMMIT whose answer was lost with it.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error as ServerError, Transaction};

use super::migrate::retry::{self, Backoff};
use crate::db::{self, Connection};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;

const OUTCOME: &str = include_str!("../../sql/admin/outcome.sql");

/// How long to try to come back after the connection broke, if another runner is waited for that long, too; a server
/// that crashed needs some seconds to recover.
const RECONNECT_WITHIN: Duration = Duration::from_secs(30);

/// Why a transaction is not known to be committed.
#[derive(Debug)]
pub enum Uncommitted {
    /// The server rolled it back.
    RolledBack(ServerError),
    /// The connection broke, and the outcome could not be read.
    Unknown(ServerError, Error),
}

impl Uncommitted {
    /// The error of a transaction that was to do something; `what` is the failure, such as `could not seed`, and
    /// `rolled_back` explains why it was not done.
    #[must_use]
    pub fn into_error(self, what: &str, rolled_back: impl FnOnce(&ServerError) -> Error) -> Error {
        match self {
            Self::RolledBack(error) => rolled_back(&error),
            Self::Unknown(error, reason) => Error::new(
                Kind::Unknown,
                format!("{what}, or it was done: the connection broke at COMMIT"),
            )
            .caused_by(&error)
            .with_detail(format!("asking for its outcome: {reason}"))
            .with_hint("run the same command again; what is done already, it leaves as it is"),
        }
    }
}

/// Replaces a broken connection, trying for half a minute at most.
///
/// # Errors
/// [`Kind::Unreachable`] or [`Kind::Interrupted`].
pub async fn reconnect(connection: &mut Connection, interrupt: &Interrupt) -> Result<()> {
    let settings = connection.settings.clone();
    let mut backoff = Backoff::new(patience(connection));
    loop {
        match db::connect(&settings).await {
            Ok(new) => {
                *connection = new;
                interrupt.watch(connection);
                return Ok(());
            }
            Err(error) => match backoff.pause() {
                Some(pause) => interrupt.sleep(pause).await?,
                None => return Err(error),
            },
        }
    }
}

fn patience(connection: &Connection) -> Duration {
    RECONNECT_WITHIN.min(connection.settings.timeouts.migration_lock_wait)
}

/// What the server knows a transaction by; none if it has changed nothing.
///
/// # Errors
/// The server's.
pub async fn id(transaction: &Transaction<'_>) -> Result<Option<String>, ServerError> {
    let sql = "select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text";
    Ok(transaction.query_one(sql, &[]).await?.get(0))
}

/// Finds out what became of the transaction `id` whose COMMIT failed with `error`. A broken connection is replaced for
/// that, and the new one stays.
///
/// # Errors
/// [`Uncommitted`], unless it is committed all the same.
pub async fn settle(
    connection: &mut Connection,
    interrupt: &Interrupt,
    id: Option<&str>,
    error: ServerError,
) -> Result<(), Uncommitted> {
    let Some(id) = id.filter(|_| retry::is_broken(&error)) else {
        return Err(Uncommitted::RolledBack(error));
    };
    tracing::info!(%error, "the connection broke at commit");
    match was_committed(connection, interrupt, id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Uncommitted::RolledBack(error)),
        Err(reason) => Err(Uncommitted::Unknown(error, reason)),
    }
}

async fn was_committed(connection: &mut Connection, interrupt: &Interrupt, id: &str) -> Result<bool> {
    reconnect(connection, interrupt).await?;
    let mut backoff = Backoff::new(patience(connection));
    loop {
        let could_not = || Error::failed("could not read the outcome of the transaction");
        let status: Option<String> = match connection.query_one(OUTCOME, &[&id]).await {
            Ok(row) => row.get("status"),
            // A server that crashed before it wrote anything of the transaction has forgotten the id.
            Err(error) if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => return Ok(false),
            Err(error) => return Err(could_not().caused_by(&error)),
        };
        let cause = match status.as_deref() {
            Some("committed") => return Ok(true),
            Some("aborted") => return Ok(false),
            // The server has not noticed yet that nobody is there any more.
            Some(_) => match backoff.pause() {
                Some(pause) => {
                    interrupt.sleep(pause).await?;
                    continue;
                }
                None => "the server is still at it",
            },
            None => "it is too long ago",
        };
        return Err(could_not().with_cause(cause));
    }
}
