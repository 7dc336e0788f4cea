//! Finds the tenants, users and agents that an argument names.

use tokio_postgres::Row;
use uuid::Uuid;

use super::Mode;
use crate::db::{Fault, Transaction};
use crate::error::Error;
use crate::model::UserRef;
use crate::ops::tenancy::{nearest, people};

const AGENTS: &str = include_str!("../../../sql/sharing/find_agents.sql");
const AGENT_NAMES: &str = include_str!("../../../sql/sharing/agent_names.sql");
const TENANTS: &str = include_str!("../../../sql/sharing/find_tenants.sql");
const TENANT_NAMES: &str = "select t.slug::text from public.tenants as t order by t.slug limit 10000";
const HAS_USERS: &str = include_str!("../../../sql/sharing/has_users.sql");
const REQUESTED: &str = include_str!("../../../sql/sharing/requested_tenant.sql");

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `active`, `suspended` ...; `deleted` also if only marked so.
    pub status: String,
}

impl Tenant {
    /// Whether its members act for it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: Uuid,
    /// Their e-mail address, if the server knows accounts.
    pub email: Option<String>,
    /// The tenant that the account's `app_metadata` asks for, unchecked.
    pub requested: Option<String>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The owning tenant.
    pub owner: Option<Uuid>,
    /// How it is shared.
    pub mode: Mode,
    /// With whom, if selectively.
    pub recipients: Vec<Uuid>,
}

/// Finds tenants by slug or uuid, in the order of `texts`.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is none, naming the nearest.
pub async fn tenants(transaction: &Transaction<'_>, texts: &[String]) -> Result<Vec<Tenant>, Fault> {
    let rows = transaction.query(TENANTS, &[&texts]).await?;
    let mut found = Vec::new();
    for (position, text) in (1_i64..).zip(texts) {
        match rows.iter().find(|row| row.get::<_, i64>("position") == position) {
            Some(row) => found.push(tenant(row)),
            None => return Err(unknown(transaction, "tenant", text, TENANT_NAMES).await?.into()),
        }
    }
    Ok(found)
}

/// Reads a tenant from a row with its four columns.
pub(super) fn tenant(row: &Row) -> Tenant {
    Tenant {
        id: row.get("id"),
        slug: row.get("slug"),
        name: row.get("name"),
        status: row.get("status"),
    }
}

/// Finds a user by uuid or e-mail address. Where accounts cannot be read, every uuid is taken for a user.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is none, naming the nearest; [`crate::Kind::Usage`] for what is neither.
pub async fn user(transaction: &Transaction<'_>, text: &str) -> Result<User, Fault> {
    let named: UserRef = text.parse().map_err(Error::usage)?;
    let person = people::find_one(transaction, &named).await?;
    let known = transaction.query_one(HAS_USERS, &[]).await?;
    let requested = match known.get(0) {
        true => transaction.query_opt(REQUESTED, &[&person.id.0]).await?,
        false => None,
    };
    Ok(User {
        id: person.id.0,
        email: person.email,
        requested: requested.and_then(|row| row.get(0)),
    })
}

/// Finds agents by uuid, slug or unique name, in the order of `texts`, each once.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is none or more than one, naming the nearest or all of them.
pub async fn agents(transaction: &Transaction<'_>, texts: &[String]) -> Result<Vec<Agent>, Fault> {
    let mut found: Vec<Agent> = Vec::new();
    for text in texts {
        let id = Uuid::try_parse(text).ok();
        let rows = transaction.query(AGENTS, &[&id, &text]).await?;
        match rows.as_slice() {
            [] => return Err(unknown(transaction, "agent", text, AGENT_NAMES).await?.into()),
            [row] => found.push(agent(row)),
            _ => return Err(ambiguous("agent", text, rows.iter().map(|row| row.get("id"))).into()),
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|agent| seen.insert(agent.id));
    Ok(found)
}

fn agent(row: &Row) -> Agent {
    Agent {
        id: row.get("id"),
        name: row.get("name"),
        owner: row.get("tenant_id"),
        mode: Mode::of(row.get("sharing_mode")),
        recipients: row.get::<_, Option<Vec<Uuid>>>("shared_with").unwrap_or_default(),
    }
}

fn ambiguous(kind: &str, text: &str, ids: impl Iterator<Item = Uuid>) -> Error {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    let mut error = Error::failed(format!("`{text}` names {} {kind}s", ids.len())).with_hint("give the uuid");
    error.details = ids;
    error
}

async fn unknown(transaction: &Transaction<'_>, kind: &str, text: &str, names: &str) -> Result<Error, Fault> {
    let error = Error::failed(format!("{kind} `{text}` does not exist"));
    let rows = transaction.query(names, &[]).await?;
    let near = nearest(&text.to_lowercase(), rows.iter().map(|row| row.get(0)));
    Ok(match near.first() {
        Some(name) => error.with_hint(format!("did you mean `{name}`?")),
        None => error,
    })
}
