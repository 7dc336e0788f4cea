//! What somebody sees and by which rule, or why they do not.

mod verdict;
mod viewer;
mod words;

use serde::Serialize;
use uuid::Uuid;

use super::Mode;
use super::snapshot;
use super::{Tenant, tenant};
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::ops::find::agents::{self, Agent};

pub use verdict::{Reason, Rule, Subject, reasons, rule};
pub use viewer::{Membership, Viewer};

const COUNTS: &str = include_str!("../../../../sql/sharing/visible_counts.sql");
const AGENTS: &str = include_str!("../../../../sql/sharing/visible_agents.sql");
const TASK: &str = "could not explain who sees what";

/// Above this a count says `at least`, so that an answer costs a few index look-ups on any database.
const CUT: i64 = 10_000;

/// What is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// The user who looks.
    pub user: Option<&'a str>,
    /// The tenant that they act for, or whose members look.
    pub tenant: Option<&'a str>,
    /// The agent; none asks for everything that is visible.
    pub agent: Option<&'a str>,
    /// Whether to count to the end.
    pub exact: bool,
    /// How many agents to name at most, the newest; none for all.
    pub limit: Option<i64>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Who looks.
    pub viewer: Viewer,
    /// The tenant that they act for.
    pub acting_for: Option<Tenant>,
    /// Why they act for none, if so.
    pub remarks: Vec<Reason>,
    /// The answer about one agent.
    pub agent: Option<Verdict>,
    /// What they see in all, if no agent was named.
    pub sees: Option<Sees>,
}

/// The answer about one agent.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The agent's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its owner's slug.
    pub owner: Option<String>,
    /// How it is shared.
    pub sharing_mode: Mode,
    /// Slugs of the tenants that it is shared with.
    pub shared_with: Vec<String>,
    /// Whether the viewer sees it.
    pub visible: bool,
    /// The rule by which they do.
    pub rule: Option<Rule>,
    /// What hides it.
    pub reasons: Vec<Reason>,
}

/// What a viewer sees in all.
#[derive(Debug, Serialize)]
pub struct Sees {
    /// How much by each rule.
    pub rules: Vec<Counted>,
    /// The newest of them.
    pub agents: Vec<Seen>,
}

/// How much is seen by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The rule.
    pub rule: Rule,
    /// How many agents, under the first rule that fits each.
    pub agents: i64,
    /// Whether counting stopped early.
    pub at_least: bool,
}

/// One agent that is seen.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its owner's slug.
    pub owner: Option<String>,
    /// The rule.
    pub rule: Rule,
}

/// Explains by index look-ups in one snapshot.
///
/// # Errors
/// [`crate::Kind::Failed`] if there is no such user, tenant or agent, or the role does not see every agent;
/// [`crate::Kind::Usage`] if neither a user nor a tenant is named.
pub async fn explain(connection: &mut Connection, question: Question<'_>) -> Result<Explanation> {
    snapshot::read(connection, TASK, async |transaction| {
        answer(transaction, question).await
    })
    .await
}

async fn answer(transaction: &Transaction<'_>, question: Question<'_>) -> Result<Explanation, Fault> {
    let tenant = match question.tenant {
        Some(text) => tenant::find(transaction, &[text.to_owned()]).await?.pop(),
        None => None,
    };
    let viewer = match (question.user, tenant) {
        (Some(user), tenant) => Viewer::user(transaction, user, tenant.as_ref()).await?,
        (None, Some(tenant)) => Viewer::members_of(tenant),
        (None, None) => return Err(Error::usage("say who looks: give --user or --tenant").into()),
    };
    let agent = match question.agent {
        Some(text) => Some(about(transaction, &viewer, text).await?),
        None => None,
    };
    let sees = match agent {
        Some(_) => None,
        None => Some(sees(transaction, &viewer, question).await?),
    };
    let remarks = match viewer.acting() {
        None if agent.is_none() && !viewer.is_platform_admin => verdict::idle(&viewer),
        _ => Vec::new(),
    };
    Ok(Explanation {
        acting_for: viewer.acting().map(|membership| membership.tenant.clone()),
        viewer,
        remarks,
        agent,
        sees,
    })
}

async fn about(transaction: &Transaction<'_>, viewer: &Viewer, text: &str) -> Result<Verdict, Fault> {
    let mut agents = agents::find(transaction, &[text.to_owned()]).await?;
    let Some(agent) = agents.pop() else {
        return Err(Error::failed(format!("agent `{text}` does not exist")).into());
    };
    let ids: Vec<Uuid> = agent.owner.iter().chain(&agent.recipients).copied().collect();
    let tenants = tenant::by_id(transaction, &ids).await?;
    let named = |id: Uuid| tenants.iter().find(|tenant| tenant.id == id);
    let subject = Subject {
        owner: agent.owner.and_then(named).cloned(),
        recipients: tenants
            .iter()
            .filter(|tenant| agent.mode == Mode::Selective && agent.recipients.contains(&tenant.id))
            .cloned()
            .collect(),
        agent,
    };
    let rule = rule(viewer, &subject.agent, |id| named(id).is_some());
    Ok(Verdict {
        id: subject.agent.id,
        owner: subject.owner.as_ref().map(|tenant| tenant.slug.clone()),
        sharing_mode: subject.agent.mode,
        shared_with: subject
            .recipients
            .iter()
            .map(|tenant| tenant.slug.clone())
            .collect(),
        visible: rule.is_some(),
        rule,
        reasons: if rule.is_some() {
            Vec::new()
        } else {
            reasons(viewer, &subject)
        },
        name: subject.agent.name,
    })
}

async fn sees(transaction: &Transaction<'_>, viewer: &Viewer, question: Question<'_>) -> Result<Sees, Fault> {
    let acting = viewer.acting().map(|membership| membership.tenant.id);
    let cut = (!question.exact).then_some(CUT);
    let counts = transaction
        .query_one(COUNTS, &[&acting, &cut, &viewer.is_platform_admin])
        .await?;
    let reached = |count: i64| cut.is_some_and(|cut| count >= cut);
    let count = |rule: Rule, agents: i64, seen: i64| Counted {
        rule,
        agents,
        at_least: reached(seen),
    };
    let (own, global, selective): (i64, i64, i64) =
        (counts.get("own"), counts.get("global"), counts.get("selective"));
    let mut rules = vec![
        count(Rule::Own, own, own),
        count(Rule::Global, global, counts.get("global_seen")),
        count(Rule::Selective, selective, selective),
    ];
    if let Some(total) = counts.get::<_, Option<i64>>("total") {
        let rest = (total - own - global - selective).max(0);
        let at_least = rules.iter().any(|counted| counted.at_least) || reached(total);
        rules.push(Counted {
            rule: Rule::PlatformAdmin,
            agents: rest,
            at_least,
        });
    }
    let rows = transaction
        .query(AGENTS, &[&acting, &question.limit, &viewer.is_platform_admin])
        .await?;
    let agents = rows.iter().filter_map(|row| {
        let agent = Agent {
            id: row.get("id"),
            name: row.get("name"),
            owner: row.get("tenant_id"),
            mode: Mode::of(row.get("sharing_mode")),
            recipients: row.get::<_, Option<Vec<Uuid>>>("shared_with").unwrap_or_default(),
        };
        let owner: Option<String> = row.get("owner");
        let rule = rule(viewer, &agent, |id| agent.owner != Some(id) || owner.is_some())?;
        Some(Seen {
            id: agent.id,
            name: agent.name,
            owner,
            rule,
        })
    });
    Ok(Sees {
        rules,
        agents: agents.collect(),
    })
}
