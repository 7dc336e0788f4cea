//! `vital migrate up`: what it applies, what it refuses, and what it says.

use postgres::Client;

use crate::support::{Database, Run, Template, progress, total};

const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];

fn up(database: &Database) -> Run {
    database.vital(&UP)
}

fn count(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

fn applied(database: &Database) -> i64 {
    count(
        &mut database.client(),
        "select count(*) from vital_private.refinery_schema_history",
    )
}

#[track_caller]
fn has(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(
            run.stderr.contains(part) || run.stdout.contains(part),
            "`{part}` is missing: {run}"
        );
    }
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

#[test]
fn up_applies_all_four_and_a_second_up_nothing() {
    let database = Database::create(Template::PreState);
    has(&up(&database).success(), &[&progress(total())]);
    let again = database.vital(&["migrate", "up"]).success();
    assert_eq!(
        again.stdout.trim(),
        format!("nothing to do: {}", progress(total()))
    );
    assert_eq!(applied(&database), total());
    let mut client = database.client();
    let owned = "select count(*) from public.agents where tenant_id = '00000000-0000-0000-0000-000000000001'";
    assert_eq!(count(&mut client, owned), 254);
}

#[test]
fn up_stops_at_the_version_asked_for_and_goes_on_later() {
    let database = Database::create(Template::PreState);
    let run = database
        .vital(&["migrate", "up", "--to", "2", "-o", "json"])
        .success();
    let report = json(&run);
    assert_eq!(report["schema"], "vital.migrate.up/1");
    assert_eq!(report["to"], 20_251_026_000_002_i64);
    assert_eq!(
        (&report["applied"], &report["total"]),
        (&2.into(), &total().into())
    );
    let run = database.vital(&["migrate", "up", "--to", "1"]).success();
    has(&run, &[&format!("nothing to do: {}", progress(2))]);
    has(&up(&database).success(), &[&progress(total())]);
    has(
        &database.vital(&["migrate", "up", "--to", "99"]).failure(2),
        &["there is no migration `99`", "V20251026000004__seed_mvp_tenants"],
    );
}

#[test]
fn leftover_policies_need_consent_and_keep_their_definitions() {
    let database = Database::create(Template::PreState);
    let refused = database.vital(&["migrate", "up"]).failure(1);
    let opens = "\"Anyone can view active agents\" lets everybody read rows of public.agents where (is_active = true)";
    has(
        &refused,
        &["2 policies", opens, "--replace-policies", "nothing was changed"],
    );
    let mut client = database.client();
    assert_eq!(
        count(
            &mut client,
            "select count(*) from pg_namespace where nspname like 'vital\\_%'"
        ),
        0
    );
    has(&up(&database).success(), &["vital_private.replaced_policies"]);
    let kept = "select count(*) from vital_private.replaced_policies where definition like 'create policy%'";
    assert_eq!(count(&mut client, kept), 2);
    let left = "select count(*) from pg_policies where schemaname = 'public' and roles = '{public}'";
    assert_eq!(count(&mut client, left), 0);
}

#[test]
fn restrictive_policies_stay() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    client
        .batch_execute("create policy narrow on public.agents as restrictive for select using (is_active)")
        .unwrap();
    has(
        &up(&database).success(),
        &["\"narrow\" on public.agents is restrictive"],
    );
    let narrow = "select count(*) from pg_policies where policyname = 'narrow'";
    assert_eq!(count(&mut client, narrow), 1);
}

#[test]
fn a_database_migrated_by_hand_converges() {
    let database = Database::create(Template::Legacy);
    let run = up(&database).success();
    has(&run, &[&progress(total()), "as after a migration by hand"]);
    let mut client = database.client();
    let orphans = "select count(*) from public.agents where tenant_id is null";
    assert_eq!(count(&mut client, orphans), 0);
    has(&database.vital(&["migrate", "up"]).success(), &["nothing to do"]);
}

#[test]
fn a_failing_statement_is_named_with_file_and_line_and_nothing_of_it_is_kept() {
    let database = Database::create(Template::PreState);
    let mut client = database.superuser();
    client
        .batch_execute(
            "create function public.refuse() returns event_trigger language plpgsql as $$
             begin
                 if exists (
                     select from pg_event_trigger_ddl_commands() where object_identity = 'public.tenants'
                 ) then
                     raise exception 'tenants stay as they are' using errcode = '23514';
                 end if;
             end $$;
             create event trigger refuse on ddl_command_end when tag in ('ALTER TABLE')
                 execute function public.refuse()",
        )
        .unwrap();
    let named = [
        "tenants stay as they are (SQLSTATE 23514)",
        "statement: alter table public.tenants",
    ];
    let rehearsed = up(&database).failure(1);
    has(&rehearsed, &named);
    has(
        &rehearsed,
        &[
            "error: migration `V20251026000001__create_tenants_table` would fail",
            "nothing was changed",
        ],
    );
    // A run that prepares online rehearses nothing.
    let failed = database
        .vital(&[&UP[..], &["--online", "always"]].concat())
        .failure(1);
    has(&failed, &named);
    has(
        &failed,
        &[
            "error: could not apply migration `V20251026000001__create_tenants_table`",
            "no migration is applied and nothing of this one was kept",
        ],
    );
    let line: usize = failed
        .stderr
        .split("V20251026000001__create_tenants_table.sql:")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.parse().ok())
        .unwrap_or_else(|| panic!("{failed}"));
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/sql/migrations/V20251026000001__create_tenants_table.sql"
    );
    let sql = std::fs::read_to_string(path).unwrap();
    assert_eq!(sql.lines().nth(line - 1), Some("alter table public.tenants"));
    let schema = "select count(*) from pg_namespace where nspname = 'vital_private'";
    assert_eq!(count(&mut client, schema), 0);
}

