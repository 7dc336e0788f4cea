//! Tables of others: what leaks is found by acting, by whatever a user may set or write, and what is sound is left alone.

use super::{parsed, run_as_superuser, verify};
use crate::support::{Database, Template};

/// Two tenants, and a table of theirs with rows under a policy.
macro_rules! table {
    ($policy:literal) => {
        concat!(
            "set role postgres; insert into public.tenants (id, name, slug, type) values \
             ('11111111-1111-4111-8111-111111111111', 'B', 'b', 'client'), \
             ('22222222-2222-4222-8222-222222222222', 'C', 'c', 'client'); \
             create table public.notes (id serial primary key, tenant_id uuid, owner_id uuid, body text, \
                 is_active boolean not null default true); \
             insert into public.notes (tenant_id, owner_id, body) select id, gen_random_uuid(), slug from public.tenants; \
             alter table public.notes enable row level security; ",
            $policy
        )
    };
}

struct Leak {
    damage: &'static str,
    table: &'static str,
    /// What the finding says of how it was read.
    how: &'static str,
}

const LEAKS: &[Leak] = &[
    Leak {
        damage: table!("create policy p on public.notes for select to anon using (is_active)"),
        table: "public.notes",
        how: "anon reads 4 of 4",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated using (tenant_id is not null)"
        ),
        table: "public.notes",
        how: "a member of another tenant reads 4 of 4",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for all to authenticated using (tenant_id = tenant_id)"
        ),
        table: "public.notes",
        how: "a user without a tenant reads 4 of 4",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)"
        ),
        table: "public.notes",
        how: "after setting app.current_tenant_id",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id::text = current_setting('our.own.name', true))"
        ),
        table: "public.notes",
        how: "after setting our.own.name",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (coalesce(current_setting('app.bypass', true), '') = 'true')"
        ),
        table: "public.notes",
        how: "after setting app.bypass to 'true'",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id::text = current_setting('request.headers', true)::json ->> 'x-customer')"
        ),
        table: "public.notes",
        how: "by request headers",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id = (auth.jwt() -> 'user_metadata' ->> 'firm')::uuid)"
        ),
        table: "public.notes",
        how: "by user_metadata",
    },
    Leak {
        damage: table!(
            "create function vital_retired.get_current_tenant_id() returns uuid language plpgsql stable as \
             $$ begin return nullif(current_setting('app.tenant_id', true), '')::uuid; \
                exception when others then return null; end $$; \
             create policy p on public.notes for select to authenticated \
             using (tenant_id = vital_retired.get_current_tenant_id())"
        ),
        table: "public.notes",
        how: "after setting app.tenant_id",
    },
    Leak {
        damage: table!(
            "alter table public.profiles add column tenant_id uuid; \
             create policy change_own on public.profiles for update to authenticated using (id = auth.uid()); \
             create policy p on public.notes for select to authenticated \
             using (tenant_id = (select f.tenant_id from public.profiles as f where f.id = auth.uid()))"
        ),
        table: "public.notes",
        how: "after writing in its own row",
    },
    Leak {
        damage: table!(
            "create policy change_own on public.profiles for update to authenticated using (id = auth.uid()); \
             create policy p on public.notes for select to authenticated \
             using (exists (select from public.profiles as f where f.id = auth.uid() and f.role = 'admin'))"
        ),
        table: "public.notes",
        how: "public.profiles.role",
    },
    Leak {
        damage: table!(
            "create table public.seats (user_id uuid, firm_id uuid, primary key (user_id, firm_id)); \
             alter table public.seats rename firm_id to company_id; \
             alter table public.seats enable row level security; \
             create policy own on public.seats for all to authenticated \
             using (user_id = auth.uid()) with check (user_id = auth.uid()); \
             create policy p on public.notes for select to authenticated \
             using (tenant_id in (select s.company_id from public.seats as s where s.user_id = auth.uid()))"
        ),
        table: "public.notes",
        how: "after adding a row of its own to public.seats",
    },
    Leak {
        damage: table!(
            "create function public.enter(p_tenant text) returns void language sql as \
             $$ select set_config('my.' || 'tenant', p_tenant, false) $$; \
             create function public.entered() returns uuid language sql stable as \
             $$ select nullif(current_setting('my.' || 'tenant', true), '')::uuid $$; \
             create policy p on public.notes for select to authenticated using (tenant_id = public.entered())"
        ),
        table: "public.notes",
        how: "after calling public.enter",
    },
    Leak {
        damage: table!(
            "alter table public.notes rename tenant_id to belongs_to; \
             create policy p on public.notes for select to authenticated using (body <> '')"
        ),
        table: "public.notes",
        how: "reads 4 of 4",
    },
    Leak {
        damage: "set role postgres; create table public.invoices (id serial primary key, organization_id uuid not null); \
            insert into public.invoices (organization_id) select gen_random_uuid() from generate_series(1, 3); \
            alter table public.invoices enable row level security; \
            create policy p on public.invoices for select using (true)",
        table: "public.invoices",
        how: "anon reads 3 of 3",
    },
    Leak {
        damage: "set role postgres; create table public.invoices (id serial primary key, account_id bigint not null, \
                number text not null unique check (number ~ '^R-[0-9]+$'), total numeric(6, 2) not null check (total > 10)); \
            alter table public.invoices enable row level security; \
            create policy p on public.invoices for select to authenticated using (account_id > 0)",
        table: "public.invoices",
        how: "reads 1 of 1",
    },
    Leak {
        damage: table!(
            "create policy r on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[])); \
             create policy w on public.notes for update to authenticated using (true) \
             with check (tenant_id = any ((select vital_private.writable_tenants())::uuid[]))"
        ),
        table: "public.notes",
        how: "a member of another tenant changes 3 of 3",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for all to authenticated \
             using (tenant_id::text = auth.jwt() -> 'user_metadata' ->> 'tenant_id')"
        ),
        table: "public.notes",
        how: "by user_metadata",
    },
    Leak {
        damage: table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id::text = (nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-tenant-id'))"
        ),
        table: "public.notes",
        how: "by request headers",
    },
    Leak {
        damage: table!(
            "create policy d on public.notes for delete to authenticated using (tenant_id is not null)"
        ),
        table: "public.notes",
        how: "a user without a tenant deletes 3 of 3",
    },
    Leak {
        damage: table!(
            "create policy r on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[])); \
             create policy a on public.notes for insert to authenticated with check (owner_id = (select auth.uid()))"
        ),
        table: "public.notes",
        how: "a member of another tenant adds 1 of 1",
    },
    Leak {
        damage: table!(
            "create policy r on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[])); \
             create policy d on public.notes for delete to authenticated \
             using (tenant_id::text = current_setting('app.tenant_id', true))"
        ),
        table: "public.notes",
        how: "deletes 1 of 3 after setting app.tenant_id",
    },
    Leak {
        damage: table!(
            "create policy r on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[])); \
             create policy a on public.notes for insert with check (true)"
        ),
        table: "public.notes",
        how: "anon adds 1 of 1",
    },
];

