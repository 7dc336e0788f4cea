//! Random statements of everything that a signed-in user may say in SQL, and of much that they may not.
//!
//! Two rules keep the answers judgeable: nothing that is read is written anywhere, and nobody changes who they are, because
//! whoever may set `request.jwt.claims` or the role is trusted to.

mod writes;

use fastrand::Rng;

use crate::attack::world::{agents, tenants, users};

/// A statement, and what is known about it.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: String,
    /// Nobody but the owner may do it.
    pub must_fail: bool,
    /// Takes a lock on a whole table.
    pub locks_table: bool,
    /// Answers about this user, who is another one; only a platform admin is told.
    pub about_other: bool,
}

impl From<String> for Statement {
    fn from(sql: String) -> Self {
        Self {
            sql,
            must_fail: false,
            locks_table: false,
            about_other: false,
        }
    }
}

/// A function that the user may call, with the types of its parameters.
#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub parameters: Vec<String>,
}

pub struct Grammar {
    pub random: Rng,
    pub functions: Vec<Function>,
    pub has_merge: bool,
    pub user: String,
}

const TABLES: [&str; 12] = [
    "public.agents",
    "public.agents",
    "public.agents",
    "public.agents",
    "agents",
    "public.tenants",
    "public.tenants",
    "public.user_tenants",
    "public.user_roles",
    "public.resource_sharing_audit",
    "vital_private.admin_audit",
    "auth.users",
];

const AGENT: [&str; 12] = [
    "id",
    "name",
    "description",
    "system_prompt",
    "tenant_id",
    "sharing_mode",
    "shared_with",
    "is_shared",
    "created_by_user_id",
    "resource_type",
    "created_at",
    "tags",
];
const TENANT: [&str; 6] = ["id", "name", "slug", "billing_email", "quotas", "status"];

const DENIED: [&str; 12] = [
    "alter table public.agents disable row level security",
    "alter table public.agents no force row level security, disable trigger all",
    "create policy everything on public.agents using (true)",
    "drop policy agents_select_with_sharing on public.agents",
    "truncate public.agents",
    "truncate public.resource_sharing_audit",
    "alter table public.user_tenants owner to authenticated",
    "alter function vital_private.readable_tenants() security invoker",
    "create or replace function vital_private.has_account(p_user_id uuid) returns boolean language sql as 'select true'",
    "create function public.evil() returns void language sql as ''",
    "create trigger spy before update on public.agents for each row execute function vital_private.guard_agent()",
    "drop table public.user_roles",
];

