//! Undoes migrations, each in one transaction with the archive of what it removes and with its row of the history.

use serde::Deserialize;
use uuid::Uuid;

use super::embedded::{self, Migration};
use super::failure::Script;
use super::foreign::{self, Dependent};
use super::history::{self, Applied};
use super::preflight::{self, Facts};
use super::restore::{SCHEMA, SEE_EVERYTHING};
use super::session::report_notices;
use super::transaction::{Outcome, Task, Transactions};
use super::undone::{DownReport, Kept, Undone};
use super::{V2_COLUMNS, V3_POLICIES, read};
use crate::db::Connection;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::ops::manifest::Manifest;

const AGENTS_COUNT: &str = include_str!("../../../sql/archive/agents_count.sql");
const REPLACED: &str = include_str!("../../../sql/archive/replaced.sql");

/// A policy that a migration replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replaced {
    /// The name.
    pub name: String,
    /// The statement that creates it.
    pub definition: String,
}

/// What a run would do, as found before anything is changed.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The migrations to undo, the last one first.
    pub undone: Vec<Migration>,
    /// What would be archived.
    pub kept: Vec<Kept>,
    /// Objects of others that would be lost or broken.
    pub dependents: Vec<Dependent>,
    /// Functions of others whose text names what would be removed.
    pub mentions: Vec<String>,
    /// Policies on `agents` that the migrations replaced; empty if their replacement stays.
    pub replaced: Vec<Replaced>,
    /// Whether [`undo`] creates those again.
    pub restore_policies: bool,
    /// What the catalogs say.
    pub facts: Facts,
    pub(super) history: Vec<Applied>,
    pub(super) target: i64,
}

/// The text that undoes a migration.
///
/// # Errors
/// [`crate::Kind::Failed`] if this binary has none.
pub fn text(migration: &Migration) -> Result<&'static str> {
    let unknown = || Error::failed(format!("this vital does not know how to undo `{migration}`"));
    migration.down.ok_or_else(unknown)
}

/// Reads what undoing every migration after `target` would remove; 0 is all of them. Changes nothing.
///
/// What is read may go meanwhile, because another run undoes it: then the history is another, and all is read again.
///
/// # Errors
/// [`crate::Kind::Diverged`], or the first precondition that does not hold.
pub async fn assess(connection: &mut Connection, target: i64, restore_policies: bool) -> Result<Assessment> {
    loop {
        let history = history::read(connection).await?.unwrap_or_default();
        match assess_as_of(connection, history.clone(), target, restore_policies).await {
            Err(_) if history::read(connection).await?.unwrap_or_default() != history => {}
            assessment => return assessment,
        }
    }
}

async fn assess_as_of(
    connection: &mut Connection,
    history: Vec<Applied>,
    target: i64,
    restore_policies: bool,
) -> Result<Assessment> {
    let migrations = embedded::migrations();
    history::check(&history, &migrations)?;
    let facts = preflight::read(connection).await?;
    let is_undone =
        |m: &Migration| m.version() > target && history.iter().any(|row| row.version == m.version());
    let mut undone: Vec<Migration> = migrations.iter().filter(|m| is_undone(m)).cloned().collect();
    undone.reverse();
    let mut assessment = Assessment {
        undone,
        kept: Vec::new(),
        dependents: Vec::new(),
        mentions: Vec::new(),
        replaced: Vec::new(),
        restore_policies,
        facts,
        history,
        target,
    };
    if assessment.undone.is_empty() {
        return Ok(assessment);
    }
    assessment.facts.check()?;
    let manifest = Manifest::embedded()?;
    let versions =
        |migrations: &[Migration]| -> Vec<i64> { migrations.iter().map(Migration::version).collect() };
    let removed = manifest.names(&versions(&assessment.undone));
    let ours = manifest.names(&versions(&migrations));
    assessment.kept = count(connection, &assessment.undone).await?;
    assessment.dependents = foreign::dependents(connection, &removed, &ours).await?;
    assessment.mentions = foreign::mentions(connection, &removed).await?;
    if target < V3_POLICIES {
        assessment.replaced = read::json(connection, REPLACED).await?;
    }
    Ok(assessment)
}

