//! The columns of `public.tenants` in the live catalog, and the values that assignments make of them.

use super::assignment::Assignment;
use crate::db::Transaction;
use crate::error::Error;
use crate::model::nearest;
use crate::model::{Email, TenantId, TenantRef, TenantSlug};
use crate::ops::find::tenants;
use crate::ops::tenancy::Fault;

const COLUMNS: &str = include_str!("../../../sql/admin/tenant_columns.sql");
const TIMEZONES: &str = include_str!("../../../sql/admin/timezones.sql");
const JSON_STEP: &str = include_str!("../../../sql/admin/json_step.sql");
const JSON_SET: &str = include_str!("../../../sql/admin/json_set.sql");

/// A column, quoted and typed by the server.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub quoted: String,
    pub kind: String,
    pub is_json: bool,
    pub max_length: Option<i32>,
}

/// A column with its new value as text.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub column: Column,
    pub value: Option<String>,
}

impl Cell {
    /// The value as an expression; `n` is the number of its parameter.
    pub fn expression(&self, n: usize) -> String {
        format!("cast(${n}::text as {})", self.column.kind)
    }
}

/// The most bytes of a document, and half the most characters of a text, that is read of a tenant.
const MOST: u32 = 131_072;

/// Numbers that a double cannot hold.
const HUGE: &str =
    r#"$.** ? (@.type() == "number" && (@ > 1e308 || @ < -1e308 || @ > -1e-300 && @ < 1e-300 && @ != 0))"#;

/// The key of what stands for a document that is not read.
pub(crate) const LEFT_OUT: &str = "left_out";

/// The expression that makes one document of a tenant `t`. What a tenant's people wrote must not keep an operator from
/// reading the rest: a document that is very large, deep, or holds numbers that nobody can decode is left out, and its
/// size and a hash stand in its place.
pub(crate) async fn document(transaction: &Transaction<'_>) -> Result<String, Fault> {
    let columns = columns(transaction).await?;
    let read: Vec<_> = columns.iter().map(Column::bounded).collect();
    Ok(format!(
        "(select to_jsonb(r) from (select {}) as r)",
        read.join(", ")
    ))
}

impl Column {
    fn bounded(&self) -> String {
        let name = &self.quoted;
        if self.is_json {
            return format!(
                "case when pg_column_size(t.{name} #> '{{}}') <= {MOST} and not t.{name} @? '$.**{{65 to last}}' \
                 and not t.{name} @? '{HUGE}' then t.{name} when t.{name} is not null then \
                 jsonb_build_object('{LEFT_OUT}', true, 'size', pg_column_size(t.{name} #> '{{}}'), \
                 'hash', to_hex(jsonb_hash_extended(t.{name}, 0))) end as {name}"
            );
        }
        match self.kind.as_str() {
            "text" => format!("left(t.{name}, {}) as {name}", MOST / 2),
            _ => format!("t.{name}"),
        }
    }

    /// The comparison of the column with an expression; jsonb equality takes 50 and 50.000 for the same.
    pub(super) fn differs(&self, expression: &str) -> String {
        let name = &self.quoted;
        match self.is_json {
            true => format!("record_image_ne(row(t.{name}), row({expression}))"),
            false => format!("t.{name} is distinct from {expression}"),
        }
    }
}

/// Turns assignments into one value a column. Paths are applied to what `tenant` holds.
pub(super) async fn cells(
    transaction: &Transaction<'_>,
    assignments: &[Assignment],
    tenant: Option<TenantId>,
) -> Result<Vec<Cell>, Fault> {
    let columns = columns(transaction).await?;
    let mut cells: Vec<Cell> = Vec::new();
    for assignment in assignments {
        let column = find(&columns, assignment)?;
        let at = match cells.iter().position(|cell| cell.column.name == column.name) {
            Some(at) => at,
            None => {
                let value = match tenant {
                    Some(tenant) if !assignment.path.is_empty() => held(transaction, column, tenant).await?,
                    _ => None,
                };
                cells.push(Cell {
                    column: column.clone(),
                    value,
                });
                cells.len() - 1
            }
        };
        let Some(cell) = cells.get_mut(at) else { continue };
        cell.value = match assignment.path.is_empty() {
            true => whole(transaction, column, assignment).await?,
            false => inside(transaction, cell, assignment).await?,
        };
    }
    Ok(cells)
}

/// What a tenant holds in a column, as text.
async fn held(
    transaction: &Transaction<'_>,
    column: &Column,
    tenant: TenantId,
) -> Result<Option<String>, Fault> {
    let sql = format!(
        "select t.{}::text as held from public.tenants as t where t.id = $1",
        column.quoted
    );
    Ok(transaction.query_one(&sql, &[&tenant.0]).await?.get("held"))
}

async fn columns(transaction: &Transaction<'_>) -> Result<Vec<Column>, Fault> {
    let rows = transaction.query(COLUMNS, &[]).await?;
    let column = |row: &tokio_postgres::Row| Column {
        name: row.get("name"),
        quoted: row.get("quoted"),
        kind: row.get("type"),
        is_json: row.get("is_json"),
        max_length: row.get("max_length"),
    };
    Ok(rows.iter().map(column).collect())
}

