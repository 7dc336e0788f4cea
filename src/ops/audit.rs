//! The admin audit: who changed tenants, memberships and roles, when, and from what to what.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::find::{Person, people, tenants};
use super::tenancy::Fault;
use crate::db::Transaction;
use crate::model::{TenantId, TenantRef, UserId, UserRef};
use crate::report::{Cell, Columns, Report, Table, Tone};

const ADMIN_AUDIT: &str = include_str!("../../sql/report/admin_audit.sql");

/// What to list; nothing given lists everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what concerns this tenant.
    pub tenant: Option<TenantRef>,
    /// Only what concerns this user.
    pub user: Option<UserRef>,
    /// Not before this moment.
    pub since: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
    /// Only actions that contain this text.
    pub action: Option<String>,
    /// At most so many, the newest; none for all.
    pub limit: Option<i64>,
}

/// One change.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The number, ascending.
    pub id: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub recorded_at: OffsetDateTime,
    /// What was done, such as `member_added`.
    pub action: String,
    /// The tenant's id.
    pub tenant_id: Option<TenantId>,
    /// The tenant's slug, as it is now.
    pub tenant: Option<String>,
    /// The user it happened to.
    pub user: Option<Person>,
    /// The values before: of a change those that differ, otherwise all.
    pub before: Option<Value>,
    /// The values after, likewise.
    pub after: Option<Value>,
    /// The role of the database that did it.
    pub database_role: String,
    /// The user of the API that did it.
    pub api_user: Option<Person>,
    /// The user of the operating system, as the tool said.
    pub os_user: Option<String>,
    /// The machine, as the tool said.
    pub host: Option<String>,
    /// The command, as the tool said.
    pub command: Option<String>,
    /// The application's name.
    pub application_name: Option<String>,
    /// The address the connection came from; nothing for a local socket.
    pub client_address: Option<String>,
}

impl Entry {
    /// Who did it, in a few words.
    fn by(&self) -> String {
        let machine = match (&self.os_user, &self.host) {
            (Some(user), Some(host)) => format!("{user}@{host} as "),
            (Some(user), None) => format!("{user} as "),
            _ => String::new(),
        };
        match &self.api_user {
            Some(user) => format!("{} through the API", user.name()),
            None => format!("{machine}{}", self.database_role),
        }
    }

    /// What changed, in a few words.
    fn change(&self) -> String {
        let empty = Value::Null;
        let (before, after) = (
            self.before.as_ref().unwrap_or(&empty),
            self.after.as_ref().unwrap_or(&empty),
        );
        let word = |value: &Value| match value {
            Value::Null => "nothing".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let (Some(old), Some(new)) = (before.as_object(), after.as_object()) {
            let pairs = new.iter().map(|(column, value)| {
                format!(
                    "{column}: {} -> {}",
                    word(old.get(column).unwrap_or(&empty)),
                    word(value)
                )
            });
            return pairs.collect::<Vec<_>>().join(", ");
        }
        let row = if after.is_null() { before } else { after };
        let told = ["slug", "role", "status"]
            .iter()
            .filter_map(|column| row.get(*column));
        told.map(word).collect::<Vec<_>>().join(", ")
    }
}

/// Changes, the newest first.
#[derive(Debug, Serialize)]
pub struct AdminAudit {
    /// The changes.
    pub entries: Vec<Entry>,
}

impl Report for AdminAudit {
    const SCHEMA: &'static str = "vital.audit/1";

    fn table(&self) -> Table {
        let tone = |action: &str| match action {
            action if action.ends_with("removed") || action.ends_with("deleted") => Tone::Bad,
            "tenant_archived" | "tenant_suspended" | "member_suspended" | "role_revoked" => Tone::Warn,
            _ => Tone::Plain,
        };
        Columns::of(&self.entries)
            .column("at", |entry| Cell::text(super::moment(entry.recorded_at)))
            .column("action", |entry| {
                Cell::text(&entry.action).tone(tone(&entry.action))
            })
            .column("tenant", |entry| Cell::optional(entry.tenant.as_deref()))
            .column("user", |entry| {
                Cell::optional(entry.user.as_ref().map(Person::name))
            })
            .column("change", |entry| Cell::text(entry.change()))
            .column("by", |entry| Cell::text(entry.by()))
            .column("command", |entry| Cell::optional(entry.command.as_deref()))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        match self.entries.len() {
            0 => vec!["nothing was changed that fits".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// A document of the audit; one that cannot be decoded is its text.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// Lists the newest changes.
///
/// # Errors
/// A refusal of an unknown tenant or user.
pub async fn audit(transaction: &Transaction<'_>, filter: &Filter) -> Result<AdminAudit, Fault> {
    let tenant = match &filter.tenant {
        // A tenant that is gone is still known to the audit by its id.
        Some(TenantRef::Id(id)) => Some(id.0),
        Some(tenant) => Some(tenants::find(transaction, tenant).await?.id.0),
        None => None,
    };
    let user = match &filter.user {
        Some(UserRef::Id(id)) => Some(id.0),
        Some(user) => Some(people::find_one(transaction, user).await?.id.0),
        None => None,
    };
    let Filter {
        since,
        until,
        action,
        limit,
        ..
    } = filter;
    let rows = transaction
        .query(ADMIN_AUDIT, &[&tenant, &user, since, until, action, limit])
        .await?;
    let mut ids: Vec<Uuid> = Vec::new();
    for row in &rows {
        ids.extend(row.get::<_, Option<Uuid>>("user_id"));
        ids.extend(row.get::<_, Option<Uuid>>("api_user_id"));
    }
    let emails = people::emails(transaction, &ids).await?;
    let person = |id: Uuid| Person {
        id: UserId(id),
        email: emails.get(&id).cloned(),
    };
    let entry = |row: &Row| Entry {
        id: row.get("id"),
        recorded_at: row.get("recorded_at"),
        action: row.get("action"),
        tenant_id: row.get::<_, Option<Uuid>>("tenant_id").map(TenantId),
        tenant: row.get("tenant"),
        user: row.get::<_, Option<Uuid>>("user_id").map(person),
        before: row.get::<_, Option<&str>>("before").map(document),
        after: row.get::<_, Option<&str>>("after").map(document),
        database_role: row.get("database_role"),
        api_user: row.get::<_, Option<Uuid>>("api_user_id").map(person),
        os_user: row.get("os_user"),
        host: row.get("host"),
        command: row.get("command"),
        application_name: row.get("application_name"),
        client_address: row.get("client_address"),
    };
    Ok(AdminAudit {
        entries: rows.iter().map(entry).collect(),
    })
}
