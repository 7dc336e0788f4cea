//! Every command through the one transaction engine: behind a pooler, beside locks, in hostile sessions, among planted
//! operators.

use std::time::{Duration, Instant};

use crate::attack::world::{tenants, users};
use crate::support::pooler::{Mode, Pooler};
use crate::support::{Database, Run, Template, vital};

/// Commands that only read, and end with 0 on the world.
fn reading() -> Vec<Vec<String>> {
    let member = users::NORTH_MEMBER.to_string();
    let north = tenants::NORTH.to_string();
    [
        vec!["migrate", "status"],
        vec!["migrate", "plan"],
        vec!["tenant", "list"],
        vec!["tenant", "show", &north],
        vec!["user", "list"],
        vec!["user", "show", &member],
        vec!["list-admins"],
        vec!["audit"],
        vec!["sharing", "report"],
        vec!["sharing", "matrix"],
        vec!["sharing", "audit"],
        vec!["sharing", "explain", "--user", &member, "--tenant", &north],
        vec!["seed", "--export"],
        vec!["schema", "dump", "--live"],
    ]
    .map(|words| words.into_iter().map(str::to_owned).collect())
    .to_vec()
}

/// Commands that write, each of which succeeds on what the ones before left.
fn writing() -> Vec<Vec<String>> {
    let (member, guest) = (users::NORTH_MEMBER.to_string(), users::NORTH_GUEST.to_string());
    let north = tenants::NORTH.to_string();
    [
        vec!["tenant", "create", "engine-test", "--name", "Engine"],
        vec!["tenant", "update", "engine-test", "--set", "industry=pharma"],
        vec![
            "assign-user",
            &member,
            "--tenant",
            "engine-test",
            "--role",
            "owner",
        ],
        vec![
            "assign-user",
            &guest,
            "--tenant",
            "engine-test",
            "--role",
            "member",
        ],
        vec!["suspend-user", &guest, "--tenant", "engine-test"],
        vec!["remove-user", &guest, "--tenant", "engine-test"],
        vec!["grant-admin", &member],
        vec!["revoke-admin", &member],
        vec!["sharing", "set", "--owned-by", &north, "--mode", "private"],
        vec!["tenant", "suspend", "engine-test"],
        vec!["tenant", "activate", "engine-test"],
        vec!["seed"],
    ]
    .map(|words| {
        let words = words.into_iter().chain(["--yes"]);
        words.map(str::to_owned).collect()
    })
    .to_vec()
}

fn run(url: &str, words: &[String]) -> Run {
    Run::of(vital().env("DATABASE_URL", url).args(words))
}

#[test]
fn every_command_works_again_and_again_through_one_pooled_connection() {
    let database = Database::create(Template::World);
    let pooler = Pooler::start(&database, Mode::Transaction);
    // What another client's driver prepared, under the names that drivers use.
    let mut other = pooler.client("postgres");
    for n in 0..4 {
        other
            .batch_execute(&format!("prepare s{n} as select {n}"))
            .unwrap();
    }
    let url = pooler.url("postgres");
    for words in reading() {
        for _ in 0..3 {
            run(&url, &words).success();
        }
    }
    for words in writing() {
        run(&url, &words).success();
    }
    let left = "select count(*) from pg_prepared_statements where name not in ('s0', 's1', 's2', 's3')";
    let message = other.simple_query(left).unwrap();
    let count = message.iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    assert_eq!(count.as_deref(), Some("0"), "no statement is left by name");
}

/// The tables that commands read, and for each the commands that must name who holds it.
fn held() -> [(&'static str, Vec<Vec<&'static str>>); 5] {
    [
        (
            "public.agents",
            vec![
                vec!["migrate", "down", "--to", "3", "--yes"],
                vec!["sharing", "report"],
                vec!["sharing", "matrix"],
                vec!["verify"],
            ],
        ),
        (
            "public.tenants",
            vec![
                vec!["tenant", "list"],
                vec!["tenant", "suspend", "south", "--yes"],
                vec!["seed", "--export"],
            ],
        ),
        (
            "public.resource_sharing_audit",
            vec![
                vec!["sharing", "audit"],
                vec!["migrate", "down", "--to", "2", "--dry-run"],
            ],
        ),
        ("vital_private.admin_audit", vec![vec!["audit"]]),
        (
            "vital_private.refinery_schema_history",
            vec![
                vec!["migrate", "status"],
                vec!["migrate", "plan"],
                vec!["migrate", "up"],
                vec!["doctor"],
            ],
        ),
    ]
}

