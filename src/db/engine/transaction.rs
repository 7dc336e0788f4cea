//! One transaction: how it begins, and what may be sent in it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error as ServerError, Row, SimpleQueryMessage};

use super::Fault;
use super::param::Param;
use crate::db::{Connection, Timeouts};
use crate::error::Error;
use crate::event::Event;

const SETTINGS: &str = include_str!("../../../sql/engine/settings.sql");
const OWN_PATH: &str = include_str!("../../../sql/engine/own_path.sql");
const PINNED_PATH: &str = "set local search_path = pg_catalog, pg_temp";

/// How long the server waits for the next statement of a transaction.
///
/// There is hardly a pause between them. A process whose machine or network went away without a word would hold its
/// locks for as long as the system takes to find out, which may be hours.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// What a transaction may do, and which state of the database it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads one unchanging state.
    Snapshot,
    /// Writes, and each statement sees what is committed by then.
    Write,
    /// Writes, and sees one unchanging state.
    WriteSnapshot,
}

impl Access {
    fn characteristics(self) -> &'static str {
        match self {
            Self::Snapshot => "isolation level repeatable read, read only",
            Self::Write => "isolation level read committed, read write",
            Self::WriteSnapshot => "isolation level repeatable read, read write",
        }
    }
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy)]
pub struct Begin {
    /// What it may do.
    pub access: Access,
    /// How long one statement waits for a lock.
    pub lock: Duration,
    /// How long one statement takes at most; zero is no limit.
    pub statement: Duration,
    /// How long the server waits for the next statement; zero is no limit.
    pub idle: Duration,
}

impl Begin {
    /// The usual: the limits of the connection, and an end to whoever has gone silent.
    #[must_use]
    pub fn new(access: Access, limits: &Timeouts) -> Self {
        Self {
            access,
            lock: limits.lock,
            statement: limits.statement,
            idle: IDLE_LIMIT,
        }
    }

    /// The statements, to be sent as one message.
    pub(super) fn sql(&self) -> String {
        let settings = SETTINGS
            .replace(":'idle_timeout'", &milliseconds(self.idle))
            .replace(":'lock_timeout'", &milliseconds(self.lock))
            .replace(":'statement_timeout'", &milliseconds(self.statement));
        format!(
            "begin {}, not deferrable; {settings}",
            self.access.characteristics()
        )
    }
}

fn milliseconds(duration: Duration) -> String {
    let longest = i32::MAX.unsigned_abs().into();
    format!("'{}ms'", duration.as_millis().min(longest))
}

/// An open transaction. Every statement is sent unnamed: a pooler may give the next one to another server connection.
///
/// One that is dropped without an end is rolled back before the connection is used again.
pub struct Transaction<'a> {
    connection: &'a Connection,
    begun: Vec<SimpleQueryMessage>,
}

// The engine is the one place that reaches the driver.
#[expect(clippy::disallowed_methods, reason = "this is the engine")]
impl<'a> Transaction<'a> {
    /// Begins it. `more` are statements that go along, whose answers [`begun`](Self::begun) holds.
    pub(in crate::db) async fn begin(
        connection: &'a Connection,
        begin: Begin,
        more: &str,
    ) -> Result<Self, Fault> {
        let begun = match more.is_empty() {
            true => {
                connection
                    .client
                    .simple_query(&message(connection, begin))
                    .await?
            }
            false => opening(connection, begin, more).await?,
        };
        let transaction = Self { connection, begun };
        match transaction.began("replication_role") {
            Some("replica") if begin.access != Access::Snapshot => Err(Error::failed(
                "this session's session_replication_role is `replica`, so that no trigger would fire",
            )
            .with_hint(
                "nothing was changed; triggers guard and audit what vital writes, so reset the setting: \
                 `alter role ... reset session_replication_role`",
            )
            .into()),
            _ => Ok(transaction),
        }
    }

    /// Tells whoever listens to the connection.
    pub fn tell(&self, event: &Event) {
        self.connection.tell(event);
    }