#[test]
fn a_table_that_leaks_is_found_by_acting_with_the_way_in() {
    let mut wrong = Vec::new();
    for leak in LEAKS {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, leak.damage);
        let report = parsed(&db.vital(&["verify", "-o", "json"]));
        let found = report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["check_id"] == "behaviour-other-tables"
                && finding["level"] == "error"
                && finding["object"] == leak.table
                && finding["actual"]
                    .as_str()
                    .is_some_and(|actual| actual.contains(leak.how))
        });
        if !found {
            let findings = report["findings"].as_array().unwrap();
            let acted: Vec<_> = findings
                .iter()
                .filter(|f| f["check_id"] == "behaviour-other-tables")
                .collect();
            wrong.push(format!("{}\n{acted:#?}{:#}", leak.damage, report["not_checked"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_setting_of_the_database_hides_a_leak() {
    for setting in [
        "role = anon",
        "role = authenticated",
        "default_transaction_read_only = on",
        "row_security = off",
        "search_path = ''",
        "request.jwt.claims = '{\"sub\": \"b0000000-0000-4000-8000-000000000013\"}'",
    ] {
        let db = Database::create(Template::Migrated);
        let leak = table!(
            "create policy p on public.notes for select to authenticated using (tenant_id is not null)"
        );
        run_as_superuser(&db, leak);
        run_as_superuser(&db, &format!("alter database {} set {setting}", db.name()));
        let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
        let actual = report["findings"].as_array().unwrap().iter().find_map(|finding| {
            (finding["check_id"] == "behaviour-other-tables")
                .then(|| finding["actual"].as_str().unwrap_or_default())
        });
        let actual = actual.unwrap_or_else(|| panic!("{setting}: {report:#}"));
        assert!(
            actual.contains("a member of another tenant reads 4 of 4"),
            "{setting}: {actual}"
        );
        assert_eq!(report["not_checked"], serde_json::json!([]), "{setting}");
    }
}

#[test]
fn a_table_that_is_sound_is_left_alone() {
    for sound in [
        table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[]))"
        ),
        table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id in (select m.tenant_id from public.user_tenants as m where m.user_id = auth.uid()))"
        ),
        table!(
            "create policy p on public.notes for select to authenticated using (owner_id = (select auth.uid()))"
        ),
        table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id = (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid)"
        ),
        table!(
            "alter table public.notes add column is_public boolean not null default false; \
             create policy p on public.notes for select to authenticated using (is_public); \
             insert into public.notes (tenant_id, is_public) select id, true from public.tenants"
        ),
        table!("create policy p on public.notes for select to service_role using (true)"),
        table!(
            "create policy p on public.notes for all to authenticated \
             using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()))"
        ),
        table!(
            "create policy p on public.notes for all to authenticated using (owner_id = (select auth.uid())); \
             create policy bound on public.notes as restrictive for all to authenticated \
             using (tenant_id = any ((select vital_private.writable_tenants())::uuid[]))"
        ),
        table!(
            "create policy p on public.notes for select to authenticated \
             using (tenant_id = any ((select vital_private.readable_tenants())::uuid[])); \
             create policy w on public.notes for all to authenticated \
             using (exists (select from public.user_tenants as m \
                 where m.user_id = (select auth.uid()) and m.tenant_id = notes.tenant_id and m.status = 'active' \
                   and m.role in ('owner', 'admin')))"
        ),
        table!(
            "create table public.seats (user_id uuid, company_id uuid, primary key (user_id, company_id)); \
             alter table public.seats enable row level security; revoke all on public.seats from authenticated; \
             grant select on public.seats to authenticated; \
             create policy own on public.seats for select to authenticated using (user_id = auth.uid()); \
             create policy p on public.notes for select to authenticated \
             using (tenant_id in (select s.company_id from public.seats as s where s.user_id = auth.uid()))"
        ),
        "set role postgres; create table public.notes (tenant_id uuid, body text not null); \
            alter table public.notes enable row level security",
    ] {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, sound);
        let report = verify(&db, &["--only", "behaviour-*"]);
        assert_eq!(report["verdict"], "passed", "{sound}\n{report:#}");
    }
}

