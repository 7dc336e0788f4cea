//! Writing a tenant: only what differs, typed by the catalog, as bind parameters.

use serde::Serialize;
use serde_json::Value;
use tokio_postgres::error::SqlState;

use super::assignment::Assignment;
use super::column::{Cell, cells, document};
use super::status::{self, Impact};
use crate::db::{Param, Transaction};
use crate::error::Error;
use crate::model::TenantId;
use crate::ops::find::{TenantName, tenants};
use crate::ops::tenancy::{Fault, Outcome};
use crate::report::{self, Columns, Report, Table, Tone};

const TENANT_ROW: &str = include_str!("../../../sql/admin/tenant_row.sql");

/// One column of a tenant that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Given {
    /// The column.
    pub column: String,
    /// What it held; null for a new tenant.
    pub before: Value,
    /// What it holds.
    pub after: Value,
}

/// The answer of creating or changing a tenant.
#[derive(Debug, Serialize)]
pub struct TenantChange {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// The tenant as it is now.
    pub tenant: TenantName,
    /// Whether it is new.
    pub created: bool,
    /// The columns that differ from before; for a new tenant, those that hold something.
    pub changed: Vec<Given>,
    /// Whom it concerns; nothing if the tenant is active now, or its status is what it was.
    pub impact: Option<Impact>,
}

impl Outcome for TenantChange {
    fn changes(&self) -> usize {
        self.changed.len()
    }

    fn mark_preview(&mut self) {
        self.dry_run = true;
    }
}

impl Report for TenantChange {
    const SCHEMA: &'static str = "vital.tenant_change/1";