/// Counts what each migration would archive.
async fn count(connection: &mut Connection, undone: &[Migration]) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for migration in undone {
        let version = migration.version();
        if version == V2_COLUMNS {
            kept.push(Kept::new(
                version,
                "public.agents",
                read::json(connection, AGENTS_COUNT).await?,
            ));
        }
        let undoing = text(migration)?;
        let tables = Manifest::embedded()?.names(&[version]).tables.into_iter();
        for table in tables.filter(|table| undoing.contains(&format!("keep({version}, '{table}')"))) {
            let sql = format!("select count(*)::text as json from {table}");
            kept.push(Kept::new(version, &table, read::json(connection, &sql).await?));
        }
    }
    Ok(kept)
}

/// Undoes what was assessed.
///
/// # Errors
/// [`crate::Kind::Failed`] with the failing statement, such as for an object of others that appeared meanwhile,
/// [`crate::Kind::Locked`], [`crate::Kind::Diverged`] or [`crate::Kind::Unknown`].
pub async fn undo(connection: &mut Connection, assessment: &Assessment) -> Result<DownReport> {
    let run = Uuid::new_v4();
    connection.tell(&Event::RunStarted {
        action: "undo",
        total: assessment.undone.len(),
    });
    let mut transactions = Transactions {
        connection,
        migrations: embedded::migrations(),
        history: assessment.history.clone(),
    };
    let mut undone = Vec::new();
    for migration in &assessment.undone {
        let is_last = assessment
            .undone
            .last()
            .is_some_and(|last| last.version() == migration.version());
        let outcome = step(&mut transactions, assessment, migration, (run, is_last)).await?;
        undone.push(Undone::new(migration, outcome.elapsed()));
    }
    let standing = transactions.standing();
    tell(transactions.connection, assessment, run, undone)
        .await
        .map_err(|error| {
            error.with_hint(format!(
                "{}; vital_archive.contents lists what was archived",
                standing.progress()
            ))
        })
}

/// Reads what was archived, on a new connection if need be: all is committed by now.
async fn tell(
    connection: &mut Connection,
    assessment: &Assessment,
    run: Uuid,
    undone: Vec<Undone>,
) -> Result<DownReport> {
    let report = assessment.report(connection, run, undone.clone()).await;
    if report.is_ok() || !connection.is_closed() {
        return report;
    }
    connection.reconnect().await?;
    assessment.report(connection, run, undone).await
}

async fn step(
    transactions: &mut Transactions<'_>,
    assessment: &Assessment,
    migration: &Migration,
    (run, is_last): (Uuid, bool),
) -> Result<Outcome> {
    let (version, name) = (migration.version(), migration.name().to_owned());
    transactions.connection.interrupt().check()?;
    transactions.connection.tell(&Event::MigrationStarted {
        version,
        name: name.clone(),
    });
    let target = assessment.target;
    let policies = match is_last && assessment.restore_policies && target < V3_POLICIES {
        true => "select vital_archive.restore_policies(); ",
        false => "",
    };
    let task = Task {
        script: Script::down(migration, text(migration)?),
        before: format!(
            "{SEE_EVERYTHING}; {SCHEMA}; select vital_archive.begin_step('{run}', {version}, {target})"
        ),
        consent: "",
        after: format!(
            "{policies}delete from {} where version = {version}",
            history::TABLE
        ),
    };
    let outcome = transactions.run(&task).await?;
    report_notices(transactions.connection);
    if let Outcome::Done(elapsed) = outcome {
        transactions.connection.tell(&Event::MigrationUndone {
            version,
            name,
            elapsed,
        });
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::migrate::undone::paragraph;

    #[test]
    fn every_migration_can_be_undone_and_says_what_that_does() {
        for migration in embedded::migrations() {
            let sql = text(&migration).unwrap_or_default();
            for key in ["Archives", "Removes", "Keeps", "Locks"] {
                assert!(paragraph(sql, key).is_some(), "{migration}: {key}");
            }
        }
    }
}
