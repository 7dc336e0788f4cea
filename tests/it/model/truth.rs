//! Who may do what, worked out from the rules.

use uuid::Uuid;

use super::state::{Request, SessionOwner, Sharing, State, agent_id, tenant_id};

/// Tenants of which the user is an active member, if they are active themselves.
fn member_of(state: &State, user: usize) -> Vec<usize> {
    let memberships = &state.users[user].memberships;
    (0..state.tenants.len())
        .filter(|&number| {
            let tenant = &state.tenants[number];
            let counts = memberships[number]
                .as_ref()
                .is_some_and(|it| it.status == "active");
            counts && tenant.status == "active" && !tenant.deleted
        })
        .collect()
}

/// What the session asks for first. Inside a request only the header and what was set in the same transaction count.
fn requested(state: &State, user: usize) -> Option<&Request> {
    let user = &state.users[user];
    let session = user.session.as_ref().filter(|session| match session.owner {
        SessionOwner::OneselfNow => true,
        SessionOwner::OneselfBefore => !user.in_request(),
        SessionOwner::Another | SessionOwner::Nobody => false,
    });
    user.header
        .as_ref()
        .or(session.map(|session| &session.request))
        .or(user.claim.as_ref())
}

/// The tenant that a user who is no platform admin acts for.
fn acting(state: &State, user: usize) -> Option<usize> {
    let members = member_of(state, user);
    match requested(state, user) {
        None if members.len() == 1 => members.first().copied(),
        Some(Request::Tenant(number) | Request::UpperCase(number)) if members.contains(number) => {
            Some(*number)
        }
        _ => None,
    }
}

fn is_admin(state: &State, user: usize) -> bool {
    state.users[user].platform_admin
}

fn role(state: &State, user: usize, tenant: usize) -> &'static str {
    state.users[user].memberships[tenant]
        .as_ref()
        .map_or("none", |it| it.role)
}

fn writes(state: &State, user: usize, tenant: usize) -> bool {
    is_admin(state, user) || (acting(state, user) == Some(tenant) && role(state, user, tenant) != "guest")
}

fn agents(state: &State, may: impl Fn(&super::state::Agent) -> bool) -> Vec<Uuid> {
    let numbers = (0..state.agents.len()).filter(|&number| may(&state.agents[number]));
    numbers.map(agent_id).collect()
}

fn ids(mut tenants: Vec<usize>) -> Vec<Uuid> {
    tenants.sort_unstable();
    tenants.into_iter().map(tenant_id).collect()
}

/// What `get_current_tenant_id()` returns.
pub fn current(state: &State, user: usize) -> Option<Uuid> {
    if !is_admin(state, user) {
        return acting(state, user).map(tenant_id);
    }
    match requested(state, user) {
        Some(Request::Tenant(number) | Request::UpperCase(number)) => Some(tenant_id(*number)),
        Some(Request::Garbage(_)) => None,
        None => {
            let memberships = state.users[user].memberships.iter().enumerate();
            let active: Vec<usize> = memberships
                .filter(|(_, it)| it.as_ref().is_some_and(|it| it.status == "active"))
                .map(|(number, _)| number)
                .collect();
            (active.len() == 1).then(|| tenant_id(active[0]))
        }
    }
}

/// Agents that the user reads.
pub fn readable(state: &State, user: usize) -> Vec<Uuid> {
    let acting = acting(state, user);
    agents(state, |agent| {
        is_admin(state, user)
            || acting == Some(agent.tenant)
            || match &agent.sharing {
                Sharing::Private => false,
                Sharing::Global => true,
                Sharing::Selective(recipients) => acting.is_some_and(|tenant| recipients.contains(&tenant)),
            }
    })
}

/// Agents that the user updates and deletes: what is shared needs an owner or admin.
pub fn writable(state: &State, user: usize) -> Vec<Uuid> {
    agents(state, |agent| {
        let private = matches!(agent.sharing, Sharing::Private);
        writes(state, user, agent.tenant) && (private || has_authority(state, user, agent.tenant))
    })
}

fn has_authority(state: &State, user: usize, tenant: usize) -> bool {
    is_admin(state, user) || matches!(role(state, user, tenant), "owner" | "admin")
}

/// Agents of which the user may change the recipients.
pub fn sharable(state: &State, user: usize) -> Vec<Uuid> {
    agents(state, |agent| {
        writes(state, user, agent.tenant) && has_authority(state, user, agent.tenant)
    })
}

/// Tenants that the user inserts agents into.
pub fn insertable(state: &State, user: usize) -> Vec<Uuid> {
    let tenants = 0..state.tenants.len();
    ids(tenants.filter(|&tenant| writes(state, user, tenant)).collect())
}

/// Tenants that the user sees.
pub fn tenants(state: &State, user: usize) -> Vec<Uuid> {
    if is_admin(state, user) {
        return ids((0..state.tenants.len()).collect());
    }
    ids(member_of(state, user))
}

/// How many memberships the user sees.
pub fn memberships(state: &State, user: usize) -> i64 {
    let count = |user: &super::state::User| user.memberships.iter().flatten().count();
    let count = if is_admin(state, user) {
        state.users.iter().map(count).sum()
    } else {
        count(&state.users[user])
    };
    i64::try_from(count).unwrap()
}

/// Tenants of which `has_tenant_access` says that the user has access.
pub fn accessible(state: &State, user: usize) -> Vec<Uuid> {
    tenants(state, user)
}

/// How many pairs of another user and a tenant `has_tenant_access` admits to the user.
pub fn others(state: &State, user: usize) -> i64 {
    if !is_admin(state, user) {
        return 0;
    }
    let others = (0..state.users.len()).filter(|&other| other != user);
    let count = others.map(|other| accessible(state, other).len()).sum::<usize>();
    i64::try_from(count).unwrap()
}
