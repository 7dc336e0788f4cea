//! `vital bootstrap`.

use crate::support::{Database, Template};

#[test]
fn plain_server_is_ready_for_the_migrations_afterwards() {
    let db = Database::create(Template::Plain);
    let without = db.vital(&["migrate", "up"]).failure(1);
    assert!(without.stderr.contains("`vital bootstrap`"), "{without}");

    let first = db.vital(&["bootstrap"]).success();
    assert!(first.stdout.contains("created 8 of 8"), "{first}");
    let agents =
        "create table public.agents (id uuid primary key, name text, created_at timestamptz default now())";
    db.client().batch_execute(agents).unwrap();
    db.vital(&["migrate", "up"]).success();
    let may_be_api = "select pg_has_role('authenticator', 'service_role', 'member')";
    assert!(db.client().query_one(may_be_api, &[]).unwrap().get::<_, bool>(0));
}

#[test]
fn what_exists_is_left_alone() {
    let db = Database::create(Template::Plain);
    let mut client = db.client();
    client
        .batch_execute(
            "create role authenticated login inherit;
            create schema auth;
            create function auth.uid() returns uuid language sql as 'select null::uuid'",
        )
        .unwrap();
    let state = "select rolcanlogin, rolinherit, (select prosrc from pg_proc where oid = 'auth.uid()'::regprocedure),
        (select nspacl::text from pg_namespace where nspname = 'auth') from pg_roles where rolname = 'authenticated'";
    let run = db.vital(&["bootstrap"]).success();
    assert!(run.stdout.contains("created 5 of 8"), "{run}");
    let row = client.query_one(state, &[]).unwrap();
    assert!(row.get::<_, bool>(0) && row.get::<_, bool>(1));
    assert_eq!(row.get::<_, &str>(2), "select null::uuid");
    assert_eq!(row.get::<_, Option<&str>>(3), None);

    let again = db.vital(&["bootstrap"]).success();
    assert!(again.stdout.contains("nothing to do"), "{again}");
}

#[test]
fn role_without_createrole_is_told_and_nothing_is_kept() {
    let db = Database::create(Template::Plain);
    db.client().batch_execute("create role clerk login").unwrap();
    let url = db.url_as("clerk");
    let run = db.vital(&["bootstrap", "--database-url", &url]).failure(1);
    assert!(run.stderr.contains("as a superuser"), "{run}");
    let roles = "select count(*) from pg_roles where rolname in ('anon', 'authenticated')";
    assert_eq!(db.client().query_one(roles, &[]).unwrap().get::<_, i64>(0), 0);
}
