//! Applies the fixes that are safe: they restore what the migrations made, and touch nothing that others made.

use tokio_postgres::Error as ServerError;

use super::finding::Finding;
use super::report::Verification;
use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::ops::commit::{self, Uncommitted};
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

const WHAT: &str = "could not mend the database";

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
/// [`Kind::Locked`] if the locks were not obtained in time, [`Kind::Failed`] if a statement fails, or
/// [`Kind::Unreachable`]; nothing is kept then.
/// [`Kind::Unknown`] if the connection broke at COMMIT and the outcome could not be read back.
pub async fn apply(
    connection: &mut Connection,
    findings: &[&Finding],
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<()> {
    let started = std::time::Instant::now();
    let mut backoff = Backoff::new(connection.settings.timeouts.lock_wait);
    loop {
        let (failed, finding) = match attempt(connection, findings, interrupt).await {
            Ok(()) => return Ok(()),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Server(error, finding)) => (error, finding),
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

/// How a try failed.
enum Failure<'a> {
    /// The server refused, or the connection broke, and nothing was kept; with the finding whose SQL it was, if any.
    Server(ServerError, Option<&'a Finding>),
    /// Ready for the user.
    Final(Error),
}

impl From<ServerError> for Failure<'_> {
    fn from(error: ServerError) -> Self {
        Self::Server(error, None)
    }
}

/// One try.
async fn attempt<'a>(
    connection: &mut Connection,
    findings: &[&'a Finding],
    interrupt: &Interrupt,
) -> Result<(), Failure<'a>> {
    let transaction = connection.begin().await?;
    transaction
        .batch_execute("set local search_path = pg_catalog; set local check_function_bodies = off")
        .await?;
    for finding in findings {
        let sql = finding.fix.as_deref().unwrap_or_default();
        let done = transaction.batch_execute(sql).await;
        done.map_err(|error| Failure::Server(error, Some(*finding)))?;
    }
    interrupt.check().map_err(Failure::Final)?;
    let id = commit::id(&transaction).await?;
    let Err(error) = transaction.commit().await else {
        return Ok(());
    };
    match commit::settle(connection, interrupt, id.as_deref(), error).await {
        Ok(()) => Ok(()),
        Err(Uncommitted::RolledBack(error)) => Err(error.into()),
        Err(unknown) => Err(Failure::Final(
            unknown.into_error(WHAT, |error| refusal(error, None)),
        )),
    }
}

fn refusal(error: &ServerError, finding: Option<&Finding>) -> Error {
    let what = match finding {
        Some(finding) => format!("could not mend {}", finding.object),
        None => WHAT.to_owned(),
    };
    if retry::is_broken(error) {
        return Error::new(Kind::Unreachable, what)
            .caused_by(error)
            .with_hint("nothing was kept: the server rolls back what was not committed");
    }
    let error = Error::failed(what).caused_by(error);
    let hint = match error.hint.clone() {
        Some(hint) => format!("nothing was kept; {hint}"),
        None => "nothing was kept; connect as the role that migrates".to_owned(),
    };
    error.with_hint(hint)
}
