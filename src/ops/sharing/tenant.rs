//! Tenants with what decides whether their members act for them.

use std::collections::HashMap;

use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Fault, Transaction};
use crate::error::Error;
use crate::model::TenantRef;
use crate::ops::find::tenants;

const TENANTS_BY_ID: &str = include_str!("../../../sql/sharing/tenants_by_id.sql");

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `active`, `suspended` ...; `deleted` also if only marked so.
    pub status: String,
}

impl Tenant {
    /// Whether its members act for it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

/// Finds tenants by slug or uuid, in the order of `texts`.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is none, naming the nearest; [`crate::Kind::Usage`] for what is neither slug nor uuid.
pub async fn find(transaction: &Transaction<'_>, texts: &[String]) -> Result<Vec<Tenant>, Fault> {
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let wanted: TenantRef = text.parse().map_err(Error::usage)?;
        ids.push(tenants::find(transaction, &wanted).await?.id.0);
    }
    let known = by_id(transaction, &ids).await?;
    let known: HashMap<Uuid, Tenant> = known.into_iter().map(|tenant| (tenant.id, tenant)).collect();
    Ok(ids.iter().filter_map(|id| known.get(id).cloned()).collect())
}

/// The tenants with these ids that exist, by slug.
///
/// # Errors
/// The server's.
pub(super) async fn by_id(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<Vec<Tenant>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(TENANTS_BY_ID, &[&ids]).await?;
    Ok(rows.iter().map(of_row).collect())
}

/// Reads a tenant from a row with its four columns.
pub(super) fn of_row(row: &Row) -> Tenant {
    Tenant {
        id: row.get("id"),
        slug: row.get("slug"),
        name: row.get("name"),
        status: row.get("status"),
    }
}
