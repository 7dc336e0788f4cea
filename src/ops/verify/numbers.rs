//! The numbers of the migration's report.

use serde::Serialize;
use tokio_postgres::{Error as ServerError, Row};

pub(super) const QUERY: &str = include_str!("../../../sql/report/numbers.sql");

/// How many there are now; the migration's report counts 2 tenants, 254 agents, 12 + 3 indexes (and one more), 6 + 4
/// policies, 5 tables with row security and 11 functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// All tenants.
    pub tenants: i64,
    /// All agents.
    pub agents: i64,
    /// Agents that the platform owns.
    pub platform_agents: i64,
    /// Agents that every tenant reads.
    pub global_agents: i64,
    /// Tables of the tenancy with row security on.
    pub tables_with_rls: i64,
    /// Promised indexes `idx_*` of tenants, user_tenants and user_roles.
    pub tenancy_indexes: i64,
    /// Promised indexes `idx_*` of agents.
    pub agents_indexes: i64,
    /// Promised policies of tenants, user_tenants and user_roles.
    pub tenancy_policies: i64,
    /// Promised policies of agents.
    pub agents_policies: i64,
    /// Promised policies of the audit.
    pub audit_policies: i64,
    /// Promised functions of schema public.
    pub public_functions: i64,
}

impl Numbers {
    pub(super) fn from_row(row: &Row) -> Result<Self, ServerError> {
        Ok(Self {
            tenants: row.try_get("tenants")?,
            agents: row.try_get("agents")?,
            platform_agents: row.try_get("platform_agents")?,
            global_agents: row.try_get("global_agents")?,
            tables_with_rls: row.try_get("tables_with_rls")?,
            tenancy_indexes: row.try_get("tenancy_indexes")?,
            agents_indexes: row.try_get("agents_indexes")?,
            tenancy_policies: row.try_get("tenancy_policies")?,
            agents_policies: row.try_get("agents_policies")?,
            audit_policies: row.try_get("audit_policies")?,
            public_functions: row.try_get("public_functions")?,
        })
    }

    /// The numbers in one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "{} tenants; {} agents, {} of the platform, {} global; {} + {} indexes; {} + {} policies; {} functions; \
             row security on {} of 5 tables",
            self.tenants,
            self.agents,
            self.platform_agents,
            self.global_agents,
            self.tenancy_indexes,
            self.agents_indexes,
            self.tenancy_policies,
            self.agents_policies,
            self.public_functions,
            self.tables_with_rls,
        )
    }
}
