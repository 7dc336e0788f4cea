//! Sends a migration so that it costs one wait.

use std::pin::pin;

use futures_util::{StreamExt, future};
use tokio_postgres::{Client, Error as ServerError, SimpleQueryMessage};

/// Sends a migration's text and, without waiting for the answer, what records and commits it.
///
/// The two are separate messages, so that the text is the file byte for byte and the server's error positions are the
/// file's. If the text fails, the server refuses the record in the aborted transaction and never comes to the commit.
pub async fn transact(client: &Client, sql: &str, commit: &str) -> Result<(), (ServerError, usize)> {
    let (ran, committed) = future::join(run(client, sql), client.batch_execute(commit)).await;
    let completed = ran?;
    committed.map_err(|error| (error, completed))
}

/// Runs the statements of `sql` and counts them; beside an error, those that went well before it.
async fn run(client: &Client, sql: &str) -> Result<usize, (ServerError, usize)> {
    let mut answer = pin!(client.simple_query_raw(sql).await.map_err(|error| (error, 0))?);
    let mut completed = 0;
    while let Some(message) = answer.next().await {
        match message {
            Ok(SimpleQueryMessage::CommandComplete(_)) => completed += 1,
            Ok(_) => {}
            Err(error) => return Err((error, completed)),
        }
    }
    Ok(completed)
}
