//! Whether a viewer sees an agent: the rule that shows it, or everything that hides it.

use serde::Serialize;
use uuid::Uuid;

use super::super::Mode;
use super::super::Tenant;
use super::viewer::{Membership, Viewer};
use crate::ops::find::agents::Agent;

/// The rule by which an agent is seen; of several the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It belongs to the tenant that the viewer acts for.
    Own,
    /// Everybody sees it.
    Global,
    /// It is shared with the tenant that the viewer acts for.
    Selective,
    /// The viewer sees every tenant's agents.
    PlatformAdmin,
}

impl Rule {
    /// The rule in words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Own => "belongs to the tenant that they act for",
            Self::Global => "is shared with everybody",
            Self::Selective => "is shared with the tenant that they act for",
            Self::PlatformAdmin => "is seen by platform admins",
        }
    }

    /// Its name in a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Global => "global",
            Self::Selective => "selective",
            Self::PlatformAdmin => "platform admin",
        }
    }
}

/// One thing that hides an agent, and what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable name for programs.
    pub code: &'static str,
    /// What is the case.
    pub says: String,
    /// What would have to change.
    pub change: String,
}

impl Reason {
    fn new(code: &'static str, says: impl Into<String>, change: impl Into<String>) -> Self {
        Self {
            code,
            says: says.into(),
            change: change.into(),
        }
    }
}

/// An agent with the tenants that matter for it, as far as they exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The agent.
    pub agent: Agent,
    /// Its owner.
    pub owner: Option<Tenant>,
    /// Those it is shared with, if it is selective.
    pub recipients: Vec<Tenant>,
}

impl Subject {
    /// The tenants whose members see the agent because of them.
    fn doors(&self) -> impl Iterator<Item = &Tenant> {
        self.owner.iter().chain(&self.recipients)
    }
}

/// The rule by which `viewer` sees the agent, if they do: what the read policy decides.
#[must_use]
pub fn rule(viewer: &Viewer, agent: &Agent, exists: impl Fn(Uuid) -> bool) -> Option<Rule> {
    let acting = viewer.acting().map(|membership| membership.tenant.id);
    let recipients: &[Uuid] = match agent.mode {
        Mode::Selective => &agent.recipients,
        Mode::Private | Mode::Global => &[],
    };
    if acting.is_some() && agent.owner == acting {
        Some(Rule::Own)
    } else if agent.mode == Mode::Global {
        Some(Rule::Global)
    } else if acting.is_some_and(|tenant| recipients.contains(&tenant)) {
        Some(Rule::Selective)
    } else if viewer.is_platform_admin
        && (agent.owner.is_some_and(&exists) || recipients.iter().any(|tenant| exists(*tenant)))
    {
        Some(Rule::PlatformAdmin)
    } else {
        None
    }
}

/// Everything that hides the agent, nearest first: what stands between the viewer and a tenant that they belong to and
/// that sees it, else what they lack.
#[must_use]
pub fn reasons(viewer: &Viewer, subject: &Subject) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for tenant in subject.doors() {
        if let Some(membership) = viewer.membership(tenant.id) {
            reasons.push(obstacle(viewer, membership));
        }
    }
    if subject.owner.is_none() {
        reasons.push(Reason::new(
            "orphan",
            "no tenant owns the agent, so nobody sees it as its own",
            format!(
                "vital sharing set {} --mode global, or give it a tenant_id",
                subject.agent.id
            ),
        ));
    }
    if !reasons.is_empty() {
        return reasons;
    }
    if viewer.acting().is_none() {
        reasons.extend(idle(viewer));
    }
    reasons.push(closed(viewer, subject));
    reasons
}

