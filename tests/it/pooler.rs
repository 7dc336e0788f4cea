//! pgbouncer with one server connection, which users share in turn: nobody finds what another one left behind.

use postgres::Client;
use uuid::Uuid;

use crate::attack::world::{GLOBAL, NORTH_READS, SOUTH_READS, tenants, users};
use crate::support::pooler::{Mode, Pooler};
use crate::support::{Database, Request, Run, Template, progress, total, vital};

const NAMES: &str = "select name from public.agents where id::text like 'c0000000-%' order by name";
const CURRENT: &str = "select public.get_current_tenant_id()";
const BACKEND: &str = "select pg_backend_pid()";
const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];

/// A statement on its own, as text.
#[track_caller]
fn one(client: &mut Client, sql: &str) -> Option<String> {
    let messages = client
        .simple_query(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    messages.iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

fn set_context(tenant: Uuid) -> String {
    format!("select public.set_tenant_context('{tenant}')")
}

fn through(pooler: &Pooler, arguments: &[&str]) -> Run {
    Run::of(
        vital()
            .env("DATABASE_URL", pooler.url("postgres"))
            .args(arguments),
    )
}

#[test]
fn context_of_one_user_is_not_the_next_ones_in_transaction_mode() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Transaction);
    let (mut a, mut b) = (pooler.client("authenticator"), pooler.client("authenticator"));
    assert_eq!(one(&mut a, BACKEND), one(&mut b, BACKEND));
    let both = Request::of(users::BOTH);
    // A member of the same two tenants who has chosen neither, and one of north alone.
    let (mixed, member) = (Request::of(users::MIXED), Request::of(users::NORTH_MEMBER));
    for _ in 0..3 {
        let sql = format!("{}; {NAMES}", set_context(tenants::SOUTH));
        assert_eq!(both.run(&mut a, &sql).unwrap()[1..], SOUTH_READS);
        let left = one(&mut b, "select current_setting('app.tenant_id', true)");
        assert_eq!(left.as_deref(), Some(""));
        assert_eq!(mixed.run(&mut b, CURRENT).unwrap(), [""]);
        assert_eq!(mixed.run(&mut b, NAMES).unwrap(), GLOBAL);
        // Not even for the same user's next request.
        assert_eq!(both.run(&mut a, NAMES).unwrap(), GLOBAL);
        assert_eq!(member.run(&mut b, CURRENT).unwrap(), [tenants::NORTH.to_string()]);
        assert_eq!(member.run(&mut b, NAMES).unwrap(), NORTH_READS);
        let refused = member.run(&mut b, &set_context(tenants::SOUTH)).unwrap_err();
        assert_eq!(refused.code(), "42501");
        assert!(Request::anonymous().run(&mut b, NAMES).is_err());
    }
}

#[test]
fn raw_setting_of_one_user_opens_nothing_to_the_next_in_transaction_mode() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Transaction);
    let (mut a, mut b) = (pooler.client("authenticator"), pooler.client("authenticator"));
    // Forged for the next user, who is the one that it names.
    let forged = format!(
        "set app.tenant_id = '{}'; set app.tenant_user = '{}'",
        tenants::SOUTH,
        users::NORTH_MEMBER
    );
    Request::of(users::SOUTH_MEMBER).run(&mut a, &forged).unwrap();
    let member = Request::of(users::NORTH_MEMBER);
    assert_eq!(member.run(&mut b, NAMES).unwrap(), NORTH_READS);
    assert_eq!(member.run(&mut b, CURRENT).unwrap(), [tenants::NORTH.to_string()]);
}

#[test]
fn settings_of_a_transaction_end_as_empty_texts_that_mean_nothing() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Transaction);
    let (mut a, mut b) = (pooler.client("authenticator"), pooler.client("authenticator"));
    let both = Request::of(users::BOTH).header("x-tenant-id", tenants::SOUTH.to_string());
    let local = format!(
        "set local app.tenant_id = '{}'; set local app.tenant_user = '{}'",
        tenants::NORTH,
        users::BOTH
    );
    let sql = format!("{local}; {CURRENT}");
    assert_eq!(
        both.run(&mut a, &sql).unwrap().last(),
        Some(&tenants::SOUTH.to_string())
    );
    for name in [
        "app.tenant_id",
        "app.tenant_user",
        "request.headers",
        "request.jwt.claims",
    ] {
        let sql = format!("select current_setting('{name}', true)");
        assert_eq!(one(&mut b, &sql).as_deref(), Some(""), "{name}");
    }
    assert_eq!(
        one(&mut b, "select current_user").as_deref(),
        Some("authenticator")
    );
    assert!(
        b.batch_execute(NAMES).is_err(),
        "authenticator itself may read nothing"
    );
    assert_eq!(both.run(&mut b, NAMES).unwrap(), SOUTH_READS);
    let member = Request::of(users::NORTH_MEMBER);
    assert_eq!(member.run(&mut b, NAMES).unwrap(), NORTH_READS);
}