#[test]
fn a_held_table_is_named_soon_and_waited_for_no_longer_than_asked() {
    let database = Database::create(Template::World);
    for (table, commands) in held() {
        let mut holder = database.superuser();
        let lock = format!("begin; lock table {table} in access exclusive mode");
        holder.batch_execute(&lock).unwrap();
        let pid: i32 = holder.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
        for words in commands {
            let started = Instant::now();
            let mut command = database.command(&words);
            command.args(["--lock-wait", "1s", "--progress", "json"]);
            let run = Run::of(&mut command).failure(6);
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "{table}: {words:?}: {:?}",
                started.elapsed()
            );
            let waiting = run.stderr.lines().find(|line| line.contains("\"waiting\""));
            let named = waiting.is_some_and(|line| line.contains(&format!("\"pid\":{pid}")));
            assert!(named, "{table}: {words:?}: {run}");
            assert!(
                run.stderr.contains(&format!("pid {pid}")),
                "{table}: {words:?}: {run}"
            );
        }
        holder.batch_execute("rollback").unwrap();
    }
}

#[test]
fn nothing_that_alter_role_can_set_changes_what_a_command_finds() {
    let database = Database::create(Template::World);
    let mut superuser = database.superuser();
    let clean = run(
        &database.url(),
        &["verify".to_owned(), "-o".to_owned(), "json".to_owned()],
    );
    let settings = [
        "quote_all_identifiers = on",
        "row_security = off",
        "exit_on_error = on",
        "array_nulls = off",
        "transform_null_equals = on",
        "standard_conforming_strings = off",
        "datestyle = 'German, DMY'",
        "intervalstyle = 'sql_standard'",
        "timezone = 'Pacific/Chatham'",
        "bytea_output = 'escape'",
        "extra_float_digits = -15",
        "gin_fuzzy_search_limit = 1",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "default_transaction_deferrable = on",
        "request.jwt.claims = '{\"sub\": \"b0000000-0000-4000-8000-000000000013\", \"role\": \"authenticated\"}'",
        "request.headers = '{\"x-tenant-id\": \"10000000-0000-4000-8000-000000000001\"}'",
        "app.tenant_id = '10000000-0000-4000-8000-000000000001'",
        "role = 'anon'",
        "search_path = ''",
        "search_path = 'public, pg_catalog'",
        "statement_timeout = '2s'",
        "idle_in_transaction_session_timeout = '1s'",
    ];
    for setting in settings {
        let alter = format!("alter database {} set {setting}", database.name());
        superuser.batch_execute(&alter).unwrap();
        let found = run(
            &database.url(),
            &["verify".to_owned(), "-o".to_owned(), "json".to_owned()],
        );
        assert_eq!(found.code, clean.code, "{setting}: {found}");
        assert_eq!(found.stdout, clean.stdout, "{setting}");
        for words in [&["sharing", "report"][..], &["tenant", "list"]] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            run(&database.url(), &words).success();
        }
        let user = users::NORTH_GUEST.to_string();
        for role in ["member", "guest"] {
            database
                .vital(&["assign-user", &user, "--tenant", "north", "--role", role, "--yes"])
                .success();
        }
        let reset = format!("alter database {} reset all", database.name());
        superuser.batch_execute(&reset).unwrap();
    }
}

#[test]
fn a_session_without_triggers_is_refused_or_put_right() {
    let database = Database::create(Template::World);
    let alter = format!(
        "alter database {} set session_replication_role = replica",
        database.name()
    );
    database.superuser().batch_execute(&alter).unwrap();
    let user = users::NORTH_MEMBER.to_string();
    let words = ["grant-admin", &user, "--yes"];
    let refused = database.vital(&words).failure(1);
    assert!(refused.stderr.contains("session_replication_role"), "{refused}");
    let url = database.url_as("supabase_admin");
    Run::of(vital().env("DATABASE_URL", url).args(words)).success();
    let audited =
        "select count(*) from vital_private.admin_audit where action = 'role_granted' and user_id = $1";
    let reset = format!("alter database {} reset all", database.name());
    database.superuser().batch_execute(&reset).unwrap();
    let rows: i64 = database
        .client()
        .query_one(audited, &[&users::NORTH_MEMBER])
        .unwrap()
        .get(0);
    assert!(rows > 0, "a superuser's change is audited all the same");
}

