//! How often sharing changed over time.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::audit::Trail;
use crate::db::{Fault, Transaction};
use crate::report::counted;

const TIMELINE: &str = include_str!("../../../sql/sharing/timeline.sql");

/// The entries of the audit by stretches of time, oldest first.
#[derive(Debug, Default, Serialize)]
pub struct Timeline {
    /// The stretches, without a gap.
    pub buckets: Vec<Bucket>,
}

/// One stretch of time.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bucket {
    /// When it begins.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long it is.
    pub seconds: i64,
    /// Entries by which somebody gained access.
    pub gained: i64,
    /// Entries by which somebody lost access.
    pub lost: i64,
    /// Other changes.
    pub modified: i64,
}

impl Bucket {
    /// All its entries.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.gained + self.lost + self.modified
    }

    /// When it begins, in UTC, as precisely as it is long.
    #[must_use]
    pub fn label(&self) -> String {
        let at = self.at.to_offset(time::UtcOffset::UTC);
        match self.seconds {
            86_400.. => at.format(format_description!("[year]-[month]-[day]")),
            60.. => at.format(format_description!("[year]-[month]-[day] [hour]:[minute]")),
            _ => at.format(format_description!(
                "[year]-[month]-[day] [hour]:[minute]:[second]"
            )),
        }
        .unwrap_or_default()
    }

    /// How long it is, in words.
    #[must_use]
    pub fn length(&self) -> String {
        let (count, one, many) = match self.seconds {
            86_400.. => (self.seconds / 86_400, "day", "days"),
            3_600.. => (self.seconds / 3_600, "hour", "hours"),
            60.. => (self.seconds / 60, "minute", "minutes"),
            seconds => (seconds, "second", "seconds"),
        };
        counted(count, one, many)
    }
}

/// Counts the entries on the server, in one statement.
///
/// # Errors
/// [`crate::Kind::Failed`] if the database is not migrated.
pub async fn timeline(transaction: &Transaction<'_>, trail: &Trail) -> Result<Timeline, Fault> {
    let rows = transaction.query(TIMELINE, &trail.parameters()).await?;
    let bucket = |row: &tokio_postgres::Row| Bucket {
        at: row.get("at"),
        seconds: row.get("seconds"),
        gained: row.get("gained"),
        lost: row.get("lost"),
        modified: row.get("modified"),
    };
    Ok(Timeline {
        buckets: rows.iter().map(bucket).collect(),
    })
}