#[test]
fn users_and_service_role_do_not_inherit_each_others_context() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Transaction);
    let (mut a, mut b) = (pooler.client("authenticator"), pooler.client("authenticator"));
    let (both, service) = (Request::of(users::BOTH), Request::service().method("POST"));
    both.run(&mut a, &set_context(tenants::SOUTH)).unwrap();
    assert_eq!(service.run(&mut b, CURRENT).unwrap(), [""]);
    let insert = "insert into public.agents (name) values ('of the service') returning tenant_id";
    assert_eq!(
        service.run(&mut b, insert).unwrap(),
        [tenants::PLATFORM.to_string()]
    );
    let sql = format!("{}; {CURRENT}", set_context(tenants::EAST));
    assert_eq!(
        service.run(&mut b, &sql).unwrap(),
        ["", &tenants::EAST.to_string()]
    );
    assert_eq!(service.run(&mut b, CURRENT).unwrap(), [""]);
    assert_eq!(both.run(&mut a, CURRENT).unwrap(), [""]);
    assert_eq!(both.run(&mut a, NAMES).unwrap(), GLOBAL);
    assert_eq!(
        Request::of(users::NORTH_MEMBER).run(&mut a, NAMES).unwrap(),
        NORTH_READS
    );
}

#[test]
fn session_mode_hands_a_clean_session_on() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Session);
    let (backend, settings) = leave_behind(&pooler);
    let mut next = pooler.client("authenticator");
    assert_eq!(one(&mut next, BACKEND), backend);
    for setting in settings {
        let sql = format!("select nullif(current_setting('{setting}', true), '')");
        assert_eq!(one(&mut next, &sql), None, "{setting}");
    }
    assert_eq!(
        one(&mut next, "select current_user").as_deref(),
        Some("authenticator")
    );
}

#[test]
fn session_that_was_not_reset_still_isolates() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::SessionWithoutReset);
    let (backend, _) = leave_behind(&pooler);
    let mut next = pooler.client("authenticator");
    assert_eq!(one(&mut next, BACKEND), backend);
    let left = one(&mut next, "select current_setting('app.tenant_id', true)");
    assert_eq!(left, Some(tenants::SOUTH.to_string()));
    let mixed = Request::of(users::MIXED);
    assert_eq!(mixed.run(&mut next, NAMES).unwrap(), GLOBAL);
    assert_eq!(mixed.run(&mut next, CURRENT).unwrap(), [""]);
    let member = Request::of(users::NORTH_MEMBER);
    assert_eq!(member.run(&mut next, NAMES).unwrap(), NORTH_READS);
}

/// Acts for south in a session that is given back then, and returns its backend and the settings that it made.
fn leave_behind(pooler: &Pooler) -> (Option<String>, [&'static str; 4]) {
    let mut client = pooler.client("authenticator");
    let backend = one(&mut client, BACKEND);
    let claims = format!("set request.jwt.claims = '{{\"sub\": \"{}\"}}'", users::BOTH);
    let headers = format!(
        "set request.headers = '{{\"x-tenant-id\": \"{}\"}}'",
        tenants::SOUTH
    );
    let role = "set role authenticated".to_owned();
    // In a request the context would end with its transaction.
    for sql in [claims, role, set_context(tenants::SOUTH), headers] {
        client.batch_execute(&sql).unwrap();
    }
    assert_eq!(one(&mut client, CURRENT), Some(tenants::SOUTH.to_string()));
    let settings = [
        "request.jwt.claims",
        "request.headers",
        "app.tenant_id",
        "app.tenant_user",
    ];
    (backend, settings)
}

#[test]
fn migrations_go_through_a_pooler_in_transaction_mode() {
    migrates_through(Mode::Transaction);
}

#[test]
fn migrations_go_through_a_pooler_in_session_mode() {
    migrates_through(Mode::Session);
}

/// Migrates, asks, and migrates again through the pooler.
fn migrates_through(mode: Mode) {
    let database = Database::create(Template::PreState);
    let pooler = Pooler::start(&database, mode);
    let refused = through(&pooler, &["migrate", "up"]).failure(1);
    assert!(refused.stderr.contains("--replace-policies"), "{refused}");
    let run = through(&pooler, &UP).success();
    assert!(run.stdout.contains(&progress(total())), "{run}");
    let run = through(&pooler, &UP).success();
    assert!(run.stdout.contains("nothing to do"), "{run}");
    let run = through(&pooler, &["migrate", "status", "-o", "json"]).success();
    let direct = database.vital(&["migrate", "status", "-o", "json"]).success();
    assert_eq!(run.stdout, direct.stdout);
    let sql = "select name from pg_settings where source = 'session' and name <> 'application_name'";
    assert_eq!(one(&mut pooler.client("postgres"), sql), None);
    let sql = "select count(*) from pg_locks as l join pg_class as c on c.oid = l.relation \
               where c.relname = 'refinery_schema_history' and l.mode = 'ExclusiveLock'";
    assert_eq!(one(&mut pooler.client("postgres"), sql).as_deref(), Some("0"));
}

#[test]
fn two_migrations_at_once_through_a_pooler_apply_each_once() {
    let database = Database::create(Template::PreState);
    let pooler = Pooler::start(&database, Mode::Transaction);
    std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| through(&pooler, &UP)));
        for run in runs {
            run.join().unwrap().success();
        }
    });
    let sql = "select count(*) from vital_private.refinery_schema_history";
    assert_eq!(one(&mut database.client(), sql).as_deref(), Some("4"));
}
