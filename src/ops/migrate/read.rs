//! Answers of the simple query protocol, which needs no named prepared statement; a transaction-mode pooler would lose
//! those.

use serde::de::DeserializeOwned;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::error::{Error, Result};

/// Tells whether a row of the answer has `true` in `column`.
#[must_use]
pub fn flag(answer: &[SimpleQueryMessage], column: &str) -> bool {
    answer.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => matches!(row.try_get(column), Ok(Some("t"))),
        _ => false,
    })
}

/// Runs a statement that answers with one JSON document in column `json`, in one round trip.
///
/// # Errors
/// [`crate::Kind::Failed`] with the server's reason.
pub async fn json<T: DeserializeOwned>(client: &Client, sql: &str) -> Result<T> {
    let could_not = || Error::failed("could not read the state of the database");
    let answer = client
        .simple_query(sql)
        .await
        .map_err(|e| could_not().caused_by(&e))?;
    let text = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("json").ok().flatten(),
        _ => None,
    });
    serde_json::from_str(text.unwrap_or("null")).map_err(|e| could_not().with_cause(e.to_string()))
}
