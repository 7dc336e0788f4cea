//! A connection that broke, and the truth about a COMMIT whose answer was lost with it.

use std::time::Duration;

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::Fault;
use super::retry::{self, Backoff};
use super::transaction::{Access, Begin};
use crate::db::{self, Connection};
use crate::error::{Error, Result};

const OUTCOME: &str = include_str!("../../../sql/engine/outcome.sql");

/// How long to try to come back after the connection broke, if another runner is waited for that long, too; a server
/// that crashed needs some seconds to recover.
const RECONNECT_WITHIN: Duration = Duration::from_secs(30);

/// Why a transaction is not known to be committed.
#[derive(Debug)]
pub(crate) enum Uncommitted {
    /// The server rolled it back.
    RolledBack(ServerError),
    /// The connection broke, and the outcome could not be read.
    Unknown(ServerError, Error),
}

impl Connection {
    /// Replaces a broken connection, trying for half a minute at most.
    ///
    /// # Errors
    /// [`crate::Kind::Unreachable`] or [`crate::Kind::Interrupted`].
    pub async fn reconnect(&mut self) -> Result<()> {
        let mut backoff = Backoff::new(patience(self));
        loop {
            match db::connect(&self.settings).await {
                Ok(new) => {
                    self.replace(new);
                    return Ok(());
                }
                Err(error) => match backoff.pause() {
                    Some(pause) => self.interrupt().sleep(pause).await?,
                    None => return Err(error),
                },
            }
        }
    }
}

fn patience(connection: &Connection) -> Duration {
    RECONNECT_WITHIN.min(connection.settings.timeouts.migration_lock_wait)
}

/// Finds out what became of the transaction `id` whose COMMIT failed with `error`. A broken connection is replaced for
/// that, and the new one stays.
///
/// # Errors
/// [`Uncommitted`], unless it is committed all the same.
pub(crate) async fn settle(
    connection: &mut Connection,
    id: Option<&str>,
    error: ServerError,
) -> Result<(), Uncommitted> {
    let Some(id) = id.filter(|_| retry::is_broken(&error)) else {
        return Err(Uncommitted::RolledBack(error));
    };
    tracing::info!(%error, "the connection broke at commit");
    match was_committed(connection, id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Uncommitted::RolledBack(error)),
        Err(reason) => Err(Uncommitted::Unknown(error, reason)),
    }
}

async fn was_committed(connection: &mut Connection, id: &str) -> Result<bool> {
    connection.reconnect().await?;
    let mut backoff = Backoff::new(patience(connection));
    loop {
        let could_not = || Error::failed("could not read the outcome of the transaction");
        let status = match status(connection, id).await {
            Ok(status) => status,
            // A server that crashed before it wrote anything of the transaction has forgotten the id.
            Err(Fault::Server(error)) if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => {
                connection.roll_back().await;
                return Ok(false);
            }
            Err(Fault::Server(error)) => return Err(could_not().caused_by(&error)),
            Err(Fault::Refused(error)) => return Err(error),
        };
        let cause = match status.as_deref() {
            Some("committed") => return Ok(true),
            Some("aborted") => return Ok(false),
            // The server has not noticed yet that nobody is there any more.
            Some(_) => match backoff.pause() {
                Some(pause) => {
                    connection.interrupt().sleep(pause).await?;
                    continue;
                }
                None => "the server is still at it",
            },
            None => "it is too long ago",
        };
        return Err(could_not().with_cause(cause));
    }
}

async fn status(connection: &Connection, id: &str) -> Result<Option<String>, Fault> {
    let begin = Begin::new(Access::Snapshot, &connection.settings.timeouts);
    let transaction = connection.begin(begin, "").await?;
    let status = transaction.query_one(OUTCOME, &[&id]).await?.get("status");
    transaction.rollback().await?;
    Ok(status)
}
