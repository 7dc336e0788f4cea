//! One unchanging view of the database for all queries of a report.

use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};

/// What a report may cost, and whether the role sees every row.
const PREPARE: &str = "select current_user::text as role, pg_catalog.row_security_active('public.agents') as is_bound, \
    pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('work_mem', '64MB', true)";

/// Reads one state of the database; `task` is the failure, such as `could not read the sharing audit`.
///
/// # Errors
/// Those of [`Connection::read`], and [`crate::Kind::Failed`] if row security would hide rows from the connection's role:
/// its numbers would be those of one user.
pub async fn read<T>(
    connection: &mut Connection,
    task: &str,
    work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T> {
    connection
        .read(task, async |transaction| {
            check(transaction, task).await?;
            work(transaction).await
        })
        .await
}

/// Refuses a role that does not see every row.
pub(super) async fn check(transaction: &Transaction<'_>, task: &str) -> Result<(), Fault> {
    let row = transaction.query_one(PREPARE, &[]).await?;
    if row.get("is_bound") {
        let role: &str = row.get("role");
        return Err(Error::failed(task)
            .with_cause(format!("row security hides agents from role `{role}`"))
            .with_hint("connect as the owner of the tables, or as another role that bypasses row security")
            .into());
    }
    Ok(())
}

/// How many rows the planner expects of a statement.
pub(super) async fn expected_rows(transaction: &Transaction<'_>, statement: &str) -> Result<f64, Fault> {
    let plan = transaction
        .query_one(&format!("explain (format json) {statement}"), &[])
        .await?;
    let plan: serde_json::Value = plan.get(0);
    let rows = plan
        .pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_f64);
    Ok(rows.unwrap_or(0.0))
}
