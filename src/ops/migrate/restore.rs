//! Puts back what was archived when migrations were undone.
//!
//! Each migration's part is put back in that migration's own transaction, so that no agent is ever visible to more
//! tenants than it was before.

use serde::Serialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::db::Connection;
use crate::error::Result;

/// The archive's tables and functions.
pub(super) const SCHEMA: &str = include_str!("../../../sql/archive/schema.sql");
const OFFER: &str = include_str!("../../../sql/archive/offer.sql");
const WHAT: &str = "could not read the archive of undone migrations";
const RESTORED: &str = include_str!("../../../sql/archive/restored.sql");

/// Makes a query on a table whose rows row security would hide fail instead of answering with fewer.
pub(super) const SEE_EVERYTHING: &str = "set local row_security = off";

/// Rows that were removed when a migration was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// The archive set, one for each run of `migrate down`.
    pub set_id: i64,
    /// The migration that was undone.
    pub version: i64,
    /// The table they were in, schema-qualified.
    pub source: String,
    /// How many there are.
    pub rows: i64,
    /// When that run began, RFC 3339.
    pub begun_at: String,
}

/// What was put back of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The archive set.
    pub set_id: i64,
    /// The table, schema-qualified.
    pub source: String,
    /// How many rows were archived.
    pub archived: i64,
    /// How many were put back; fewer if agents were deleted since, or the same rows were there.
    pub restored: i64,
}

impl Restored {
    /// Says it in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self {
            set_id,
            source,
            archived,
            restored,
        } = self;
        match restored == archived {
            true => format!("put back {restored} rows of {source} from archive set {set_id}"),
            false => format!(
                "put back {restored} of {archived} rows of {source} from archive set {set_id}; the others' agents are \
                 gone, or the rows were there already"
            ),
        }
    }
}

/// Lists what the newest archive holds of each of the migrations; empty without an archive.
///
/// # Errors
/// [`crate::Kind::Failed`] if the role may not read the archive, [`crate::Kind::Locked`] or
/// [`crate::Kind::Unreachable`].
pub async fn offer(connection: &mut Connection, versions: &[i64]) -> Result<Vec<Archived>> {
    let answer = match connection.ask(WHAT, OFFER).await {
        Ok(answer) => answer,
        Err(error) => {
            if error.has_code(&SqlState::UNDEFINED_TABLE) || error.has_code(&SqlState::INVALID_SCHEMA_NAME) {
                return Ok(Vec::new());
            }
            return Err(match error.has_code(&SqlState::INSUFFICIENT_PRIVILEGE) {
                true => error.with_hint(
                    "nothing was changed; connect as the role that ran `vital migrate down`, which owns vital_archive",
                ),
                false => error,
            });
        }
    };
    let all = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => archived(row),
        _ => None,
    });
    Ok(all
        .filter(|item| item.rows > 0 && versions.contains(&item.version))
        .collect())
}

fn archived(row: &SimpleQueryRow) -> Option<Archived> {
    let text = |column: &str| row.try_get(column).ok().flatten();
    Some(Archived {
        set_id: text("set_id")?.parse().ok()?,
        version: text("version")?.parse().ok()?,
        source: text("source")?.to_owned(),
        rows: text("row_count")?.parse().ok()?,
        begun_at: text("begun_at")?.to_owned(),
    })
}

/// The statements that put back what is archived of a migration, after it was applied.
#[must_use]
pub(super) fn statements(version: i64) -> String {
    format!("{SEE_EVERYTHING}; {SCHEMA}; select vital_archive.restore({version})")
}

/// Tells what became of the items that were to be put back; those whose migration this run did not reach are left out.
///
/// # Errors
/// The server's.
pub async fn restored(connection: &mut Connection, items: &[Archived]) -> Result<Vec<Restored>> {
    connection
        .read(WHAT, async |transaction| {
            let mut restored = Vec::new();
            for item in items {
                let row = transaction
                    .query_opt(RESTORED, &[&item.set_id, &item.source])
                    .await?;
                restored.extend(row.map(|row| Restored {
                    set_id: item.set_id,
                    source: item.source.clone(),
                    archived: item.rows,
                    restored: row.get(0),
                }));
            }
            Ok(restored)
        })
        .await
}

/// Says what an archive holds, such as `public.tenants (3 rows), public.agents (12 rows)`.
#[must_use]
pub fn summary(items: &[Archived]) -> String {
    let parts: Vec<String> = items
        .iter()
        .map(|item| match item.rows {
            1 => format!("{} (1 row)", item.source),
            rows => format!("{} ({rows} rows)", item.source),
        })
        .collect();
    parts.join(", ")
}
