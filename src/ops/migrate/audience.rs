//! Who sees how many agents now, and how many once the pending migrations are applied.
//!
//! Now is found out by acting as each of them, in a transaction that is rolled back; then follows from the rules.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::up::Assessment;
use crate::db::engine::retry;
use crate::db::{Connection, Fault, Transaction};
use crate::error::Result;
use crate::report::counted;

const ACTORS: &str = include_str!("../../../sql/preflight/actors.sql");
const OWN_PATH: &str = include_str!("../../../sql/engine/own_path.sql");

/// Up to this estimate of rows, agents are looked at one by one.
const COUNTABLE: i64 = 100_000;

/// Somebody, and how many agents they see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// Who, such as `anon` or `members of digital-health-startup`.
    pub who: String,
    /// How many agents they see now; null where this role may not act as them.
    pub now: Option<usize>,
    /// How many they will see.
    pub then: usize,
}

impl Audience {
    /// Says it in one line, such as `anon: 254 agents now, none then`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let count = |n: usize| match n {
            0 => "none".to_owned(),
            n => n.to_string(),
        };
        let now = self.now.map_or_else(|| "an unknown number".to_owned(), count);
        format!("{}: {now} now, {} then", self.who, count(self.then))
    }
}

/// Who sees how many agents before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Visibility {
    /// Who sees how many.
    pub audiences: Vec<Audience>,
    /// Why, where rows or policies say something else now.
    pub reasons: Vec<String>,
}

impl Visibility {
    /// Everything in which then differs from now, in sentences.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        let differs = |audience: &&Audience| audience.now != Some(audience.then);
        let changed = self.audiences.iter().filter(differs);
        let counts = changed.map(|audience| format!("agents seen by {}", audience.sentence()));
        counts.chain(self.reasons.iter().cloned()).collect()
    }
}

/// An agent as it will be.
struct Agent {
    id: Uuid,
    tenant_id: Uuid,
    sharing_mode: String,
    shared_with: Vec<Uuid>,
    is_inactive: bool,
    narrowed: Option<String>,
}

impl Agent {
    fn is_global(&self) -> bool {
        self.sharing_mode == "global"
    }

    fn is_seen_by(&self, tenant: Uuid) -> bool {
        let is_recipient = self.sharing_mode == "selective" && self.shared_with.contains(&tenant);
        self.tenant_id == tenant || self.is_global() || is_recipient
    }
}

/// Somebody to act as.
struct Actor {
    who: String,
    role: &'static str,
    user: Option<Uuid>,
    tenant: Option<Uuid>,
    is_admin: bool,
}

/// Looks; nothing is known of a table of more than 100,000 rows, or where something stands in the way.
///
/// # Errors
/// The server's.
pub async fn read(connection: &mut Connection, assessment: &Assessment) -> Result<Visibility> {
    let (Some(facts), Some(future)) = (&assessment.facts, &assessment.adoption.future) else {
        return Ok(Visibility::default());
    };
    if !assessment.problems().is_empty() || facts.agents() > COUNTABLE || !assessment.closes_agents() {
        return Ok(Visibility::default());
    }
    let has_members = ["tenants", "user_tenants", "user_roles"]
        .iter()
        .all(|table| facts.relation(table).is_some());
    connection
        .rehearse("could not count who sees which agents", async |transaction| {
            let rows = transaction.query(future, &[]).await?;
            let agents = rows.iter().map(agent).collect::<Result<Vec<_>, _>>()?;
            let mut actors = vec![
                Actor {
                    who: "anon".to_owned(),
                    role: "anon",
                    user: None,
                    tenant: None,
                    is_admin: false,
                },
                Actor {
                    who: "signed-in users without a tenant".to_owned(),
                    role: "authenticated",
                    user: Some(Uuid::new_v4()),
                    tenant: None,
                    is_admin: false,
                },
            ];
            if has_members {
                for row in transaction.query(ACTORS, &[]).await? {
                    actors.push(actor(&row)?);
                }
            }
            let mut visibility = Visibility::default();
            for actor in &actors {
                let now = act(transaction, actor).await?;
                if actor.role == "authenticated" && actor.tenant.is_none() && !actor.is_admin {
                    visibility.reasons = reasons(&agents, now.as_ref());
                }
                visibility.audiences.push(Audience {
                    who: actor.who.clone(),
                    now: now.map(|ids| ids.len()),
                    then: then(&agents, actor),
                });
            }
            Ok(visibility)
        })
        .await
}

fn agent(row: &Row) -> Result<Agent, tokio_postgres::Error> {
    Ok(Agent {
        id: row.try_get("id")?,
        tenant_id: row.try_get("tenant_id")?,
        sharing_mode: row.try_get("sharing_mode")?,
        shared_with: row
            .try_get::<_, Option<Vec<Option<Uuid>>>>("shared_with")?
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .collect(),
        is_inactive: row.try_get("is_inactive")?,
        narrowed: row.try_get("narrowed")?,
    })
}

fn actor(row: &Row) -> Result<Actor, tokio_postgres::Error> {
    let id = |column| -> Result<Option<Uuid>, tokio_postgres::Error> {
        let text: Option<String> = row.try_get(column)?;
        Ok(text.and_then(|text| text.parse().ok()))
    };
    let tenant = id("tenant_id")?;
    Ok(Actor {
        who: row.try_get("who")?,
        role: "authenticated",
        user: id("user_id")?,
        is_admin: tenant.is_none(),
        tenant,
    })
}

