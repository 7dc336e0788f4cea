//! What undoing migrations did or would do.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::down::Assessment;
use super::embedded::{self, Migration};
use super::failure::Standing;
use super::foreign::Dependent;
use crate::db::Connection;
use crate::error::Result;
use crate::report::{Cell, Report, Table, Tone};

const SET: &str = include_str!("../../../sql/archive/set.sql");
const POLICIES: &str = include_str!("../../../sql/archive/policies.sql");

/// A migration that is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The version.
    pub version: i64,
    /// The name without version.
    pub name: String,
    /// What goes.
    pub removes: Option<String>,
    /// What stays all the same.
    pub keeps: Option<String>,
    /// Which locks it takes.
    pub locks: Option<String>,
    /// How long its transaction took, milliseconds; null in a dry run, or if another run did it meanwhile.
    pub elapsed_ms: Option<u64>,
}

impl Undone {
    pub(super) fn new(migration: &Migration, elapsed: Option<Duration>) -> Self {
        let sql = migration.down.unwrap_or_default();
        Self {
            version: migration.version(),
            name: migration.name().to_owned(),
            removes: paragraph(sql, "Removes"),
            keeps: paragraph(sql, "Keeps"),
            locks: paragraph(sql, "Locks"),
            elapsed_ms: elapsed.map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// Reads a paragraph of the leading comment, such as `Removes`.
pub(super) fn paragraph(sql: &str, key: &str) -> Option<String> {
    let start = format!("-- {key}: ");
    let line = sql.lines().find_map(|line| line.strip_prefix(&start));
    line.map(str::to_owned)
}

/// Rows that are archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The migration whose undoing removes them.
    pub version: i64,
    /// The table they are in.
    pub source: String,
    /// How many there are.
    pub rows: i64,
    /// The table they are copied to; null in a dry run.
    pub archive_table: Option<String>,
}

impl Kept {
    pub(super) fn new(version: i64, source: &str, rows: i64) -> Self {
        Self {
            version,
            source: source.to_owned(),
            rows,
            archive_table: None,
        }
    }

    pub(super) fn sentence(&self) -> String {
        let Self { source, rows, .. } = self;
        match &self.archive_table {
            Some(table) => format!("{source}, {rows} rows, as {table}"),
            None => format!("{source}, {rows} rows"),
        }
    }
}

/// A policy that was created again, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoredPolicy {
    /// The name.
    pub name: String,
    /// Its statement.
    pub definition: String,
    /// Why it could not be created; null if it was.
    pub refusal: Option<String>,
}

/// What a run did, or in a dry run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DownReport {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The last version before.
    pub from: Option<i64>,
    /// The last version afterwards; null if none is left.
    pub to: Option<i64>,
    /// The archive set; null in a dry run, or if nothing was to be done.
    pub archive_set: Option<i64>,
    /// The migrations, in the order of their undoing.
    pub migrations: Vec<Undone>,
    /// What is archived.
    pub archived: Vec<Kept>,
    /// Policies that were created again with `--restore-policies`.
    pub restored_policies: Vec<RestoredPolicy>,
    /// Objects of others that are in the way.
    pub dependents: Vec<Dependent>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Assessment {
    fn new_report(&self, dry_run: bool, migrations: Vec<Undone>) -> DownReport {
        let mut left = self.history.iter().filter(|row| row.version <= self.target);
        DownReport {
            dry_run,
            from: self.history.last().map(|row| row.version),
            to: left.next_back().map(|row| row.version),
            archive_set: None,
            migrations,
            archived: self.kept.clone(),
            restored_policies: Vec::new(),
            dependents: self.dependents.clone(),
            notes: self.warnings(),
        }
    }

    /// What a run would do.
    #[must_use]
    pub fn plan(&self) -> DownReport {
        let migrations = self.undone.iter().map(|migration| Undone::new(migration, None));
        self.new_report(true, migrations.collect())
    }

    pub(super) async fn report(
        &self,
        connection: &mut Connection,
        run: Uuid,
        undone: Vec<Undone>,
    ) -> Result<DownReport> {
        let mut report = self.new_report(false, undone);
        if report.migrations.is_empty() {
            return Ok(report);
        }
        let run = run.to_string();
        let (set, policies) = connection
            .read("could not read what was archived", async |transaction| {
                let set = transaction.query(SET, &[&run]).await?;
                let policies = match self.restore_policies {
                    true => transaction.query(POLICIES, &[&run]).await?,
                    false => Vec::new(),
                };
                Ok((set, policies))
            })
            .await?;
        report.archive_set = set.first().map(|row| row.get("set_id"));
        let kept = |row: &tokio_postgres::Row| Kept {
            version: row.get("version"),
            source: row.get("source"),
            rows: row.get("row_count"),
            archive_table: Some(row.get("archive_table")),
        };
        report.archived = set.iter().map(kept).collect();
        let policy = |row: &tokio_postgres::Row| RestoredPolicy {
            name: row.get("policy_name"),
            definition: row.get("definition"),
            refusal: row.get("refusal"),
        };
        report.restored_policies = policies.iter().map(policy).collect();
        Ok(report)
    }
}

impl Report for DownReport {
    const SCHEMA: &'static str = "vital.migrate.down/1";

