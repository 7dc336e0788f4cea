//! Writes the tenancy as a file that [`super::seed`] reads.

use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::file::{COLUMNS, SCHEMA};
use crate::db::Transaction;
use crate::model::{Email, MembershipStatus, Role, UserId, UserRef};
use crate::ops::find::people::{self, Found};
use crate::ops::tenancy::Fault;
use crate::ops::tenant::{LEFT_OUT, document};
use crate::report::{Cell, Columns, Report, Table};

const SEED: &str = include_str!("../../../sql/report/seed.sql");

/// The tenancy. Serialized as a [`super::SeedFile`].
#[derive(Debug, serde::Serialize)]
pub struct Export {
    tenants: Vec<Tenant>,
    platform_admins: Vec<String>,
    /// What is not in the file because [`super::seed`] could not read it, line by line.
    #[serde(skip)]
    pub left_out: Vec<String>,
}

/// A tenant: its columns in a fixed order, without those that hold what a new tenant holds.
#[derive(Debug)]
struct Tenant {
    columns: Vec<(&'static str, Value)>,
    members: Vec<Member>,
}

#[derive(Debug, serde::Serialize)]
struct Member {
    user: String,
    role: Role,
    status: MembershipStatus,
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (column, value) in &self.columns {
            map.serialize_entry(column, value)?;
        }
        if !self.members.is_empty() {
            map.serialize_entry("members", &self.members)?;
        }
        map.end()
    }
}

impl Tenant {
    fn slug(&self) -> &str {
        let slug = self.columns.first().and_then(|(_, value)| value.as_str());
        slug.unwrap_or_default()
    }
}

impl Report for Export {
    const SCHEMA: &'static str = SCHEMA;

    fn table(&self) -> Table {
        let members = self.tenants.iter().flat_map(|tenant| {
            tenant.members.iter().map(move |member| {
                let (role, status) = (member.role.as_str(), member.status.as_str());
                (Some(tenant.slug()), &member.user, role, status)
            })
        });
        let admins = self
            .platform_admins
            .iter()
            .map(|user| (None, user, "platform_admin", "active"));
        Columns::of(members.chain(admins))
            .column("tenant", |(tenant, ..)| Cell::optional(*tenant))
            .column("user", |(_, user, ..)| Cell::text(*user))
            .column("role", |(.., role, _)| Cell::text(*role))
            .column("status", |(.., status)| Cell::text(*status))
            .table()
    }
}

/// Reads the tenancy in one snapshot. Users are named by address where that names just them, else by id; those who are gone
/// from `auth.users` are left out.
///
/// # Errors
/// The server's.
pub async fn export(transaction: &Transaction<'_>) -> Result<Export, Fault> {
    let sql = SEED.replace("{document}", &document(transaction).await?);
    let rows = transaction.query(&sql, &[]).await?;
    let mut admins: Vec<Uuid> = rows.first().map(|row| row.get("admins")).unwrap_or_default();
    let mut members: Vec<Vec<(Uuid, Role, MembershipStatus)>> = rows
        .iter()
        .map(|row| serde_json::from_value(row.get("members")).unwrap_or_default())
        .collect();
    let mut ids = admins.clone();
    ids.extend(members.iter().flatten().map(|(id, ..)| *id));
    let gone = people::gone(transaction, &ids).await?;
    admins.retain(|id| !gone.contains(id));
    for members in &mut members {
        members.retain(|(id, ..)| !gone.contains(id));
    }
    ids.retain(|id| !gone.contains(id));
    let mut left_out: Vec<String> = Vec::new();
    let mut gone: Vec<Uuid> = gone.into_iter().collect();
    gone.sort();
    left_out.extend(
        gone.iter()
            .map(|id| format!("user {id}, who is gone from auth.users")),
    );
    for row in &rows {
        let tenant: Value = row.get("document");
        left_out.extend(unreadable(&tenant));
    }
    let names = names(transaction, &ids).await?;
    let name = |id: &Uuid| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    let tenant = |(row, members): (&Row, &Vec<(Uuid, Role, MembershipStatus)>)| {
        let member = |(id, role, status): &(Uuid, Role, MembershipStatus)| Member {
            user: name(id),
            role: *role,
            status: *status,
        };
        let mut members: Vec<Member> = members.iter().map(member).collect();
        members.sort_by(|a, b| (a.role, &a.user).cmp(&(b.role, &b.user)));
        Tenant {
            columns: columns(&row.get("document"), row.get("parent")),
            members,
        }
    };
    let mut platform_admins: Vec<String> = admins.iter().map(name).collect();
    platform_admins.sort();
    Ok(Export {
        tenants: rows.iter().zip(&members).map(tenant).collect(),
        platform_admins,
        left_out,
    })
}

