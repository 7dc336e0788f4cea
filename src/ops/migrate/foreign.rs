//! What others built on what the migrations created.

use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::manifest::Manifest;
use crate::error::{Error, Result};

const FOREIGN: &str = include_str!("../../../sql/archive/foreign.sql");
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
    let rows = client
        .query_typed(FOREIGN, &[(&names, Type::TEXT)])
        .await
        .map_err(|e| Error::failed("could not look for what depends on the tenancy").caused_by(&e))?;
    let dependent = |row: &tokio_postgres::Row| Dependent {
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
    let rows = client
        .query_typed(MENTIONS, &[(&names, Type::TEXT)])
        .await
        .map_err(|e| Error::failed("could not look for what mentions the tenancy").caused_by(&e))?;
    Ok(rows.iter().map(|row| row.get("function")).collect())
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