    fn table(&self) -> Table {
        let header = vec!["version", "name", "what", "detail"];
        let mut rows = Vec::new();
        for migration in &self.migrations {
            let kept = self
                .archived
                .iter()
                .filter(|kept| kept.version == migration.version);
            let archives = kept.map(|kept| ("archives", kept.sentence()));
            let mut details: Vec<(&str, String)> = Vec::new();
            if self.dry_run {
                details.extend(migration.removes.clone().map(|text| ("removes", text)));
                details.extend(archives);
                details.extend(migration.keeps.clone().map(|text| ("keeps", text)));
                details.extend(migration.locks.clone().map(|text| ("locks", text)));
            } else {
                details.push(match migration.elapsed_ms {
                    Some(ms) => ("undone", format!("in {ms} ms")),
                    None => ("undone", "by another run".to_owned()),
                });
                details.extend(archives);
            }
            rows.extend(details.into_iter().map(|(what, detail)| {
                vec![
                    Cell::text(migration.version.to_string()),
                    Cell::text(&migration.name),
                    Cell::text(what).tone(if what == "undone" { Tone::Good } else { Tone::Dim }),
                    Cell::text(detail),
                ]
            }));
        }
        Table { header, rows }
    }

    fn summary(&self) -> Vec<String> {
        let total = embedded::migrations();
        let applied = total.iter().filter(|m| Some(m.version()) <= self.to).count();
        let standing = Standing {
            applied,
            total: total.len(),
        };
        let mut lines = vec![match (self.migrations.len(), self.dry_run) {
            (0, _) => format!("nothing to do: {}", standing.progress()),
            (count, true) => format!("{count} to undo; nothing was changed"),
            (_, false) => standing.progress(),
        }];
        lines.extend(self.archive_set.map(|set| {
            format!(
                "archived as set {set} of vital_archive.contents; `vital migrate up --restore` puts it back"
            )
        }));
        lines.extend(self.restored_policies.iter().map(|policy| match &policy.refusal {
            None => format!("created again: {}", policy.definition),
            Some(refusal) => format!("could not create policy \"{}\" again: {refusal}", policy.name),
        }));
        lines.extend(
            self.dependents
                .iter()
                .map(|d| format!("in the way: {} depends on {}; {}", d.object, d.uses, d.fix)),
        );
        let notes = self
            .notes
            .iter()
            .filter(|_| self.dry_run || self.restored_policies.is_empty());
        lines.extend(notes.map(|note| format!("note: {note}")));
        lines
    }
}
