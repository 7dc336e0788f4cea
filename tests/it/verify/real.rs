//! The probe on tables as they really are: whatever they insist on, users are acted, and triggers of others are seen.

use super::{found, parsed, run_as_superuser, verify};
use crate::support::{Database, Template};

/// Adds a column that must be filled and that users may fill.
macro_rules! column {
    ($definition:literal, $filled:literal) => {
        concat!(
            "alter table public.agents add column extra ",
            $definition,
            "; update public.agents set extra = ",
            $filled,
            "; alter table public.agents alter column extra set not null; \
             grant insert (extra) on public.agents to authenticated"
        )
    };
}

/// What tables of the tenancy insist on in real databases.
const RULES: &[&str] = &[
    "alter table public.agents add unique (name)",
    "alter table public.agents add unique (name, model)",
    "create unique index on public.agents (lower(name))",
    "alter table public.agents add check (length(name) > 20) not valid",
    "alter table public.agents add check (name ~ '^[A-Z].*[a-z]$') not valid",
    "alter table public.agents add check (length(name) <= 12) not valid",
    "alter table public.agents alter column slug set not null, add unique (slug), \
        add check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$') not valid",
    "update public.agents set created_by = 'a0000000-0000-4000-8000-000000000001'; \
        alter table public.agents alter column created_by set not null, \
        add foreign key (created_by) references public.profiles (id)",
    "alter table public.agents add foreign key (created_by_user_id) references auth.users (id)",
    "alter table public.user_roles add foreign key (user_id) references auth.users (id)",
    "alter table public.user_tenants add foreign key (user_id) references auth.users (id) on delete cascade",
    "insert into public.profiles (id, email) select id, email from auth.users on conflict do nothing; \
        alter table public.user_tenants add foreign key (user_id) references public.profiles (id)",
    "create table public.organizations (id uuid primary key default gen_random_uuid(), name text not null unique); \
        insert into public.organizations (name) values ('Meridian'); \
        alter table public.agents add column owner_organization_id uuid references public.organizations (id); \
        update public.agents set owner_organization_id = (select id from public.organizations); \
        alter table public.agents alter column owner_organization_id set not null; \
        grant insert (owner_organization_id) on public.agents to authenticated; \
        grant all on public.organizations to authenticated",
    column!("text", "'display ' || slug"),
    column!("varchar(12) unique", "left(md5(slug), 12)"),
    column!("text check (extra ~ '^[A-Z]{3}-[0-9]{4}$')", "'ABC-0001'"),
    column!(
        "text unique check (extra ~ '^\\w+@\\w+\\.example$')",
        "replace(slug, '-', '_') || '@vital.example'"
    ),
    column!("integer check (extra between 7 and 9)", "8"),
    column!("smallint check (extra > 30)", "31"),
    column!(
        "numeric(6, 2) unique",
        "n from (select id as i, row_number() over () as n from public.agents) as x where x.i = id"
    ),
    column!("jsonb check (extra ? 'kind')", "'{\"kind\": 1}'"),
    column!("date check (extra < '2020-01-01')", "'2019-05-05'"),
    column!("text[] check (cardinality(extra) > 0)", "'{a}'"),
    column!("inet", "'10.0.0.1'"),
    column!("daterange", "'[2020-01-01,2020-02-01)'"),
    column!("bytea", "'\\x00'"),
    column!("uuid", "gen_random_uuid()"),
    column!("interval", "'1 hour'"),
    column!("char(2) check (extra = upper(extra))", "'DE'"),
    "create type public.stage as enum ('draft', 'live'); \
        alter table public.agents add column stage public.stage; update public.agents set stage = 'live'; \
        alter table public.agents alter column stage set not null; \
        grant insert (stage) on public.agents to authenticated",
    "create domain public.code as text check (value ~ '^[a-z]{2,}$'); \
        alter table public.agents add column code public.code; update public.agents set code = 'abc'; \
        alter table public.agents alter column code set not null; \
        grant insert (code) on public.agents to authenticated",
    "alter table public.agents add column number bigint generated always as identity, \
        add column shout text generated always as (upper(name)) stored, add unique (number), add unique (shout)",
    "alter table public.agents add column seats int4range, add exclude using gist (seats with &&)",
    "alter table public.agents add constraint agents_model_check check (model <> 'o3' or max_tokens > 100) not valid",
    "alter table public.agents add column parent uuid references public.agents (id); \
        update public.agents set parent = id; alter table public.agents alter column parent set not null; \
        grant insert (parent) on public.agents to authenticated",
    "create table public.kinds (id uuid primary key default gen_random_uuid(), label text not null unique); \
        alter table public.agents add column kind_id uuid references public.kinds (id); \
        insert into public.kinds (label) values ('a'); update public.agents set kind_id = (select id from public.kinds); \
        alter table public.agents alter column kind_id set not null; \
        grant insert (kind_id) on public.agents to authenticated",
    "alter table public.tenants add column region text; update public.tenants set region = 'eu'; \
        alter table public.tenants alter column region set not null, add check (region in ('eu', 'us'))",
    "alter table public.tenants add unique (name)",
    "create function public.check_agent() returns trigger language plpgsql as \
        'begin if not exists (select from profiles) then raise exception ''no profiles''; end if; return null; end'; \
        grant select on public.profiles to authenticated; \
        create constraint trigger agents_checked after insert or update on public.agents \
        deferrable initially deferred for each row execute function public.check_agent()",
    "create function public.tidy(p text) returns text language sql as 'select trim(p)'; \
        create function public.tidy_agent() returns trigger language plpgsql as \
        'begin new.name := tidy(new.name); return new; end'; \
        create trigger tidy before insert or update on public.agents \
        for each row execute function public.tidy_agent()",
];

