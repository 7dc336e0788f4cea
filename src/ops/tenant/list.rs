//! Lists tenants.

use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;

use crate::db::Transaction;
use crate::model::{TenantId, TenantStatus, TenantType};
use crate::ops::tenancy::Fault;
use crate::report::{Cell, Columns, Report, Table, Tone};

const TENANTS: &str = include_str!("../../../sql/report/tenants.sql");

/// A tenant at a glance.
#[derive(Debug, Serialize)]
pub struct Tenant {
    /// The id.
    pub id: TenantId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The type.
    pub r#type: String,
    /// The status.
    pub status: Option<String>,
    /// The subscription's tier.
    pub tier: Option<String>,
    /// Active members.
    pub members: i64,
    /// Agents that it owns.
    pub agents: i64,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl From<&Row> for Tenant {
    fn from(row: &Row) -> Self {
        Self {
            id: TenantId(row.get("id")),
            slug: row.get("slug"),
            name: row.get("name"),
            r#type: row.get("type"),
            status: row.get("status"),
            tier: row.get("tier"),
            members: row.get("members"),
            agents: row.get("agents"),
            created_at: row.get("created_at"),
        }
    }
}

/// The tenants, the platform first, then by slug.
#[derive(Debug, Serialize)]
pub struct Tenants {
    /// The tenants.
    pub tenants: Vec<Tenant>,
}

impl Report for Tenants {
    const SCHEMA: &'static str = "vital.tenants/1";

    fn table(&self) -> Table {
        Columns::of(&self.tenants)
            .column("slug", |tenant| Cell::text(&tenant.slug))
            .column("name", |tenant| Cell::text(&tenant.name))
            .column("type", |tenant| Cell::text(&tenant.r#type))
            .column("status", |tenant| status_cell(tenant.status.as_deref()))
            .column("tier", |tenant| Cell::optional(tenant.tier.as_deref()))
            .column("members", |tenant| Cell::number(tenant.members))
            .column("agents", |tenant| Cell::number(tenant.agents))
            .table()
    }
}

/// A status, in the colour of whether it counts.
pub(crate) fn status_cell(status: Option<&str>) -> Cell {
    let tone = match status {
        Some("active") => Tone::Good,
        Some("suspended") => Tone::Warn,
        _ => Tone::Dim,
    };
    Cell::optional(status).tone(tone)
}

/// Lists the tenants of a status and a type; without a status, all but deleted ones.
///
/// # Errors
/// The server's.
pub async fn list(
    transaction: &Transaction<'_>,
    status: Option<TenantStatus>,
    kind: Option<TenantType>,
) -> Result<Tenants, Fault> {
    let (status, kind) = (status.map(TenantStatus::as_str), kind.map(TenantType::as_str));
    let rows = transaction.query(TENANTS, &[&status, &kind]).await?;
    Ok(Tenants {
        tenants: rows.iter().map(Tenant::from).collect(),
    })
}