/// Whether a document is only the note that it was not read.
fn is_left_out(value: &Value) -> bool {
    value.get(LEFT_OUT).is_some_and(|left_out| *left_out == true)
}

/// The documents of a tenant that were not read.
fn unreadable(tenant: &Value) -> Vec<String> {
    let slug = tenant.get("slug").and_then(Value::as_str).unwrap_or_default();
    let columns = tenant.as_object().into_iter().flatten();
    columns
        .filter(|(_, value)| is_left_out(value))
        .map(|(column, value)| {
            let size = value.get("size").and_then(Value::as_u64).unwrap_or_default();
            format!("{column} of tenant `{slug}`, which is too large, too deep or not to be decoded ({size} bytes)")
        })
        .collect()
}

/// The columns to write: slug first, then in the file's order, those that a new tenant would not have anyway.
fn columns(document: &Value, parent: Option<&str>) -> Vec<(&'static str, Value)> {
    let value = |column: &str| document.get(column).cloned().unwrap_or_default();
    let mut columns = vec![("slug", value("slug"))];
    for column in COLUMNS {
        let column = column.trim_start_matches("r#");
        let value = value(column);
        if value != default(column, document) && !is_left_out(&value) {
            columns.push((column, value));
        }
        if column == "type" {
            columns.extend(parent.map(|parent| ("parent", Value::from(parent))));
        }
    }
    columns
}

/// What a column holds if a file does not mention it.
fn default(column: &str, document: &Value) -> Value {
    let is = |status: &str| document.get("status").and_then(Value::as_str) == Some(status);
    match column {
        "subscription_tier" => "standard".into(),
        "subscription_status" | "status" => "active".into(),
        "timezone" => "UTC".into(),
        "resource_access_config" | "branding" | "features" | "config" | "quotas" | "metadata" => {
            serde_json::json!({})
        }
        "hipaa_compliant" | "gdpr_compliant" | "sox_compliant" => false.into(),
        "encryption_enabled" => true.into(),
        // These are never the same twice, so whatever they hold is written, null included.
        "subscription_starts_at" => "now".into(),
        "activated_at" if is("active") => "now".into(),
        "suspended_at" if is("suspended") => "now".into(),
        "archived_at" if is("archived") => "now".into(),
        "deleted_at" if is("deleted") => "now".into(),
        _ => Value::Null,
    }
}

/// The addresses that name exactly one user, by id.
async fn names(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Fault> {
    let emails = people::emails(transaction, ids).await?;
    let known: Vec<(Uuid, Email)> = emails
        .iter()
        .filter_map(|(id, email)| Some((*id, email.parse().ok()?)))
        .collect();
    let wanted: Vec<UserRef> = known
        .iter()
        .map(|(_, email)| UserRef::Email(email.clone()))
        .collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let found = people::look_up(transaction, &wanted).await?;
    let named = known
        .into_iter()
        .zip(found)
        .filter_map(|((id, email), found)| match found {
            Found::One(person) if person.id == UserId(id) => Some((id, email.as_str().to_owned())),
            _ => None,
        });
    Ok(named.collect())
}
