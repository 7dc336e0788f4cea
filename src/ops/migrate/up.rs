//! Applies what is pending.

use std::borrow::Cow;

use serde::Serialize;

use super::V3_POLICIES;
use super::adoption::{self, Adoption, Obstacle};
use super::embedded::{self, Migration};
use super::history::{self, Applied};
use super::online::{Online, Preparation};
use super::policies::{self, Policy};
use super::preconditions;
use super::preflight::{self, Facts};
use super::rehearsal::{self, Judge, Rehearsed};
use super::restore::{self, Archived, Restored};
use super::transaction::Transactions;
use super::wrapper::{Extras, Migrator, Step};
use crate::db::Connection;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::report::{Cell, Columns, Report, Table, Tone};

/// What a run would do, as found before anything is changed.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The history; `None` if its table does not exist.
    pub history: Option<Vec<Applied>>,
    /// The migrations to apply, in order.
    pub pending: Vec<Migration>,
    /// What the catalogs say; read only if something is pending.
    pub facts: Option<Facts>,
    /// What is there already of what the pending migrations create; read only if something is pending.
    pub adoption: Adoption,
    /// What was archived when the pending migrations were undone.
    pub archived: Vec<Archived>,
    /// Whether [`apply`] puts that back.
    pub restore: bool,
}

impl Assessment {
    /// Lists the policies that the run replaces only with consent.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Policy> {
        let policies = self.facts.as_ref().map(|facts| facts.policies.as_slice());
        policies::leftovers(policies.unwrap_or_default(), &self.versions())
    }

    /// Lists what stands in the way, the most fundamental first; empty if the run may begin.
    #[must_use]
    pub fn problems(&self) -> Vec<Error> {
        let mut problems = self.facts.as_ref().map(Facts::problems).unwrap_or_default();
        let versions = self.versions();
        problems.extend(self.adoption.in_the_way(&versions).map(Obstacle::to_error));
        problems
    }

    /// Fails with the first problem and names the others.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`].
    pub fn check(&self) -> Result<()> {
        preconditions::check(self.problems())
    }

    /// Lists what becomes of an earlier form's objects, in words.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        self.adoption.changes(&self.versions())
    }

    /// Lists what is worth knowing and stops nothing.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let Some(facts) = &self.facts else {
            return Vec::new();
        };
        let mut remarks = policies::remarks(&facts.policies, &self.versions());
        let makes_tenants = self.versions().contains(&super::V1_TENANTS);
        remarks.extend(facts.creators_remark().filter(|_| makes_tenants));
        if self.history.is_none() {
            remarks.extend(foreign_histories(&facts.other_histories));
            remarks.extend(facts.was_migrated_by_hand().then(|| {
                "tenancy tables exist without a migration history, as after a migration by hand; they are brought to \
                 the same state and keep their rows"
                    .to_owned()
            }));
        }
        remarks
    }

    /// Tells whether the run replaces the policies of agents.
    pub(super) fn closes_agents(&self) -> bool {
        self.pending
            .iter()
            .any(|migration| migration.version() == V3_POLICIES)
    }

    /// Tells whether no migration is pending after the run.
    pub(super) fn is_complete(&self) -> bool {
        let last = embedded::migrations().last().map(Migration::version);
        self.pending.last().map(Migration::version) == last
    }

    fn restored_versions(&self) -> Vec<i64> {
        let archived = self.archived.iter().filter(|_| self.restore);
        archived.map(|item| item.version).collect()
    }

    fn versions(&self) -> Vec<i64> {
        self.pending.iter().map(Migration::version).collect()
    }
}

/// Says that other migration tools keep a history here.
#[must_use]
pub fn foreign_histories(tables: &[String]) -> Option<String> {
    (!tables.is_empty()).then(|| {
        format!(
            "another migration tool keeps its history in {}; vital neither reads nor changes it",
            tables.join(", ")
        )
    })
}

