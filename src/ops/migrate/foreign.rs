//! What others built on what the migrations created.

use serde::Serialize;
use tokio_postgres::Row;

use crate::db::Connection;
use crate::error::{Error, Result};
use crate::ops::manifest::Names;

const FOREIGN: &str = include_str!("../../../sql/archive/foreign.sql");
const MENTIONS: &str = include_str!("../../../sql/archive/mentions.sql");

/// An object that is not vital's and uses, or hangs on, something that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// The object, in the server's words.
    pub object: String,
    /// What it uses.
    pub uses: String,
    /// The statement that drops or alters it.
    pub fix: String,
}

/// Lists the objects that would be lost or broken with `removed`; `ours` is everything that the migrations create.
///
/// # Errors
/// The server's.
pub async fn dependents(
    connection: &mut Connection,
    removed: &Names,
    ours: &Names,
) -> Result<Vec<Dependent>> {
    let names = serde_json::json!({"removed": removed, "ours": ours}).to_string();
    let rows = look(connection, FOREIGN, &names).await?;
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
pub async fn mentions(connection: &mut Connection, removed: &Names) -> Result<Vec<String>> {
    let names = serde_json::json!(removed.bare()).to_string();
    let rows = look(connection, MENTIONS, &names).await?;
    Ok(rows.iter().map(|row| row.get("function")).collect())
}

async fn look(connection: &mut Connection, sql: &str, names: &str) -> Result<Vec<Row>> {
    connection
        .read(
            "could not look for what depends on the tenancy",
            async |transaction| Ok(transaction.query(sql, &[&names]).await?),
        )
        .await
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
        "nothing was changed; keep their definitions, drop or alter the dependent objects as shown, and run it again",
    );
    error.details.extend(lines);
    error
}
