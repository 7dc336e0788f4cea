//! Agents, found by id, slug or unique name.

use tokio_postgres::Row;
use uuid::Uuid;

use super::suggestion;
use crate::db::{Fault, Transaction};
use crate::error::Error;
use crate::model::SharingMode;

const AGENTS: &str = include_str!("../../../sql/sharing/find_agents.sql");
const AGENT_NAMES: &str = include_str!("../../../sql/sharing/agent_names.sql");

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
    pub mode: SharingMode,
    /// With whom, if selectively.
    pub recipients: Vec<Uuid>,
}

/// Finds agents by uuid, slug or unique name, in the order of `texts`, each once.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is none or more than one, naming the nearest or all of them.
pub async fn find(transaction: &Transaction<'_>, texts: &[String]) -> Result<Vec<Agent>, Fault> {
    let mut found: Vec<Agent> = Vec::new();
    for text in texts {
        let id = Uuid::try_parse(text).ok();
        let rows = transaction.query(AGENTS, &[&id, &text]).await?;
        match rows.as_slice() {
            [] => return Err(unknown(transaction, text).await?.into()),
            [row] => found.push(agent(row)),
            _ => return Err(ambiguous(text, rows.iter().map(|row| row.get("id"))).into()),
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
        mode: SharingMode::of(row.get("sharing_mode")),
        recipients: row.get::<_, Option<Vec<Uuid>>>("shared_with").unwrap_or_default(),
    }
}

fn ambiguous(text: &str, ids: impl Iterator<Item = Uuid>) -> Error {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    let mut error = Error::failed(format!("`{text}` names {} agents", ids.len())).with_hint("give the uuid");
    error.details = ids;
    error
}

/// Says that an agent was not found.
async fn unknown(transaction: &Transaction<'_>, text: &str) -> Result<Error, Fault> {
    let rows = transaction.query(AGENT_NAMES, &[]).await?;
    let names = rows.iter().map(|row| row.get(0));
    let hint = suggestion(
        &text.to_lowercase(),
        names,
        "`vital sharing explain --tenant TENANT` lists agents;",
    );
    Ok(Error::failed(format!("agent `{text}` does not exist"))
        .with_hint(format!("{hint} nothing was changed")))
}
