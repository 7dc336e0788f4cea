//! Suspends, activates and archives tenants, and tells whom that concerns.

use serde::Serialize;

use super::assignment::Assignment;
use super::write::{TenantChange, write};
use crate::db::Transaction;
use crate::error::Error;
use crate::model::{TenantId, TenantRef, TenantStatus};
use crate::ops::find::tenants;
use crate::ops::tenancy::{Fault, Outcome};
use crate::report::{Report, Table, counted};

const IMPACT: &str = include_str!("../../../sql/report/tenant_impact.sql");

/// Whom it concerns that a tenant is not active. The lists name fifty at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Active members, who lose access while it lasts.
    pub members: i64,
    /// Of these, those who are in no other active tenant.
    pub members_without_another: i64,
    /// Agents that only its members read.
    pub private_agents: i64,
    /// Agents that it shares with some tenants, which keep reading them.
    pub selective_agents: i64,
    /// The slugs of those tenants.
    pub recipients: Vec<String>,
    /// Agents that it shares with everybody, which stay.
    pub global_agents: i64,
    /// Agents of others that are shared with it, and that its members no longer read.
    pub received_agents: i64,
    /// The slugs of those others.
    pub sharers: Vec<String>,
}

impl Impact {
    /// What is taken from whom, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let among = |names: &[String]| match names {
            [] => String::new(),
            _ => format!(" ({})", names.join(", ")),
        };
        let mut lines = vec![format!(
            "access ends for {}; without another active tenant: {}",
            counted(self.members, "active member", "active members"),
            self.members_without_another
        )];
        let mut tell = |number: i64, line: String| {
            if number > 0 {
                lines.push(line);
            }
        };
        tell(
            self.private_agents,
            format!(
                "{} then out of reach, but for platform admins",
                counted(self.private_agents, "private agent", "private agents")
            ),
        );
        tell(
            self.selective_agents,
            format!(
                "{} shared with other tenants{}: readable there, maintained by nobody",
                counted(self.selective_agents, "agent", "agents"),
                among(&self.recipients)
            ),
        );
        tell(
            self.global_agents,
            format!(
                "{} shared with everybody: still readable",
                counted(self.global_agents, "agent", "agents")
            ),
        );
        tell(
            self.received_agents,
            format!(
                "{} of other tenants{}: out of its members' reach",
                counted(self.received_agents, "agent", "agents"),
                among(&self.sharers)
            ),
        );
        lines
    }
}

/// The answer of a change of status.
#[derive(Debug, Serialize)]
pub struct StatusChange {
    /// The tenant and its columns.
    #[serde(flatten)]
    pub change: TenantChange,
}

impl Outcome for StatusChange {
    fn changes(&self) -> usize {
        self.change.changes()
    }

    fn mark_preview(&mut self) {
        self.change.mark_preview();
    }
}

impl Report for StatusChange {
    const SCHEMA: &'static str = "vital.tenant_status/1";

    fn table(&self) -> Table {
        self.change.table()
    }

    fn summary(&self) -> Vec<String> {
        self.change.summary()
    }
}

/// Brings a tenant to `status`. The server keeps the moments of suspension, archival and activation in step.
///
/// # Errors
/// A refusal for the platform tenant.
pub async fn change(
    transaction: &Transaction<'_>,
    tenant: &TenantRef,
    status: TenantStatus,
) -> Result<StatusChange, Fault> {
    let tenant = tenants::find(transaction, tenant).await?;
    if tenant.is_platform() && status != TenantStatus::Active {
        return Err(Error::failed(format!(
            "`{}` is the platform tenant, which stays active",
            tenant.slug
        ))
        .with_hint("nothing was changed; every shared agent belongs to it")
        .into());
    }
    let assignment = Assignment::column("status", Some(status.as_str().to_owned()));
    let change = write(transaction, tenant.id, &[assignment]).await?;
    Ok(StatusChange { change })
}

/// Tells whom it concerns if a tenant is not active any more.
pub(super) async fn impact(transaction: &Transaction<'_>, tenant: TenantId) -> Result<Impact, Fault> {
    let row = transaction.query_one(IMPACT, &[&tenant.0]).await?;
    Ok(Impact {
        members: row.get("members"),
        members_without_another: row.get("members_without_another"),
        private_agents: row.get("private_agents"),
        selective_agents: row.get("selective_agents"),
        recipients: row.get("recipients"),
        global_agents: row.get("global_agents"),
        received_agents: row.get("received_agents"),
        sharers: row.get("sharers"),
    })
}
