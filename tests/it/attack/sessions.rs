//! One connection, several users: prepared statements, plans, cursors and settings that are left behind.

use super::scenario::Scene;
use super::world::{NORTH_READS, SOUTH_READS, agents, tenants, users};
use crate::support::{Database, Template};
use postgres::Client;
use uuid::Uuid;

/// A pooled connection: role `authenticator`, in transactions that end.
fn pooled(database: &Database) -> Client {
    database.server_client("authenticator")
}

/// Hands the connection to `user`, for the rest of the session.
fn hand_to(client: &mut Client, user: Uuid) {
    let sql = format!("set role authenticated; set request.jwt.claims = '{{\"sub\": \"{user}\"}}'");
    client.batch_execute(&sql).unwrap();
}

fn private_names(client: &mut Client) -> Vec<String> {
    let sql = "select name::text from public.agents where name like '% private' order by 1";
    client
        .query(sql, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

fn current(client: &mut Client) -> Option<Uuid> {
    client
        .query_one("select public.get_current_tenant_id()", &[])
        .unwrap()
        .get(0)
}

#[test]
fn context_outlives_the_transaction_for_the_same_user() {
    let database = Database::create(Template::World);
    let mut client = pooled(&database);
    hand_to(&mut client, users::BOTH);
    let sql = format!("select public.set_tenant_context('{}')", tenants::SOUTH);
    client.execute(&sql, &[]).unwrap();
    assert_eq!(current(&mut client), Some(tenants::SOUTH));
    assert_eq!(private_names(&mut client), ["south private"]);
}

#[test]
fn connection_handed_to_another_user_forgets_the_context() {
    let database = Database::create(Template::World);
    let mut client = pooled(&database);
    hand_to(&mut client, users::BOTH);
    let sql = format!("select public.set_tenant_context('{}')", tenants::SOUTH);
    client.execute(&sql, &[]).unwrap();
    // The next user is a member of both tenants, and chose neither.
    hand_to(&mut client, users::MIXED);
    assert_eq!(current(&mut client), None);
    assert_eq!(private_names(&mut client), Vec::<String>::new());
    assert!(
        client
            .execute("insert into public.agents (name) values ('x')", &[])
            .is_err()
    );
    hand_to(&mut client, users::NORTH_MEMBER);
    assert_eq!(current(&mut client), Some(tenants::NORTH));
    assert_eq!(private_names(&mut client), ["north private"]);
    client
        .batch_execute("set role service_role; set request.jwt.claims = ''")
        .unwrap();
    assert_eq!(current(&mut client), None);
    hand_to(&mut client, users::BOTH);
    assert_eq!(current(&mut client), Some(tenants::SOUTH));
}

#[test]
fn prepared_statements_and_plans_serve_each_user_their_own_rows() {
    let database = Database::create(Template::World);
    let mut client = pooled(&database);
    client
        .batch_execute("set plan_cache_mode = force_generic_plan")
        .unwrap();
    client.batch_execute("set role service_role").unwrap();
    let sql = "select name::text from public.agents where name like '% private' order by 1";
    let statement = client.prepare(sql).unwrap();
    let run = |client: &mut Client| -> Vec<String> {
        client
            .query(&statement, &[])
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect()
    };
    assert_eq!(run(&mut client).len(), 9);
    for _ in 0..8 {
        for (user, expected) in [
            (users::NORTH_MEMBER, vec!["north private"]),
            (users::SOUTH_MEMBER, vec!["south private"]),
            (users::OUTSIDER, vec![]),
            (users::BOTH, vec![]),
        ] {
            hand_to(&mut client, user);
            assert_eq!(run(&mut client), expected);
        }
    }
    client.batch_execute("set role service_role").unwrap();
    assert_eq!(run(&mut client).len(), 9);
    client.batch_execute("set role anon").unwrap();
    assert!(client.query(&statement, &[]).is_err());
}

#[test]
fn functions_called_by_one_user_answer_the_next_anew() {
    let mut scene = Scene::open();
    for _ in 0..8 {
        for (user, expected) in [
            (users::NORTH_MEMBER, format!("{{{}}}", tenants::NORTH)),
            (users::SOUTH_MEMBER, format!("{{{}}}", tenants::SOUTH)),
            (users::OUTSIDER, "{}".to_owned()),
        ] {
            scene.user(user);
            assert_eq!(scene.one("select vital_private.readable_tenants()"), expected);
            assert_eq!(scene.one("select vital_private.writable_tenants()"), expected);
            assert_eq!(scene.one("select vital_private.caller_id()"), user.to_string());
            assert_eq!(scene.one("select vital_private.is_platform_admin()"), "f");
        }
        scene.user(users::ADMIN);
        assert_eq!(scene.one("select vital_private.is_platform_admin()"), "t");
    }
}

#[test]
fn cursor_keeps_to_the_tenant_it_began_with() {
    let mut scene = Scene::open();
    let query = "select name from public.agents where id::text like 'c0000000-%' order by name";
    scene.user(users::BOTH).acting_for(tenants::NORTH);
    scene.ok(&format!("declare begun no scroll cursor for {query}"));
    let first = scene.one("fetch 1 from begun");
    scene.acting_for(tenants::SOUTH);
    let rest = scene.column("fetch all from begun");
    assert_eq!([vec![first], rest].concat(), NORTH_READS);
}

#[test]
fn cursor_that_nobody_has_read_from_serves_who_reads_first() {
    let mut scene = Scene::open();
    let query = "select name from public.agents where id::text like 'c0000000-%' order by name";
    scene.user(users::NORTH_MEMBER);
    scene.ok(&format!("declare waiting no scroll cursor for {query}"));
    scene.user(users::SOUTH_MEMBER);
    assert_eq!(scene.column("fetch all from waiting"), SOUTH_READS);
}

#[test]
fn cursor_does_not_write_where_its_tenant_may_not() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    scene.ok("declare own cursor for select name from public.agents where name = 'north private' for update");
    scene.ok("fetch 1 from own");
    scene.user(users::SOUTH_MEMBER);
    assert_eq!(
        scene.ok("update public.agents set name = 'taken' where current of own"),
        0
    );
    assert_eq!(scene.ok("delete from public.agents where current of own"), 0);
}

#[test]
fn expired_local_settings_read_as_none() {
    let database = Database::create(Template::World);
    let mut client = pooled(&database);
    hand_to(&mut client, users::NORTH_MEMBER);
    let mut transaction = client.transaction().unwrap();
    let sql = format!(
        "set local app.tenant_id = '{0}'; set local app.tenant_user = '{1}'; \
         set local request.headers = '{{\"x-tenant-id\": \"{0}\"}}'",
        tenants::SOUTH,
        users::NORTH_MEMBER
    );
    transaction.batch_execute(&sql).unwrap();
    let names = "select 1 from public.agents where name like '% private'";
    assert_eq!(transaction.query(names, &[]).unwrap().len(), 0);
    transaction.commit().unwrap();
    let expired = "select current_setting('app.tenant_id', true), current_setting('request.headers', true)";
    let row = client.query_one(expired, &[]).unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("", ""));
    assert_eq!(private_names(&mut client), ["north private"]);
    assert_eq!(current(&mut client), Some(tenants::NORTH));
    // Without any user, too.
    client.batch_execute("set request.jwt.claims = ''").unwrap();
    assert_eq!(private_names(&mut client), Vec::<String>::new());
    assert_eq!(current(&mut client), None);
}

