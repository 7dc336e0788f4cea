//! Lists memberships.

use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::Transaction;
use crate::model::{MembershipStatus, Role, TenantRef, UserId};
use crate::ops::find::{Person, people, tenants};
use crate::ops::tenancy::Fault;
use crate::ops::tenant::list::status_cell;
use crate::report::{Cell, Columns, Report, Table};

const MEMBERSHIPS: &str = include_str!("../../../sql/report/memberships.sql");

/// A user in a tenant.
#[derive(Debug, Serialize)]
pub struct Membership {
    /// The user's id and address.
    pub user: Person,
    /// The tenant's slug.
    pub tenant: String,
    /// The tenant's status.
    pub tenant_status: Option<String>,
    /// The role.
    pub role: String,
    /// The status.
    pub status: String,
    /// When the user joined, or was invited.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The roles in `user_roles` for this tenant.
    pub granted: Vec<String>,
}

impl Membership {
    pub(super) fn new(row: &Row, email: Option<String>) -> Self {
        Self {
            user: Person {
                id: UserId(row.get("user_id")),
                email,
            },
            tenant: row.get("tenant"),
            tenant_status: row.get("tenant_status"),
            role: row.get("role"),
            status: row.get("status"),
            since: row.get("since"),
            granted: row.get("granted"),
        }
    }
}

/// What to list; nothing given lists everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant.
    pub tenant: Option<TenantRef>,
    /// Only this role.
    pub role: Option<Role>,
    /// Only this status.
    pub status: Option<MembershipStatus>,
}

/// Memberships, by tenant, role and user.
#[derive(Debug, Serialize)]
pub struct Memberships {
    /// The memberships.
    pub memberships: Vec<Membership>,
}

impl Report for Memberships {
    const SCHEMA: &'static str = "vital.users/1";

    fn table(&self) -> Table {
        Columns::of(&self.memberships)
            .column("user", |member| Cell::text(member.user.name()))
            .column("tenant", |member| Cell::text(&member.tenant))
            .column("role", |member| Cell::text(&member.role))
            .column("status", |member| status_cell(Some(&member.status)))
            .column("since", |member| Cell::text(crate::ops::moment(member.since)))
            .column("id", |member| Cell::text(member.user.id.to_string()))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        match self.memberships.len() {
            0 => vec!["nobody; `vital assign-user USER --tenant TENANT` makes somebody a member".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Lists memberships.
///
/// # Errors
/// A refusal of an unknown tenant.
pub async fn list(transaction: &Transaction<'_>, filter: &Filter) -> Result<Memberships, Fault> {
    let tenant = match &filter.tenant {
        Some(tenant) => Some(tenants::find(transaction, tenant).await?.id.0),
        None => None,
    };
    let role = filter.role.map(Role::as_str);
    let status = filter.status.map(MembershipStatus::as_str);
    let user: Option<Uuid> = None;
    let rows = transaction
        .query(MEMBERSHIPS, &[&tenant, &role, &status, &user])
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.get("user_id")).collect();
    let emails = people::emails(transaction, &ids).await?;
    let membership = |row: &Row| Membership::new(row, emails.get(&row.get("user_id")).cloned());
    Ok(Memberships {
        memberships: rows.iter().map(membership).collect(),
    })
}
