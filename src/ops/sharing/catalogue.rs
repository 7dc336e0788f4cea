//! Agents with who sees each, to be searched on a page.

use serde::Serialize;
use uuid::Uuid;

use super::Mode;
use super::Tenant;
use super::tenant::of_row;
use crate::db::{Fault, Transaction};

const CATALOGUE: &str = include_str!("../../../sql/sharing/catalogue.sql");
const TENANTS: &str = include_str!("../../../sql/sharing/all_tenants.sql");

/// Agents and tenants.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    /// Every tenant.
    pub tenants: Vec<Tenant>,
    /// Agents: those shared selectively first, then the newest.
    pub agents: Vec<Listed>,
}

/// An agent; tenants by their position in the list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The owner.
    pub owner: Option<usize>,
    /// How it is shared.
    pub mode: Mode,
    /// Those it is shared with, if selectively.
    pub with: Vec<usize>,
}

/// Lists agents, `limit` at most: those shared selectively first, then the newest; only of some owners if there are any.
///
/// # Errors
/// [`crate::Kind::Failed`] if the database is not migrated, or the role does not see every agent.
pub async fn catalogue(
    transaction: &Transaction<'_>,
    owners: Option<&[Uuid]>,
    limit: i64,
) -> Result<Catalogue, Fault> {
    let tenants = transaction.query(TENANTS, &[]).await?;
    let tenants: Vec<Tenant> = tenants.iter().map(of_row).collect();
    let place: std::collections::HashMap<Uuid, usize> = tenants
        .iter()
        .enumerate()
        .map(|(at, tenant)| (tenant.id, at))
        .collect();
    let rows = transaction.query(CATALOGUE, &[&owners, &limit]).await?;
    let listed = |row: &tokio_postgres::Row| {
        let mode = Mode::of(row.get("sharing_mode"));
        let with: Vec<Uuid> = match mode {
            Mode::Selective => row.get::<_, Option<_>>("shared_with").unwrap_or_default(),
            Mode::Private | Mode::Global => Vec::new(),
        };
        Listed {
            id: row.get("id"),
            name: row.get("name"),
            owner: row
                .get::<_, Option<Uuid>>("tenant_id")
                .and_then(|id| place.get(&id).copied()),
            mode,
            with: with.iter().filter_map(|id| place.get(id).copied()).collect(),
        }
    };
    Ok(Catalogue {
        agents: rows.iter().map(listed).collect(),
        tenants,
    })
}
