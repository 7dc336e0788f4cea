//! How agents are owned and shared: in all, and by tenant, category or resource type.

mod words;

use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::snapshot::expected_rows;
use crate::db::{Fault, Transaction};

const BY_TENANT: &str = include_str!("../../../../sql/report/sharing_by_tenant.sql");
const BY_TENANT_SPARSE: &str = include_str!("../../../../sql/report/sharing_by_tenant_sparse.sql");
const BY_CATEGORY: &str = include_str!("../../../../sql/report/sharing_by_category.sql");
const BY_RESOURCE_TYPE: &str = include_str!("../../../../sql/report/sharing_by_resource_type.sql");
const ALL: &str = "select from public.agents as a";
const SHARED: &str =
    "select from public.agents as a where a.sharing_mode = 'global' or a.sharing_mode = 'selective'";
/// Few is one agent of so many.
const FEW: f64 = 10.0;
/// What it is called when it cannot be made.
pub const TASK: &str = "could not report the sharing";

/// What the agents are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The owning tenant.
    #[default]
    Tenant,
    /// `agents.category`.
    Category,
    /// `agents.resource_type`.
    ResourceType,
}

/// The report.
#[derive(Debug, Serialize)]
pub struct Sharing {
    /// What the agents are grouped by.
    pub by: By,
    /// All agents.
    pub distribution: Distribution,
    /// By tenant, the platform's first; empty if grouped otherwise.
    pub tenants: Vec<Tenant>,
    /// By category or resource type; empty if grouped by tenant.
    pub groups: Vec<Group>,
}

/// How all agents are owned and shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// All.
    pub total: i64,
    /// The platform tenant's.
    pub platform_owned: i64,
    /// Read by everybody.
    pub globally_shared: i64,
    /// Read by some other tenants.
    pub selectively_shared: i64,
    /// Read by the owning tenant only.
    pub private: i64,
    /// Of no tenant, or of one that is not active.
    pub orphans: i64,
}

/// A tenant's agents. A row without an id counts the agents that no tenant owns.
#[derive(Debug, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: Option<Uuid>,
    /// Its slug.
    pub slug: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `client`, `solution`, `industry` or `platform`.
    pub r#type: Option<String>,
    /// `active`, `suspended` ...; `deleted` also if only marked so.
    pub status: Option<String>,
    /// Whether its members act for it.
    pub is_active: bool,
    /// What it owns.
    pub owned: i64,
    /// Owned and private.
    pub private: i64,
    /// Owned and selectively shared.
    pub selective: i64,
    /// Owned and globally shared.
    pub global: i64,
    /// Owned and open to others: selective and global.
    pub shared_out: i64,
    /// Selectively shared with it by others.
    pub received: i64,
    /// What a member sees who acts for it.
    pub visible: i64,
    /// Owned, if it is not active: nobody acts as their owner.
    pub orphans: i64,
}

/// A category's or resource type's agents.
#[derive(Debug, Serialize)]
pub struct Group {
    /// Its name; agents without one are a group, too.
    pub name: Option<String>,
    /// How they are owned and shared.
    #[serde(flatten)]
    pub distribution: Distribution,
}

/// Counts the agents on the server, in one statement.
///
/// # Errors
/// [`crate::Kind::Failed`] if the database is not migrated, or the role does not see every agent.
pub async fn report(transaction: &Transaction<'_>, by: By) -> Result<Sharing, Fault> {
    let sql = match by {
        By::Tenant => by_tenant(transaction).await?,
        By::Category => BY_CATEGORY,
        By::ResourceType => BY_RESOURCE_TYPE,
    };
    let rows = transaction.query(sql, &[]).await?;
    Ok(match by {
        By::Tenant => {
            let tenants: Vec<Tenant> = rows.iter().map(tenant).collect();
            Sharing {
                by,
                distribution: tenants.iter().map(Tenant::distribution).sum(),
                tenants,
                groups: Vec::new(),
            }
        }
        By::Category | By::ResourceType => {
            let groups: Vec<Group> = rows.iter().map(group).collect();
            Sharing {
                by,
                distribution: groups.iter().map(|group| group.distribution).sum(),
                tenants: Vec::new(),
                groups,
            }
        }
    })
}

/// The statement that counts by tenant: where few agents are shared, the one that reads no others. The planner's costs would
/// not tell, because they take every page of an index scan for a read from a disk that turns.
pub(super) async fn by_tenant(transaction: &Transaction<'_>) -> Result<&'static str, Fault> {
    let all = expected_rows(transaction, ALL).await?;
    let shared = expected_rows(transaction, SHARED).await?;
    Ok(if shared * FEW < all {
        BY_TENANT_SPARSE
    } else {
        BY_TENANT
    })
}

pub(super) fn tenant(row: &Row) -> Tenant {
    let (owned, selective, global) = (
        row.get("owned"),
        row.get::<_, i64>("selective"),
        row.get("global"),
    );
    let is_active = row.get("is_active");
    Tenant {
        id: row.get("id"),
        slug: row.get("slug"),
        name: row.get("name"),
        r#type: row.get("type"),
        status: row.get("status"),
        is_active,
        owned,
        private: row.get("private"),
        selective,
        global,
        shared_out: selective + global,
        received: row.get("received"),
        visible: row.get("visible"),
        orphans: if is_active { 0 } else { owned },
    }
}

fn group(row: &Row) -> Group {
    Group {
        name: row.get("name"),
        distribution: Distribution {
            total: row.get("total"),
            platform_owned: row.get("platform_owned"),
            globally_shared: row.get("globally_shared"),
            selectively_shared: row.get("selectively_shared"),
            private: row.get("private"),
            orphans: row.get("orphans"),
        },
    }
}

impl Tenant {
    fn distribution(&self) -> Distribution {
        Distribution {
            total: self.owned,
            platform_owned: if self.r#type.as_deref() == Some("platform") {
                self.owned
            } else {
                0
            },
            globally_shared: self.global,
            selectively_shared: self.selective,
            private: self.private,
            orphans: self.orphans,
        }
    }
}

impl std::iter::Sum for Distribution {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            total: sum.total + part.total,
            platform_owned: sum.platform_owned + part.platform_owned,
            globally_shared: sum.globally_shared + part.globally_shared,
            selectively_shared: sum.selectively_shared + part.selectively_shared,
            private: sum.private + part.private,
            orphans: sum.orphans + part.orphans,
        })
    }
}

impl Distribution {
    /// The parts with their names and what they are percentages of, for people.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, i64); 5] {
        [
            ("Platform-Owned", self.platform_owned),
            ("Globally Shared", self.globally_shared),
            ("Selectively Shared", self.selectively_shared),
            ("Private", self.private),
            ("Orphans", self.orphans),
        ]
    }

    /// The share of `part` in the total, such as `12.5%`.
    #[must_use]
    pub fn percent(&self, part: i64) -> String {
        if self.total == 0 {
            return "0%".to_owned();
        }
        let tenths = (i128::from(part) * 2000 / i128::from(self.total) + 1) / 2;
        match tenths % 10 {
            0 => format!("{}%", tenths / 10),
            tenth => format!("{}.{tenth}%", tenths / 10),
        }
    }
}
