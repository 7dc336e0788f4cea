//! Changes whom agents are shared with: shown first, then all or nothing.

mod choice;
mod words;

pub use choice::{Choice, Verb};
use choice::{Parameters, parameters};

use serde::Serialize;
use tokio_postgres::{Row, Transaction};

use super::find::{self, Tenant};
use super::snapshot::{begin, check, failed};
use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::ops::event::{Event, Observer};
use crate::ops::migrate::retry::{Backoff, is_broken, is_passing};

const SUMMARY: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_summary.sql")
);
const EFFECT: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_effect.sql")
);
const APPLY: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_apply.sql")
);
const TASK: &str = "could not change the sharing";

/// A change with everything looked up, and what it does to whom.
#[derive(Debug, Serialize)]
pub struct Change {
    /// How many agents were chosen.
    pub chosen: i64,
    /// How many of them change.
    pub changed: i64,
    /// How many change from which mode to which.
    pub modes: Vec<Modes>,
    /// The tenants whose members see more or fewer agents, those with the most first.
    pub tenants: Vec<Effect>,
    /// Whether it was made.
    pub applied: bool,
    #[serde(skip)]
    parameters: Parameters,
    #[serde(skip)]
    fingerprint: String,
}

/// Agents that go from one mode to another, or to other recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Modes {
    /// The mode before.
    pub before: String,
    /// The mode after.
    pub after: String,
    /// How many agents.
    pub agents: i64,
}

/// What a tenant's members gain and lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// Agents that they see and did not.
    pub gains: i64,
    /// Agents that they saw and no longer do.
    pub loses: i64,
}

/// Looks everything up and tells what the change would do, without doing it.
///
/// # Errors
/// [`Kind::Failed`] if an agent or tenant does not exist, if an agent would be shared with nobody, or if one is global
/// and a single tenant cannot be excluded; [`Kind::Usage`] if nothing is chosen.
pub async fn plan(connection: &mut Connection, choice: &Choice, verb: &Verb) -> Result<Change> {
    let transaction = begin(connection, true).await.map_err(|e| failed(TASK, &e))?;
    check(&transaction, TASK).await?;
    let parameters = parameters(&transaction, choice, verb).await?;
    let change = read(&transaction, parameters).await?;
    Ok(change)
}

async fn read(transaction: &Transaction<'_>, parameters: Parameters) -> Result<Change> {
    let rows = transaction.query(SUMMARY, &parameters.all()).await;
    let rows = rows.map_err(|e| failed(TASK, &e))?;
    let Some(whole) = rows.first() else {
        return Err(Error::failed(TASK).with_cause("the server answered nothing"));
    };
    refuse(whole, &parameters)?;
    let effects = transaction.query(EFFECT, &parameters.all()).await;
    let modes: Vec<Modes> = rows.iter().filter_map(modes).collect();
    Ok(Change {
        chosen: whole.get("chosen"),
        changed: modes.iter().map(|modes| modes.agents).sum(),
        modes,
        tenants: effects
            .map_err(|e| failed(TASK, &e))?
            .iter()
            .map(effect)
            .collect(),
        applied: false,
        fingerprint: whole.get("fingerprint"),
        parameters,
    })
}

/// Refuses what could not mean what was asked.
fn refuse(whole: &Row, parameters: &Parameters) -> Result<()> {
    let emptied: i64 = whole.get("emptied");
    if emptied > 0 {
        return Err(Error::failed(format!(
            "{emptied} of the agents would be shared with nobody but their owner"
        ))
        .with_hint("nothing was changed; name another tenant with --with, or use --mode private"));
    }
    let left_alone: i64 = whole.get("left_alone");
    if parameters.verb == "unshare" && left_alone > 0 {
        return Err(Error::failed(format!(
            "{left_alone} of the agents are global, which excludes nobody"
        ))
        .with_hint(
            "nothing was changed; use `vital sharing set --mode selective --with ...` or `--mode private`",
        ));
    }
    Ok(())
}

fn modes(row: &Row) -> Option<Modes> {
    Some(Modes {
        agents: row.get::<_, Option<i64>>("agents")?,
        before: row.get("mode_before"),
        after: row.get("mode_after"),
    })
}

fn effect(row: &Row) -> Effect {
    Effect {
        tenant: find::tenant(row),
        gains: row.get("gains"),
        loses: row.get("loses"),
    }
}

/// Makes the change that was shown, in one transaction; the triggers on agents write the audit.
///
/// # Errors
/// [`Kind::Failed`] if a chosen agent changed since, or the server refuses; nothing was changed then. [`Kind::Locked`] if
/// agents stay locked by somebody else; [`Kind::Unknown`] if the connection broke at the commit.
pub async fn apply(
    connection: &mut Connection,
    change: &mut Change,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<()> {
    let mut backoff = Backoff::new(connection.settings.timeouts.lock_wait);
    loop {
        interrupt.check()?;
        let Some(error) = attempt(connection, change).await? else {
            return Ok(());
        };
        let Some(pause) = backoff.pause() else {
            return Err(Error::new(Kind::Locked, TASK)
                .with_hint("nothing was changed; somebody else keeps the agents locked, try again later")
                .caused_by(&error));
        };
        observer.event(&Event::Waiting {
            for_what: "a lock on the agents".to_owned(),
            blocker: None,
            waited: backoff.waited(),
        });
        interrupt.sleep(pause).await?;
    }
}

/// One try; returns the error if it may pass by itself.
async fn attempt(connection: &mut Connection, change: &mut Change) -> Result<Option<tokio_postgres::Error>> {
    let refused = |error: &tokio_postgres::Error| failed(TASK, error).with_hint("nothing was changed");
    let transaction = begin(connection, false).await.map_err(|e| refused(&e))?;
    let summary = transaction
        .query(SUMMARY, &change.parameters.all())
        .await
        .map_err(|e| refused(&e))?;
    let fingerprint = summary.first().map(|row| row.get::<_, String>("fingerprint"));
    if fingerprint.as_deref() != Some(change.fingerprint.as_str()) {
        return Err(Error::failed("the agents changed since they were shown")
            .with_hint("nothing was changed; run the command again and look at what it does now"));
    }
    match transaction.execute(APPLY, &change.parameters.all()).await {
        Err(error) if is_passing(&error) => return Ok(Some(error)),
        Err(error) => return Err(refused(&error)),
        Ok(_) => {}
    }
    match transaction.commit().await {
        Err(error) if is_broken(&error) => {
            Err(Error::new(Kind::Unknown, "the connection broke at the commit")
                .with_hint("`vital sharing audit` tells whether the change was made: all of it or nothing")
                .caused_by(&error))
        }
        Err(error) => Err(refused(&error)),
        Ok(()) => {
            change.applied = true;
            Ok(None)
        }
    }
}