#[test]
fn row_security_switched_off_by_a_user_raises_instead_of_opening() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER).set("row_security", "off");
    scene.refused("select 1 from public.agents", "42501");
    scene.refused("select 1 from public.tenants", "42501");
    let sql = format!(
        "update public.agents set name = 'x' where id = '{}'",
        agents::SOUTH_PRIVATE
    );
    scene.refused(&sql, "42501");
    let sql = format!("select public.set_tenant_context('{}')", tenants::SOUTH);
    scene.refused(&sql, "42501");
    assert_eq!(
        scene.one("select public.get_current_tenant_id()"),
        tenants::NORTH.to_string()
    );
}

#[test]
fn user_cannot_become_anybody_more() {
    let database = Database::create(Template::World);
    let mut client = database.acting_as(users::NORTH_MEMBER);
    for sql in [
        "set role postgres",
        "set role supabase_admin",
        "set session authorization postgres",
    ] {
        assert!(client.batch_execute(sql).is_err(), "{sql}");
    }
}

#[test]
fn parallel_plan_isolates_too() {
    let mut scene = Scene::open();
    for (name, value) in [
        ("parallel_setup_cost", "0"),
        ("parallel_tuple_cost", "0"),
        ("min_parallel_table_scan_size", "0"),
        ("min_parallel_index_scan_size", "0"),
        ("max_parallel_workers_per_gather", "2"),
    ] {
        scene.set(name, value);
    }
    scene.ok("analyze public.agents");
    scene.user(users::NORTH_MEMBER);
    let plan =
        scene.column("explain (costs off) select count(*) from public.agents where name like '% private'");
    assert!(plan.iter().any(|line| line.contains("Gather")), "{plan:?}");
    assert_eq!(
        scene.one("select count(*) from public.agents where name like '% private'"),
        "1"
    );
    scene.reads_exactly(&NORTH_READS);
}