/// Why the viewer acts for no tenant, apart from any agent.
#[must_use]
pub fn idle(viewer: &Viewer) -> Vec<Reason> {
    if viewer.memberships.is_empty() {
        return vec![Reason::new(
            "no_membership",
            "they are a member of no tenant, so they see global agents only",
            format!("vital assign-user {} --tenant TENANT --role member", viewer.name),
        )];
    }
    let choices = viewer.choices();
    if choices.is_empty() {
        return viewer.memberships.iter().map(|m| obstacle(viewer, m)).collect();
    }
    let says = match &viewer.requested {
        Some(requested) => format!("they ask to act for {requested} but are not an active member of it"),
        None => format!("they belong to {} tenants and chose none", choices.len()),
    };
    let code = if viewer.requested.is_some() {
        "wrong_choice"
    } else {
        "no_choice"
    };
    vec![Reason::new(
        code,
        says,
        format!(
            "choose one of {} by set_tenant_context() or header x-tenant-id",
            choices.join(", ")
        ),
    )]
}

/// What keeps a membership from opening its tenant.
fn obstacle(viewer: &Viewer, membership: &Membership) -> Reason {
    let Membership {
        tenant,
        role,
        membership,
    } = membership;
    if membership != "active" {
        let code = match membership.as_str() {
            "invited" => "membership_invited",
            "suspended" => "membership_suspended",
            _ => "membership_removed",
        };
        let change = format!(
            "vital assign-user {} --tenant {} --role {role}",
            viewer.name, tenant.slug
        );
        return Reason::new(
            code,
            format!("their membership in {} is {membership}", tenant.slug),
            change,
        );
    }
    if !tenant.is_active() {
        let code = match tenant.status.as_str() {
            "suspended" => "tenant_suspended",
            "archived" => "tenant_archived",
            "deleted" => "tenant_deleted",
            _ => "tenant_not_active",
        };
        let change = match code {
            "tenant_deleted" => format!("restore tenant {}: no member acts for a deleted one", tenant.slug),
            _ => format!("vital tenant activate {}", tenant.slug),
        };
        return Reason::new(
            code,
            format!("tenant {} is {}", tenant.slug, tenant.status),
            change,
        );
    }
    let choose = format!(
        "choose {}: select set_tenant_context('{}'), or header x-tenant-id",
        tenant.slug, tenant.id
    );
    match (viewer.acting(), &viewer.requested) {
        (Some(acting), _) => Reason::new(
            "acts_for_another",
            format!("they act for {}, not for {}", acting.tenant.slug, tenant.slug),
            choose,
        ),
        (None, Some(requested)) => Reason::new(
            "wrong_choice",
            format!("they ask to act for {requested} but are not an active member of it"),
            choose,
        ),
        (None, None) => Reason::new(
            "no_choice",
            format!("they belong to {} and chose none", viewer.choices().join(", ")),
            choose,
        ),
    }
}

/// Why the tenants that the viewer belongs to do not see the agent.
fn closed(viewer: &Viewer, subject: &Subject) -> Reason {
    let owner = subject
        .owner
        .as_ref()
        .map_or("(none)", |tenant| tenant.slug.as_str());
    let own = viewer.acting().or(viewer.memberships.first());
    let change = match own {
        Some(own) => format!(
            "vital sharing share {} --with {}",
            subject.agent.id, own.tenant.slug
        ),
        None => assign(viewer, subject),
    };
    match subject.agent.mode {
        Mode::Selective => {
            let names: Vec<&str> = subject
                .recipients
                .iter()
                .map(|tenant| tenant.slug.as_str())
                .collect();
            let says = format!("the agent of {owner} is shared with {} only", names.join(", "));
            Reason::new("not_a_recipient", says, change)
        }
        Mode::Private | Mode::Global => {
            Reason::new("private", format!("the agent is private to {owner}"), change)
        }
    }
}

fn assign(viewer: &Viewer, subject: &Subject) -> String {
    match &subject.owner {
        Some(owner) => format!(
            "vital assign-user {} --tenant {} --role member",
            viewer.name, owner.slug
        ),
        None => format!("vital assign-user {} --tenant TENANT --role member", viewer.name),
    }
}