    fn table(&self) -> Table {
        Columns::of(&self.changed)
            .column("column", |given| report::Cell::text(&given.column))
            .column("before", |given| {
                report::Cell::text(shown(&given.before)).tone(Tone::Dim)
            })
            .column("after", |given| {
                report::Cell::text(shown(&given.after)).tone(Tone::Good)
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let slug = &self.tenant.slug;
        let said = match (self.changed.is_empty(), self.created, self.dry_run) {
            (true, ..) => format!("nothing to do: tenant `{slug}` is already up to date"),
            (_, true, true) => format!("would create tenant `{slug}`; nothing was changed"),
            (_, true, false) => format!("created tenant `{slug}` ({})", self.tenant.id),
            (_, false, true) => format!("would change tenant `{slug}`; nothing was changed"),
            (_, false, false) => format!("changed tenant `{slug}`"),
        };
        let concerned = self.impact.iter().flat_map(Impact::lines);
        std::iter::once(said).chain(concerned).collect()
    }
}

/// A value for a person.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Inserts a tenant and returns it.
pub(crate) async fn insert(
    transaction: &Transaction<'_>,
    assignments: &[Assignment],
) -> Result<TenantChange, Fault> {
    let cells = cells(transaction, assignments, None).await?;
    let names: Vec<_> = cells.iter().map(|cell| cell.column.quoted.as_str()).collect();
    let values: Vec<_> = cells
        .iter()
        .zip(1..)
        .map(|(cell, n)| cell.expression(n))
        .collect();
    let sql = format!(
        "insert into public.tenants as t ({}) values ({}) returning t.id",
        names.join(", "),
        values.join(", ")
    );
    let rows = transaction
        .write(&sql, &parameters(&cells))
        .await
        .map_err(refused)?;
    let Some(row) = rows.first() else {
        return Err(
            Error::failed("a trigger of yours on tenants kept the tenant from being created")
                .with_hint("nothing was changed; `\\d public.tenants` lists the triggers")
                .into(),
        );
    };
    let tenant = TenantId(row.get("id"));
    let document = held(transaction, tenant).await?;
    let kept = document.as_object().into_iter().flatten();
    let changed = kept
        .filter(|(_, value)| !value.is_null() && **value != Value::Object(serde_json::Map::new()))
        .map(|(column, value)| Given {
            column: column.clone(),
            before: Value::Null,
            after: value.clone(),
        });
    Ok(TenantChange {
        dry_run: false,
        tenant: by_id(transaction, tenant).await?,
        created: true,
        changed: changed.collect(),
        impact: None,
    })
}

/// Changes what differs of a tenant and returns it.
pub(crate) async fn write(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    assignments: &[Assignment],
) -> Result<TenantChange, Fault> {
    let before = held(transaction, tenant).await?;
    let cells = cells(transaction, assignments, Some(tenant)).await?;
    let mut changed = Vec::new();
    let closes = cells
        .iter()
        .any(|cell| cell.column.name == "status" && cell.value.as_deref() != Some("active"));
    let impact = match closes {
        true => Some(status::impact(transaction, tenant).await?),
        false => None,
    };
    if !cells.is_empty() {
        let numbered = || cells.iter().zip(2..);
        let sets: Vec<_> = numbered()
            .map(|(cell, n)| format!("{} = {}", cell.column.quoted, cell.expression(n)))
            .collect();
        let differences: Vec<_> = numbered()
            .map(|(cell, n)| cell.column.differs(&cell.expression(n)))
            .collect();
        let mut values: Vec<&dyn Param> = vec![&tenant.0];
        values.extend(parameters(&cells));
        // Compared apart: the statement that writes must not look up an operator on the columns' types.
        let differs = format!(
            "select t.id from public.tenants as t where t.id = $1 and ({})",
            differences.join(" or ")
        );
        let differing_row = transaction.query_opt(&differs, &values).await.map_err(refused)?;
        if differing_row.is_some() {
            let sql = format!(
                "update public.tenants as t set {} where t.id = $1",
                sets.join(", ")
            );
            transaction.write(&sql, &values).await.map_err(refused)?;
            changed = differing(&before, &held(transaction, tenant).await?);
        }
    }
    Ok(TenantChange {
        dry_run: false,
        tenant: by_id(transaction, tenant).await?,
        created: false,
        impact: impact.filter(|_| changed.iter().any(|given| given.column == "status")),
        changed,
    })
}

/// A tenant as one document, held against others who change it.
async fn held(transaction: &Transaction<'_>, tenant: TenantId) -> Result<Value, Fault> {
    let sql = TENANT_ROW.replace("{document}", &document(transaction).await?);
    Ok(transaction.query_one(&sql, &[&tenant.0]).await?.get("document"))
}

fn parameters(cells: &[Cell]) -> Vec<&dyn Param> {
    cells.iter().map(|cell| &cell.value as &dyn Param).collect()
}

async fn by_id(transaction: &Transaction<'_>, id: TenantId) -> Result<TenantName, Fault> {
    tenants::find(transaction, &crate::model::TenantRef::Id(id)).await
}

fn differing(before: &Value, after: &Value) -> Vec<Given> {
    let columns = after.as_object().into_iter().flatten();
    columns
        .filter(|(column, value)| *column != "updated_at" && before.get(column.as_str()) != Some(*value))
        .map(|(column, value)| Given {
            column: column.clone(),
            before: before.get(column.as_str()).cloned().unwrap_or_default(),
            after: value.clone(),
        })
        .collect()
}

/// Says what a broken constraint means; leaves every other error to the server's words.
fn refused(error: tokio_postgres::Error) -> Fault {
    let db = error.as_db_error();
    let fact = match db.and_then(|db| db.constraint()) {
        Some("tenants_slug_key") => "another tenant has this slug",
        Some("tenants_domain_key") => "another tenant has this domain",
        Some("tenants_platform_key") => "there is a platform tenant already, and only one may be",
        Some("tenants_platform_check") => {
            "the platform tenant stays active: it cannot be suspended, archived or deleted"
        }
        _ if db.is_some_and(|db| *db.code() == SqlState::RESTRICT_VIOLATION) => {
            "the platform tenant keeps its type and its id"
        }
        _ => return Fault::Server(error),
    };
    let hint = "nothing was changed; `vital tenant list` shows the tenants";
    Fault::Refused(Error::failed(fact).with_hint(hint).caused_by(&error))
}
