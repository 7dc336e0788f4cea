//! Where the database stands: history, leftover policies, who holds locks, and what is pending will cost.

use super::finding::Finding;
use super::tenancy::size;
use super::unseen;
use crate::db::Connection;
use crate::db::engine::blocker::BlockerRow;
use crate::error::Result;
use crate::ops::migrate::online::Online;
use crate::ops::migrate::preflight::Facts;
use crate::ops::migrate::status::{self, State};
use crate::ops::migrate::{policies, session};

const AREA: &str = "database";

/// A transaction that is older than this will not end by itself within a few tries.
const LONG_MS: u64 = 30_000;
/// Building the four indexes of `agents`, measured on ten million rows.
const INDEX_NS_PER_ROW: i64 = 2_900;
/// What the four take on the disk, at most.
const INDEX_BYTES_PER_ROW: i64 = 90;

/// Looks at all of it.
///
/// # Errors
/// [`crate::Kind::Locked`].
pub async fn examine(
    connection: &mut Connection,
    facts: &Facts,
    status: &Result<status::StatusReport>,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut pending = Vec::new();
    match status {
        Ok(report) => {
            let of = |wanted: State| report.migrations.iter().filter(move |row| row.state == wanted);
            pending = of(State::Pending).map(|row| row.version).collect();
            findings.push(history(report));
        }
        Err(error) => findings.push(unseen(AREA, "history", error)?),
    }
    findings.extend(leftovers(facts, &pending));
    findings.extend(locks(&connection.blockers().await, !pending.is_empty()));
    if let Ok(holders) = session::lock_holders(connection).await {
        findings.extend(holders.iter().map(|holder| {
            Finding::note(AREA, "migration lock", holder.sentence())
                .next("another vital is migrating; wait for it")
        }));
    }
    if facts.owns_agents() || facts.agents() > 0 {
        findings.push(match status {
            Ok(_) => cost(facts, &pending),
            Err(_) => Finding::ok(AREA, "size", format!("about {} agents", facts.agents())),
        });
    }
    Ok(findings)
}

fn history(report: &status::StatusReport) -> Finding {
    let count = |wanted: State| report.migrations.iter().filter(|row| row.state == wanted).count();
    let fact = format!(
        "{} applied, {} pending",
        count(State::Applied),
        count(State::Pending)
    );
    if report.is_divergent() {
        return Finding::problem(
            AREA,
            "history",
            format!("{fact}; others do not fit this version of vital"),
            "`vital migrate status` names them",
        );
    }
    match report.is_pending() {
        true => Finding::note(AREA, "history", fact).next("`vital migrate plan`, then `vital migrate up`"),
        false => Finding::ok(AREA, "history", fact),
    }
}

fn leftovers(facts: &Facts, pending: &[i64]) -> Vec<Finding> {
    let replaceable = policies::leftovers(&facts.policies, pending);
    let mut findings: Vec<Finding> = replaceable
        .iter()
        .map(|policy| {
            Finding::note(
                AREA,
                "policies",
                format!("\"{}\" {}", policy.name, policy.opens()),
            )
            .next("`vital migrate up --replace-policies` replaces it, keeping its definition")
        })
        .collect();
    let staying = facts.policies.iter().filter(|policy| !policy.is_ours());
    let staying = staying.filter(|policy| replaceable.iter().all(|other| other != *policy));
    findings.extend(staying.map(|policy| match policy.permissive {
        true => Finding::problem(
            AREA,
            "policies",
            format!("\"{}\" {}", policy.name, policy.opens()),
            format!(
                "drop policy \"{}\" on {}; keep its definition: {}",
                policy.name,
                policy.table,
                policy.definition()
            ),
        ),
        false => Finding::note(
            AREA,
            "policies",
            format!(
                "\"{}\" on {} is not vital's; it only narrows access",
                policy.name, policy.table
            ),
        ),
    }));
    if findings.is_empty() {
        findings.push(Finding::ok(AREA, "policies", "no leftover widens access"));
    }
    findings
}

fn locks(rows: &[BlockerRow], is_pending: bool) -> Vec<Finding> {
    if rows.is_empty() {
        return vec![Finding::ok(
            AREA,
            "locks",
            "nobody holds a lock on the tenancy's tables",
        )];
    }
    rows.iter()
        .map(|row| {
            let is_long = row.age_ms.is_none_or(|age| age > LONG_MS);
            let next = match row.pid {
                0 => "commit prepared or rollback prepared ends it".to_owned(),
                pid => format!("select pg_terminate_backend({pid}) ends it"),
            };
            match is_long && is_pending && !row.is_autovacuum() {
                true => Finding::problem(AREA, "locks", row.sentence(), next),
                false => Finding::note(AREA, "locks", row.sentence()),
            }
        })
        .collect()
}

/// What the pending migrations would take on a table of this size.
fn cost(facts: &Facts, pending: &[i64]) -> Finding {
    let agents = facts.agents();
    if pending.is_empty() {
        return Finding::ok(AREA, "size", format!("about {agents} agents; nothing is pending"));
    }
    let build = agents.saturating_mul(INDEX_NS_PER_ROW) / 1_000_000;
    let space = size(agents.saturating_mul(INDEX_BYTES_PER_ROW));
    if Online::Auto.applies_to(agents) {
        let fact = format!(
            "about {agents} agents: indexes are built beforehand, about {} s without blocking anybody, up to {space} on \
             the disk; the migrations lock agents for milliseconds each",
            (build / 1_000).max(1)
        );
        return Finding::ok(AREA, "size", fact);
    }
    let fact = format!(
        "about {agents} agents: migration 2 locks them for about {} ms to build indexes, up to {space} on the disk; the \
         others for milliseconds",
        build.max(10)
    );
    Finding::ok(AREA, "size", fact)
}
