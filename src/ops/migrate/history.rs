//! What the database says has been applied, and whether that fits this binary.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_postgres::error::SqlState;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::embedded::Migration;
use crate::db::Connection;
use crate::error::{Error, Kind, Result};

/// The table, schema-qualified.
pub const TABLE: &str = "vital_private.refinery_schema_history";

/// Lists the history.
pub const APPLIED: &str = include_str!("../../../sql/migrate/applied.sql");

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The version.
    pub version: i64,
    /// The name without version.
    pub name: String,
    /// When, RFC 3339 as the runner wrote it.
    pub applied_on: String,
    /// Checksum of name, version and text, as a decimal number.
    pub checksum: String,
    /// The session's role.
    pub applied_by: Option<String>,
    /// How long its transaction took, milliseconds.
    pub took_ms: Option<i64>,
}

impl Applied {
    fn from_row(row: &SimpleQueryRow) -> Self {
        let text = |column: &str| row.try_get(column).ok().flatten().map(str::to_owned);
        Self {
            version: text("version").and_then(|v| v.parse().ok()).unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            applied_on: text("applied_on").unwrap_or_default(),
            checksum: text("checksum").unwrap_or_default(),
            applied_by: text("applied_by"),
            took_ms: text("took_ms").and_then(|v| v.parse().ok()),
        }
    }

    fn stem(&self) -> String {
        format!("V{}__{}", self.version, self.name)
    }
}

/// One way in which a history does not fit this binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The binary's file is not the one that was applied.
    Changed,
    /// Applied, and unknown to this binary.
    Unknown,
    /// Not applied, although a later one is.
    Missing,
}

/// A migration of the history or of this binary that does not fit the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The version.
    pub version: i64,
    /// `V<version>__<name>`.
    pub stem: String,
    /// In which way.
    pub divergence: Divergence,
}

/// Reads the history in one round trip; `None` if the table does not exist.
///
/// # Errors
/// [`Kind::Failed`] if the role may not read it, [`Kind::Locked`], or [`Kind::Unreachable`] if the connection broke.
pub async fn read(connection: &mut Connection) -> Result<Option<Vec<Applied>>> {
    let error = match connection
        .ask("could not read the migration history", APPLIED)
        .await
    {
        Ok(answer) => return Ok(Some(rows(&answer))),
        Err(error) => error,
    };
    if error.has_code(&SqlState::UNDEFINED_TABLE) || error.has_code(&SqlState::INVALID_SCHEMA_NAME) {
        return Ok(None);
    }
    if error.has_code(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return Err(Error {
            message: "the migration history may not be read".to_owned(),
            hint: Some(format!(
                "connect as the role that migrates, or grant this one pg_read_all_data; the history is {TABLE}"
            )),
            ..error
        });
    }
    Err(error)
}

/// Takes the history out of the answer to [`APPLIED`], which may be part of a longer one.
#[must_use]
pub fn rows(messages: &[SimpleQueryMessage]) -> Vec<Applied> {
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) if row.try_get("checksum").is_ok() => Some(Applied::from_row(row)),
            _ => None,
        })
        .collect()
}

/// Compares a history with the binary's migrations, both sorted by version.
#[must_use]
pub fn compare(applied: &[Applied], migrations: &[Migration]) -> Vec<Mismatch> {
    let last = applied.iter().map(|row| row.version).max();
    let of_history = applied.iter().filter_map(|row| {
        let divergence = match migrations.iter().find(|m| m.version() == row.version) {
            None => Divergence::Unknown,
            Some(m) if m.checksum().to_string() != row.checksum => Divergence::Changed,
            Some(_) => return None,
        };
        Some(Mismatch {
            version: row.version,
            stem: row.stem(),
            divergence,
        })
    });
    let of_binary = migrations
        .iter()
        .filter(|m| Some(m.version()) < last && applied.iter().all(|row| row.version != m.version()))
        .map(|m| Mismatch {
            version: m.version(),
            stem: m.to_string(),
            divergence: Divergence::Missing,
        });
    let mut mismatches: Vec<Mismatch> = of_history.chain(of_binary).collect();
    mismatches.sort_by_key(|mismatch| mismatch.version);
    mismatches
}

