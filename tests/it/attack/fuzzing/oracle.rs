//! What the rules allow each user, and whether what they read and wrote is within it.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use serde_json::Value;
use uuid::Uuid;

/// What users were told of row writes begins so; the trigger of the test says it.
pub const WROTE: &str = "fuzz wrote ";

/// Before every id that nobody may read who may not read its row.
pub const CANARY: &str = "canary-";

/// What is secret about a row, by the id that stands behind the canary or in the row itself.
#[derive(Debug, Clone)]
struct Secret {
    what: &'static str,
    /// Users who may read it whoever they are.
    users: BTreeSet<Uuid>,
    /// Tenants whose members may read it.
    tenants: BTreeSet<Uuid>,
    /// Tenants whose owners and admins may.
    administered: BTreeSet<Uuid>,
    everybody: bool,
}

/// The roles that a user has in open tenants.
type Roles = BTreeMap<Uuid, String>;

pub struct Oracle {
    secrets: BTreeMap<Uuid, Secret>,
    /// What holds now, which is what writes must respect.
    now: BTreeMap<Uuid, Roles>,
    /// What held at any moment since the beginning, which an old snapshot may still show.
    ever: BTreeMap<Uuid, Roles>,
    admins: BTreeSet<Uuid>,
}

impl Oracle {
    /// Learns what is secret, and who may do what.
    pub fn new(superuser: &mut Client) -> Self {
        let mut oracle = Self {
            secrets: BTreeMap::new(),
            now: BTreeMap::new(),
            ever: BTreeMap::new(),
            admins: BTreeSet::new(),
        };
        let sql = "
            select 'agent', a.id, array[]::uuid[], array_append(coalesce(a.shared_with, '{}'), a.tenant_id),
                array[]::uuid[], a.sharing_mode = 'global'
            from public.agents as a
            union all
            select 'tenant', t.id, '{}', array[t.id], '{}', false from public.tenants as t
            union all
            select 'membership', m.id, array[m.user_id], '{}', '{}', false from public.user_tenants as m
            union all
            select 'role', r.id, array[r.user_id], '{}', '{}', false from public.user_roles as r
            union all
            select 'audit', e.id, '{}', '{}', array_remove(array[e.owner_tenant_id, e.affected_tenant_id], null), false
            from public.resource_sharing_audit as e";
        for row in superuser.query(sql, &[]).unwrap() {
            let kind: String = row.get(0);
            let what = match kind.as_str() {
                "agent" => "an agent",
                "tenant" => "a tenant",
                "membership" => "a membership",
                "role" => "a role",
                _ => "a row of the audit",
            };
            let set = |at: usize| -> BTreeSet<Uuid> { row.get::<_, Vec<Uuid>>(at).into_iter().collect() };
            let secret = Secret {
                what,
                users: set(2),
                tenants: set(3),
                administered: set(4),
                everybody: row.get(5),
            };
            oracle.secrets.insert(row.get(1), secret);
        }
        oracle.learn(superuser);
        oracle
    }

    /// Learns who belongs where by now.
    pub fn learn(&mut self, superuser: &mut Client) {
        let sql = "
            select m.user_id, m.tenant_id, m.role::text
            from public.user_tenants as m
            join public.tenants as t on t.id = m.tenant_id
            where m.status = 'active' and t.status = 'active' and t.deleted_at is null";
        self.now.clear();
        for row in superuser.query(sql, &[]).unwrap() {
            let (user, tenant, role): (Uuid, Uuid, String) = (row.get(0), row.get(1), row.get(2));
            self.now.entry(user).or_default().insert(tenant, role.clone());
            self.ever.entry(user).or_default().insert(tenant, role);
        }
        let sql = "select user_id from public.user_roles where role = 'platform_admin'";
        self.admins = superuser
            .query(sql, &[])
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
    }

    pub fn is_admin(&self, user: Uuid) -> bool {
        self.admins.contains(&user)
    }

    fn may_read(&self, user: Uuid, secret: &Secret) -> bool {
        let empty = Roles::new();
        let roles = self.ever.get(&user).unwrap_or(&empty);
        secret.everybody
            || self.is_admin(user)
            || secret.users.contains(&user)
            || roles.keys().any(|tenant| secret.tenants.contains(tenant))
            || roles
                .iter()
                .any(|(tenant, role)| secret.administered.contains(tenant) && is_authority(role))
    }