impl Grammar {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.random.usize(..from.len())]
    }

    fn chance(&mut self, of_hundred: u8) -> bool {
        self.random.u8(..100) < of_hundred
    }

    fn tenant(&mut self) -> String {
        let all = [
            tenants::NORTH,
            tenants::SOUTH,
            tenants::EAST,
            tenants::FROZEN,
            tenants::PLATFORM,
            tenants::NOWHERE,
        ];
        all[self.random.usize(..all.len())].to_string()
    }

    fn other_user(&mut self) -> String {
        let all = [
            users::NORTH_OWNER,
            users::SOUTH_ADMIN,
            users::ADMIN,
            users::BOTH,
            users::EAST_OWNER,
        ];
        let user = all[self.random.usize(..all.len())].to_string();
        if user == self.user {
            users::SOUTH_OWNER.to_string()
        } else {
            user
        }
    }

    fn agent(&mut self) -> String {
        let all = [
            agents::NORTH_PRIVATE,
            agents::NORTH_SELECTIVE,
            agents::NORTH_GLOBAL,
            agents::SOUTH_PRIVATE,
            agents::SOUTH_SELECTIVE,
            agents::EAST_PRIVATE,
            agents::FROZEN_PRIVATE,
        ];
        all[self.random.usize(..all.len())].to_string()
    }

    fn table(&mut self) -> &'static str {
        self.pick(&TABLES)
    }

    fn column(&mut self, table: &str) -> &'static str {
        if table.ends_with("agents") {
            self.pick(&AGENT)
        } else if table.ends_with("tenants") && !table.ends_with("user_tenants") {
            self.pick(&TENANT)
        } else {
            self.pick(&["id", "user_id", "tenant_id", "role", "status", "owner_tenant_id"])
        }
    }

    /// A value of the type, as a constant.
    fn constant(&mut self, kind: &str) -> String {
        match kind {
            "uuid" => match self.random.u8(..6) {
                0 => "null".to_owned(),
                1 => format!("'{}'::uuid", self.agent()),
                2 => format!("'{}'::uuid", self.other_user()),
                3 => format!("'{}'::uuid", self.user),
                _ => format!("'{}'::uuid", self.tenant()),
            },
            "uuid[]" => format!("array['{}', '{}']::uuid[]", self.tenant(), self.tenant()),
            "boolean" => self.pick(&["true", "false", "null"]).to_owned(),
            "jsonb" => self.pick(&["'{}'", "'{\"a\": 1}'", "null", "'[1]'"]).to_owned() + "::jsonb",
            "timestamp with time zone" => self.pick(&["now()", "'2999-01-01'", "null"]).to_owned(),
            "character varying[]" => self
                .pick(&["'{owner,admin,member,guest}'", "'{}'", "null"])
                .to_owned(),
            _ => self
                .pick(&[
                    "'fuzz'",
                    "'north'",
                    "'south'",
                    "'global'",
                    "'private'",
                    "''",
                    "null",
                    "'{\"sub\": 1}'",
                ])
                .to_owned(),
        }
    }

    fn call(&mut self) -> String {
        let function = self.functions[self.random.usize(..self.functions.len())].clone();
        let arguments: Vec<String> = function
            .parameters
            .iter()
            .map(|kind| self.constant(kind))
            .collect();
        format!("{}({})", function.name, arguments.join(", "))
    }

    fn expression(&mut self, table: &str, alias: &str, depth: u8) -> String {
        let column = self.column(table);
        match self.random.u8(..12) {
            0 if depth > 0 => format!("({})", self.select(depth - 1, true)),
            1 => format!("to_jsonb({alias})::text"),
            2 => format!("{alias}.{column}::text"),
            3 => format!("length({alias}.{column}::text)"),
            4 => format!("{alias}::text"),
            5 => self.call(),
            6 => format!("pg_temp.spy({alias}.{column}::text)"),
            _ => format!("{alias}.{column}"),
        }
    }

    fn predicate(&mut self, table: &str, alias: &str, depth: u8) -> String {
        let column = self.column(table);
        match self.random.u8(..14) {
            0 if depth > 0 => format!("exists ({})", self.select(depth - 1, true)),
            1 if depth > 0 => {
                let inner = self.table();
                format!(
                    "{alias}.{column}::text in (select x.{}::text from {inner} as x)",
                    self.column(inner)
                )
            }
            2 => format!("pg_temp.spy({alias}.{column}::text)"),
            // A server that filters in the wrong order says what it stumbled over.
            3 => format!("{alias}.{column}::text::integer > 0"),
            4 => format!("1 / (length({alias}.{column}::text) - length({alias}.{column}::text)) = 1"),
            5 => format!("{alias}.id = '{}'", self.agent()),
            6 => format!(
                "{alias}.id::text like 'c%' or {}",
                self.predicate(table, alias, 0)
            ),
            7 => format!("not ({})", self.predicate(table, alias, 0)),
            8 => format!("{alias}.{column} is not null"),
            9 => format!("{alias}.tenant_id = '{}'", self.tenant()),
            10 => format!("{alias}.{column}::text ~ '.'"),
            11 => format!("({}) is null", self.call()),
            _ => "true".to_owned(),
        }
    }

    fn select(&mut self, depth: u8, scalar: bool) -> String {
        let table = self.table();
        let mut sql = if scalar {
            format!(
                "select string_agg(({})::text, ',') from {table} as a",
                self.expression(table, "a", 0)
            )
        } else {
            let list: Vec<String> = (0..self.random.usize(1..4))
                .map(|_| self.expression(table, "a", depth))
                .collect();
            format!("select {} from {table} as a", list.join(", "))
        };
        if self.chance(30) {
            let other = self.table();
            let join = self.pick(&["join", "left join", "full join", "right join"]);
            let (left, right) = (self.column(table), self.column(other));
            sql += &format!(" {join} {other} as b on a.{left}::text = b.{right}::text");
            if !scalar {
                sql = sql.replacen("select ", "select b::text, ", 1);
            }
        } else if self.chance(15) {
            let other = self.table();
            sql += &format!(
                ", lateral (select * from {other} as x where {}) as b",
                self.predicate(other, "x", 0)
            );
        }
        sql += &format!(" where {}", self.predicate(table, "a", depth));
        if !scalar {
            if self.chance(15) {
                sql += &format!(" order by a.{}", self.column(table));
            }
            if self.chance(20) {
                let strength = self.pick(&["update", "no key update", "share", "key share"]);
                sql += &format!(
                    " for {strength} of a {}",
                    self.pick(&["", "nowait", "skip locked"])
                );
            } else if self.chance(8) {
                let other = self.table();
                sql += &format!(
                    " union all select {} from {other} as u",
                    self.expression(other, "u", 0)
                );
            }
        }
        sql
    }

    fn returning(&mut self, alias: &str) -> String {
        match self.random.u8(..4) {
            0 => String::new(),
            1 => " returning *".to_owned(),
            2 => format!(" returning to_jsonb({alias})::text"),
            _ => format!(
                " returning {alias}.id, {}",
                self.expression("public.agents", alias, 0)
            ),
        }
    }

    fn setting(&mut self) -> String {
        let (tenant, user, other) = (self.tenant(), self.user.clone(), self.other_user());
        let header = format!("{{\"x-tenant-id\": \"{tenant}\"}}");
        let choices = [
            ("app.tenant_id", tenant.clone()),
            ("app.tenant_user", user.clone()),
            ("app.tenant_user", other),
            ("app.tenant_id", String::new()),
            ("request.headers", header),
            (
                "request.headers",
                "{\"X-Tenant-Id\": 1, \"x-tenant-id\": null".to_owned(),
            ),
            ("request.headers", String::new()),
            ("request.method", "GET".to_owned()),
            ("request.path", "/agents".to_owned()),
            ("search_path", "pg_temp, public, pg_catalog".to_owned()),
            ("search_path", "public".to_owned()),
            ("row_security", "off".to_owned()),
            ("row_security", "on".to_owned()),
            ("session_replication_role", "replica".to_owned()),
            ("vital.operator", "{\"os_user\": \"fuzz\"}".to_owned()),
            ("vital.replace_policies", "[]".to_owned()),
            (
                "vital.adoption",
                "[{\"version\": 1, \"statement\": \"select 1\"}]".to_owned(),
            ),
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            ("enable_seqscan", "off".to_owned()),
            ("enable_indexscan", "off".to_owned()),
            ("enable_bitmapscan", "off".to_owned()),
            ("jit", "on".to_owned()),
            ("datestyle", "german".to_owned()),
            ("timezone", "Asia/Kathmandu".to_owned()),
            ("quote_all_identifiers", "on".to_owned()),
            ("default_transaction_isolation", "serializable".to_owned()),
            ("max_parallel_workers_per_gather", "4".to_owned()),
            ("application_name", "fuzz".to_owned()),
            ("log_min_messages", "debug5".to_owned()),
            ("lc_messages", "C".to_owned()),
        ];
        let (name, value) = &choices[self.random.usize(..choices.len())];
        match self.random.u8(..4) {
            0 => format!("select set_config('{name}', '{value}', false)"),
            1 if *name != "search_path" => format!("set {name} = '{value}'"),
            2 if *name != "search_path" => format!("set local {name} = '{value}'"),
            _ => format!("select set_config('{name}', '{value}', true)"),
        }
    }

    fn transaction(&mut self) -> String {
        match self.random.u8(..12) {
            0 | 1 => "begin".to_owned(),
            2 | 3 => format!(
                "begin isolation level {}",
                self.pick(&["repeatable read", "serializable"])
            ),
            4 | 5 => "commit".to_owned(),
            6 => "rollback".to_owned(),
            7 | 8 => "savepoint s".to_owned(),
            9 | 10 => "rollback to s".to_owned(),
            _ => "release s".to_owned(),
        }
    }

    fn query(&mut self) -> String {
        if self.chance(60) {
            self.select(2, false)
        } else {
            self.write()
        }
    }

    /// The next statement.
    pub fn statement(&mut self) -> Statement {
        match self.random.u8(..100) {
            0..=29 => self.select(2, false).into(),
            30..=54 => self.write().into(),
            55..=60 => {
                let (write, table) = (self.write(), self.table());
                let returning = if write.contains(" returning ") { write } else { write + " returning *" };
                format!(
                    "with w as ({returning}) select w::text, x::text from w full join {table} as x on {}",
                    self.predicate(table, "x", 1)
                )
                .into()
            }
            61..=66 => format!("select {}", self.call()).into(),
            67..=69 => format!("select public.set_tenant_context('{}')", self.tenant()).into(),
            70..=72 => {
                let (user, tenant) = (self.other_user(), self.tenant());
                let sql = match self.random.u8(..3) {
                    0 => format!("select public.has_tenant_access('{user}', '{tenant}') as told where true"),
                    1 => format!("select public.is_platform_admin('{user}') as told"),
                    _ => format!("select exists (select from public.get_user_tenants('{user}')) as told"),
                };
                Statement { about_other: true, ..sql.into() }
            }
            73..=80 => self.setting().into(),
            81..=88 => self.transaction().into(),
            89 => format!("prepare p{} as {}", self.random.u8(..3), self.query()).into(),
            90 | 91 => format!("execute p{}", self.random.u8(..3)).into(),
            92 => format!("declare c{} cursor with hold for {}", self.random.u8(..3), self.select(1, false)).into(),
            93 => format!("fetch all from c{}", self.random.u8(..3)).into(),
            94 => {
                let (table, mode) = (self.table(), self.pick(&["access share", "row exclusive", "share", "access exclusive"]));
                let sql = format!("lock table {table} in {mode} mode nowait");
                Statement { locks_table: true, ..sql.into() }
            }
            95 => match self.random.u8(..4) {
                0 => "create temp table agents as select 'fuzz'::text as name, gen_random_uuid() as id".to_owned(),
                1 => "drop table pg_temp.agents".to_owned(),
                2 => format!("create or replace temp view v as {}", self.select(1, true)),
                _ => "table v".to_owned(),
            }
            .into(),
            96 => format!("explain (analyze, costs off, timing off, summary off) {}", self.query()).into(),
            97 => format!("select pg_advisory_lock({})", self.random.u32(..5)).into(),
            98 => format!("do $do$ begin execute $q${}$q$; exception when others then raise notice '%', sqlerrm; end $do$", self.query()).into(),
            _ => Statement { must_fail: true, ..self.pick(&DENIED).to_owned().into() },
        }
    }
}
