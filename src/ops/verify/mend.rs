//! Applies the fixes that are safe: they restore what the migrations made, and touch nothing that others made.

use tokio_postgres::Error as ServerError;

use super::finding::Finding;
use super::report::Verification;
use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::ops::event::{Event, Observer};
use crate::ops::migrate::retry::{self, Backoff};

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
/// [`Kind::Locked`] if the locks were not obtained in time, [`Kind::Failed`] if a statement fails; nothing is kept then.
/// [`Kind::Unknown`] if the connection broke at the end.
pub async fn apply(
    connection: &mut Connection,
    findings: &[&Finding],
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<()> {
    let started = std::time::Instant::now();
    let mut backoff = Backoff::new(connection.settings.timeouts.lock_wait);
    loop {
        let (failed, finding) = match attempt(connection, findings).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if !retry::is_passing(&failed) {
            return Err(refusal(&failed, finding));
        }
        let Some(pause) = backoff.pause() else {
            let error = Error::new(Kind::Locked, "could not lock what the fixes change");
            return Err(error
                .caused_by(&failed)
                .with_hint("nothing was kept; try again later"));
        };
        observer.event(&Event::Waiting {
            for_what: "a lock on the tables of the tenancy".to_owned(),
            blocker: None,
            waited: started.elapsed(),
        });
        interrupt.sleep(pause).await?;
    }
}

/// One try; of a failure, the finding whose SQL failed, or none at the end.
async fn attempt<'a>(
    connection: &mut Connection,
    findings: &[&'a Finding],
) -> Result<(), (ServerError, Option<&'a Finding>)> {
    let transaction = connection.begin().await.map_err(|error| (error, None))?;
    transaction
        .batch_execute("set local search_path = pg_catalog; set local check_function_bodies = off")
        .await
        .map_err(|error| (error, None))?;
    for finding in findings {
        let sql = finding.fix.as_deref().unwrap_or_default();
        transaction
            .batch_execute(sql)
            .await
            .map_err(|error| (error, Some(*finding)))?;
    }
    transaction.commit().await.map_err(|error| (error, None))
}

fn refusal(error: &ServerError, finding: Option<&Finding>) -> Error {
    let what = match finding {
        Some(finding) => format!("could not mend {}", finding.object),
        None => "could not mend the database".to_owned(),
    };
    if finding.is_none() && retry::is_broken(error) {
        return Error::new(Kind::Unknown, what)
            .caused_by(error)
            .with_hint("the connection broke; `vital verify` tells what was kept");
    }
    let error = Error::failed(what).caused_by(error);
    let hint = match error.hint.clone() {
        Some(hint) => format!("nothing was kept; {hint}"),
        None => "nothing was kept; connect as the role that migrates".to_owned(),
    };
    error.with_hint(hint)
}
