//! Applies the fixes that are safe: they restore what the migrations made, and touch nothing that others made.

use tokio_postgres::Error as ServerError;

use super::finding::Finding;
use super::report::Verification;
use crate::db::engine::retry;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};

/// The checks whose fixes come first, because others build on them.
const ORDER: [&str; 8] = [
    "shape-schemas",
    "shape-functions",
    "shape-columns",
    "shape-triggers",
    "shape-policies",
    "shape-table-grants",
    "shape-function-grants",
    "shape-column-grants",
];

const WHAT: &str = "could not fix the database";

/// The findings whose SQL may be run without a person's judgement, in the order in which it runs.
#[must_use]
pub fn fixable(verification: &Verification) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = verification.findings.iter().filter(|f| f.is_fixable).collect();
    findings.sort_by_key(|finding| {
        ORDER
            .iter()
            .position(|id| *id == finding.check_id)
            .unwrap_or(ORDER.len())
    });
    findings
}

/// Runs the SQL of `findings` in one transaction, again if somebody holds a lock.
///
/// # Errors
/// [`crate::Kind::Locked`] if the locks were not obtained in time, [`crate::Kind::Failed`] if a statement fails, or
/// [`crate::Kind::Unreachable`]; nothing is kept then.
/// [`crate::Kind::Unknown`] if the connection broke at COMMIT and the outcome could not be read back.
pub async fn apply(connection: &mut Connection, findings: &[&Finding]) -> Result<()> {
    connection
        .write(WHAT, async |transaction| run(transaction, findings).await)
        .await
}

async fn run(transaction: &Transaction<'_>, findings: &[&Finding]) -> Result<(), Fault> {
    transaction.batch("set local check_function_bodies = off").await?;
    for finding in findings {
        let sql = finding.fix.as_deref().unwrap_or_default();
        if let Err(error) = transaction.batch(sql).await {
            return Err(match retry::is_passing(&error) || retry::is_broken(&error) {
                true => error.into(),
                false => refusal(&error, finding).into(),
            });
        }
    }
    Ok(())
}

fn refusal(error: &ServerError, finding: &Finding) -> Error {
    let error = Error::failed(format!("could not fix {}", finding.object)).caused_by(error);
    let hint = match error.hint.clone() {
        Some(hint) => format!("nothing was kept; {hint}"),
        None => "nothing was kept; connect as the role that migrates".to_owned(),
    };
    error.with_hint(hint)
}