/// Reads the history and, if a migration up to `target` is pending, what stands in its way. Changes nothing, and with
/// nothing pending costs one round trip.
///
/// What is read may go meanwhile, because another run undoes it: then the history is another, and all is read again.
///
/// # Errors
/// [`crate::Kind::Diverged`], or the first precondition that does not hold.
pub async fn assess(connection: &mut Connection, target: Option<i64>) -> Result<Assessment> {
    loop {
        let history = history::read(connection).await?;
        let assessment = assess_as_of(connection, history.clone(), target).await;
        let is_plain = |found: &Assessment| found.problems().is_empty() && found.adoption.steps.is_empty();
        let is_certain = assessment.as_ref().is_ok_and(is_plain);
        // The first failure stands where the connection is gone.
        if is_certain || history::read(connection).await.map_or(true, |now| now == history) {
            return assessment;
        }
    }
}

async fn assess_as_of(
    connection: &mut Connection,
    history: Option<Vec<Applied>>,
    target: Option<i64>,
) -> Result<Assessment> {
    let migrations = embedded::migrations();
    let applied = history.as_deref().unwrap_or_default();
    history::check(applied, &migrations)?;
    let is_pending = |migration: &Migration| {
        let version = migration.version();
        target.is_none_or(|target| version <= target) && applied.iter().all(|row| row.version != version)
    };
    let pending: Vec<Migration> = migrations.into_iter().filter(is_pending).collect();
    let mut assessment = Assessment {
        history,
        pending,
        facts: None,
        adoption: Adoption::default(),
        archived: Vec::new(),
        restore: false,
    };
    if !assessment.pending.is_empty() {
        let facts = preflight::read(connection).await?;
        // Without agents, or on a standby, there is nothing to compare.
        if facts.problems().is_empty() {
            assessment.adoption = adoption::read(connection).await?;
        }
        assessment.facts = Some(facts);
    }
    // Only a migration that was applied once can have been undone, and the history's table stays.
    if !assessment.pending.is_empty() && assessment.history.is_some() {
        assessment.archived = restore::offer(connection, &assessment.versions()).await?;
    }
    Ok(assessment)
}

/// Applies what was assessed. `replaced` are the leftover policies that may be replaced; with fewer than
/// [`Assessment::leftovers`] the server refuses the migration that comes upon another. `judge` compares a rehearsal with the
/// promise.
///
/// # Errors
/// A precondition that does not hold, [`crate::Kind::Locked`], [`crate::Kind::Diverged`], [`crate::Kind::Unknown`],
/// or [`crate::Kind::Failed`] with the failing statement.
pub async fn apply(
    connection: &mut Connection,
    assessment: &Assessment,
    online: Online,
    replaced: &[Policy],
    judge: impl Judge,
) -> Result<UpReport> {
    let from = last(assessment.history.as_deref().unwrap_or_default());
    let Some(facts) = &assessment.facts else {
        return Ok(UpReport::new(from, assessment, Vec::new(), Vec::new()));
    };
    assessment.check()?;
    connection.tell(&Event::RunStarted {
        action: "apply",
        total: assessment.pending.len(),
    });
    let consent = policies::consent(replaced);
    let preparation = Preparation {
        enabled: online.applies_to(facts.agents()),
    };
    let extras = |adoption: &Adoption| Extras {
        consent: consent.clone(),
        preparation,
        restored: assessment.restored_versions(),
        before: match adoption.steps.is_empty() {
            true => String::new(),
            false => adoption.announcement(),
        },
    };
    let mut current = Cow::Borrowed(assessment);
    // On a large table it would build every index twice, and keep everybody waiting meanwhile.
    while current.adoption.is_unusual() && !preparation.enabled {
        let outcome = rehearsal::rehearse(connection, &current, &extras(&current.adoption), &judge).await?;
        if outcome == Rehearsed::ToTheEnd {
            break;
        }
        // What another run did meanwhile changes what there is to adopt.
        let target = assessment.pending.last().map(Migration::version);
        current = Cow::Owned(assess(connection, target).await?);
        current.check()?;
    }
    let extras = extras(&current.adoption);
    let mut migrator = Migrator {
        transactions: Transactions {
            connection,
            migrations: embedded::migrations(),
            history: current.history.clone().unwrap_or_default(),
        },
        extras,
        steps: Vec::new(),
    };
    for migration in &assessment.pending {
        migrator.apply(migration).await?;
    }
    let steps = std::mem::take(&mut migrator.steps);
    let mut report = UpReport::new(from, assessment, steps, replaced.to_vec());
    if assessment.restore {
        report.restored = migrator.restored(&assessment.archived).await?;
    }
    Ok(report)
}