    /// The answers to the message that began it.
    #[must_use]
    pub fn begun(&self) -> &[SimpleQueryMessage] {
        &self.begun
    }

    /// Asks something in a transaction of its own. Its end is sent along: an answer that is an error must not leave the
    /// session waiting in a transaction, where a limit of the role could end it.
    pub(super) async fn ask(
        connection: &Connection,
        begin: Begin,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, ServerError> {
        let (answer, ended) = future::join(
            opening(connection, begin, sql),
            connection.client.batch_execute("end"),
        )
        .await;
        if ended.is_ok() {
            connection.open.store(false, Ordering::SeqCst);
        }
        let answer = answer?;
        ended?;
        Ok(answer)
    }

    /// Takes up an open transaction again.
    pub(in crate::db) fn resume(connection: &'a Connection, begun: Vec<SimpleQueryMessage>) -> Self {
        Self { connection, begun }
    }

    /// The answers to the message that began it, letting the transaction go for [`Connection::resume_begun`].
    pub(crate) fn into_begun(self) -> Vec<SimpleQueryMessage> {
        self.begun
    }

    fn began(&self, column: &str) -> Option<&str> {
        self.begun.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get(column).ok().flatten(),
            _ => None,
        })
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// The server's.
    pub async fn query(&self, sql: &str, parameters: &[&dyn Param]) -> Result<Vec<Row>, ServerError> {
        self.connection.client.query_typed(sql, &typed(parameters)).await
    }

    /// Runs a statement that returns one row.
    ///
    /// # Errors
    /// The server's, or another number of rows.
    pub async fn query_one(&self, sql: &str, parameters: &[&dyn Param]) -> Result<Row, ServerError> {
        self.connection
            .client
            .query_typed_one(sql, &typed(parameters))
            .await
    }

    /// Runs a statement that returns one row or none.
    ///
    /// # Errors
    /// The server's, or more rows.
    pub async fn query_opt(&self, sql: &str, parameters: &[&dyn Param]) -> Result<Option<Row>, ServerError> {
        self.connection
            .client
            .query_typed_opt(sql, &typed(parameters))
            .await
    }

    /// Runs a statement that writes rows of a table that may carry triggers of others, under the path that they
    /// expect. The statement itself must name everything with its schema, and use no operator but one that pg_catalog
    /// has for exactly the types of its operands: any other could be somebody's.
    ///
    /// # Errors
    /// The server's.
    pub async fn write(&self, sql: &str, parameters: &[&dyn Param]) -> Result<Vec<Row>, ServerError> {
        let typed = typed(parameters);
        // Sent together; the driver keeps the order in which they are polled first.
        let (before, rows, after) = future::join3(
            self.connection.client.batch_execute(OWN_PATH),
            self.connection.client.query_typed(sql, &typed),
            self.connection.client.batch_execute(PINNED_PATH),
        )
        .await;
        before?;
        let rows = rows?;
        after?;
        Ok(rows)
    }

    /// Runs statements without parameters as one message.
    ///
    /// # Errors
    /// The server's.
    pub async fn batch(&self, sql: &str) -> Result<(), ServerError> {
        self.connection.client.batch_execute(sql).await
    }