#[test]
fn a_history_that_does_not_fit_stops_everything() {
    let database = Database::create(Template::Migrated);
    let mut client = database.client();
    let mut edit = |sql: &str| {
        client
            .batch_execute(&format!("set search_path = vital_private; {sql}"))
            .unwrap();
    };
    edit("insert into refinery_schema_history values (30000000000000, 'later', '2030-01-01T00:00:00Z', '1')");
    let newer = up(&database).failure(5);
    has(
        &newer,
        &["`V30000000000000__later` is applied, but", "use the newer vital"],
    );
    edit("delete from refinery_schema_history where version = 30000000000000");
    edit("update refinery_schema_history set checksum = '1' where version = 20251026000002");
    let changed = "`V20251026000002__add_tenant_columns` was applied with another text";
    has(&up(&database).failure(5), &[changed]);
    edit("delete from refinery_schema_history where version = 20251026000002");
    let missing = "`V20251026000002__add_tenant_columns` is not applied, although a later";
    has(&up(&database).failure(5), &[missing]);
}

#[test]
fn preconditions_are_checked_before_anything_is_changed() {
    let database = Database::create(Template::Supabase);
    let run = up(&database).failure(1);
    has(
        &run,
        &["there is no table public.agents", "is this the right database?"],
    );

    let mut client = database.client();
    client
        .batch_execute("create view public.tenants as select 1; create table public.agents (id bigint)")
        .unwrap();
    let run = up(&database).failure(1);
    has(
        &run,
        &[
            "column id of public.agents is bigint",
            "also: public.tenants is a view",
        ],
    );
    assert_eq!(
        count(
            &mut client,
            "select count(*) from pg_namespace where nspname = 'vital_private'"
        ),
        0
    );
}

#[test]
fn a_column_that_is_missing_is_told_before_anything_is_changed() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    client
        .batch_execute("alter table public.agents rename column name to called")
        .unwrap();
    has(
        &up(&database).failure(1),
        &["public.agents has no column name", "nothing was changed"],
    );
    let made = "select count(*) from pg_namespace where nspname = 'vital_private'";
    assert_eq!(count(&mut client, made), 0);
}

#[test]
fn a_role_that_does_not_own_agents_is_told_whom_to_be() {
    let database = Database::create(Template::PreState);
    let mut admin = database.superuser();
    let role = format!("{}_other", database.name());
    admin.batch_execute(&format!("create role {role} login")).unwrap();
    let mut command = database.command(&UP);
    let run = Run::of(command.env("DATABASE_URL", database.url_as(&role))).failure(1);
    has(
        &run,
        &[
            "does not own public.agents",
            "connect as postgres",
            "may not create schemas",
        ],
    );
    admin.batch_execute(&format!("drop role {role}")).unwrap();
}

#[test]
fn a_plain_postgresql_is_told_to_bootstrap() {
    let database = Database::create(Template::Plain);
    let mut client = database.client();
    client
        .batch_execute("create table public.agents (id uuid primary key, name text, created_at timestamptz)")
        .unwrap();
    let run = up(&database).failure(1);
    has(
        &run,
        &[
            "role anon, role authenticated, role service_role, function auth.uid()",
            "vital bootstrap",
        ],
    );
}

#[test]
fn a_read_only_session_is_explained() {
    let database = Database::create(Template::PreState);
    database
        .client()
        .batch_execute(&format!(
            "alter database {} set default_transaction_read_only = on",
            database.name()
        ))
        .unwrap();
    has(
        &up(&database).failure(1),
        &["default_transaction_read_only is on"],
    );
}

#[test]
fn the_history_is_closed_to_the_api() {
    let database = Database::create(Template::Migrated);
    for role in ["anon", "authenticated", "service_role"] {
        let read = database
            .client_as(role)
            .query("select 1 from vital_private.refinery_schema_history", &[]);
        let code = read.err().and_then(|error| error.code().cloned());
        assert_eq!(
            code,
            Some(postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
            "{role}"
        );
    }
}