fn last(applied: &[Applied]) -> Option<i64> {
    applied.last().map(|row| row.version)
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpReport {
    /// The last version before the run.
    pub from: Option<i64>,
    /// The last version after it.
    pub to: Option<i64>,
    /// How many migrations are applied now.
    pub applied: usize,
    /// How many this binary has.
    pub total: usize,
    /// What was applied, in order.
    pub migrations: Vec<AppliedMigration>,
    /// Foreign policies that were replaced; their definitions are kept in `vital_private.replaced_policies`.
    pub replaced_policies: Vec<Policy>,
    /// Archived data that was put back.
    pub restored: Vec<Restored>,
}

/// A migration that was pending when the run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedMigration {
    /// The version.
    pub version: i64,
    /// The name without version.
    pub name: String,
    /// How long its transaction took, milliseconds; null if another runner applied it meanwhile.
    pub elapsed_ms: Option<u64>,
}

impl UpReport {
    fn new(from: Option<i64>, assessment: &Assessment, steps: Vec<Step>, replaced: Vec<Policy>) -> Self {
        let before = assessment.history.as_ref().map_or(0, Vec::len);
        let migrations: Vec<AppliedMigration> = steps
            .into_iter()
            .filter_map(|step| {
                let migration = assessment.pending.iter().find(|m| m.version() == step.version)?;
                Some(AppliedMigration {
                    version: step.version,
                    name: migration.name().to_owned(),
                    elapsed_ms: step
                        .elapsed
                        .map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX)),
                })
            })
            .collect();
        let by_this_run = |policy: &Policy| {
            let mut own = migrations.iter().filter(|m| m.elapsed_ms.is_some());
            own.any(|migration| migration.version == policy.replaced_by())
        };
        let replaced_policies = replaced.into_iter().filter(by_this_run).collect();
        Self {
            from,
            to: migrations.last().map(|m| m.version).or(from),
            applied: before + migrations.len(),
            total: embedded::migrations().len(),
            migrations,
            replaced_policies,
            restored: Vec::new(),
        }
    }
}

impl Report for UpReport {
    const SCHEMA: &'static str = "vital.migrate.up/1";

    fn table(&self) -> Table {
        Columns::of(&self.migrations)
            .column("version", |migration| Cell::text(migration.version.to_string()))
            .column("name", |migration| Cell::text(&migration.name))
            .column("result", |migration| match migration.elapsed_ms {
                Some(_) => Cell::text("applied").tone(Tone::Good),
                None => Cell::text("applied by another run").tone(Tone::Good),
            })
            .column("elapsed_ms", |migration| match migration.elapsed_ms {
                Some(ms) => Cell::number(i64::try_from(ms).unwrap_or(i64::MAX)),
                None => Cell::default(),
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let Self { applied, total, .. } = self;
        let verb = if *applied == 1 { "is" } else { "are" };
        let standing = format!("{applied} of {total} migrations {verb} applied");
        let mut lines = vec![match self.migrations.as_slice() {
            [] => format!("nothing to do: {standing}"),
            _ => standing,
        }];
        lines.extend(self.restored.iter().map(Restored::sentence));
        let replaced = match self.replaced_policies.len() {
            0 => return lines,
            1 => "1 policy was replaced; its definition is kept".to_owned(),
            count => format!("{count} policies were replaced; their definitions are kept"),
        };
        lines.push(format!("{replaced} in vital_private.replaced_policies"));
        lines
    }
}
