//! What others built on what the migrations created.

use serde::Serialize;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::manifest::Manifest;
use crate::error::{Error, Result};

const FOREIGN: &str = include_str!("../../../sql/archive/foreign.sql");
const BEGIN: &str = "begin read only; set local search_path = pg_catalog, pg_temp";
const MENTIONS: &str = include_str!("../../../sql/archive/mentions.sql");

/// An object that is not vital's and uses, or hangs on, something that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// The object, in the server's words.
    pub object: String,
    /// What it uses.
    pub uses: String,
    /// The statement that takes it out of the way.
    pub fix: String,
}

/// Lists the objects that would be lost or broken with `removed`; `ours` is everything that the migrations create.
///
/// # Errors
/// The server's.
pub async fn dependents(client: &Client, removed: &Manifest, ours: &Manifest) -> Result<Vec<Dependent>> {
    let names = serde_json::json!({"removed": removed, "ours": ours}).to_string();
    let rows = look(client, FOREIGN, &names).await?;
    let dependent = |row: &Row| Dependent {
        object: row.get("object"),
        uses: row.get("uses"),
        fix: row.get("fix"),
    };
    Ok(rows.iter().map(dependent).collect())
}

/// Lists functions of others whose text names what is to be removed; they would fail when they are called.
///
/// # Errors
/// The server's.
pub async fn mentions(client: &Client, removed: &Manifest) -> Result<Vec<String>> {
    let names = serde_json::json!(removed.bare_names()).to_string();
    let rows = look(client, MENTIONS, &names).await?;
    Ok(rows.iter().map(|row| row.get("function")).collect())
}

/// Runs a query with a search_path that makes the server name everything with its schema.
async fn look(client: &Client, sql: &str, names: &str) -> Result<Vec<Row>> {
    let looked = async {
        client.batch_execute(BEGIN).await?;
        let rows = client.query_typed(sql, &[(&names, Type::TEXT)]).await;
        client.batch_execute("rollback").await?;
        rows
    };
    let rows = looked.await;
    rows.map_err(|e| Error::failed("could not look for what depends on the tenancy").caused_by(&e))
}

/// The refusal to remove what others use.
#[must_use]
pub fn refusal(dependents: &[Dependent]) -> Error {
    let count = match dependents.len() {
        1 => "1 object that is not vital's depends on what would be removed".to_owned(),
        count => format!("{count} objects that are not vital's depend on what would be removed"),
    };
    let lines = dependents.iter().map(|dependent| {
        let Dependent { object, uses, fix } = dependent;
        format!("{object} depends on {uses}; {fix}")
    });
    let mut error = Error::failed(count).with_hint(
        "nothing was changed; keep their definitions, take them out of the way as shown, and run it again",
    );
    error.details.extend(lines);
    error
}
