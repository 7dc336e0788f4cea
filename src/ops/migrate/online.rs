//! Prepares a large table for a migration without blocking it: columns, indexes built concurrently, rows in batches.
//!
//! Every step can be repeated and interrupted; the migration then finds its work done and commits in milliseconds.

use std::time::Duration;

use refinery::Migration;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::V4_SEEDS;
use super::failure::Standing;
use super::index::{self, Index};
use super::read;
use super::retry::{self, Backoff};
use super::session::{Failure, Session, Wait};
use crate::db::{self, Connection};
use crate::error::{Error, Result};
use crate::ops::event::Event;

/// The steps by file stem `V<version>__<order>_<what>`, in order.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/online.rs"));

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

/// What one file does.
enum Step<'a> {
    Index(Index<'a>),
    Batches(&'a str),
    Transaction(&'a str),
}

impl<'a> Step<'a> {
    fn of(sql: &'a str) -> Self {
        match Index::of(sql) {
            Some(index) => Self::Index(index),
            None if sql.contains("$1") => Self::Batches(sql),
            None => Self::Transaction(sql),
        }
    }
}

/// Lists the files that prepare a migration, as stem and text.
#[must_use]
pub fn files(version: i64) -> Vec<(&'static str, &'static str)> {
    let prefix = format!("V{version}__");
    let of_version = FILES.iter().filter(|(stem, _)| stem.starts_with(&prefix));
    of_version.copied().collect()
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
        session: &mut Session<'_>,
        migration: &Migration,
        standing: Standing,
    ) -> Result<()> {
        let files = files(migration.version());
        if !self.enabled || files.is_empty() {
            return Ok(());
        }
        if migration.version() == V4_SEEDS && !has_rows_without_tenant(session).await? {
            return Ok(());
        }
        let mut connection = second_connection(session).await?;
        let guard = Session {
            connection: &mut connection,
            observer: session.observer,
            interrupt: session.interrupt,
        };
        let prepared = guarded(session, &guard, migration, &files).await;
        guard.rollback().await;
        session.report_notices();
        prepared.map_err(|(failure, stem)| explain(failure, stem, standing))
    }
}

async fn has_rows_without_tenant(session: &Session<'_>) -> Result<bool> {
    read::json(
        session.connection,
        &format!("{}; {WITHOUT_TENANT}", read::UNLIMITED),
    )
    .await
}

/// Opens the second connection; a server that is full may have room a moment later.
async fn second_connection(session: &Session<'_>) -> Result<Connection> {
    let mut backoff = Backoff::new(session.timeouts().lock_wait);
    loop {
        let error = match db::connect(&session.connection.settings).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let is_full = error.cause.as_ref().is_some_and(|cause| cause.contains("53300"));
        match backoff.pause().filter(|_| is_full) {
            Some(pause) => session.interrupt.sleep(pause).await?,
            None => return Err(error),
        }
    }
}

type StepResult<'a> = Result<(), (Failure, &'a str)>;

async fn guarded<'a>(
    session: &Session<'_>,
    guard: &Session<'_>,
    migration: &Migration,
    files: &[(&'a str, &str)],
) -> StepResult<'a> {
    let first = files.first().map_or("", |(stem, _)| stem);
    // It is idle for as long as a step takes, and holds no lock on a table.
    let held = guard
        .begin_locked(session.timeouts().lock, Duration::ZERO, true)
        .await
        .map_err(|failure| (failure, first))?;
    let mut applied = held.history.iter().flatten();
    if applied.any(|row| row.version == migration.version()) {
        return Ok(());
    }
    for (stem, sql) in files {
        session.observer.event(&Event::Step {
            message: format!("preparing online: {stem}"),
        });
        let done = match Step::of(sql) {
            Step::Index(index) => index::ensure(session, guard, index).await,
            Step::Batches(sql) => in_batches(session, sql).await,
            Step::Transaction(sql) => in_transaction(session, sql).await,
        };
        done.map_err(|failure| (failure, *stem))?;
    }
    Ok(())
}

