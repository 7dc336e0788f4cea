//! Requests of the API on connections that others used before: what was left there never counts.

use postgres::Client;
use serde_json::json;
use uuid::Uuid;

use super::scenario::Scene;
use super::world::{GLOBAL, NORTH_READS, SOUTH_READS, tenants, users};
use crate::support::{Database, Request, Template};

const NAMES: &str = "select name from public.agents where id::text like 'c0000000-%' order by name";
const CURRENT: &str = "select public.get_current_tenant_id()";

fn set_context(tenant: Uuid) -> String {
    format!("select public.set_tenant_context('{tenant}')")
}

fn pooled() -> (Database, Client) {
    let database = Database::create(Template::World);
    let client = database.server_client("authenticator");
    (database, client)
}

/// Leaves `tenant` behind on the connection, as a session of the user's own does.
fn leave(client: &mut Client, user: Uuid, tenant: Uuid) {
    let sql = format!(
        "set role authenticated; set request.jwt.claims = '{{\"sub\": \"{user}\"}}'; {}; \
         reset role; reset request.jwt.claims",
        set_context(tenant)
    );
    client.batch_execute(&sql).unwrap();
    let left = client
        .query_one("select current_setting('app.tenant_id')", &[])
        .unwrap();
    assert_eq!(left.get::<_, String>(0), tenant.to_string());
}

#[test]
fn context_of_a_request_ends_with_it() {
    let (_database, mut client) = pooled();
    let both = Request::of(users::BOTH);
    let sql = format!("{}; {CURRENT}", set_context(tenants::SOUTH));
    let answers = both.run(&mut client, &sql).unwrap();
    assert_eq!(answers.last(), Some(&tenants::SOUTH.to_string()));
    assert_eq!(both.run(&mut client, CURRENT).unwrap(), [""]);
    assert_eq!(both.run(&mut client, NAMES).unwrap(), GLOBAL);
    let settings =
        "select concat(current_setting('app.tenant_id', true), current_setting('app.tenant_user', true))";
    assert_eq!(client.query_one(settings, &[]).unwrap().get::<_, String>(0), "");
}

#[test]
fn what_a_session_left_behind_does_not_count_in_a_request() {
    let (_database, mut client) = pooled();
    leave(&mut client, users::BOTH, tenants::SOUTH);
    let both = Request::of(users::BOTH);
    assert_eq!(both.run(&mut client, NAMES).unwrap(), GLOBAL);
    assert_eq!(both.run(&mut client, CURRENT).unwrap(), [""]);
    let north = both.clone().header("x-tenant-id", tenants::NORTH.to_string());
    assert_eq!(north.run(&mut client, NAMES).unwrap(), NORTH_READS);
    let insert = "insert into public.agents (name) values ('new') returning tenant_id";
    let made = north.method("POST").run(&mut client, insert).unwrap();
    assert_eq!(made, [tenants::NORTH.to_string()]);
    let refused = both.clone().method("POST").run(&mut client, insert).unwrap_err();
    assert_eq!(refused.code(), "42501");
    let claim = both
        .clone()
        .claim("app_metadata", json!({"tenant_id": tenants::NORTH}));
    assert_eq!(claim.run(&mut client, NAMES).unwrap(), NORTH_READS);
    // Of HALF, one membership counts; what was left names the other one.
    leave(&mut client, users::MIXED, tenants::SOUTH);
    let half = Request::of(users::HALF);
    assert_eq!(half.run(&mut client, NAMES).unwrap(), NORTH_READS);
}

#[test]
fn raw_settings_do_not_count_in_a_request() {
    let (_database, mut client) = pooled();
    for scope in ["local", "session"] {
        let forged = format!(
            "set {scope} app.tenant_id = '{}'; set {scope} app.tenant_user = '{}'; {NAMES}",
            tenants::SOUTH,
            users::BOTH
        );
        let both = Request::of(users::BOTH);
        assert_eq!(both.run(&mut client, &forged).unwrap(), GLOBAL);
        assert_eq!(both.run(&mut client, NAMES).unwrap(), GLOBAL);
    }
}

