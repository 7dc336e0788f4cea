//! Requests as PostgREST serves them, one after the other on one connection of the role `authenticator`.

use postgres::Client;
use serde_json::json;

use crate::attack::world::{GLOBAL, NORTH_READS, SOUTH_READS, agents, tenants, users};
use crate::support::{Database, Request, Template};

const NAMES: &str = "select name from public.agents where id::text like 'c0000000-%' order by name";
const CURRENT: &str = "select public.get_current_tenant_id()";

fn connect() -> (Database, Client) {
    let database = Database::create(Template::World);
    let client = database.server_client("authenticator");
    (database, client)
}

fn both() -> Request {
    Request::of(users::BOTH)
}

#[test]
fn header_chooses_among_ones_own_tenants() {
    let (_database, mut client) = connect();
    assert_eq!(both().run(&mut client, NAMES).unwrap(), GLOBAL);
    for (tenant, reads) in [(tenants::SOUTH, SOUTH_READS), (tenants::NORTH, NORTH_READS)] {
        for written in [tenant.to_string(), tenant.to_string().to_uppercase()] {
            let request = both().header("x-tenant-id", written);
            assert_eq!(request.run(&mut client, NAMES).unwrap(), reads);
            assert_eq!(request.run(&mut client, CURRENT).unwrap(), [tenant.to_string()]);
        }
    }
    for tenant in [tenants::EAST, tenants::PLATFORM, tenants::NOWHERE] {
        let request = both().header("x-tenant-id", tenant.to_string());
        assert_eq!(request.run(&mut client, NAMES).unwrap(), GLOBAL);
    }
    assert_eq!(both().run(&mut client, NAMES).unwrap(), GLOBAL);
}

#[test]
fn claim_chooses_among_ones_own_tenants_unless_a_header_does() {
    let (_database, mut client) = connect();
    let claiming = |tenant: uuid::Uuid| both().claim("app_metadata", json!({"tenant_id": tenant}));
    assert_eq!(
        claiming(tenants::SOUTH).run(&mut client, NAMES).unwrap(),
        SOUTH_READS
    );
    assert_eq!(claiming(tenants::EAST).run(&mut client, NAMES).unwrap(), GLOBAL);
    let request = claiming(tenants::SOUTH).header("x-tenant-id", tenants::NORTH.to_string());
    assert_eq!(request.run(&mut client, NAMES).unwrap(), NORTH_READS);
    let request = both().claim("user_metadata", json!({"tenant_id": tenants::SOUTH}));
    assert_eq!(request.run(&mut client, NAMES).unwrap(), GLOBAL);
}

#[test]
fn leftover_of_another_users_session_is_ignored() {
    let (_database, mut client) = connect();
    // Session-level settings, as a session that was no request leaves them.
    let sql = format!(
        "set role authenticated; set request.jwt.claims = '{{\"sub\": \"{}\"}}'; \
         select public.set_tenant_context('{}'); reset role; reset request.jwt.claims",
        users::BOTH,
        tenants::SOUTH
    );
    client.batch_execute(&sql).unwrap();
    assert_eq!(both().run(&mut client, NAMES).unwrap(), GLOBAL);
    let mixed = Request::of(users::MIXED);
    assert_eq!(mixed.run(&mut client, NAMES).unwrap(), GLOBAL);
    let request = mixed.header("x-tenant-id", tenants::NORTH.to_string());
    assert_eq!(request.run(&mut client, NAMES).unwrap(), NORTH_READS);
    let outsider = Request::of(users::OUTSIDER);
    assert_eq!(outsider.run(&mut client, NAMES).unwrap(), GLOBAL);
    assert!(Request::anonymous().run(&mut client, NAMES).is_err());
    // A session-level claim of another user is overridden by the request's own.
    let claims = format!(
        "set request.jwt.claims = '{{\"sub\": \"{}\"}}'; set request.headers = '{{\"x-tenant-id\": \"{}\"}}'",
        users::SOUTH_MEMBER,
        tenants::SOUTH
    );
    client.batch_execute(&claims).unwrap();
    let member = Request::of(users::NORTH_MEMBER);
    assert_eq!(member.run(&mut client, NAMES).unwrap(), NORTH_READS);
}

