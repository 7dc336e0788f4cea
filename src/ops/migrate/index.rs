//! Builds an index on `agents` without blocking readers or writers, showing how far it is.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::time::sleep;
use tokio_postgres::{Error as ServerError, SimpleQueryMessage};

use super::read;
use crate::db::engine::blocker::{self, BlockerRow};
use crate::db::engine::{Begin, Waiting, Work};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Kind, Result};
use crate::event::Event;

const STATE: &str = include_str!("../../../sql/migrate/index_state.sql");
const COMPARE: &str = include_str!("../../../sql/migrate/index_compare.sql");
const PROGRESS: &str = include_str!("../../../sql/migrate/index_progress.sql");
const UNLIMIT: &str = include_str!("../../../sql/migrate/unlimit.sql");
const RELIMIT: &str = include_str!("../../../sql/migrate/relimit.sql");

/// How often the progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the same wait is reported.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// An index to build, named in a `create index concurrently` statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index<'a> {
    /// Its name, in schema public.
    pub name: &'a str,
    /// The statement.
    pub sql: &'a str,
}

impl Index<'_> {
    /// The same index on a temporary copy of the table.
    fn on_copy(&self) -> String {
        self.sql
            .replacen("concurrently ", "", 1)
            .replacen("public.", "pg_temp.", 1)
    }
}

#[derive(Debug, Deserialize)]
struct State {
    on_agents: bool,
    valid: bool,
    table: String,
}

#[derive(Debug, Deserialize)]
struct Progress {
    phase: String,
    done: u64,
    total: u64,
    waits_for: Option<BlockerRow>,
}

/// Builds the index unless it is there as wanted; one that is invalid or different is replaced.
///
/// `guard` is a transaction of a second connection, from which the progress is read; `what` is the failure.
///
/// # Errors
/// [`Kind::Locked`] if the table's lock was not obtained in time, else the server's error. A build that failed leaves
/// an invalid index, which costs writes a little and which the next run replaces.
pub async fn ensure(
    connection: &mut Connection,
    guard: &Transaction<'_>,
    index: Index<'_>,
    what: &str,
) -> Result<()> {
    connection.run(&mut Build { guard, index, what }).await
}

/// The building of an index, which is not in a transaction.
struct Build<'b> {
    guard: &'b Transaction<'b>,
    index: Index<'b>,
    what: &'b str,
}

impl Work for Build<'_> {
    type Output = ();

    async fn attempt(&mut self, connection: &mut Connection, _begin: Begin) -> Result<(), Fault> {
        connection.interrupt().check()?;
        replace(connection, self.guard, self.index).await
    }

    async fn broken(
        &mut self,
        _connection: &mut Connection,
        _waiting: &mut Waiting,
        error: ServerError,
    ) -> Result<Option<()>> {
        Err(Error::failed(self.what).caused_by(&error))
    }

    async fn refused(&self, _connection: &mut Connection, error: &ServerError) -> Error {
        Error::failed(self.what).caused_by(error)
    }

    fn locked_out(&self, waiting: &Waiting, error: &ServerError) -> Error {
        waiting.locked_out(self.what, error, "run it again")
    }
}

async fn replace(
    connection: &mut Connection,
    guard: &Transaction<'_>,
    index: Index<'_>,
) -> Result<(), Fault> {
    let state = STATE.replace(":'name'", &format!("'{}'", index.name));
    let found: Option<State> = read::json(connection, &state).await?;
    let exists = found.is_some();
    if let Some(found) = found {
        if !found.on_agents {
            let message = format!("index public.{} exists, but on table {}", index.name, found.table);
            let hint = format!(
                "rename it: the migrations need that name for an index on public.{}",
                "agents"
            );
            return Err(Error::failed(message).with_hint(hint).into());
        }
        if found.valid && is_as_wanted(connection, index).await {
            return Ok(());
        }
    }
    connection.outside_transaction(UNLIMIT).await?;
    let built = build(connection, guard, index, exists).await;
    let restored = connection.outside_transaction(RELIMIT).await;
    built?;
    Ok(restored?)
}

/// Compares the index that exists with one built on an empty copy of the table. A role that may not create temporary
/// tables cannot tell, and rebuilds.
async fn is_as_wanted(connection: &mut Connection, index: Index<'_>) -> bool {
    let copy = format!(
        "create temporary table agents (like public.agents) on commit drop; {}; {}",
        index.on_copy(),
        COMPARE.replace(":'name'", &format!("'{}'", index.name))
    );
    let compared = connection
        .rehearse("could not compare the index", async |transaction| {
            let answer = transaction.simple(&copy).await?;
            Ok(answer.iter().any(|message| match message {
                SimpleQueryMessage::Row(row) => matches!(row.try_get("same"), Ok(Some("t"))),
                _ => false,
            }))
        })
        .await;
    compared.unwrap_or_else(|error| {
        tracing::debug!(%error, index = index.name, "the index could not be compared");
        false
    })
}