#[test]
fn a_table_that_could_not_be_tried_is_not_checked() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "create table public.odd (tenant_id uuid not null, kind text not null check (kind = 'a' and kind = 'b')); \
         alter table public.odd enable row level security; grant select on public.odd to authenticated; \
         create policy p on public.odd for select to authenticated using (kind <> '')",
    );
    let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
    assert_eq!(report["verdict"], "not_checked");
    let not = &report["not_checked"][0];
    assert_eq!(not["check_id"], "behaviour-other-tables");
    let reason = not["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("public.odd") && reason.contains("odd_kind_check"),
        "{reason}"
    );
}

#[test]
fn a_function_that_was_retired_and_can_be_called_is_found() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "create function vital_retired.is_platform_admin(uuid) returns boolean language sql as 'select true'; \
         create policy p on public.profiles for select to authenticated using (vital_retired.is_platform_admin(auth.uid()))",
    );
    let report = parsed(
        &db.vital(&["verify", "--only", "retired-functions", "-o", "json"])
            .failure(4),
    );
    let finding = &report["findings"][0];
    assert_eq!(finding["object"], "vital_retired.is_platform_admin(uuid)");
    let actual = finding["actual"].as_str().unwrap_or_default();
    assert!(
        actual.contains("authenticated") && actual.contains("policy p on table public.profiles"),
        "{actual}"
    );
    run_as_superuser(&db, finding["fix"].as_str().unwrap());
    db.vital(&["verify", "--only", "retired-functions"]).success();
}