/// Fails if the history does not fit.
///
/// # Errors
/// [`Kind::Diverged`], naming each migration.
pub fn check(applied: &[Applied], migrations: &[Migration]) -> Result<()> {
    let mismatches = compare(applied, migrations);
    if mismatches.is_empty() {
        return Ok(());
    }
    let mut error = Error::new(
        Kind::Diverged,
        "the database's migration history does not match this version of vital",
    );
    for mismatch in &mismatches {
        let stem = &mismatch.stem;
        error = error.with_detail(match mismatch.divergence {
            Divergence::Changed => {
                format!("`{stem}` was applied with another text or name than this binary's")
            }
            Divergence::Unknown => format!("`{stem}` is applied, but this binary does not know it"),
            Divergence::Missing => format!("`{stem}` is not applied, although a later migration is"),
        });
    }
    let newer = migrations.last().map(Migration::version);
    let all_newer = mismatches
        .iter()
        .all(|mismatch| mismatch.divergence == Divergence::Unknown && Some(mismatch.version) > newer);
    Err(error.with_hint(if all_newer {
        "nothing was changed; use the newer vital that applied them".to_owned()
    } else {
        format!("nothing was changed; use the vital that wrote {TABLE}, or restore the rows that were edited there")
    }))
}

/// Turns a history that fits into refinery's own values.
#[must_use]
pub fn to_refinery(applied: &[Applied]) -> Vec<refinery::Migration> {
    applied
        .iter()
        .map(|row| {
            let on = OffsetDateTime::parse(&row.applied_on, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
            let checksum = row.checksum.parse().unwrap_or_default();
            refinery::Migration::applied(row.version, row.name.clone(), on, checksum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(count: i64) -> Vec<Migration> {
        (1..=count).filter_map(Migration::of_test).collect()
    }

    fn history(migrations: &[Migration]) -> Vec<Applied> {
        migrations
            .iter()
            .map(|m| Applied {
                version: m.version(),
                name: m.name().to_owned(),
                applied_on: "2026-01-02T03:04:05Z".to_owned(),
                checksum: m.checksum().to_string(),
                applied_by: None,
                took_ms: None,
            })
            .collect()
    }

    fn kinds(applied: &[Applied], migrations: &[Migration]) -> Vec<(i64, Divergence)> {
        let mismatches = compare(applied, migrations);
        mismatches.iter().map(|m| (m.version, m.divergence)).collect()
    }

    #[test]
    fn a_prefix_of_the_binary_fits() {
        let four = binary(4);
        for count in 0..=4 {
            assert_eq!(kinds(&history(&four[..count]), &four), []);
        }
        let known: Vec<_> = four.iter().map(|migration| migration.known.clone()).collect();
        assert_eq!(to_refinery(&history(&four)), known);
    }

    #[test]
    fn newer_missing_and_changed_are_told_apart() {
        let (four, three) = (binary(4), binary(3));
        assert_eq!(kinds(&history(&four), &three), [(4, Divergence::Unknown)]);
        let mut rows = history(&four);
        rows.remove(1);
        rows[0].checksum.clear();
        assert_eq!(
            kinds(&rows, &four),
            [(1, Divergence::Changed), (2, Divergence::Missing)]
        );
        let error = check(&rows, &four).map_err(|error| (error.kind, error.details.len()));
        assert_eq!(error, Err((Kind::Diverged, 2)));
    }

    #[test]
    fn only_newer_migrations_ask_for_a_newer_vital() {
        let error = check(&history(&binary(4)), &binary(3)).map_err(|error| error.hint);
        let hint = "nothing was changed; use the newer vital that applied them".to_owned();
        assert_eq!(error, Err(Some(hint)));
    }
}
