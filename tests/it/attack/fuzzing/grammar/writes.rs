//! Statements that write rows.

use super::Grammar;

impl Grammar {
    /// What an update of agents sets.
    pub(super) fn changes(&mut self) -> String {
        match self.random.u8(..9) {
            0 => format!(
                "is_shared = true, sharing_mode = 'selective', shared_with = array['{}']::uuid[]",
                self.tenant()
            ),
            1 => "is_shared = false, sharing_mode = 'private', shared_with = null".to_owned(),
            2 => "is_shared = true, sharing_mode = 'global', shared_with = null".to_owned(),
            3 => format!("tenant_id = {}", self.constant("uuid")),
            4 => format!("created_by_user_id = {}", self.constant("uuid")),
            5 => format!("id = {}", self.constant("uuid")),
            6 => "resource_type = 'platform', created_at = '2999-01-01'".to_owned(),
            _ => "name = 'fuzz', tags = array['fuzz']".to_owned(),
        }
    }

    pub(super) fn insert(&mut self) -> String {
        let mut columns = vec!["name"];
        let mut values = vec!["'fuzz'".to_owned()];
        for (column, kind) in [
            ("id", "uuid"),
            ("tenant_id", "uuid"),
            ("created_by_user_id", "uuid"),
        ] {
            if self.chance(40) {
                columns.push(column);
                let value = if self.chance(30) {
                    "default".to_owned()
                } else {
                    self.constant(kind)
                };
                values.push(value);
            }
        }
        if self.chance(25) {
            columns.extend(["is_shared", "sharing_mode", "shared_with"]);
            values.extend([
                "true".to_owned(),
                "'selective'".to_owned(),
                self.constant("uuid[]"),
            ]);
        }
        let mut sql = if self.chance(25) && !values.iter().any(|it| it == "default") {
            let table = self.table();
            format!(
                "insert into public.agents as a ({}) select {} from {table} as s where {} limit 3",
                columns.join(", "),
                values.join(", "),
                self.predicate(table, "s", 1)
            )
        } else {
            format!(
                "insert into public.agents as a ({}) values ({})",
                columns.join(", "),
                values.join(", ")
            )
        };
        match self.random.u8(..5) {
            0 => sql += " on conflict do nothing",
            1 => sql += &format!(" on conflict (id) do update set {}", self.changes()),
            2 => {
                let set: Vec<String> = columns.iter().map(|it| format!("{it} = excluded.{it}")).collect();
                sql += &format!(
                    " on conflict (id) do update set {} where {}",
                    set.join(", "),
                    self.predicate("public.agents", "a", 0)
                );
            }
            _ => {}
        }
        sql + &self.returning("a")
    }

    pub(super) fn write(&mut self) -> String {
        match self.random.u8(..12) {
            0..=3 => self.insert(),
            4..=6 => {
                let (set, filter) = (self.changes(), self.predicate("public.agents", "a", 1));
                let from = if self.chance(25) { format!(" from {} as f", self.table()) } else { String::new() };
                format!("update public.agents as a set {set}{from} where {filter}{}", self.returning("a"))
            }
            7 => {
                let filter = self.predicate("public.agents", "a", 1);
                let using = if self.chance(25) { format!(" using {} as f", self.table()) } else { String::new() };
                format!("delete from public.agents as a{using} where {filter}{}", self.returning("a"))
            }
            8 if self.has_merge => format!(
                "merge into public.agents as a using (select {} as id) as s on a.id = s.id when matched and {} then {} \
                 when not matched then insert (name, tenant_id) values ('fuzz', {})",
                self.constant("uuid"),
                self.predicate("public.agents", "a", 0),
                if self.chance(20) { "delete".to_owned() } else { format!("update set {}", self.changes()) },
                self.constant("uuid")
            ),
            9 => {
                let set = self.pick(&[
                    "branding = '{\"fuzz\": 1}'",
                    "primary_contact_name = 'fuzz'",
                    "status = 'active', deleted_at = null",
                    "quotas = '{\"seats\": 500}'",
                    "slug = 'fuzz'",
                    "type = 'platform'",
                ]);
                format!("update public.tenants as a set {set} where {} returning a::text", self.predicate("public.tenants", "a", 1))
            }
            10 => match self.random.u8(..3) {
                0 => "insert into public.tenants (name, slug, type) values ('fuzz', 'fuzz', 'client') returning *".to_owned(),
                1 => format!("delete from public.tenants as a where {}", self.predicate("public.tenants", "a", 0)),
                _ => "update public.tenants set name = 'fuzz'".to_owned(),
            },
            _ => {
                let (user, tenant) = (self.user.clone(), self.tenant());
                match self.random.u8(..5) {
                    0 => format!("insert into public.user_tenants (user_id, tenant_id, role) values ('{user}', '{tenant}', 'owner')"),
                    1 => "update public.user_tenants set role = 'owner', status = 'active'".to_owned(),
                    2 => format!("insert into public.user_roles (user_id, role) values ('{user}', 'platform_admin')"),
                    3 => "delete from public.resource_sharing_audit".to_owned(),
                    _ => "delete from public.user_roles".to_owned(),
                }
            }
        }
    }
}
