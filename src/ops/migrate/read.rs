//! Answers of the simple query protocol, which needs no named prepared statement; a transaction-mode pooler would lose
//! those.

use serde::de::DeserializeOwned;
use tokio_postgres::{Client, Error as ServerError, SimpleQueryMessage};

use super::retry;
use crate::error::{Error, Kind, Result};

/// Lifts, for the rest of the transaction or of the message, what a role or database may set and reading must not stumble
/// over: a short limit of time, the end of the session at the first error, and quotes around every name.
pub const UNLIMITED: &str = "select pg_catalog.set_config('statement_timeout', '0', true), \
    pg_catalog.set_config('exit_on_error', 'off', true), \
    pg_catalog.set_config('quote_all_identifiers', 'off', true)";

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
/// [`Kind::Failed`] with the server's reason, or [`Kind::Unreachable`] if the connection broke.
pub async fn json<T: DeserializeOwned>(client: &Client, sql: &str) -> Result<T> {
    let could_not = |kind| Error::new(kind, "could not read the state of the database");
    let failed = |error: &ServerError| match retry::is_broken(error) {
        true => could_not(Kind::Unreachable).caused_by(error),
        false => could_not(Kind::Failed).caused_by(error),
    };
    let answer = client.simple_query(sql).await.map_err(|e| failed(&e))?;
    let text = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("json").ok().flatten(),
        _ => None,
    });
    serde_json::from_str(text.unwrap_or("null"))
        .map_err(|e| could_not(Kind::Failed).with_cause(e.to_string()))
}
