//! A plain PostgreSQL, prepared by `vital bootstrap` as a superuser, and then run by an owner of `agents` who is none.

use std::process::Command;

use crate::support::{Database, Run, Template, progress, total};

const OWNER: &str = "create role app login; \
    create table public.agents (id uuid primary key default gen_random_uuid(), name text not null, \
    created_at timestamptz not null default now()); \
    alter table public.agents owner to app; \
    insert into public.agents (name) select 'agent ' || i from generate_series(1, 20) as i";
const USER: &str = "70000000-0000-4000-8000-000000000001";
const OTHER: &str = "70000000-0000-4000-8000-000000000002";

fn command(database: &Database, arguments: &[&str]) -> Command {
    let mut command = database.command(arguments);
    command.env("DATABASE_URL", database.url_as("app"));
    command
}

/// Runs the binary as the owner.
fn vital(database: &Database, arguments: &[&str]) -> Run {
    Run::of(&mut command(database, arguments))
}

/// A server on which the owner made the table, and then somebody bootstrapped as a superuser.
fn prepared() -> Database {
    let database = Database::create(Template::Plain);
    database.superuser().batch_execute(OWNER).unwrap();
    // Up to PostgreSQL 14 everybody may create objects in public, and nobody but a superuser can end that here.
    let close = "revoke create on schema public from public";
    database.superuser().batch_execute(close).unwrap();
    database.vital(&["bootstrap"]).success();
    database
}

#[test]
fn every_command_works_for_an_owner_who_is_no_superuser() {
    let database = prepared();
    let doctor = vital(&database, &["doctor"]);
    assert!(doctor.stdout.contains("nothing stands in its way"), "{doctor}");
    assert!(
        doctor.stdout.contains("the role may run every command"),
        "{doctor}"
    );
    vital(&database, &["migrate", "plan"]);
    let run = vital(&database, &["migrate", "up", "--yes"]).success();
    assert!(run.stdout.contains(&progress(total())), "{run}");
    let verify = vital(&database, &["verify"]).success();
    assert!(!verify.stdout.contains("not checked"), "{verify}");
    for arguments in [
        &["migrate", "status"][..],
        &["tenant", "create", "north", "--name", "North", "--yes"],
        &["tenant", "list"],
        &["tenant", "show", "north"],
        &["tenant", "update", "north", "--set", "industry=care"],
        &[
            "assign-user",
            USER,
            "--tenant",
            "north",
            "--role",
            "owner",
            "--yes",
        ],
        &["assign-user", OTHER, "--tenant", "north", "--yes"],
        &["user", "list"],
        &["user", "show", USER],
        &["suspend-user", OTHER, "--tenant", "north", "--yes"],
        &["remove-user", OTHER, "--tenant", "north", "--yes"],
        &["grant-admin", USER, "--yes"],
        &["grant-admin", OTHER, "--yes"],
        &["list-admins"],
        &["revoke-admin", OTHER, "--yes"],
        &["tenant", "suspend", "north", "--yes"],
        &["tenant", "activate", "north", "--yes"],
        &["tenant", "archive", "north", "--yes"],
        &["tenant", "activate", "north", "--yes"],
        &["sharing", "report"],
        &["sharing", "matrix"],
        &["sharing", "audit"],
        &["audit"],
        &["seed", "--yes"],
        &["seed", "--export"],
        &["schema", "dump", "--live"],
        &["verify"],
        &["migrate", "down", "--to", "0", "--yes"],
        &["migrate", "up", "--restore", "--yes"],
        &["verify"],
    ] {
        vital(&database, arguments).success();
    }
}

#[test]
fn users_of_the_api_read_and_write_what_such_an_owner_made() {
    let database = prepared();
    vital(&database, &["migrate", "up", "--yes"]).success();
    vital(&database, &["assign-user", USER, "--yes"]).success();
    let mut user = database.superuser();
    let claims = format!("set role authenticated; set request.jwt.claims = '{{\"sub\": \"{USER}\"}}'");
    user.batch_execute(&claims).unwrap();
    let count = |user: &mut postgres::Client, table: &str| -> i64 {
        let sql = format!("select count(*) from public.{table}");
        user.query_one(&sql, &[]).unwrap().get(0)
    };
    assert_eq!(count(&mut user, "agents"), 20);
    assert_eq!(count(&mut user, "tenants"), 1);
    user.batch_execute("insert into public.agents (name) values ('mine')")
        .unwrap();
    assert_eq!(count(&mut user, "agents"), 21);
}

