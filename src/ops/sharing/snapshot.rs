//! One unchanging view of the database for all queries of a report.

use tokio_postgres::error::SqlState;
use tokio_postgres::{IsolationLevel, Transaction};

use crate::db::Connection;
use crate::error::{Error, Result};

/// Begins a transaction that reads one state of the database, and ends by itself when dropped.
///
/// # Errors
/// [`crate::Kind::Failed`] if the schema is not migrated, or if row security would hide rows from the connection's role:
/// its numbers would be those of one user.
pub(super) async fn snapshot<'c>(
    connection: &'c mut Connection,
    task: &'static str,
) -> Result<Transaction<'c>> {
    let transaction = begin(connection, true).await.map_err(|e| failed(task, &e))?;
    check(&transaction, task).await?;
    Ok(transaction)
}

/// Refuses a role that does not see every row.
pub(super) async fn check(transaction: &Transaction<'_>, task: &'static str) -> Result<()> {
    let sql = "select current_user::text, pg_catalog.row_security_active('public.agents')";
    let row = transaction
        .query_one(sql, &[])
        .await
        .map_err(|e| failed(task, &e))?;
    if row.get::<_, bool>(1) {
        return Err(Error::failed(task)
            .with_cause(format!(
                "row security hides agents from role `{}`",
                row.get::<_, String>(0)
            ))
            .with_hint("connect as the owner of the tables, or as another role that bypasses row security"));
    }
    Ok(())
}

/// Begins a repeatable-read transaction under the limits of the connection.
pub(super) async fn begin(
    connection: &mut Connection,
    read_only: bool,
) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let limits = connection.settings.timeouts;
    let transaction = connection
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(read_only)
        .start()
        .await?;
    let milliseconds = |limit: std::time::Duration| limit.as_millis().min(i32::MAX as u128);
    transaction
        .batch_execute(&format!(
            "set local lock_timeout = {}; set local statement_timeout = {}; \
             set local jit = off; set local work_mem = '64MB'",
            milliseconds(limits.lock),
            milliseconds(limits.statement)
        ))
        .await?;
    Ok(transaction)
}

/// How many rows the planner expects of a statement.
pub(super) async fn expected_rows(
    transaction: &Transaction<'_>,
    statement: &str,
) -> Result<f64, tokio_postgres::Error> {
    let plan = transaction
        .query_one(&format!("explain (format json) {statement}"), &[])
        .await?;
    let plan: serde_json::Value = plan.get(0);
    let rows = plan
        .pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_f64);
    Ok(rows.unwrap_or(0.0))
}

/// The error of a query that a missing migration explains, or the server's.
pub(super) fn failed(task: &'static str, error: &tokio_postgres::Error) -> Error {
    let failure = Error::failed(task);
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
    ];
    match error.code() {
        Some(code) if missing.contains(code) => {
            failure.with_hint("run `vital migrate up`; this database is not migrated, or only in part")
        }
        _ => failure,
    }
    .caused_by(error)
}
