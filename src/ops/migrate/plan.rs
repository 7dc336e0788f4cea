//! Tells what `migrate up` would do; writes nothing and takes no lock that anybody notices.

use serde::Serialize;

use super::V4_SEEDS;
use super::audience::{self, Visibility};
use super::embedded::{Header, Migration, OnlineStep};
use super::online::Online;
use super::policies::Policy;
use super::preflight::Facts;
use super::read;
use super::restore;
use super::up::{self, Assessment};
use crate::db::Connection;
use crate::db::engine::blocker::BlockerRow;
use crate::error::Result;
use crate::report::{Cell, Columns, Report, Table, Tone};

const COUNT: &str = include_str!("../../../sql/migrate/count.sql");
const COUNT_WITHOUT_TENANT: &str = include_str!("../../../sql/migrate/count_without_tenant.sql");

/// Transactions that hold their locks for longer than this are shown.
const NOTICEABLE_MS: u64 = 1_000;
/// Up to this estimate of rows, rows are counted.
const COUNTABLE: i64 = 100_000;

/// A pending migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedMigration {
    /// The version.
    pub version: i64,
    /// The name without version.
    pub name: String,
    /// What it creates, changes and locks.
    #[serde(flatten)]
    pub header: Header,
    /// Rows of `agents` that it writes; null if that would be too costly to count.
    pub agents_written: Option<i64>,
    /// Steps that run before it without blocking anybody.
    pub online_steps: Vec<String>,
    /// Its text, if asked for.
    pub sql: Option<String>,
}

impl PlannedMigration {
    fn details(&self) -> Vec<(&'static str, String)> {
        let Header {
            creates,
            changes,
            locks,
        } = self.header.clone();
        let agents = self
            .agents_written
            .map(|count| format!("{count} rows of public.agents"));
        let online = (!self.online_steps.is_empty()).then(|| self.online_steps.join(", "));
        let all = [
            ("creates", creates),
            ("changes", changes),
            ("locks", locks),
            ("writes", agents),
            ("prepares online", online),
        ];
        all.into_iter()
            .filter_map(|(what, detail)| Some((what, detail?)))
            .collect()
    }
}

/// A policy that would be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// The policy.
    #[serde(flatten)]
    pub policy: Policy,
    /// What it opens.
    pub opens: String,
    /// The migration that would replace it.
    pub replaced_by: i64,
}

/// What a run would meet and do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReport {
    /// The database; null if nothing is pending.
    pub database: Option<String>,
    /// The role; null if nothing is pending.
    pub role: Option<String>,
    /// How many rows `agents` has, estimated above 100,000; null if nothing is pending.
    pub agents: Option<i64>,
    /// The pending migrations, in order.
    pub migrations: Vec<PlannedMigration>,
    /// Foreign policies that would be replaced, with consent only.
    pub leftover_policies: Vec<Leftover>,
    /// Who sees how many agents now and then.
    pub visibility: Visibility,
    /// Sessions that would be waited for now.
    pub blockers: Vec<String>,
    /// What becomes of objects of an earlier form, with the statement.
    pub adopted: Vec<String>,
    /// What stands in the way.
    pub problems: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// What to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request {
    /// The last version to apply.
    pub target: Option<i64>,
    /// When to prepare online.
    pub online: Online,
    /// Whether to add the text of the migrations.
    pub with_sql: bool,
}

/// Plans a run.
///
/// # Errors
/// [`crate::Kind::Diverged`], or the server's refusal to show its catalogs.
pub async fn plan(connection: &mut Connection, request: Request) -> Result<PlanReport> {
    let assessment = up::assess(connection, request.target).await?;
    let Some(facts) = &assessment.facts else {
        return Ok(PlanReport::nothing());
    };
    let estimate = facts.agents();
    let unowned = if facts.agents_has("tenant_id") && estimate <= COUNTABLE {
        read::json(connection, COUNT_WITHOUT_TENANT).await.ok()
    } else {
        (!facts.agents_has("tenant_id")).then_some(0)
    };
    let planned = |migration: &Migration| {
        let version = migration.version();
        let sql = migration.up();
        let is_prepared = request.online.applies_to(estimate) && (version != V4_SEEDS || unowned != Some(0));
        let steps: &[OnlineStep] = if is_prepared { &migration.online } else { &[] };
        PlannedMigration {
            version,
            name: migration.name().to_owned(),
            header: migration.header.clone(),
            agents_written: if version == V4_SEEDS { unowned } else { Some(0) },
            online_steps: steps.iter().map(|step| step.stem.to_owned()).collect(),
            sql: request.with_sql.then(|| sql.to_owned()),
        }
    };
    let visibility = audience::read(connection, &assessment).await?;
    Ok(PlanReport {
        database: Some(facts.database.clone()),
        role: Some(facts.role.clone()),
        agents: Some(agents(connection, facts).await),
        migrations: assessment.pending.iter().map(planned).collect(),
        leftover_policies: leftovers(&assessment),
        blockers: blockers(connection).await,
        problems: assessment.problems().iter().map(problem).collect(),
        adopted: assessment.changes(),
        visibility,
        notes: notes(&assessment),
    })
}

