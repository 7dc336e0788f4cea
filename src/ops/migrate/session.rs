//! The migration lock: one vital at a time migrates a database.

use std::time::{Duration, Instant};

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::history::{self, Applied};
use super::read;
use crate::db::engine::blocker::BlockerRow;
use crate::db::engine::{Begin, retry};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Kind, Result};
use crate::event::Event;

const LOCK: &str = include_str!("../../../sql/migrate/lock.sql");
const LOCK_HOLDER: &str = include_str!("../../../sql/migrate/lock_holder.sql");

/// How often a wait for another runner is reported.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// A transaction that holds the migration lock.
pub struct Held<'c> {
    /// The transaction.
    pub transaction: Transaction<'c>,
    /// The history as it is under the lock.
    pub history: Vec<Applied>,
}

/// Begins a transaction that holds the migration lock, polling until the limit; waits in the server no longer than
/// `begin.lock`.
///
/// The lock is on the history, which this creates where it is missing.
///
/// # Errors
/// [`Kind::Locked`], naming the holder, or the server's error.
pub async fn begin_locked(connection: &mut Connection, begin: Begin) -> Result<Held<'_>, Fault> {
    let limit = connection.settings.timeouts.migration_lock_wait;
    let started = Instant::now();
    let mut reported: Option<Duration> = None;
    let more = format!("{LOCK}; {}", history::APPLIED);
    let begun = loop {
        match connection.begin(begin, &more).await {
            Ok(transaction) => break transaction.into_begun(),
            Err(Fault::Server(error)) if is_taken(&error) => connection.roll_back().await,
            Err(fault) => return Err(fault),
        }
        let waited = started.elapsed();
        if waited >= limit {
            return Err(lock_taken(connection, waited).await.into());
        }
        if reported.is_none_or(|at| waited - at >= REPORT_EVERY) {
            reported = Some(waited);
            let holder = lock_holder(connection).await;
            connection.tell(&Event::Waiting {
                for_what: "another vital that migrates this database".to_owned(),
                blocker: holder.map(|holder| holder.to_blocker()),
                waited,
            });
        }
        let pause = Duration::from_millis(fastrand::u64(50..=500));
        connection.interrupt().sleep(pause).await?;
    };
    let transaction = connection.resume_begun(begun);
    let history = history::rows(transaction.begun());
    Ok(Held { transaction, history })
}

/// Whether another runner holds the migration lock, or is about to create the history.
fn is_taken(error: &ServerError) -> bool {
    let codes = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
    ];
    !retry::is_broken(error) && error.code().is_some_and(|code| codes.contains(code))
}

/// Names the session that holds the migration lock, if one does.
///
/// # Errors
/// The server's.
pub async fn lock_holders(connection: &mut Connection) -> Result<Vec<BlockerRow>> {
    read::json(connection, LOCK_HOLDER).await
}

async fn lock_holder(connection: &mut Connection) -> Option<BlockerRow> {
    let holders = lock_holders(connection).await;
    holders.ok().and_then(|mut holders| holders.pop())
}

async fn lock_taken(connection: &mut Connection, waited: Duration) -> Error {
    let error = Error::new(Kind::Locked, "another vital is migrating this database")
        .with_cause(format!("its lock was not released within {} s", waited.as_secs()))
        .with_hint(
            "nothing was changed by this run; run it again later, or wait longer with --migration-lock-wait",
        );
    match lock_holder(connection).await {
        Some(holder) => error.with_detail(holder.sentence()),
        None => error,
    }
}

/// Passes on what the server said, without the remarks that `if exists` makes.
pub fn report_notices(connection: &mut Connection) {
    for notice in connection.take_notices() {
        if !notice.message.ends_with(", skipping") {
            connection.tell(&Event::Notice {
                severity: notice.severity,
                message: notice.message,
            });
        }
    }
}
