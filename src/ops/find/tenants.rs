//! Tenants, found by id or slug.

use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::suggestion;
use crate::db::{Fault, Transaction};
use crate::error::{Error, Result};
use crate::model::{TenantId, TenantRef};

const TENANTS: &str = include_str!("../../../sql/admin/tenants.sql");
const SEEDED_TENANTS: &str = include_str!("../../../sql/admin/seeded_tenants.sql");
const KNOWN_TENANTS: &str = include_str!("../../../sql/admin/known_tenants.sql");

/// What identifies a tenant to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantName {
    /// The id.
    pub id: TenantId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The type.
    pub r#type: String,
    /// The status; a database that was migrated by hand may lack it.
    pub status: Option<String>,
}

impl From<&Row> for TenantName {
    fn from(row: &Row) -> Self {
        Self {
            id: TenantId(row.get("id")),
            slug: row.get("slug"),
            name: row.get("name"),
            r#type: row.get("type"),
            status: row.get("status"),
        }
    }
}

impl TenantName {
    /// Tells whether this is the platform itself.
    #[must_use]
    pub fn is_platform(&self) -> bool {
        self.r#type == "platform"
    }

    fn is(&self, wanted: &TenantRef) -> bool {
        match wanted {
            TenantRef::Id(id) => self.id == *id,
            TenantRef::Slug(slug) => self.slug == slug.as_str(),
        }
    }
}

/// The slug under which a migration seeded a tenant with an id of its own.
const DH_STARTUP: &str = "digital-health-startup";

/// The tenant that was seeded as [`DH_STARTUP`] and is called otherwise by now.
async fn renamed(transaction: &Transaction<'_>) -> Result<Option<TenantName>, Fault> {
    let rows = transaction.query(SEEDED_TENANTS, &[&vec![DH_STARTUP]]).await?;
    Ok(rows.first().map(TenantName::from))
}

/// Looks up tenants, in the order of `wanted`. Digital Health Startup is found under the slug that it was seeded with, too.
///
/// # Errors
/// The server's.
pub async fn look_up(
    transaction: &Transaction<'_>,
    wanted: &[TenantRef],
) -> Result<Vec<Option<TenantName>>, Fault> {
    let (mut ids, mut slugs): (Vec<Uuid>, Vec<&str>) = (Vec::new(), Vec::new());
    for tenant in wanted {
        match tenant {
            TenantRef::Id(id) => ids.push(id.0),
            TenantRef::Slug(slug) => slugs.push(slug.as_str()),
        }
    }
    let rows = transaction.query(TENANTS, &[&ids, &slugs]).await?;
    let known: Vec<TenantName> = rows.iter().map(TenantName::from).collect();
    let of = |wanted: &TenantRef| known.iter().find(|tenant| tenant.is(wanted)).cloned();
    let mut found: Vec<Option<TenantName>> = wanted.iter().map(of).collect();
    for (wanted, found) in wanted.iter().zip(&mut found) {
        if found.is_none() && matches!(wanted, TenantRef::Slug(slug) if slug.as_str() == DH_STARTUP) {
            *found = renamed(transaction).await?;
        }
    }
    Ok(found)
}

/// Finds one tenant.
///
/// # Errors
/// A refusal that names the nearest slugs of an unknown tenant.
pub async fn find(transaction: &Transaction<'_>, wanted: &TenantRef) -> Result<TenantName, Fault> {
    match look_up(transaction, std::slice::from_ref(wanted))
        .await?
        .pop()
        .flatten()
    {
        Some(tenant) => Ok(tenant),
        None => Err(unknown(transaction, wanted).await?.into()),
    }
}

/// Says that a tenant was not found.
///
/// # Errors
/// The server's, while it looks for the nearest.
pub async fn unknown(transaction: &Transaction<'_>, wanted: &TenantRef) -> Result<Error, Fault> {
    let slugs = known(transaction).await?.into_iter().map(|tenant| tenant.slug);
    let hint = suggestion(
        &wanted.to_string(),
        slugs,
        "`vital tenant list` shows those that do;",
    );
    Ok(Error::failed(format!("tenant `{wanted}` does not exist"))
        .with_hint(format!("{hint} nothing was changed")))
}

/// Tenants to choose from, 20,000 at most.
///
/// # Errors
/// The server's.
pub async fn known(transaction: &Transaction<'_>) -> Result<Vec<TenantName>, Fault> {
    let rows = transaction.query(KNOWN_TENANTS, &[]).await?;
    Ok(rows.iter().map(TenantName::from).collect())
}
