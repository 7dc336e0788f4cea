//! Agents with who sees each, to be searched on a page.

use uuid::Uuid;

use super::Mode;
use crate::db::{Fault, Transaction};

const CATALOGUE: &str = include_str!("../../../sql/sharing/catalogue.sql");

/// An agent.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The tenant that owns it.
    pub owner: Option<Uuid>,
    /// How it is shared.
    pub mode: Mode,
    /// The tenants that it is shared with, if selectively.
    pub with: Vec<Uuid>,
}

/// Lists agents, `limit` at most: those shared selectively first, then the newest; only of some owners if there are any.
///
/// # Errors
/// [`crate::Kind::Failed`] if the database is not migrated, or the role does not see every agent.
pub async fn catalogue(
    transaction: &Transaction<'_>,
    owners: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let rows = transaction.query(CATALOGUE, &[&owners, &limit]).await?;
    let listed = |row: &tokio_postgres::Row| {
        let mode = Mode::of(row.get("sharing_mode"));
        Listed {
            id: row.get("id"),
            name: row.get("name"),
            owner: row.get("tenant_id"),
            with: match mode {
                Mode::Selective => row.get::<_, Option<_>>("shared_with").unwrap_or_default(),
                Mode::Private | Mode::Global => Vec::new(),
            },
            mode,
        }
    };
    Ok(rows.iter().map(listed).collect())
}
