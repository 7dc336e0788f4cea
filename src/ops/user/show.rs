//! Shows one user.

use serde::Serialize;
use uuid::Uuid;

use super::list::Membership;
use crate::db::Transaction;
use crate::model::UserRef;
use crate::ops::find::Person;
use crate::ops::find::people::{self, Found};
use crate::ops::tenancy::Fault;
use crate::ops::tenant::list::status_cell;
use crate::report::{Cell, Columns, Report, Table, Tone};

const MEMBERSHIPS: &str = include_str!("../../../sql/report/memberships.sql");
const PLATFORM_ROLES: &str = include_str!("../../../sql/report/platform_roles.sql");

/// A user with all memberships and roles.
#[derive(Debug, Serialize)]
pub struct UserDetails {
    /// The user's id and address.
    pub user: Person,
    /// Roles that belong to no tenant, such as `platform_admin`.
    pub platform_roles: Vec<String>,
    /// The memberships.
    pub memberships: Vec<Membership>,
}

impl Report for UserDetails {
    const SCHEMA: &'static str = "vital.user/1";

    fn table(&self) -> Table {
        Columns::of(&self.memberships)
            .column("tenant", |member| Cell::text(&member.tenant))
            .column("tenant_status", |member| {
                status_cell(member.tenant_status.as_deref())
            })
            .column("role", |member| Cell::text(&member.role))
            .column("status", |member| status_cell(Some(&member.status)))
            .column("since", |member| Cell::text(crate::ops::moment(member.since)))
            .column("granted", |member| match member.granted.as_slice() {
                [] if member.status == "active" => Cell::text("none").tone(Tone::Warn),
                granted => Cell::text(granted.join(", ")),
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let mut lines = vec![self.user.full_name()];
        if !self.platform_roles.is_empty() {
            lines.push(format!(
                "on the whole platform: {}",
                self.platform_roles.join(", ")
            ));
        }
        if self.memberships.is_empty() {
            lines.push("member of no tenant".to_owned());
        }
        lines
    }
}

/// Shows a user.
///
/// # Errors
/// A refusal that names the nearest matches of an unknown user.
pub async fn show(transaction: &Transaction<'_>, user: &UserRef) -> Result<UserDetails, Fault> {
    // Whoever is gone from auth.users is shown for as long as there is something to show.
    let Some(user) = people::find_to_revoke(transaction, std::slice::from_ref(user))
        .await?
        .pop()
    else {
        return Err(people::unknown(transaction, user, &Found::Nobody).await?.into());
    };
    let (tenant, role, status): (Option<Uuid>, Option<&str>, Option<&str>) = (None, None, None);
    let rows = transaction
        .query(MEMBERSHIPS, &[&tenant, &role, &status, &user.id.0])
        .await?;
    let roles = transaction.query(PLATFORM_ROLES, &[&user.id.0]).await?;
    Ok(UserDetails {
        platform_roles: roles.iter().map(|row| row.get("role")).collect(),
        memberships: rows
            .iter()
            .map(|row| Membership::new(row, user.email.clone()))
            .collect(),
        user,
    })
}
