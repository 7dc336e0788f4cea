//! Verifies that a database is what the migrations promised, and that isolation holds in it here and now.
//!
//! Three kinds of checks, one file each in `sql/verify`: those of shape compare the live catalog with the promise, those
//! of exposure look for ways past row security, and those of behaviour act as users of a probe that is rolled back.

mod behave;
pub mod catalog;
mod check;
mod exception;
mod finding;
mod inspect;
pub mod mend;
mod normal;
mod numbers;
mod overview;
mod pipeline;
mod report;
mod selection;

pub use check::{Check, Level, checks};
pub use finding::{Cause, Finding, NotChecked};
pub use numbers::Numbers;
pub use overview::{CheckList, Overview};
pub use report::{Counts, Excepted, Verdict, Verification};
pub use selection::{Request, Threshold};

use crate::db::{Connection, Fault, Transaction};
use crate::error::{Kind, Result};
use crate::ops::migrate::embedded;
use crate::ops::migrate::history::{self, Applied};
use crate::ops::migrate::rehearsal::Difference;
use catalog::Catalog;

/// Runs the checks that `request` selects.
///
/// Everything is read in one snapshot; the behaviour of the probe is tried in a second transaction, which is rolled
/// back. While migrations are pending, only exposure is checked. If another run applies or undoes one meanwhile, all is
/// read again.
///
/// # Errors
/// [`Kind::Usage`] for an unknown check, [`Kind::Unreachable`] if the connection breaks, and [`Kind::Interrupted`].
pub async fn verify(connection: &mut Connection, request: &Request) -> Result<Verification> {
    loop {
        let before = history::read(connection).await;
        let verification = verify_as_of(connection, before.clone(), request).await;
        // It canceled a single check, and the others went on.
        connection.interrupt().check()?;
        match (before, history::read(connection).await) {
            (Ok(before), Ok(after)) if before != after => {}
            _ => return verification,
        }
    }
}

async fn verify_as_of(
    connection: &mut Connection,
    history: Result<Option<Vec<Applied>>>,
    request: &Request,
) -> Result<Verification> {
    let all = checks();
    let chosen = request.choose(&all)?;
    let promise = Catalog::promised()?.for_checks();
    let (pending, unreadable) = pending(history)?;
    let (runnable, premature): (Vec<&Check>, Vec<&Check>) = chosen
        .iter()
        .copied()
        .partition(|check| pending.is_empty() || !check.needs_migrations());
    let (acting, reading): (Vec<&Check>, Vec<&Check>) =
        runnable.iter().copied().partition(|check| check.acts());

    let inspection = inspect::inspect(connection, &reading, &promise).await?;
    let behaviour = behave::behave(connection, &acting).await?;

    let mut verification = Verification {
        database: connection.settings.describe(),
        role: inspection.role,
        server_version: inspection.version,
        pending,
        numbers: inspection.numbers,
        ..Verification::default()
    };
    verification.not_checked = inspection.not_checked;
    verification.not_checked.extend(behaviour.not_checked);
    verification.not_applicable = inspection.not_applicable;
    verification.not_checked.extend(
        premature
            .iter()
            .map(|check| NotChecked::new(&check.id, "migrations are pending")),
    );
    verification.not_checked.extend(unreadable);
    let mut findings = inspection.findings;
    findings.extend(behaviour.findings);
    let made = [inspection.made, behaviour.made].concat();
    verification.settle(findings, &chosen, &made, request);
    Ok(verification)
}

/// What the migrations say of the rows that they find.
const OF_ROWS: [&str; 2] = ["agents-without-tenant", "disagreeing-sharing"];

/// Lists where what is ours differs from the promise, as a transaction sees it before it commits.
///
/// # Errors
/// The server's.
pub async fn differences(transaction: &Transaction<'_>) -> Result<Vec<Difference>, Fault> {
    let all = checks();
    let is_of_shape =
        |check: &&Check| check.needs_migrations() && !check.acts() || OF_ROWS.contains(&check.id.as_str());
    let of_shape: Vec<&Check> = all.iter().filter(is_of_shape).collect();
    let promise = Catalog::promised()?.for_checks();
    let inspection = inspect::look(transaction, &of_shape, &promise).await?;
    let errors = inspection
        .findings
        .into_iter()
        .filter(|finding| finding.level == Level::Error);
    Ok(errors
        .map(|finding| Difference {
            object: finding.object,
            expected: finding.expected,
            actual: finding.actual,
        })
        .collect())
}

/// The migrations that are not applied yet; of a history that may not be read, why.
fn pending(history: Result<Option<Vec<Applied>>>) -> Result<(Vec<String>, Option<NotChecked>)> {
    let applied = match history {
        Ok(applied) => applied.unwrap_or_default(),
        Err(error) if error.kind == Kind::Failed => {
            let why = error.cause.unwrap_or(error.message);
            return Ok((Vec::new(), Some(NotChecked::new("history", why))));
        }
        Err(error) => return Err(error),
    };
    let last = applied.iter().map(|row| row.version).max();
    let pending = embedded::migrations()
        .iter()
        .filter(|m| Some(m.version()) > last)
        .map(ToString::to_string)
        .collect();
    Ok((pending, None))
}
