//! The columns of `public.tenants` in the live catalog, and the values that assignments make of them.

use super::assignment::Assignment;
use crate::db::Transaction;
use crate::error::Error;
use crate::model::TenantRef;
use crate::ops::tenancy::{Fault, nearest, tenants};

const COLUMNS: &str = include_str!("../../../sql/admin/tenant_columns.sql");
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

/// Turns assignments into one value a column. Paths are applied to `current`, the tenant's row as text values.
pub(super) async fn cells(
    transaction: &Transaction<'_>,
    assignments: &[Assignment],
    current: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Cell>, Fault> {
    let columns = columns(transaction).await?;
    let mut cells: Vec<Cell> = Vec::new();
    for assignment in assignments {
        let column = find(&columns, assignment)?;
        let at = match cells.iter().position(|cell| cell.column.name == column.name) {
            Some(at) => at,
            None => {
                let value = current(&column.name);
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
            "`{}` is no path: column `{name}` holds a {}, not a document",
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