fn find<'a>(columns: &'a [Column], assignment: &Assignment) -> Result<&'a Column, Error> {
    let name = &assignment.column;
    let Some(column) = columns.iter().find(|column| column.name == *name) else {
        let near = nearest(name, columns.iter().map(|column| column.name.clone()));
        let hint = match near.first() {
            Some(near) => format!("did you mean `{near}`? nothing was changed"),
            None => {
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                format!("nothing was changed; the columns are {}", names.join(", "))
            }
        };
        return Err(Error::usage(format!("tenants have no column `{name}`")).with_hint(hint));
    };
    if !assignment.path.is_empty() && !column.is_json {
        return Err(Error::usage(format!(
            "`{}` is not a valid path: column `{name}` holds a {}, not a document",
            assignment.key(),
            column.kind
        ))
        .with_hint("nothing was changed"));
    }
    Ok(column)
}

/// The value of a whole column, which the server reads once to tell which of several is wrong.
async fn whole(
    transaction: &Transaction<'_>,
    column: &Column,
    assignment: &Assignment,
) -> Result<Option<String>, Fault> {
    let Some(text) = &assignment.value else {
        return Ok(None);
    };
    if column.name == "parent_tenant_id" {
        let parent: TenantRef = text.parse().map_err(|problem: String| {
            Error::usage(format!("could not set `{}`", column.name))
                .with_cause(problem)
                .with_hint("nothing was changed")
        })?;
        return Ok(Some(tenants::find(transaction, &parent).await?.id.to_string()));
    }
    let limit = column.max_length.and_then(|limit| usize::try_from(limit).ok());
    if let Some(limit) = limit.filter(|limit| text.chars().count() > *limit) {
        let length = text.chars().count();
        return Err(Error::failed(format!("could not set `{}`", column.name))
            .with_cause(format!("it holds {limit} characters, and the value has {length}"))
            .with_hint("nothing was changed")
            .into());
    }
    let sql = format!("select cast($1::text as {}) is null", column.kind);
    transaction
        .query_one(&sql, &[&text])
        .await
        .map_err(|error| unreadable(assignment, column, &error))?;
    Ok(Some(text.clone()))
}

/// Refuses what a person gives a column that its type allows and its meaning does not. A seed file is not asked: it may be
/// an export of what an application wrote.
pub(super) async fn check(transaction: &Transaction<'_>, assignments: &[Assignment]) -> Result<(), Fault> {
    for assignment in assignments.iter().filter(|assignment| assignment.path.is_empty()) {
        if let Some(text) = &assignment.value {
            check_one(transaction, &assignment.column, text).await?;
        }
    }
    Ok(())
}

async fn check_one(transaction: &Transaction<'_>, column: &str, text: &str) -> Result<(), Fault> {
    let problem = match column {
        "name" if text.trim().is_empty() => Some("a tenant needs a name that can be read".to_owned()),
        "slug" => text.parse::<TenantSlug>().err(),
        name if name.ends_with("_email") => text.parse::<Email>().err(),
        "timezone" => unknown_timezone(transaction, text).await?,
        _ => None,
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(Error::failed(format!("could not set `{column}`"))
            .with_cause(problem)
            .with_hint("nothing was changed")
            .into()),
    }
}

async fn unknown_timezone(transaction: &Transaction<'_>, text: &str) -> Result<Option<String>, Fault> {
    let rows = transaction.query(TIMEZONES, &[]).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    if names.iter().any(|name| name == text) {
        return Ok(None);
    }
    let problem = format!("the server knows no time zone `{text}`");
    Ok(Some(match nearest(text, names).first() {
        Some(near) => format!("{problem}; did you mean `{near}`?"),
        None => format!("{problem}; its names look like `Europe/Berlin`"),
    }))
}

/// The document of a column with one of its parts changed. Objects on the way are made where nothing is.
async fn inside(
    transaction: &Transaction<'_>,
    cell: &Cell,
    assignment: &Assignment,
) -> Result<Option<String>, Fault> {
    let mut document = match cell.value.as_deref() {
        None | Some("null") => "{}".to_owned(),
        Some(document) => document.to_owned(),
    };
    for depth in 1..assignment.path.len() {
        let Some(prefix) = assignment.path.get(..depth) else {
            break;
        };
        let row = transaction.query_one(JSON_STEP, &[&document, &prefix]).await?;
        let kind: &str = row.get("kind");
        if kind != "object" && kind != "array" {
            let way = format!("{}.{}", assignment.column, prefix.join("."));
            return Err(Error::failed(format!("could not set `{}`", assignment.key()))
                .with_cause(format!("`{way}` is a {kind}, not an object"))
                .with_hint(format!(
                    "nothing was changed; `--unset {way}` takes it away first"
                ))
                .into());
        }
        document = row.get("document");
    }
    let row = transaction
        .query_one(JSON_SET, &[&document, &assignment.path, &assignment.value])
        .await
        .map_err(|error| unreadable(assignment, &cell.column, &error))?;
    Ok(Some(row.get("document")))
}

fn unreadable(assignment: &Assignment, column: &Column, error: &tokio_postgres::Error) -> Fault {
    let hint = match column.is_json {
        true => "nothing was changed; the value is JSON, so a text needs its quotes: --set 'key=\"text\"'",
        false => "nothing was changed",
    };
    let failure = Error::failed(format!("could not set `{}`", assignment.key()))
        .with_hint(hint)
        .caused_by(error);
    Fault::Refused(failure)
}
