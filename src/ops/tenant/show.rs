//! Shows one tenant: its columns, members, agents, sharing, and how much of its limits is used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::column::document;
use super::write::shown;
use crate::db::Transaction;
use crate::model::{TenantRef, UserId};
use crate::ops::find::{Person, people, tenants};
use crate::ops::tenancy::Fault;
use crate::report::{Cell, Report, Table, Tone};

const TENANT: &str = include_str!("../../../sql/report/tenant.sql");

/// How many members have a role and a status.
#[derive(Debug, Serialize, Deserialize)]
pub struct MemberCount {
    /// The role.
    pub role: String,
    /// The status.
    pub status: String,
    /// How many.
    pub number: i64,
}

/// A limit of the column `quotas`, and how much of it is used.
#[derive(Debug, Serialize)]
pub struct Limit {
    /// The key in `quotas`.
    pub name: String,
    /// The limit.
    pub limit: f64,
    /// How much is used; nothing for a key that the database does not count.
    pub used: Option<i64>,
}

/// A tenant with all that belongs to it.
#[derive(Debug, Serialize)]
pub struct TenantDetails {
    /// All its columns.
    pub tenant: Map<String, Value>,
    /// The slug of the parent.
    pub parent: Option<String>,
    /// Its active owners, twenty at most.
    pub owners: Vec<Person>,
    /// Its members, counted.
    pub members: Vec<MemberCount>,
    /// Its agents by sharing mode.
    pub agents: BTreeMap<String, i64>,
    /// Agents of other tenants that are shared with it by name.
    pub received: i64,
    /// Its limits.
    pub limits: Vec<Limit>,
}

impl Report for TenantDetails {
    const SCHEMA: &'static str = "vital.tenant/1";

    fn table(&self) -> Table {
        let header = vec!["field", "value"];
        let mut rows = Vec::new();
        let mut row = |field: &str, value: Cell| rows.push(vec![Cell::text(field), value]);
        let first = ["slug", "name", "type", "status", "id"];
        for column in first {
            row(column, column_cell(column, self.tenant.get(column)));
        }
        for (column, value) in &self.tenant {
            let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            if first.contains(&column.as_str()) || is_empty {
                continue;
            }
            match (column.as_str(), &self.parent) {
                ("parent_tenant_id", Some(parent)) => row("parent", Cell::text(parent)),
                _ => row(column, column_cell(column, Some(value))),
            }
        }
        for owner in &self.owners {
            row("owner", Cell::text(owner.name()));
        }
        for count in &self.members {
            let tone = if count.status == "active" {
                Tone::Plain
            } else {
                Tone::Dim
            };
            let counted = format!("{} {}, {}", count.number, count.role, count.status);
            row("members", Cell::text(counted).tone(tone));
        }
        for (mode, number) in &self.agents {
            row("agents", Cell::text(format!("{number} {mode}")));
        }
        if self.received > 0 {
            row(
                "agents",
                Cell::text(format!("{} received from other tenants", self.received)),
            );
        }
        for limit in &self.limits {
            row("limit", limit.cell());
        }
        Table { header, rows }
    }
}

fn column_cell(column: &str, value: Option<&Value>) -> Cell {
    match column {
        "status" => super::list::status_cell(value.and_then(Value::as_str)),
        _ => Cell::text(value.map(shown).unwrap_or_default()),
    }
}

impl Limit {
    fn cell(&self) -> Cell {
        let Some(used) = self.used else {
            return Cell::text(format!("{}: {}", self.name, self.limit));
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of a limit is an estimate anyway"
        )]
        let share = used as f64 / self.limit;
        let tone = match share {
            share if share >= 1.0 => Tone::Bad,
            share if share >= 0.8 => Tone::Warn,
            _ => Tone::Good,
        };
        Cell::text(format!("{}: {used} of {} used", self.name, self.limit)).tone(tone)
    }
}

/// Shows a tenant.
///
/// # Errors
/// A refusal that names the nearest slugs of an unknown tenant.
pub async fn show(transaction: &Transaction<'_>, tenant: &TenantRef) -> Result<TenantDetails, Fault> {
    let tenant = tenants::find(transaction, tenant).await?;
    let sql = TENANT.replace("{document}", &document(transaction).await?);
    let row = transaction.query_one(&sql, &[&tenant.id.0]).await?;
    let document: Value = row.get("document");
    let members: Vec<MemberCount> = serde_json::from_value(row.get("members")).unwrap_or_default();
    let agents: BTreeMap<String, i64> = serde_json::from_value(row.get("agents")).unwrap_or_default();
    let owners: Vec<Uuid> = row.get("owners");
    let emails = people::emails(transaction, &owners).await?;
    let owner = |id: Uuid| Person {
        id: UserId(id),
        email: emails.get(&id).cloned(),
    };
    Ok(TenantDetails {
        limits: limits(document.get("quotas"), &members, &agents),
        parent: row.get("parent"),
        owners: owners.into_iter().map(owner).collect(),
        received: row.get("received"),
        tenant: document.as_object().cloned().unwrap_or_default(),
        members,
        agents,
    })
}

/// The numbers of `quotas`. Keys that name users or agents are compared with what the database counts.
fn limits(quotas: Option<&Value>, members: &[MemberCount], agents: &BTreeMap<String, i64>) -> Vec<Limit> {
    let active = members
        .iter()
        .filter(|count| count.status == "active")
        .map(|count| count.number)
        .sum();
    let owned = agents.values().sum();
    let numbers = quotas.and_then(Value::as_object).into_iter().flatten();
    numbers
        .filter_map(|(name, value)| {
            let used = match name.trim_start_matches("max_").trim_end_matches("_limit") {
                "users" | "members" | "seats" => Some(active),
                "agents" => Some(owned),
                _ => None,
            };
            Some(Limit {
                name: name.clone(),
                limit: value.as_f64()?,
                used,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_users_and_agents_are_counted() {
        let members = [
            MemberCount {
                role: "owner".into(),
                status: "active".into(),
                number: 2,
            },
            MemberCount {
                role: "member".into(),
                status: "removed".into(),
                number: 9,
            },
        ];
        let agents = BTreeMap::from([("private".to_owned(), 3), ("global".to_owned(), 1)]);
        let quotas = serde_json::json!({"max_users": 50, "agents": 4, "storage_gb": 10, "note": "x"});
        let limits = limits(Some(&quotas), &members, &agents);
        let shown: Vec<_> = limits.iter().map(|limit| limit.cell().text).collect();
        assert_eq!(
            shown,
            ["agents: 4 of 4 used", "max_users: 2 of 50 used", "storage_gb: 10"]
        );
    }
}
