//! Changes whom agents are shared with: shown first, then all or nothing.

mod choice;
mod words;

pub use choice::{Choice, Verb};
use choice::{Parameters, parameters};

use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::Tenant;
use super::snapshot;
use super::tenant::of_row;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::ops::tenancy::Tenancy;

const SUMMARY: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_summary.sql")
);
const EFFECT: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_effect.sql")
);
const LOCK: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_lock.sql")
);
const GROUPS: &str = concat!(
    include_str!("../../../../sql/sharing/change.sql"),
    include_str!("../../../../sql/sharing/change_groups.sql")
);
const WRITE: &str = include_str!("../../../../sql/sharing/change_write.sql");
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
/// [`crate::Kind::Failed`] if an agent or tenant does not exist, if an agent would be shared with nobody, or if one is global
/// and a single tenant cannot be excluded; [`crate::Kind::Usage`] if nothing is chosen.
pub async fn plan(connection: &mut Connection, choice: &Choice, verb: &Verb) -> Result<Change> {
    snapshot::read(connection, TASK, async |transaction| {
        let parameters = parameters(transaction, choice, verb).await?;
        read(transaction, parameters).await
    })
    .await
}

async fn read(transaction: &Transaction<'_>, parameters: Parameters) -> Result<Change, Fault> {
    let rows = transaction.query(SUMMARY, &parameters.all()).await?;
    let Some(whole) = rows.first() else {
        return Err(Error::failed(TASK)
            .with_cause("the server answered nothing")
            .into());
    };
    refuse(whole, &parameters)?;
    let effects = transaction.query(EFFECT, &parameters.all()).await?;
    let modes: Vec<Modes> = rows.iter().filter_map(modes).collect();
    Ok(Change {
        chosen: whole.get("chosen"),
        changed: modes.iter().map(|modes| modes.agents).sum(),
        modes,
        tenants: effects.iter().map(effect).collect(),
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
        tenant: of_row(row),
        gains: row.get("gains"),
        loses: row.get("loses"),
    }
}

/// Makes the change that was shown, in one transaction; the triggers on agents write the audit.
///
/// # Errors
/// [`crate::Kind::Failed`] if a chosen agent changed since, or the server refuses; nothing was changed then. Those of
/// [`Tenancy::apply`], such as [`crate::Kind::Locked`] if agents stay locked by somebody else.
pub async fn apply(tenancy: &mut Tenancy<'_>, change: &mut Change) -> Result<()> {
    let planned = &*change;
    tenancy
        .apply(TASK, async |transaction| make(transaction, planned).await)
        .await?;
    change.applied = true;
    Ok(())
}

/// Locks the agents, then changes them if they are those that were shown.
async fn make(transaction: &Transaction<'_>, change: &Change) -> Result<(), Fault> {
    transaction.query(LOCK, &change.parameters.all()).await?;
    let [ids, category, owner, pattern, verb, mode, recipients] = change.parameters.all();
    let parameters = [
        ids,
        category,
        owner,
        pattern,
        verb,
        mode,
        recipients,
        &change.fingerprint,
    ];
    let groups = transaction.query(GROUPS, &parameters).await?;
    let agents: i64 = groups.iter().map(|group| group.get::<_, i64>("agents")).sum();
    if agents == change.changed {
        for group in &groups {
            let ids: Vec<Uuid> = group.get("ids");
            let mode: &str = group.get("mode_after");
            let recipients: Option<Vec<Uuid>> = group.get("recipients_after");
            transaction
                .write(WRITE, &[&ids, &(mode != "private"), &mode, &recipients])
                .await?;
        }
        return Ok(());
    }
    Err(Error::failed("the agents changed since they were shown")
        .with_hint("nothing was changed; run the command again and look at what it does now")
        .into())
}