/// The agents that the actor sees now; nothing if this role may not act as them.
async fn act(transaction: &Transaction<'_>, actor: &Actor) -> Result<Option<HashSet<Uuid>>, Fault> {
    let claims = serde_json::json!({"sub": actor.user, "role": actor.role}).to_string();
    let tenant = actor.tenant.map(|id| id.to_string()).unwrap_or_default();
    transaction
        .batch(&format!(
            "savepoint audience; select pg_catalog.set_config('request.jwt.claims', '{claims}', true), \
             pg_catalog.set_config('app.tenant_id', '{tenant}', true); {OWN_PATH}"
        ))
        .await?;
    let seen = async {
        transaction
            .batch(&format!("set local role {}", actor.role))
            .await?;
        transaction.query("select id from public.agents", &[]).await
    };
    let seen = match seen.await {
        Ok(rows) => Some(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?),
        Err(error) if retry::is_passing(&error) || retry::is_broken(&error) => return Err(error.into()),
        // A role that may not read the table sees none of it; one that may not be acted as is another matter.
        Err(error) => {
            let is_refused = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
            let of_table = error
                .as_db_error()
                .is_some_and(|db| db.message().contains("table agents"));
            (is_refused && of_table).then(HashSet::new)
        }
    };
    transaction
        .batch("rollback to savepoint audience; release savepoint audience")
        .await?;
    Ok(seen)
}

fn then(agents: &[Agent], actor: &Actor) -> usize {
    let is_seen = |agent: &&Agent| match (actor.role, actor.tenant) {
        ("anon", _) => false,
        _ if actor.is_admin => true,
        (_, Some(tenant)) => agent.is_seen_by(tenant),
        _ => agent.is_global(),
    };
    agents.iter().filter(is_seen).count()
}

/// Why users see more or less than before; `now` are the agents that a user without a tenant sees.
fn reasons(all: &[Agent], now: Option<&HashSet<Uuid>>) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut narrowed: BTreeMap<&str, usize> = BTreeMap::new();
    for said in all.iter().filter_map(|agent| agent.narrowed.as_deref()) {
        *narrowed.entry(said).or_default() += 1;
    }
    reasons.extend(narrowed.iter().map(|(said, count)| {
        format!(
            "{} with {said} will be private: only members of their tenant see them then",
            counted(*count, "agent", "agents")
        )
    }));
    let Some(now) = now else { return reasons };
    let shown = all
        .iter()
        .filter(|agent| agent.is_inactive && agent.is_global() && !now.contains(&agent.id))
        .count();
    if shown > 0 {
        reasons.push(format!(
            "{} with is_active = false will be visible to everybody who is signed in, because a policy that hides them is \
             replaced; to go on hiding them: create policy only_active on public.agents as restrictive for select to \
             authenticated using (is_active)",
            counted(shown, "agent", "agents")
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: Uuid = Uuid::from_u128(7);

    fn agent(n: u128, mode: &str) -> Agent {
        Agent {
            id: Uuid::from_u128(n),
            tenant_id: Uuid::from_u128(1),
            sharing_mode: mode.to_owned(),
            shared_with: vec![TENANT],
            is_inactive: n == 1,
            narrowed: (mode == "private").then(|| "is_shared false".to_owned()),
        }
    }

    #[test]
    fn each_sees_what_the_rules_say() {
        let agents = [agent(1, "global"), agent(2, "selective"), agent(3, "private")];
        let seen = |role, tenant: Option<Uuid>, is_admin| {
            then(
                &agents,
                &Actor {
                    who: String::new(),
                    role,
                    user: None,
                    tenant,
                    is_admin,
                },
            )
        };
        assert_eq!(seen("anon", None, false), 0);
        assert_eq!(seen("authenticated", None, false), 1);
        assert_eq!(seen("authenticated", Some(TENANT), false), 2);
        assert_eq!(seen("authenticated", Some(Uuid::from_u128(1)), false), 3);
        assert_eq!(seen("authenticated", None, true), 3);
    }

    #[test]
    fn what_is_hidden_now_and_shown_then_is_told() {
        let agents = [agent(1, "global"), agent(3, "private")];
        let told = reasons(&agents, Some(&HashSet::new()));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("1 agent with is_shared false will be private"));
        assert!(told[1].starts_with("1 agent with is_active = false will be visible"));
        let seen = HashSet::from([Uuid::from_u128(1)]);
        assert_eq!(reasons(&agents, Some(&seen)).len(), 1);
    }

    #[test]
    fn only_changes_are_told() {
        let audience = |now, then| Audience {
            who: "anon".to_owned(),
            now,
            then,
        };
        let visibility = Visibility {
            audiences: vec![audience(Some(3), 3), audience(Some(254), 0), audience(None, 2)],
            reasons: Vec::new(),
        };
        assert_eq!(
            visibility.changes(),
            [
                "agents seen by anon: 254 now, none then",
                "agents seen by anon: an unknown number now, 2 then"
            ]
        );
    }
}