    /// Runs statements without parameters as one message and returns all answers, as text.
    ///
    /// # Errors
    /// The server's.
    pub async fn simple(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, ServerError> {
        self.connection.client.simple_query(sql).await
    }

    /// Runs the statements of a script. Beside an error stands how many of them went well.
    ///
    /// # Errors
    /// The server's.
    pub async fn script(&self, sql: &str) -> Result<usize, (ServerError, usize)> {
        run(&self.connection.client, sql).await
    }

    /// Sends a script and, without waiting for its answer, what records and commits it. Beside an error stands how many
    /// statements of the script went well.
    ///
    /// The two are separate messages, so that the text is the file byte for byte and the server's error positions are
    /// the file's. If the text fails, the server refuses the record in the aborted transaction and never comes to the
    /// commit.
    ///
    /// # Errors
    /// The server's.
    pub async fn script_and_commit(self, sql: &str, record: &str) -> Result<(), (ServerError, usize)> {
        let commit = format!("{record}; commit");
        let (ran, committed) = future::join(
            run(&self.connection.client, sql),
            self.connection.client.batch_execute(&commit),
        )
        .await;
        let completed = ran?;
        committed.map_err(|error| (error, completed))?;
        self.connection.open.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// What the server knows the transaction by; none if it has changed nothing.
    ///
    /// # Errors
    /// The server's.
    pub async fn id(&self) -> Result<Option<String>, ServerError> {
        let sql = "select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text";
        Ok(self.query_one(sql, &[]).await?.get(0))
    }

    /// Commits.
    ///
    /// # Errors
    /// The server's; whether it is committed is unknown if the connection broke.
    pub async fn commit(self) -> Result<(), ServerError> {
        self.connection.client.batch_execute("commit").await?;
        self.connection.open.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Ends it where there is nothing to be kept.
    ///
    /// # Errors
    /// The server's.
    pub async fn end(self) -> Result<(), ServerError> {
        self.connection.client.batch_execute("end").await?;
        self.connection.open.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Rolls back.
    ///
    /// # Errors
    /// The server's; the transaction is gone all the same.
    pub async fn rollback(self) -> Result<(), ServerError> {
        self.connection.client.batch_execute("rollback").await?;
        self.connection.open.store(false, Ordering::SeqCst);
        Ok(())
    }
}

/// The message that begins a transaction, after the end of one that was dropped without it.
fn message(connection: &Connection, begin: Begin) -> String {
    let left = match connection.open.swap(true, Ordering::SeqCst) {
        true => "rollback; ",
        false => "",
    };
    format!("{left}{}", begin.sql())
}

/// Begins a transaction and runs statements in it, without a round trip in between. They are a message of their own: the
/// server reads the strings of a whole message before it runs the first statement of it, and so before a setting such as
/// standard_conforming_strings is pinned.
#[expect(clippy::disallowed_methods, reason = "this is the engine")]
async fn opening(
    connection: &Connection,
    begin: Begin,
    sql: &str,
) -> Result<Vec<SimpleQueryMessage>, ServerError> {
    let message = message(connection, begin);
    // The driver keeps the order in which they are polled first.
    let (begun, answer) = future::join(
        connection.client.simple_query(&message),
        connection.client.simple_query(sql),
    )
    .await;
    let mut answers = begun?;
    answers.extend(answer?);
    Ok(answers)
}

fn typed<'p>(parameters: &[&'p dyn Param]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|p| (p.value(), p.pg_type())).collect()
}

/// Runs the statements of `sql` and counts them; beside an error, those that went well before it.
#[expect(clippy::disallowed_methods, reason = "this is the engine")]
async fn run(client: &Client, sql: &str) -> Result<usize, (ServerError, usize)> {
    use futures_util::StreamExt;
    let stream = client.simple_query_raw(sql).await.map_err(|error| (error, 0))?;
    let mut answer = std::pin::pin!(stream);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        let begin = Begin {
            access: Access::Snapshot,
            lock: Duration::from_millis(300),
            statement: Duration::ZERO,
            idle: Duration::MAX,
        };
        let sql = begin.sql();
        for setting in [
            "begin isolation level repeatable read, read only",
            "'lock_timeout', '300ms'",
            "'statement_timeout', '0ms'",
            "session_timeout', '2147483647ms'",
        ] {
            assert!(sql.contains(setting), "{setting}");
        }
        assert!(!sql.contains(":'"), "{sql}");
    }

    #[test]
    fn the_path_is_pinned_by_the_first_statement_after_begin() {
        let statements: Vec<&str> = SETTINGS
            .lines()
            .filter(|line| !line.starts_with("--") && !line.is_empty())
            .collect();
        assert_eq!(
            statements.first(),
            Some(&"set local search_path = pg_catalog, pg_temp;")
        );
    }
}