/// The checks that act on agents, tenants, memberships and roles.
const ACTING: [&str; 4] = ["--only", "behaviour-*", "-o", "json"];

#[test]
fn whatever_the_tables_insist_on_users_are_acted() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, rule);
        let report = verify(&db, &ACTING[..2]);
        if report["verdict"] != "passed" {
            wrong.push(format!(
                "{rule}\n{:#}{:#}",
                report["not_checked"], report["findings"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tables_without_a_row_are_acted_on() {
    for rule in [
        "delete from public.agents",
        "delete from public.agents; alter table public.agents add check (length(name) > 40), \
            alter column slug set not null, add check (slug ~ '^[a-z0-9]{4,}$')",
        "delete from public.agents; alter table public.agents add check (model in ('small', 'large')), \
            alter column model drop default",
        "delete from public.agents; create table public.kinds (id uuid primary key default gen_random_uuid(), \
            label text not null unique); alter table public.agents add column kind_id uuid not null \
            references public.kinds (id); grant insert (kind_id) on public.agents to authenticated",
    ] {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, rule);
        let report = parsed(&db.vital(&[&["verify"], &ACTING[..]].concat()));
        assert_eq!(report["verdict"], "passed", "{rule}: {report:#}");
    }
}

#[test]
fn a_real_shaped_database_is_verified_whole() {
    let db = Database::create(Template::RealMigrated);
    let report = verify(&db, &[]);
    assert_eq!(report["not_checked"], serde_json::json!([]), "{report:#}");
    assert_eq!(report["verdict"], "passed", "{report:#}");
    assert_eq!(report["counts"]["errors"], 0, "{report:#}");
}

#[test]
fn what_no_row_fits_is_named_and_no_pass() {
    for (rule, named) in [
        (
            "alter table public.agents add constraint agents_odd_check check (sharing_mode is null) not valid",
            "agents_odd_check",
        ),
        (
            "create function public.refuse() returns trigger language plpgsql as \
             'begin raise exception ''closed for today''; end'; \
             create trigger closed before insert on public.agents for each row execute function public.refuse()",
            "closed for today (SQLSTATE P0001), in PL/pgSQL function refuse()",
        ),
        (
            "create function public.swallow() returns trigger language plpgsql as 'begin return null; end'; \
             create trigger swallow before insert on public.agents for each row execute function public.swallow()",
            "a trigger keeps the row out",
        ),
        (
            "alter table public.user_tenants add constraint nobody check (role = 'nobody') not valid",
            "public.user_tenants: new row for relation \"user_tenants\" violates check constraint \"nobody\"",
        ),
    ] {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, rule);
        let report = parsed(&db.vital(&[&["verify"], &ACTING[..]].concat()).failure(4));
        assert_eq!(report["verdict"], "not_checked", "{rule}: {report:#}");
        assert_eq!(report["passed"], serde_json::json!([]), "{rule}: {report:#}");
        let why = report["not_checked"][0]["reason"].as_str().unwrap_or_default();
        assert!(why.contains(named), "{rule}: {why}");
    }
}

#[test]
fn a_trigger_that_rewrites_what_is_written_is_found_by_name() {
    let body = |body: &str, trigger: &str| {
        format!(
            "create function public.rewrite() returns trigger language plpgsql as $$ begin {body} end $$; \
             create {trigger} for each row execute function public.rewrite()"
        )
    };
    let global = "new.is_shared := true; new.sharing_mode := 'global'; new.shared_with := null; return new;";
    let moved = "new.tenant_id := '00000000-0000-0000-0000-000000000001'; return new;";
    let later = "if new.sharing_mode = 'private' then update public.agents set is_shared = true, \
        sharing_mode = 'global' where id = new.id; end if; return null;";
    let for_users = format!("if auth.uid() is not null then {global} end if; return new;");
    for damage in [
        body(
            global,
            "trigger zz_rewrite before insert or update on public.agents",
        ),
        body(global, "trigger zz_rewrite before insert on public.agents"),
        body(global, "trigger a_rewrite before update on public.agents"),
        body(moved, "trigger zz_rewrite before insert on public.agents"),
        body(moved, "trigger zz_rewrite before update on public.agents"),
        body(later, "trigger zz_rewrite after insert on public.agents"),
        body(
            later,
            "constraint trigger zz_rewrite after insert on public.agents deferrable initially deferred",
        ),
        body(&for_users, "trigger zz_rewrite before update on public.agents"),
    ] {
        let db = Database::create(Template::RealMigrated);
        run_as_superuser(&db, &damage);
        let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
        let named = report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["check_id"] == "behaviour-rewriting-triggers"
                && finding["level"] == "error"
                && finding["object"]
                    .as_str()
                    .is_some_and(|object| object.contains("_rewrite"))
        });
        let refused = report["not_checked"]
            .as_array()
            .unwrap()
            .iter()
            .any(|not| not["check_id"] == "behaviour-rewriting-triggers");
        // What the guard refuses as the user's own doing does not leak, and is told.
        assert!(named || refused, "{damage}: {:?} {report:#}", found(&report));
        if !damage.contains("a_rewrite") && !damage.contains("auth.uid") {
            assert!(named, "{damage}: {report:#}");
        }
    }
}
