//! Who looks, and which tenant they act for: the read policy's choice, step by step.

use serde::Serialize;
use uuid::Uuid;

use super::super::find::{self, Tenant, User};
use crate::db::{Fault, Transaction};

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
    /// Those of [`find::user`].
    pub async fn user(
        transaction: &Transaction<'_>,
        user: &str,
        tenant: Option<&Tenant>,
    ) -> Result<Self, Fault> {
        let User { id, email, requested } = find::user(transaction, user).await?;
        let rows = transaction.query(MEMBERSHIPS, &[&id]).await?;
        let membership = |row: &tokio_postgres::Row| {
            row.get::<_, Option<Uuid>>("id")?;
            Some(Membership {
                tenant: find::tenant(row),
                role: row.get("role"),
                membership: row.get("membership"),
            })
        };
        Ok(Self {
            user: Some(id),
            name: email.unwrap_or_else(|| id.to_string()),
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
