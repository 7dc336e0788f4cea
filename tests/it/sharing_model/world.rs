//! Random tenants, members and agents.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use proptest::prelude::*;
use uuid::Uuid;

pub const TENANTS: usize = 5;
pub const USERS: usize = 5;
pub const TENANT_STATES: [(&str, Option<&str>); 6] = [
    ("active", None),
    ("active", None),
    ("active", None),
    ("suspended", None),
    ("archived", None),
    ("active", Some("2025-01-01")),
];
pub const MEMBERSHIPS: [&str; 5] = ["active", "active", "invited", "suspended", "removed"];

/// A random state, in small numbers that stand for tenants, users and their states.
#[derive(Debug, Clone)]
pub struct World {
    /// Each tenant's state.
    pub tenants: Vec<usize>,
    /// User, tenant and state.
    pub members: BTreeMap<(usize, usize), usize>,
    pub admin: Option<usize>,
    /// The tenant that each user asks for by header, if any.
    pub choices: Vec<Option<usize>>,
    pub agents: Vec<Agent>,
}

#[derive(Debug, Clone)]
pub struct Agent {
    pub owner: Option<usize>,
    pub mode: usize,
    pub recipients: Vec<usize>,
}

pub fn worlds() -> impl Strategy<Value = World> {
    let agent = (
        prop::option::weighted(0.9, 0..TENANTS),
        0..3_usize,
        prop::collection::vec(0..=TENANTS, 1..4),
    )
        .prop_map(|(owner, mode, recipients)| Agent {
            owner,
            mode,
            recipients,
        });
    (
        prop::collection::vec(0..TENANT_STATES.len(), TENANTS),
        prop::collection::btree_map((0..USERS, 0..TENANTS), 0..MEMBERSHIPS.len(), 0..10),
        prop::option::weighted(0.4, 0..USERS),
        prop::collection::vec(prop::option::weighted(0.4, 0..TENANTS), USERS),
        prop::collection::vec(agent, 0..12),
    )
        .prop_map(|(tenants, members, admin, choices, agents)| World {
            tenants,
            members,
            admin,
            choices,
            agents,
        })
}

pub fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((kind << 96) + 0x4000_8000_0000_0000_0000 + number as u128)
}

pub fn tenant(number: usize) -> Uuid {
    id(0x1000_0000, number)
}

pub fn user(number: usize) -> Uuid {
    id(0xb000_0000, number)
}

pub fn agent(number: usize) -> Uuid {
    id(0xc000_0000, number)
}

/// Replaces everything by `world`. As superuser without triggers, so that states are possible which no API would make.
pub fn build(client: &mut Client, world: &World) {
    let mut sql = String::from(
        "set session_replication_role = replica;
        delete from public.agents; delete from public.user_tenants; delete from public.user_roles;
        delete from public.tenants where type <> 'platform';",
    );
    for (number, state) in world.tenants.iter().enumerate() {
        let (status, deleted) = TENANT_STATES[*state];
        let deleted = deleted.map_or("null".to_owned(), |at| format!("'{at}'"));
        sql += &format!(
            "insert into public.tenants (id, name, slug, type, status, deleted_at)
            values ('{}', 'T{number}', 't{number}', 'client', '{status}', {deleted});",
            tenant(number)
        );
    }
    for ((who, at), state) in &world.members {
        sql += &format!(
            "insert into public.user_tenants (user_id, tenant_id, status) values ('{}', '{}', '{}');",
            user(*who),
            tenant(*at),
            MEMBERSHIPS[*state]
        );
    }
    if let Some(admin) = world.admin {
        sql += &format!(
            "insert into public.user_roles (user_id, role) values ('{}', 'platform_admin');",
            user(admin)
        );
    }
    for (number, each) in world.agents.iter().enumerate() {
        let owner = each
            .owner
            .map_or("null".to_owned(), |owner| format!("'{}'", tenant(owner)));
        // A constraint, which replication does not switch off, keeps a recipient from being named twice.
        let recipients: BTreeSet<_> = each.recipients.iter().collect();
        let recipients: Vec<_> = recipients.into_iter().map(|at| tenant(*at).to_string()).collect();
        let mode = ["private", "selective", "global"][each.mode];
        let shared_with = match mode {
            "selective" => format!("'{{{}}}'", recipients.join(",")),
            _ => "null".to_owned(),
        };
        sql += &format!(
            "insert into public.agents (id, name, tenant_id, is_shared, sharing_mode, shared_with)
            values ('{}', 'agent {number}', {owner}, {}, '{mode}', {shared_with});",
            agent(number),
            mode != "private"
        );
    }
    sql += "set session_replication_role = origin;";
    client.batch_execute(&sql).unwrap();
}