    /// Whether the user may be told this text.
    pub fn told(&self, user: Uuid, text: &str) -> Result<(), String> {
        // An id stands alone for what has no text of its own to hide a canary in.
        for (dash, _) in text.match_indices('-') {
            let around = dash.checked_sub(8).and_then(|at| text.get(at..at + 36));
            let Some(id) = around.and_then(|id| id.parse::<Uuid>().ok()) else {
                continue;
            };
            let Some(secret) = self.secrets.get(&id) else {
                continue;
            };
            let has_canary = matches!(secret.what, "an agent" | "a tenant");
            let is_canary = text[..dash - 8].ends_with(CANARY);
            if (!has_canary || is_canary) && !self.may_read(user, secret) {
                return Err(format!("{} that is not theirs was read: {id}", secret.what));
            }
        }
        Ok(())
    }

    /// Whether the user may have written what the trigger tells, and remembers what it opened to whom.
    pub fn wrote(&mut self, user: Uuid, told: &str) -> Result<(), String> {
        let event: Value = serde_json::from_str(told).unwrap();
        let (old, new) = (&event["old"], &event["new"]);
        let verdict = match event["table"].as_str().unwrap() {
            "agents" => self.agent_written(user, old, new),
            "tenants" => self.tenant_written(user, old, new),
            _ => Err("nobody writes this table"),
        };
        if event["table"] == "agents" && !new.is_null() {
            self.open(new);
        }
        verdict.map_err(|why| format!("{why}: {event}"))
    }

    fn open(&mut self, agent: &Value) {
        let Some(secret) = id(&agent["id"]).and_then(|id| self.secrets.get_mut(&id)) else {
            return;
        };
        secret.everybody |= agent["sharing_mode"] == "global";
        secret.tenants.extend(id(&agent["tenant_id"]));
        if let Some(recipients) = agent["shared_with"].as_array() {
            secret.tenants.extend(recipients.iter().filter_map(id));
        }
    }

    fn agent_written(&self, user: Uuid, old: &Value, new: &Value) -> Result<(), &'static str> {
        let is_admin = self.is_admin(user);
        let role = |agent: &Value| -> Option<&str> {
            let tenant = id(&agent["tenant_id"])?;
            self.now.get(&user)?.get(&tenant).map(String::as_str)
        };
        for agent in [old, new].into_iter().filter(|it| !it.is_null()) {
            let role = role(agent);
            if !is_admin && role.is_none_or(|role| role == "guest") {
                return Err("an agent of a tenant that the user does not write was written");
            }
            if !is_admin && agent["sharing_mode"] != "private" && !role.is_some_and(is_authority) {
                return Err("a shared agent was written without authority");
            }
        }
        if new.is_null() {
            return Ok(());
        }
        let changed = |column: &str| old[column] != new[column];
        if old.is_null() {
            if new["created_by_user_id"] != user.to_string() {
                return Err("an agent was inserted in the name of another");
            }
        } else if changed("id") || changed("created_by_user_id") || changed("created_at") {
            return Err("id, author or moment of an agent changed");
        }
        if !is_admin {
            if !old.is_null() && changed("tenant_id") {
                return Err("an agent was moved");
            }
            if changed("sharing_mode") && new["sharing_mode"] == "global" {
                return Err("an agent was shared with everybody");
            }
            if changed("resource_type") && new["resource_type"] == "platform" {
                return Err("an agent became the platform's");
            }
        }
        if new["created_at"]
            .as_str()
            .is_some_and(|it| it.starts_with("2999"))
        {
            return Err("an agent comes from the future");
        }
        Ok(())
    }

    fn tenant_written(&self, user: Uuid, old: &Value, new: &Value) -> Result<(), &'static str> {
        if self.is_admin(user) {
            return Ok(());
        }
        if old.is_null() || new.is_null() {
            return Err("a tenant was created or deleted");
        }
        let role = id(&old["id"]).and_then(|id| self.now.get(&user)?.get(&id));
        if !role.is_some_and(|role| is_authority(role)) {
            return Err("a tenant was changed without authority");
        }
        let open = [
            "primary_contact_name",
            "primary_contact_email",
            "primary_contact_phone",
            "billing_email",
            "branding",
            "updated_at",
            "updated_by",
        ];
        let columns = old.as_object().unwrap();
        let closed = columns
            .iter()
            .any(|(column, value)| *value != new[column] && !open.contains(&column.as_str()));
        if closed {
            Err("more of a tenant was changed than is its people's")
        } else {
            Ok(())
        }
    }
}

fn is_authority(role: &str) -> bool {
    matches!(role, "owner" | "admin")
}

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}
