//! Prepares a large table for a migration without blocking it: columns, indexes built concurrently, rows in batches.
//!
//! Every step can be repeated and interrupted; the migration then finds its work done and commits in milliseconds.

use std::time::Duration;

use uuid::Uuid;

use super::V4_SEEDS;
use super::embedded::{Kind, Migration, OnlineStep};
use super::failure::Standing;
use super::index::{self, Index};
use super::read;
use super::session::{begin_locked, report_notices};
use crate::db::engine::retry::Backoff;
use crate::db::engine::{Access, Begin};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{self, Error, Result};
use crate::event::Event;

const WITHOUT_TENANT: &str = include_str!("../../../sql/migrate/without_tenant.sql");

/// Above this estimate of rows a table is large.
const LARGE: i64 = 100_000;
/// Rows that one transaction changes.
const BATCH: i64 = 10_000;

/// When to prepare online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Online {
    /// If `agents` has more than about 100,000 rows.
    #[default]
    Auto,
    /// Whatever its size.
    Always,
    /// Not at all: the migrations do all their work under their locks.
    Never,
}

impl Online {
    /// Decides for a table of about `rows` rows.
    #[must_use]
    pub fn applies_to(self, rows: i64) -> bool {
        match self {
            Self::Auto => rows > LARGE,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The decision of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preparation {
    /// Whether to prepare at all.
    pub enabled: bool,
}

impl Preparation {
    /// Prepares `migration`, if it is one that has something to prepare.
    ///
    /// A second connection holds the migration lock meanwhile, because an index cannot be built concurrently within a
    /// transaction.
    ///
    /// # Errors
    /// The server's, or [`crate::Kind::Locked`]; what was done stays, and a rerun goes on from there.
    pub async fn run(
        self,
        connection: &mut Connection,
        migration: &Migration,
        standing: Standing,
    ) -> Result<()> {
        let Some(OnlineStep { stem: first, .. }) = migration.online.first() else {
            return Ok(());
        };
        if !self.enabled
            || migration.version() == V4_SEEDS && !read::json::<bool>(connection, WITHOUT_TENANT).await?
        {
            return Ok(());
        }
        let mut second = second_connection(connection).await?;
        // It is idle for as long as a step takes, and holds no lock on a table.
        let begin = Begin {
            idle: Duration::ZERO,
            ..Begin::new(Access::Write, &connection.settings.timeouts)
        };
        let held = begin_locked(&mut second, begin)
            .await
            .map_err(|fault| match fault {
                Fault::Refused(error) => error,
                Fault::Server(error) => {
                    explain(Error::failed(could_not(first)).caused_by(&error), first, standing)
                }
            })?;
        let is_applied = held.history.iter().any(|row| row.version == migration.version());
        if !is_applied {
            for step in &migration.online {
                connection.tell(&Event::Step {
                    message: format!("preparing online: {}", step.stem),
                });
                let done = run(connection, &held.transaction, step).await;
                report_notices(connection);
                done.map_err(|error| explain(error, step.stem, standing))?;
            }
        }
        // It has changed nothing; an error means that the connection is gone, and the lock with it.
        let _ended: Result<(), tokio_postgres::Error> = held.transaction.rollback().await;
        Ok(())
    }
}

/// Opens the second connection; a server that is full may have room a moment later.
async fn second_connection(connection: &Connection) -> Result<Connection> {
    let mut backoff = Backoff::new(connection.settings.timeouts.lock_wait);
    loop {
        let error = match connection.another().await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let is_full = error.cause.as_ref().is_some_and(|cause| cause.contains("53300"));
        match backoff.pause().filter(|_| is_full) {
            Some(pause) => connection.interrupt().sleep(pause).await?,
            None => return Err(error),
        }
    }
}

async fn run(connection: &mut Connection, guard: &Transaction<'_>, step: &OnlineStep) -> Result<()> {
    let OnlineStep { stem, kind, sql } = *step;
    let what = could_not(stem);
    connection.interrupt().check()?;
    match kind {
        Kind::Index(name) => index::ensure(connection, guard, Index { name, sql }, &what).await,
        Kind::Batches => in_batches(connection, sql, &what).await,
        Kind::Transaction => {
            connection
                .write(&what, async |transaction| Ok(transaction.batch(sql).await?))
                .await
        }
    }
}

async fn in_batches(connection: &mut Connection, sql: &str, what: &str) -> Result<()> {
    let (mut last, mut done) = (Uuid::nil(), 0);
    loop {
        connection.interrupt().check()?;
        let batch = connection.write(what, async |transaction| batch(transaction, sql, last).await);
        let (next, count) = batch.await?;
        let Some(next) = next else {
            return Ok(());
        };
        (last, done) = (next, done + u64::try_from(count).unwrap_or_default());
        connection.tell(&Event::BatchDone {
            table: "public.agents".to_owned(),
            done,
            total: 0,
        });
    }
}

/// Runs one batch; returns the last id and the number of rows. Triggers of others on agents fire for it.
async fn batch(transaction: &Transaction<'_>, sql: &str, after: Uuid) -> Result<(Option<Uuid>, i64), Fault> {
    let rows = transaction.write(sql, &[&after, &BATCH]).await?;
    let Some(row) = rows.first() else {
        return Ok((None, 0));
    };
    Ok((row.try_get("last_id")?, row.try_get("agents")?))
}

fn could_not(stem: &str) -> String {
    format!("could not prepare `{stem}` online")
}

fn explain(error: Error, stem: &str, standing: Standing) -> Error {
    let is_complete = error.kind == error::Kind::Failed && error.sqlstate.is_none() && error.hint.is_some();
    if error.kind == error::Kind::Interrupted || is_complete {
        return error;
    }
    error
        .with_detail(format!("at sql/online/{stem}.sql"))
        .with_hint(format!(
            "{}; what was prepared stays and harms nothing, and `vital migrate up` goes on from there",
            standing.progress()
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_large_above_a_hundred_thousand_rows() {
        assert!(!Online::Auto.applies_to(LARGE) && Online::Auto.applies_to(LARGE + 1));
        assert!(Online::Always.applies_to(0) && !Online::Never.applies_to(i64::MAX));
    }
}