fn notes(assessment: &Assessment) -> Vec<String> {
    let mut notes = assessment.remarks();
    if !assessment.archived.is_empty() {
        notes.push(format!(
            "`up --restore` puts back what was archived when these were undone: {}",
            restore::summary(&assessment.archived)
        ));
    }
    notes
}

/// Counts the rows where that is cheap and row security hides none of them; else estimates.
async fn agents(connection: &mut Connection, facts: &Facts) -> i64 {
    let estimate = facts.agents();
    let count = match estimate <= COUNTABLE && facts.owns_agents() {
        true => read::json(connection, COUNT).await.ok(),
        false => None,
    };
    count.unwrap_or(estimate)
}

fn leftovers(assessment: &Assessment) -> Vec<Leftover> {
    let leftover = |policy: Policy| Leftover {
        opens: policy.opens(),
        replaced_by: policy.replaced_by(),
        policy,
    };
    assessment.leftovers().into_iter().map(leftover).collect()
}

async fn blockers(connection: &Connection) -> Vec<String> {
    let rows: Vec<BlockerRow> = connection.blockers().await;
    let noticeable = rows
        .iter()
        .filter(|row| row.age_ms.is_none_or(|age| age > NOTICEABLE_MS));
    noticeable.map(BlockerRow::sentence).collect()
}

fn problem(error: &crate::Error) -> String {
    match &error.hint {
        Some(hint) => format!("{} ({hint})", error.message),
        None => error.message.clone(),
    }
}

impl PlanReport {
    fn nothing() -> Self {
        Self {
            database: None,
            role: None,
            agents: None,
            migrations: Vec::new(),
            leftover_policies: Vec::new(),
            blockers: Vec::new(),
            adopted: Vec::new(),
            visibility: Visibility::default(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Joins the text of the planned migrations, each under a comment with its file's name; empty unless asked for.
    #[must_use]
    pub fn sql(&self) -> String {
        let text = |migration: &PlannedMigration| {
            let sql = migration.sql.as_ref()?;
            Some(format!(
                "-- V{}__{}.sql\n\n{}\n",
                migration.version,
                migration.name,
                sql.trim_end()
            ))
        };
        self.migrations
            .iter()
            .filter_map(text)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Report for PlanReport {
    const SCHEMA: &'static str = "vital.migrate.plan/1";

    fn table(&self) -> Table {
        let details = self.migrations.iter().flat_map(|migration| {
            migration
                .details()
                .into_iter()
                .map(move |detail| (migration, detail))
        });
        Columns::of(details)
            .column("version", |(migration, _)| {
                Cell::text(migration.version.to_string())
            })
            .column("name", |(migration, _)| Cell::text(&migration.name))
            .column("what", |(_, (what, _))| Cell::text(*what).tone(Tone::Dim))
            .column("detail", |(_, (_, detail))| Cell::text(detail))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        if self.migrations.is_empty() {
            return vec!["nothing to do: no migration is pending".to_owned()];
        }
        let mut lines = vec![format!(
            "{} to apply to database {} as {}; {} agents",
            self.migrations.len(),
            self.database.as_deref().unwrap_or_default(),
            self.role.as_deref().unwrap_or_default(),
            self.agents.unwrap_or_default()
        )];
        lines.extend(
            self.problems
                .iter()
                .map(|problem| format!("in the way: {problem}")),
        );
        lines.extend(self.adopted.iter().map(|change| format!("adopted: {change}")));
        lines.extend(self.leftover_policies.iter().map(|leftover| {
            format!(
                "to be replaced with consent (--replace-policies): policy \"{}\" {}: {}",
                leftover.policy.name,
                leftover.opens,
                leftover.policy.definition()
            )
        }));
        lines.extend(
            self.blockers
                .iter()
                .map(|blocker| format!("to be waited for: {blocker}")),
        );
        lines.extend(
            self.visibility
                .audiences
                .iter()
                .map(|seen| format!("agents seen by {}", seen.sentence())),
        );
        lines.extend(
            self.visibility
                .reasons
                .iter()
                .map(|reason| format!("note: {reason}")),
        );
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines
    }
}
