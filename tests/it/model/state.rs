//! Random databases.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// Everything that decides who may do what. Numbers are places in the lists; tenant 0 is the platform's.
#[derive(Debug, Clone)]
pub struct State {
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub agents: Vec<Agent>,
}

#[derive(Debug, Clone)]
pub struct Tenant {
    pub status: &'static str,
    pub deleted: bool,
}

#[derive(Debug, Clone)]
pub struct User {
    pub platform_admin: bool,
    /// A role in user_roles that gives nothing, with or without a tenant.
    pub idle_role: Option<(&'static str, Option<usize>)>,
    /// For each tenant, the membership if there is one.
    pub memberships: Vec<Option<Membership>>,
    pub session: Option<Session>,
    /// Whether the API makes the request, as a setting tells.
    pub method: bool,
    pub header: Option<Request>,
    pub claim: Option<Request>,
    /// The claim that a user may write themselves.
    pub user_metadata: Option<Request>,
}

#[derive(Debug, Clone)]
pub struct Membership {
    pub role: &'static str,
    pub status: &'static str,
}

/// The session variables.
#[derive(Debug, Clone)]
pub struct Session {
    pub request: Request,
    pub owner: SessionOwner,
}

/// Who set the session variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOwner {
    /// In this transaction.
    OneselfNow,
    /// In an earlier one.
    OneselfBefore,
    Another,
    Nobody,
}

/// A request to act for a tenant.
#[derive(Debug, Clone)]
pub enum Request {
    Tenant(usize),
    UpperCase(usize),
    Garbage(&'static str),
}

#[derive(Debug, Clone)]
pub struct Agent {
    pub tenant: usize,
    pub sharing: Sharing,
}

#[derive(Debug, Clone)]
pub enum Sharing {
    Private,
    Global,
    Selective(Vec<usize>),
}

/// The id of a tenant.
pub fn tenant_id(number: usize) -> Uuid {
    if number == 0 {
        return Uuid::from_u128(1);
    }
    Uuid::from_u128(0x1abc_def0_0000_4000_8000_0000_0000_0000 + number as u128)
}

/// The id of a user.
pub fn user_id(number: usize) -> Uuid {
    Uuid::from_u128(0xb000_0000_0000_4000_8000_1000_0000_0000 + number as u128)
}

/// The id of an agent.
pub fn agent_id(number: usize) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_4000_8000_1000_0000_0000 + number as u128)
}

impl User {
    /// Whether they act inside a request of the API.
    pub fn in_request(&self) -> bool {
        self.method || self.header.is_some()
    }
}

impl Request {
    /// What stands in the variable, the header or the claim.
    pub fn text(&self) -> String {
        match self {
            Self::Tenant(number) => tenant_id(*number).to_string(),
            Self::UpperCase(number) => tenant_id(*number).to_string().to_uppercase(),
            Self::Garbage(text) => (*text).to_owned(),
        }
    }
}

fn tenant() -> impl Strategy<Value = Tenant> {
    let status = prop_oneof![
        3 => Just("active"),
        1 => prop::sample::select(vec!["pending", "suspended", "archived", "deleted"]),
    ];
    (status, prop::bool::weighted(0.1)).prop_map(|(status, deleted)| Tenant { status, deleted })
}

fn membership() -> impl Strategy<Value = Membership> {
    let role = prop::sample::select(vec!["owner", "admin", "member", "guest"]);
    let status = prop_oneof![
        4 => Just("active"),
        1 => prop::sample::select(vec!["invited", "suspended", "removed"]),
    ];
    (role, status).prop_map(|(role, status)| Membership { role, status })
}

fn request(tenants: usize) -> impl Strategy<Value = Request> {
    prop_oneof![
        6 => (0..tenants).prop_map(Request::Tenant),
        1 => (0..tenants).prop_map(Request::UpperCase),
        1 => prop::sample::select(vec!["x", "null", "00000000", "*", " "]).prop_map(Request::Garbage),
    ]
}

fn user(tenants: usize) -> impl Strategy<Value = User> {
    let owner = prop_oneof![
        2 => Just(SessionOwner::OneselfNow),
        2 => Just(SessionOwner::OneselfBefore),
        1 => Just(SessionOwner::Another),
        1 => Just(SessionOwner::Nobody),
    ];
    let session = (request(tenants), owner).prop_map(|(request, owner)| Session { request, owner });
    let idle_role = (
        prop::sample::select(vec!["platform_support", "tenant_admin", "tenant_owner", "user"]),
        option::of(0..tenants),
    )
        // A role in a tenant names it.
        .prop_map(|(role, tenant)| {
            (
                role,
                if role.starts_with("tenant_") {
                    tenant.or(Some(0))
                } else {
                    tenant
                },
            )
        });
    (
        prop::bool::weighted(0.1),
        option::weighted(0.3, idle_role),
        vec(option::weighted(0.4, membership()), tenants),
        option::weighted(0.5, session),
        any::<bool>(),
        option::weighted(0.4, request(tenants)),
        option::weighted(0.4, request(tenants)),
        option::weighted(0.2, request(tenants)),
    )
        .prop_map(
            |(platform_admin, idle_role, memberships, session, method, header, claim, user_metadata)| User {
                platform_admin,
                idle_role,
                memberships,
                session,
                method,
                header,
                claim,
                user_metadata,
            },
        )
}

fn agent(tenants: usize) -> impl Strategy<Value = Agent> {
    let sharing = prop_oneof![
        3 => Just(Sharing::Private),
        1 => Just(Sharing::Global),
        3 => btree_set(0..tenants, 1..=tenants.min(3))
            .prop_map(|recipients| Sharing::Selective(recipients.into_iter().collect())),
    ];
    (0..tenants, sharing).prop_map(|(tenant, sharing)| Agent { tenant, sharing })
}

/// Random databases of up to six tenants, six users and sixteen agents.
pub fn states() -> impl Strategy<Value = State> {
    vec(tenant(), 1..=5).prop_flat_map(|mut tenants| {
        tenants.insert(
            0,
            Tenant {
                status: "active",
                deleted: false,
            },
        );
        let count = tenants.len();
        (vec(user(count), 1..=6), vec(agent(count), 0..=16)).prop_map(move |(users, agents)| State {
            tenants: tenants.clone(),
            users,
            agents,
        })
    })
}
