//! Who looks, and which tenant they act for: the read policy's choice, step by step.

use serde::Serialize;
use uuid::Uuid;

use super::super::Tenant;
use super::super::tenant::of_row;
use crate::db::{Fault, Transaction};
use crate::error::Error;
use crate::model::UserRef;
use crate::ops::find::people;

const HAS_USERS: &str = include_str!("../../../../sql/sharing/has_users.sql");
const REQUESTED: &str = include_str!("../../../../sql/sharing/requested_tenant.sql");
const MEMBERSHIPS: &str = include_str!("../../../../sql/sharing/memberships.sql");

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// The tenant and its state.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// `owner`, `admin`, `member` or `guest`.
    pub role: String,
    /// `active`, `invited`, `suspended` or `removed`.
    pub membership: String,
}

impl Membership {
    /// Whether the user may act for the tenant.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.membership == "active" && self.tenant.is_active()
    }
}

/// Whoever looks: a user, or any active member of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Viewer {
    /// The user's id; none for a tenant's members in general.
    pub user: Option<Uuid>,
    /// How the viewer is called: e-mail address, uuid, or slug of the tenant.
    pub name: String,
    /// Whether the user is a platform admin.
    pub is_platform_admin: bool,
    /// The memberships, by slug.
    pub memberships: Vec<Membership>,
    /// The tenant that the session asks for, by `--tenant` or by the account's `app_metadata`; unchecked.
    pub requested: Option<String>,
}

impl Viewer {
    /// Looks up a user, who asks to act for `tenant` if one is given.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if there is none, naming the nearest; [`crate::Kind::Usage`] for what is neither uuid nor
    /// e-mail address.
    pub async fn user(
        transaction: &Transaction<'_>,
        user: &str,
        tenant: Option<&Tenant>,
    ) -> Result<Self, Fault> {
        let named: UserRef = user.parse().map_err(Error::usage)?;
        let person = people::find_one(transaction, &named).await?;
        let id = person.id.0;
        let requested = requested(transaction, id).await?;
        let rows = transaction.query(MEMBERSHIPS, &[&id]).await?;
        let membership = |row: &tokio_postgres::Row| {
            row.get::<_, Option<Uuid>>("id")?;
            Some(Membership {
                tenant: of_row(row),
                role: row.get("role"),
                membership: row.get("membership"),
            })
        };
        Ok(Self {
            user: Some(id),
            name: person.name(),
            is_platform_admin: rows.first().is_some_and(|row| row.get("is_admin")),
            memberships: rows.iter().filter_map(membership).collect(),
            requested: tenant.map(|tenant| tenant.id.to_string()).or(requested),
        })
    }

    /// The members of `tenant` who act for it.
    #[must_use]
    pub fn members_of(tenant: Tenant) -> Self {
        Self {
            user: None,
            name: tenant.slug.clone(),
            is_platform_admin: false,
            requested: None,
            memberships: vec![Membership {
                tenant,
                role: "member".to_owned(),
                membership: "active".to_owned(),
            }],
        }
    }

    /// The membership under which the viewer acts: the requested one, or the only one that counts.
    #[must_use]
    pub fn acting(&self) -> Option<&Membership> {
        let mut fitting = self
            .memberships
            .iter()
            .filter(|m| m.counts() && self.asks_for(m.tenant.id));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Whether a request, if there is one, is for this tenant.
    fn asks_for(&self, tenant: Uuid) -> bool {
        self.requested
            .as_ref()
            .is_none_or(|requested| requested.to_lowercase() == tenant.to_string())
    }

    /// The membership in this tenant, whatever its state.
    #[must_use]
    pub fn membership(&self, tenant: Uuid) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.tenant.id == tenant)
    }

    /// How many memberships count.
    #[must_use]
    pub fn choices(&self) -> Vec<&str> {
        let counting = self.memberships.iter().filter(|m| m.counts());
        counting.map(|m| m.tenant.slug.as_str()).collect()
    }
}

/// The tenant that the account's `app_metadata` asks for, unchecked; none where accounts cannot be read.
async fn requested(transaction: &Transaction<'_>, user: Uuid) -> Result<Option<String>, Fault> {
    if !transaction.query_one(HAS_USERS, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = transaction.query_opt(REQUESTED, &[&user]).await?;
    Ok(row.and_then(|row| row.get(0)))
}
