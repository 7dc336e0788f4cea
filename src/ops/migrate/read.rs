//! Answers that are one JSON document, in one round trip.

use serde::de::DeserializeOwned;

use crate::db::Connection;
use crate::db::engine::blocker;
use crate::error::{Error, Result};

/// Runs a statement that answers with one JSON document in column `json`.
///
/// # Errors
/// [`crate::Kind::Failed`] with the server's reason, [`crate::Kind::Locked`], or [`crate::Kind::Unreachable`] if the
/// connection broke.
pub async fn json<T: DeserializeOwned>(connection: &mut Connection, sql: &str) -> Result<T> {
    const WHAT: &str = "could not read the state of the database";
    let answer = connection.ask(WHAT, sql).await?;
    let text = blocker::json(&answer);
    serde_json::from_str(text.as_deref().unwrap_or("null"))
        .map_err(|e| Error::failed(WHAT).with_cause(e.to_string()))
}
