//! Tells what is applied; writes nothing.

use serde::Serialize;

use super::embedded;
use super::history::{self, Applied, Divergence};
use super::preflight;
use super::up::foreign_histories;
use crate::db::Connection;
use crate::error::Result;
use crate::report::{Cell, Columns, Report, Table, Tone};

/// How a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Applied, with the text that this binary has.
    Applied,
    /// Not applied yet.
    Pending,
    /// Applied with another text.
    Changed,
    /// Applied, and unknown to this binary.
    Unknown,
    /// Not applied, although a later one is.
    Missing,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Applied => Tone::Good,
            Self::Pending => Tone::Warn,
            _ => Tone::Bad,
        }
    }
}

impl From<Divergence> for State {
    fn from(divergence: Divergence) -> Self {
        match divergence {
            Divergence::Changed => Self::Changed,
            Divergence::Unknown => Self::Unknown,
            Divergence::Missing => Self::Missing,
        }
    }
}

/// A migration of this binary or of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusRow {
    /// The version.
    pub version: i64,
    /// The name without version.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// When it was applied, RFC 3339.
    pub applied_on: Option<String>,
    /// The role that applied it.
    pub applied_by: Option<String>,
    /// How long its transaction took, milliseconds.
    pub took_ms: Option<i64>,
}

/// All of them, by version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// The migrations.
    pub migrations: Vec<StatusRow>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Reads the history and compares it with this binary.
///
/// # Errors
/// [`crate::Kind::Failed`] if the role may not read the history.
pub async fn status(connection: &mut Connection) -> Result<StatusReport> {
    let history = history::read(connection).await?;
    let mut notes = Vec::new();
    if history.is_none() {
        notes.push(format!(
            "there is no {}: vital has not migrated this database yet",
            history::TABLE
        ));
        let facts = preflight::read(connection).await?;
        notes.extend(foreign_histories(&facts.other_histories));
        notes.extend(facts.was_migrated_by_hand().then(|| {
            "tenancy tables exist all the same, as after a migration by hand; `vital migrate up` completes it".to_owned()
        }));
    }
    Ok(StatusReport {
        migrations: rows(history.unwrap_or_default()),
        notes,
    })
}

fn rows(applied: Vec<Applied>) -> Vec<StatusRow> {
    let migrations = embedded::migrations();
    let mismatches = history::compare(&applied, &migrations);
    let mismatch = |version: i64| {
        mismatches
            .iter()
            .find(|m| m.version == version)
            .map(|m| m.divergence)
    };
    let pending: Vec<StatusRow> = migrations
        .iter()
        .filter(|m| applied.iter().all(|row| row.version != m.version()))
        .map(|m| StatusRow {
            version: m.version(),
            name: m.name().to_owned(),
            state: mismatch(m.version()).map_or(State::Pending, State::from),
            applied_on: None,
            applied_by: None,
            took_ms: None,
        })
        .collect();
    let done = applied.into_iter().map(|row| StatusRow {
        version: row.version,
        state: mismatch(row.version).map_or(State::Applied, State::from),
        name: row.name,
        applied_on: Some(row.applied_on),
        applied_by: row.applied_by,
        took_ms: row.took_ms,
    });
    let mut rows: Vec<StatusRow> = done.chain(pending).collect();
    rows.sort_by_key(|row| row.version);
    rows
}

impl StatusReport {
    fn count(&self, wanted: impl Fn(State) -> bool) -> usize {
        self.migrations.iter().filter(|row| wanted(row.state)).count()
    }

    /// The versions of the pending migrations, in order.
    #[must_use]
    pub fn pending(&self) -> Vec<i64> {
        let pending = self.migrations.iter().filter(|row| row.state == State::Pending);
        pending.map(|row| row.version).collect()
    }

    /// Tells whether a migration is pending.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.count(|state| state == State::Pending) > 0
    }

    /// Tells whether the history does not fit this binary.
    #[must_use]
    pub fn is_divergent(&self) -> bool {
        self.count(|state| !matches!(state, State::Applied | State::Pending)) > 0
    }
}

impl Report for StatusReport {
    const SCHEMA: &'static str = "vital.migrate.status/1";

    fn table(&self) -> Table {
        Columns::of(&self.migrations)
            .column("version", |row| Cell::text(row.version.to_string()))
            .column("name", |row| Cell::text(&row.name))
            .column("state", |row| Cell::text(row.state.word()).tone(row.state.tone()))
            .column("applied_on", |row| Cell::optional(row.applied_on.as_deref()))
            .column("applied_by", |row| Cell::optional(row.applied_by.as_deref()))
            .column("took_ms", |row| {
                row.took_ms.map_or_else(Cell::default, Cell::number)
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let applied = self.count(|state| state == State::Applied);
        let pending = self.count(|state| state == State::Pending);
        let mut line = format!("{applied} applied, {pending} pending");
        if self.is_divergent() {
            let divergent = self.migrations.len() - applied - pending;
            line.push_str(&format!(", {divergent} that do not fit this version of vital"));
        }
        let mut lines = vec![line];
        lines.extend(self.notes.iter().cloned());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_history_everything_is_pending() {
        let report = StatusReport {
            migrations: rows(Vec::new()),
            notes: Vec::new(),
        };
        assert!(report.is_pending() && !report.is_divergent());
        assert_eq!(report.summary(), ["0 applied, 4 pending"]);
    }

    #[test]
    fn a_newer_row_is_shown_as_unknown() {
        let newer = Applied {
            version: 30_000_000_000_000,
            name: "later".to_owned(),
            applied_on: "2030-01-01T00:00:00Z".to_owned(),
            checksum: "1".to_owned(),
            applied_by: Some("dba".to_owned()),
            took_ms: Some(5),
        };
        let states: Vec<State> = rows(vec![newer]).iter().map(|row| row.state).collect();
        assert_eq!(states[..4], [State::Missing; 4]);
        assert_eq!(states[4], State::Unknown);
    }
}
