//! The trail of every change of sharing.

mod words;

use std::collections::HashMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio_postgres::Row;
use uuid::Uuid;

use super::tenant;
use crate::db::{Fault, Param, Transaction};
use crate::error::{Error, Result};
use crate::model::UserRef;
use crate::ops::find::{agents, people};

const AUDIT: &str = include_str!("../../../../sql/sharing/audit.sql");
/// What it is called when it cannot be read.
pub const TASK: &str = "could not read the sharing audit";

/// An entry bears the time at which its transaction began, so a slow transaction's entries appear behind newer ones. Those of
/// the last hour are looked for again.
const WINDOW: Duration = Duration::HOUR;

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this agent: a uuid, also of a deleted one, a slug or a unique name.
    pub agent: Option<String>,
    /// Where this tenant owns the agent, receives it or is affected.
    pub tenant: Option<String>,
    /// By this user: a uuid or an e-mail address.
    pub user: Option<String>,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// At most so many, the newest; none for all.
    pub limit: Option<i64>,
}

/// The trail, newest first.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One entry: a change, or what a tenant gained or lost by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When the transaction of the change began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `shared`, `unshared`, `modified`, `access_granted` or `access_revoked`.
    pub action: String,
    /// The agent's id.
    pub agent_id: Uuid,
    /// The agent's name at that time.
    pub agent: Option<String>,
    /// Slug of the owning tenant.
    pub owner: Option<String>,
    /// Slug of the tenant that gained or lost access.
    pub affected: Option<String>,
    /// Mode before; none for a new agent.
    pub mode_before: Option<String>,
    /// Mode after; none for a deleted agent.
    pub mode_after: Option<String>,
    /// Slugs of the recipients before.
    pub recipients_before: Vec<String>,
    /// Slugs of the recipients after.
    pub recipients_after: Vec<String>,
    /// The user who did it; none for an operator.
    pub user_id: Option<Uuid>,
    /// The program, or application and database role of an operator.
    pub via: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// The ids and times that a filter stands for.
#[derive(Debug, Clone)]
pub struct Trail {
    agent: Option<Uuid>,
    tenant: Option<Uuid>,
    user: Option<Uuid>,
    since: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
    limit: Option<i64>,
    seen: HashMap<Uuid, OffsetDateTime>,
}

impl Trail {
    /// Looks up what the filter names.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if an agent, tenant or user does not exist.
    pub async fn find(transaction: &Transaction<'_>, filter: &Filter) -> Result<Self, Fault> {
        let agent = match filter.agent.as_deref() {
            // A deleted agent is known by its id only.
            Some(text) => match Uuid::try_parse(text) {
                Ok(id) => Some(id),
                Err(_) => agents::find(transaction, &[text.to_owned()])
                    .await?
                    .pop()
                    .map(|agent| agent.id),
            },
            None => None,
        };
        let user = match filter.user.as_deref() {
            Some(text) => match Uuid::try_parse(text) {
                Ok(id) => Some(id),
                Err(_) => {
                    let named: UserRef = text.parse().map_err(Error::usage)?;
                    Some(people::find_one(transaction, &named).await?.id.0)
                }
            },
            None => None,
        };
        Ok(Self {
            agent,
            tenant: tenant::find(transaction, filter.tenant.as_slice())
                .await?
                .pop()
                .map(|tenant| tenant.id),
            user,
            since: filter.since,
            until: filter.until,
            limit: filter.limit,
            seen: HashMap::new(),
        })
    }

    /// The entries, newest first.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if the database is not migrated.
    pub async fn read(&mut self, transaction: &Transaction<'_>) -> Result<Audit, Fault> {
        let entries = self.query(transaction, self.since, self.limit).await?;
        self.seen.extend(entries.iter().map(|entry| (entry.id, entry.at)));
        Ok(Audit { entries })
    }

    /// The entries that were not there at the last call, oldest first.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub async fn fresh(&mut self, transaction: &Transaction<'_>) -> Result<Vec<Entry>, Fault> {
        let start = OffsetDateTime::now_utc() - WINDOW;
        let since = self.since.map_or(start, |since| since.max(start));
        let mut entries = self.query(transaction, Some(since), None).await?;
        entries.retain(|entry| !self.seen.contains_key(&entry.id));
        self.seen.retain(|_, at| *at >= start);
        self.seen.extend(entries.iter().map(|entry| (entry.id, entry.at)));
        entries.reverse();
        Ok(entries)
    }

    /// Takes what is there for seen, so that [`fresh`](Self::fresh) answers what comes after.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub async fn start(&mut self, transaction: &Transaction<'_>) -> Result<(), Fault> {
        self.fresh(transaction).await.map(drop)
    }

    /// Agent, tenant, user, since and until, as parameters.
    pub(super) fn parameters(&self) -> [&dyn Param; 5] {
        [&self.agent, &self.tenant, &self.user, &self.since, &self.until]
    }

    async fn query(
        &self,
        transaction: &Transaction<'_>,
        since: Option<OffsetDateTime>,
        limit: Option<i64>,
    ) -> Result<Vec<Entry>, Fault> {
        let rows = transaction
            .query(
                AUDIT,
                &[&self.agent, &self.tenant, &self.user, &since, &self.until, &limit],
            )
            .await?;
        Ok(rows.iter().map(entry).collect())
    }
}

fn entry(row: &Row) -> Entry {
    Entry {
        id: row.get("id"),
        at: row.get("at"),
        action: row.get("action"),
        agent_id: row.get("agent_id"),
        agent: row.get("agent"),
        owner: row.get("owner"),
        affected: row.get("affected"),
        mode_before: row.get("mode_before"),
        mode_after: row.get("mode_after"),
        recipients_before: row.get("recipients_before"),
        recipients_after: row.get("recipients_after"),
        user_id: row.get("user_id"),
        via: row.get("via"),
        address: row.get("address"),
    }
}