/// Makes operators and functions that a careless statement would resolve to, for every pair of the types that occur, and a
/// search_path on which they come first.
const PLANT: &str = "
    create role mallory_engine;
    grant create on schema public to mallory_engine;
    set role mallory_engine;
    set search_path = pg_catalog;
    do $$
    declare
        v_left text;
        v_right text;
        v_operator text;
        v_types constant text[] := array[
            'text', 'varchar', 'name', 'uuid', 'oid', 'regclass', 'regtype', 'regprocedure', 'int2', 'int4', 'int8',
            'bool', '\"char\"', 'uuid[]', 'text[]', 'varchar[]', 'jsonb', 'timestamptz', 'inet', 'interval', 'numeric'
        ];
    begin
        foreach v_left in array v_types loop
            foreach v_right in array v_types loop
                execute format(
                    'create function public.evil(a %s, b %s) returns boolean language plpgsql as $f$
                     begin raise exception ''planted code ran as %%'', current_user; end $f$',
                    v_left, v_right
                );
                foreach v_operator in array array['=', '<>', '<', '>', '<=', '>=', '||', '~~', '~', '->', '->>', '&&', '@>', '-', '+', '&', '#>>'] loop
                    execute format(
                        'create operator public.%s (leftarg = %s, rightarg = %s, function = public.evil)',
                        v_operator, v_left, v_right
                    );
                end loop;
            end loop;
            for v_operator in
                select unnest(array['lower', 'length', 'count', 'max', 'min', 'unnest', 'cardinality', 'quote_ident', 'to_jsonb', 'coalesce_', 'jsonb_build_object', 'array_agg', 'string_agg', 'md5', 'nullif_'])
            loop
                execute format(
                    'create function public.%I(a %s) returns text language plpgsql as $f$
                     begin raise exception ''planted code ran as %%'', current_user; end $f$',
                    v_operator, v_left
                );
            end loop;
            execute format(
                'create function public.format(a text, b %s) returns text language plpgsql as $f$
                 begin raise exception ''planted code ran as %%'', current_user; end $f$',
                v_left
            );
        end loop;
    end
    $$;
    create function public.set_config(a text, b text, c boolean) returns text language plpgsql as $f$
        begin raise exception 'planted code ran as %', current_user; end $f$;
    create function public.current_setting(a text, b boolean) returns text language plpgsql as $f$
        begin raise exception 'planted code ran as %', current_user; end $f$;
    create function public.now() returns timestamptz language plpgsql as $f$
        begin raise exception 'planted code ran as %', current_user; end $f$;
    reset role;
    reset search_path;
";

#[test]
fn no_command_runs_what_others_planted_on_its_path() {
    let database = Database::create(Template::World);
    let mut superuser = database.superuser();
    superuser.batch_execute(PLANT).unwrap();
    let path = format!(
        "alter database {} set search_path = public, pg_catalog",
        database.name()
    );
    superuser.batch_execute(&path).unwrap();
    let url = database.url_as("supabase_admin");
    let mut commands = reading();
    commands.extend(writing());
    for words in [
        &["verify"][..],
        &["doctor"],
        &["bootstrap"],
        &["migrate", "down", "--to", "2", "--yes"],
        &["migrate", "up", "--restore", "--yes"],
        &["migrate", "down", "--to", "3", "--yes"],
        &["migrate", "up", "--no-restore", "--online", "always", "--yes"],
    ] {
        commands.push(words.iter().map(ToString::to_string).collect());
    }
    let planted: Vec<String> = commands
        .iter()
        .map(|words| (words, run(&url, words)))
        // What verify tries as a user, a user may run into.
        .filter(|(_, run)| {
            format!("{}{}", run.stdout, run.stderr)
                .replace("planted code ran as authenticated", "")
                .contains("planted code ran")
        })
        .map(|(words, run)| format!("{words:?}: {run}"))
        .collect();
    let clean = format!("alter database {} reset all", database.name());
    superuser.batch_execute(&clean).unwrap();
    superuser
        .batch_execute("drop owned by mallory_engine cascade; drop role mallory_engine")
        .unwrap();
    assert!(planted.is_empty(), "{}", planted.join("\n"));
}