#[test]
fn what_is_unique_across_tenants_is_a_warning_with_the_index_that_replaces_it() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "alter table public.agents add constraint agents_name_key unique (name)",
    );
    let report = parsed(&db.vital(&["verify", "-o", "json"]).success());
    let finding = &report["findings"][0];
    assert_eq!(finding["check_id"], "unique-across-tenants");
    assert_eq!(finding["object"], "public.agents_name_key");
    let fix = finding["fix"].as_str().unwrap();
    assert!(
        fix.contains("create unique index concurrently on public.agents (tenant_id, name);"),
        "{fix}"
    );
    for statement in fix.split(";\n") {
        db.superuser().batch_execute(statement).unwrap();
    }
    let report = verify(&db, &["--only", "unique-across-tenants"]);
    assert_eq!(report["verdict"], "passed", "{report:#}");
}

#[test]
fn a_foreign_key_that_takes_a_hidden_agent_is_found() {
    let child = |cascade: &str, check: &str| {
        format!(
            "set role postgres; create table public.chats (id serial primary key, \
                 agent_id uuid not null references public.agents (id){cascade}, \
                 user_id uuid not null references auth.users (id), title text not null); \
             alter table public.chats enable row level security; \
             create policy p on public.chats for all to authenticated using (user_id = auth.uid()){check}"
        )
    };
    for (cascade, level, code) in [("", "warning", 0), (" on delete cascade", "error", 4)] {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, &child(cascade, ""));
        let run = db.vital(&["verify", "-o", "json"]);
        let report = parsed(&run);
        assert_eq!(run.code, code, "{run}");
        let finding = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["check_id"] == "behaviour-hidden-references");
        let finding = finding.unwrap_or_else(|| panic!("{report:#}"));
        assert_eq!(finding["object"], "public.chats.agent_id");
        assert_eq!(finding["level"], level);
        run_as_superuser(&db, finding["fix"].as_str().unwrap());
        let report = verify(&db, &["--only", "behaviour-hidden-references"]);
        assert_eq!(report["verdict"], "passed", "{report:#}");
    }
    let db = Database::create(Template::Migrated);
    let seen = " with check (user_id = auth.uid() and exists (select from public.agents as a where a.id = agent_id))";
    run_as_superuser(&db, &child("", seen));
    let report = verify(&db, &["--only", "behaviour-*"]);
    assert_eq!(report["verdict"], "passed", "{report:#}");
}

#[test]
fn agents_without_a_key_are_found() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "alter table public.agents drop constraint agents_pkey cascade",
    );
    let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
    let findings = report["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["check_id"] == "agents-without-key");
    let finding = finding.unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(finding["object"], "public.agents");
    run_as_superuser(&db, finding["fix"].as_str().unwrap());
    let report = verify(&db, &[]);
    assert_eq!(report["verdict"], "passed", "{report:#}");
    // A unique index of another kind does as well, one that holds for some rows only does not.
    run_as_superuser(
        &db,
        "alter table public.agents drop constraint agents_pkey; create unique index on public.agents (id)",
    );
    db.vital(&["verify", "--only", "agents-without-key"]).success();
    run_as_superuser(
        &db,
        "drop index public.agents_id_idx; create unique index on public.agents (id) where is_active",
    );
    db.vital(&["verify", "--only", "agents-without-key"]).failure(4);
}

#[test]
fn a_policy_for_the_trusted_role_is_no_finding() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "create policy \"service role does all\" on public.agents for all to service_role using (true) with check (true)",
    );
    let report = verify(&db, &[]);
    assert_eq!(report["verdict"], "passed", "{report:#}");
    run_as_superuser(
        &db,
        "alter policy \"service role does all\" on public.agents to service_role, authenticated",
    );
    db.vital(&["verify", "--only", "unknown-policies"]).failure(4);
}