#[test]
fn any_of_the_three_settings_tells_a_request() {
    let mut scene = Scene::open();
    for (name, value) in [
        ("request.method", "GET"),
        ("request.path", "/agents"),
        ("request.headers", "{}"),
    ] {
        scene
            .user(users::BOTH)
            .set("app.tenant_id", &tenants::SOUTH.to_string())
            .set("app.tenant_user", &users::BOTH.to_string())
            .reads_exactly(&SOUTH_READS)
            .set(name, value)
            .reads_only_global()
            .acting_for(tenants::SOUTH)
            .reads_exactly(&SOUTH_READS)
            .set(name, "")
            .reads_exactly(&SOUTH_READS);
    }
}

#[test]
fn context_set_before_the_request_in_the_same_transaction_counts() {
    let mut scene = Scene::open();
    scene
        .user(users::BOTH)
        .acting_for(tenants::SOUTH)
        .set("request.method", "GET")
        .reads_exactly(&SOUTH_READS);
}

/// What the README shows for raw SQL behind a transaction pooler.
#[test]
fn header_set_for_the_transaction_ends_with_it() {
    let (_database, mut client) = pooled();
    leave(&mut client, users::BOTH, tenants::NORTH);
    let begin = format!(
        "begin; set local role authenticated; set local request.jwt.claims = '{{\"sub\": \"{}\"}}'",
        users::BOTH
    );
    let header = format!(
        "set local request.headers = '{{\"x-tenant-id\": \"{}\"}}'",
        tenants::SOUTH
    );
    let current = |client: &mut Client| -> Option<Uuid> { client.query_one(CURRENT, &[]).unwrap().get(0) };
    client.batch_execute(&format!("{begin}; {header}")).unwrap();
    assert_eq!(current(&mut client), Some(tenants::SOUTH));
    client.batch_execute("commit").unwrap();
    client
        .batch_execute(&format!("{begin}; set local request.headers = '{{}}'"))
        .unwrap();
    assert_eq!(current(&mut client), None);
    client.batch_execute("commit").unwrap();
}

#[test]
fn empty_header_counts_as_absent() {
    let (_database, mut client) = pooled();
    for value in [json!(""), json!(null)] {
        let half = Request::of(users::HALF).header("x-tenant-id", value.clone());
        assert_eq!(half.run(&mut client, NAMES).unwrap(), NORTH_READS, "{value}");
        let both = Request::of(users::BOTH).header("x-tenant-id", value.clone());
        let sql = format!("{}; {CURRENT}", set_context(tenants::SOUTH));
        let answers = both.run(&mut client, &sql).unwrap();
        assert_eq!(answers.last(), Some(&tenants::SOUTH.to_string()), "{value}");
        let claim = both.claim("app_metadata", json!({"tenant_id": tenants::SOUTH}));
        assert_eq!(claim.run(&mut client, NAMES).unwrap(), SOUTH_READS, "{value}");
    }
    for value in [json!(""), json!(null)] {
        let half = Request::of(users::HALF).claim("app_metadata", json!({"tenant_id": value}));
        assert_eq!(half.run(&mut client, NAMES).unwrap(), NORTH_READS, "{value}");
    }
}

#[test]
fn malformed_header_closes_even_the_only_membership() {
    let (_database, mut client) = pooled();
    let values = [
        json!(5),
        json!(true),
        json!([tenants::NORTH]),
        json!({"id": tenants::NORTH}),
        json!(" "),
        json!("null"),
        json!(format!("{0},{0}", tenants::NORTH)),
        json!(format!("\"{}\"", tenants::NORTH)),
    ];
    for value in values {
        let half = Request::of(users::HALF).header("x-tenant-id", value.clone());
        assert_eq!(half.run(&mut client, NAMES).unwrap(), GLOBAL, "{value}");
    }
}

#[test]
fn name_of_the_header_is_read_in_any_case() {
    let (_database, mut client) = pooled();
    for name in ["X-Tenant-Id", "X-TENANT-ID"] {
        let both = Request::of(users::BOTH).header(name, tenants::SOUTH.to_string());
        assert_eq!(both.run(&mut client, NAMES).unwrap(), SOUTH_READS, "{name}");
    }
}