#[test]
fn what_is_missing_is_told_before_anything_is_changed() {
    for (take, told) in [
        (
            // A member of the API's roles has it by them, too.
            "revoke anon, authenticated, service_role from app; revoke usage on schema auth from app",
            "grant usage on schema auth to \"app\"",
        ),
        (
            "revoke usage, create on schema public from app, public; grant usage on schema public to app",
            "grant create on schema public to \"app\"",
        ),
        (
            "do $$ begin execute format('revoke create on database %I from app', current_database()); end $$",
            "grant create on database",
        ),
    ] {
        let database = prepared();
        database.superuser().batch_execute(take).unwrap();
        let doctor = vital(&database, &["doctor"]);
        assert!(doctor.stdout.contains(told), "{told}: {doctor}");
        let up = vital(&database, &["migrate", "up", "--yes"]).failure(1);
        assert!(up.stderr.contains(told), "{up}");
        assert!(up.stderr.contains("nothing was changed"), "{up}");
        let sql = "select count(*) from pg_namespace where nspname like 'vital%'";
        let schemas: i64 = database.superuser().query_one(sql, &[]).unwrap().get(0);
        assert_eq!(schemas, 0);
        // And a second bootstrap gives it.
        let again = database.vital(&["bootstrap"]).success();
        assert!(again.stdout.contains("\ncreated "), "{again}");
        vital(&database, &["migrate", "up", "--yes"]).success();
    }
}

#[test]
fn everybody_may_create_objects_in_public_no_longer_and_owners_there_still_may() {
    let database = prepared();
    let open = "grant create on schema public to public; \
        create role neighbour login; set role neighbour; create table public.theirs (a integer); reset role; \
        alter schema public owner to app";
    database.superuser().batch_execute(open).unwrap();
    let doctor = vital(&database, &["doctor"]);
    assert!(
        doctor
            .stdout
            .contains("everybody may create objects in schema public"),
        "{doctor}"
    );
    let up = vital(&database, &["migrate", "up", "--yes"]).success();
    assert!(
        up.stderr
            .contains("everybody may create objects in schema public"),
        "{up}"
    );
    for (role, may) in [
        ("anon", false),
        ("authenticated", false),
        ("neighbour", true),
        ("app", true),
    ] {
        let sql = format!("select has_schema_privilege('{role}', 'public', 'create')");
        let row = database.superuser().query_one(&sql, &[]).unwrap();
        assert_eq!(row.get::<_, bool>(0), may, "{role}");
    }
    vital(&database, &["verify"]).success();
}

#[test]
fn functions_of_our_names_that_somebody_else_made_are_refused() {
    let database = prepared();
    let plant = "create role mallory; grant create on schema public to mallory; set role mallory; \
        create function public.set_tenant_context(a text) returns void language sql as ''; reset role; \
        revoke create on schema public from mallory";
    database.superuser().batch_execute(plant).unwrap();
    for arguments in [&["doctor"][..], &["migrate", "up", "--yes"]] {
        let run = vital(&database, arguments);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("set_tenant_context(text) of mallory"), "{run}");
    }
    database
        .superuser()
        .batch_execute("drop function public.set_tenant_context(text)")
        .unwrap();
    vital(&database, &["migrate", "up", "--yes"]).success();
    // Afterwards, by whoever may by then.
    database
        .superuser()
        .batch_execute(
            "grant create on schema public to mallory; set role mallory; \
        create function public.set_tenant_context(a text) returns void language sql as ''; reset role",
        )
        .unwrap();
    let run = vital(&database, &["verify"]).failure(4);
    assert!(run.stdout.contains("set_tenant_context(text)"), "{run}");
}