#[test]
fn requests_leave_no_setting_behind() {
    let (_database, mut client) = connect();
    let request = both().header("x-tenant-id", tenants::SOUTH.to_string());
    request.run(&mut client, NAMES).unwrap();
    request.run(&mut client, "select 1 / 0").unwrap_err();
    let sql = "select current_user::text, nullif(current_setting('request.jwt.claims', true), ''), \
               nullif(current_setting('request.headers', true), '')";
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!(row.get::<_, &str>(0), "authenticator");
    assert_eq!(
        (row.get::<_, Option<&str>>(1), row.get::<_, Option<&str>>(2)),
        (None, None)
    );
    assert!(client.batch_execute(NAMES).is_err());
}

#[test]
fn reading_methods_change_nothing_and_set_the_context_all_the_same() {
    let (_database, mut client) = connect();
    let member = Request::of(users::NORTH_MEMBER);
    let update = format!(
        "update public.agents set description = 'changed' where id = '{}' returning name",
        agents::NORTH_PRIVATE
    );
    for method in ["GET", "HEAD"] {
        let refused = member
            .clone()
            .method(method)
            .run(&mut client, &update)
            .unwrap_err();
        assert_eq!(refused.code(), "25006");
    }
    let sql = format!("select public.set_tenant_context('{}')", tenants::NORTH);
    member.run(&mut client, &sql).unwrap();
    assert_eq!(
        member.method("PATCH").run(&mut client, &update).unwrap(),
        ["north private"]
    );
}

#[test]
fn writes_go_to_the_tenant_of_the_header() {
    let (database, mut client) = connect();
    let insert = "insert into public.agents (name) values ('new') returning concat_ws(' ', tenant_id, created_by_user_id)";
    let south = both()
        .method("POST")
        .header("x-tenant-id", tenants::SOUTH.to_string());
    let expected = format!("{} {}", tenants::SOUTH, users::BOTH);
    assert_eq!(south.run(&mut client, insert).unwrap(), [expected]);
    let update = format!(
        "update public.agents set description = 'x' where id = '{}' returning name",
        agents::NORTH_PRIVATE
    );
    assert_eq!(south.run(&mut client, &update).unwrap(), Vec::<String>::new());
    for request in [
        both(),
        both().header("x-tenant-id", tenants::EAST.to_string()),
        both().header("x-tenant-id", "x"),
        Request::anonymous(),
    ] {
        let refused = request.method("POST").run(&mut client, insert).unwrap_err();
        assert_eq!(refused.code(), "42501");
    }
    let sql = "select count(*) from public.agents where name = 'new'";
    assert_eq!(database.client().query_one(sql, &[]).unwrap().get::<_, i64>(0), 1);
}

#[test]
fn calls_of_functions_answer_about_the_caller() {
    let (_database, mut client) = connect();
    let member = Request::of(users::NORTH_MEMBER).method("POST");
    let call = |user| format!("select tenant_slug from public.get_user_tenants('{user}')");
    assert_eq!(
        member.run(&mut client, &call(users::NORTH_MEMBER)).unwrap(),
        ["north"]
    );
    assert_eq!(
        member.run(&mut client, &call(users::SOUTH_MEMBER)).unwrap(),
        Vec::<String>::new()
    );
    let grant = format!("select public.grant_platform_admin('{}')", users::NORTH_MEMBER);
    assert_eq!(member.run(&mut client, &grant).unwrap_err().code(), "42501");
    for request in [Request::anonymous(), Request::anonymous().method("POST")] {
        assert_eq!(request.run(&mut client, CURRENT).unwrap_err().code(), "42501");
    }
}