async fn in_transaction(session: &Session<'_>, sql: &str) -> Result<(), Failure> {
    let mut backoff = Backoff::new(session.timeouts().lock_wait);
    loop {
        session.interrupt.check()?;
        match transact(session, sql).await {
            Ok(()) => return Ok(()),
            Err(error) => again(session, &mut backoff, error).await?,
        }
    }
}

async fn transact(session: &Session<'_>, sql: &str) -> Result<(), tokio_postgres::Error> {
    session.begin(session.timeouts().lock).await?;
    session.connection.batch_execute(sql).await?;
    session.connection.batch_execute("commit").await
}

async fn in_batches(session: &Session<'_>, sql: &str) -> Result<(), Failure> {
    let mut backoff = Backoff::new(session.timeouts().lock_wait);
    let (mut last, mut done) = (Uuid::nil(), 0);
    loop {
        session.interrupt.check()?;
        let (next, count) = match batch(session, sql, last).await {
            Ok(batch) => batch,
            Err(error) => {
                again(session, &mut backoff, error).await?;
                continue;
            }
        };
        let Some(next) = next else {
            return Ok(());
        };
        (last, done) = (next, done + u64::try_from(count).unwrap_or_default());
        backoff = Backoff::new(session.timeouts().lock_wait);
        session.observer.event(&Event::BatchDone {
            table: "public.agents".to_owned(),
            done,
            total: 0,
        });
    }
}

/// Runs one batch; returns the last id and the number of rows.
async fn batch(
    session: &Session<'_>,
    sql: &str,
    after: Uuid,
) -> Result<(Option<Uuid>, i64), tokio_postgres::Error> {
    session.begin(session.timeouts().lock).await?;
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&after, Type::UUID), (&BATCH, Type::INT8)];
    let row = session.connection.query_typed_one(sql, &parameters).await?;
    session.connection.batch_execute("commit").await?;
    Ok((row.try_get("last_id")?, row.try_get("agents")?))
}

/// Rolls back and pauses if the failure passes by itself; else hands it on.
async fn again(
    session: &Session<'_>,
    backoff: &mut Backoff,
    error: tokio_postgres::Error,
) -> Result<(), Failure> {
    if retry::is_broken(&error) {
        return Err(error.into());
    }
    session.rollback().await;
    if !retry::is_passing(&error) {
        return Err(error.into());
    }
    match session.wait_for_locks(backoff).await? {
        Wait::Again(_) => Ok(()),
        Wait::Over(blockers) => Err(Failure::Locked(error, blockers)),
    }
}

fn explain(failure: Failure, stem: &str, standing: Standing) -> Error {
    if let Failure::Final(error) = failure {
        return error;
    }
    failure
        .into_error(&format!("could not prepare `{stem}` online"))
        .with_detail(format!("at sql/online/{stem}.sql"))
        .with_hint(format!(
            "{}; what was prepared stays and harms nothing, and `vital migrate up` goes on from there",
            standing.progress()
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::migrate::embedded;

    #[test]
    fn a_table_is_large_above_a_hundred_thousand_rows() {
        assert!(!Online::Auto.applies_to(LARGE) && Online::Auto.applies_to(LARGE + 1));
        assert!(Online::Always.applies_to(0) && !Online::Never.applies_to(i64::MAX));
    }

    #[test]
    fn every_file_belongs_to_a_migration_and_is_of_the_kind_that_its_name_says() {
        let versions: Vec<i64> = embedded::migrations()
            .iter()
            .map(refinery::Migration::version)
            .collect();
        let of_versions: usize = versions.iter().map(|version| files(*version).len()).sum();
        assert!(of_versions > 0 && of_versions == FILES.len());
        for (stem, sql) in FILES {
            let is_index = matches!(Step::of(sql), Step::Index(_));
            assert_eq!(is_index, stem.contains("_idx_"), "{stem}");
            assert_eq!(
                matches!(Step::of(sql), Step::Batches(_)),
                sql.contains("$2"),
                "{stem}"
            );
        }
    }
}