async fn build(
    connection: &Connection,
    guard: &Transaction<'_>,
    index: Index<'_>,
    exists: bool,
) -> Result<(), Fault> {
    if exists {
        let drop = format!("drop index concurrently if exists public.{}", index.name);
        watched(connection, guard, index, &drop).await?;
    }
    watched(connection, guard, index, index.sql).await
}

/// Runs a statement that waits for others, telling whom it waits for and how far it is.
///
/// It stands in the table's lock queue without a timeout: its lock conflicts with neither readers nor writers, so nobody
/// queues behind it. What is limited is the time before it has done any work.
async fn watched(
    connection: &Connection,
    guard: &Transaction<'_>,
    index: Index<'_>,
    sql: &str,
) -> Result<(), Fault> {
    let statement = connection.outside_transaction(sql);
    tokio::pin!(statement);
    let mut watch = Watch::new(index);
    loop {
        tokio::select! {
            biased;
            ended = &mut statement => return Ok(ended?),
            () = sleep(LOOK_EVERY) => {}
        }
        let stopped = match watch.look(connection, guard).await {
            Ok(()) if watch.idle() < connection.settings.timeouts.lock_wait => continue,
            Ok(()) => locked(index, &blockers(guard, &watch).await),
            Err(error) => error,
        };
        connection.cancel().await?;
        let _canceled: Result<(), ServerError> = statement.await;
        return Err(stopped.into());
    }
}

async fn blockers(guard: &Transaction<'_>, watch: &Watch<'_>) -> Vec<BlockerRow> {
    match &watch.waits_for {
        Some(blocker) => vec![blocker.clone()],
        None => blocker::within(guard).await,
    }
}

fn locked(index: Index<'_>, blockers: &[BlockerRow]) -> Error {
    let mut error = Error::new(
        Kind::Locked,
        format!("could not start to build index {}", index.name),
    );
    error.details.extend(blockers.iter().map(BlockerRow::sentence));
    error.with_hint("run `vital migrate up` again when they are done; it goes on where it stopped")
}

/// What was last seen of a build.
struct Watch<'a> {
    index: Index<'a>,
    begun: Instant,
    works: bool,
    waits_for: Option<BlockerRow>,
    reported: Option<Instant>,
    shown: Option<(String, u64)>,
}

impl<'a> Watch<'a> {
    fn new(index: Index<'a>) -> Self {
        Self {
            index,
            begun: Instant::now(),
            works: false,
            waits_for: None,
            reported: None,
            shown: None,
        }
    }

    /// How long it has been waiting without having done any work.
    fn idle(&self) -> Duration {
        if self.works {
            Duration::ZERO
        } else {
            self.begun.elapsed()
        }
    }

    async fn look(&mut self, connection: &Connection, guard: &Transaction<'_>) -> Result<()> {
        // The view is a snapshot of the transaction's first look at it, unless that is thrown away.
        let look = format!("select pg_catalog.pg_stat_clear_snapshot(); {PROGRESS}");
        let could_not = || Error::failed("could not look at the progress of the index");
        let answer = guard.simple(&look).await.map_err(|e| could_not().caused_by(&e))?;
        let progress = blocker::json(&answer).unwrap_or_else(|| "null".to_owned());
        let progress: Option<Progress> =
            serde_json::from_str(&progress).map_err(|e| could_not().with_cause(e.to_string()))?;
        match progress {
            None if self.works => {}
            None => self.report_wait(connection, "a lock on public.agents"),
            Some(progress) if progress.waits_for.is_some() => {
                self.waits_for = progress.waits_for;
                self.report_wait(connection, "transactions that began before");
            }
            Some(progress) => {
                self.works |= !progress.phase.starts_with("waiting") && progress.phase != "initializing";
                self.waits_for = None;
                self.show(connection, progress);
            }
        }
        Ok(())
    }

    fn report_wait(&mut self, connection: &Connection, for_what: &str) {
        if self.reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            self.reported = Some(Instant::now());
            connection.tell(&Event::Waiting {
                for_what: for_what.to_owned(),
                blocker: self.waits_for.as_ref().map(BlockerRow::to_blocker),
                waited: self.begun.elapsed(),
            });
        }
    }

    /// Reports each phase and each percent once.
    fn show(&mut self, connection: &Connection, progress: Progress) {
        let percent = (progress.done * 100)
            .checked_div(progress.total)
            .unwrap_or_default();
        let seen = (progress.phase, percent);
        if self.shown.as_ref() != Some(&seen) {
            connection.tell(&Event::IndexProgress {
                index: format!("public.{}", self.index.name),
                phase: seen.0.clone(),
                done: progress.done,
                total: progress.total,
            });
            self.shown = Some(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_built_on_a_copy_to_be_compared() {
        let index = Index {
            name: "idx_a",
            sql: "-- a comment\ncreate index concurrently idx_a on public.agents (x)\n",
        };
        let copy = "-- a comment\ncreate index idx_a on pg_temp.agents (x)\n";
        assert_eq!(index.on_copy(), copy);
    }
}
