//! `vital migrate up` while others are at work: locks, other runners, kills and lost connections.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use postgres::Client;

use crate::migrate_race::holder;
use crate::support::{Database, Run, Server, Template, progress, shared_options, total, wait_until};

const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];

fn start(database: &Database, more: &[&str]) -> Child {
    database
        .command(&UP)
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(child: Child) -> Run {
    child.wait_with_output().unwrap().into()
}

fn applied(database: &Database) -> i64 {
    let sql = "select count(*) from vital_private.refinery_schema_history";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

/// Waits until another session waits for a lock on `agents`, and returns its process id.
fn waiter(client: &mut Client) -> i32 {
    let sql = "select l.pid from pg_locks l join pg_database d on d.oid = l.database
        where not l.granted and l.relation = 'public.agents'::regclass and d.datname = current_database()";
    let mut pid = None;
    wait_until("somebody waits for agents", || {
        pid = client.query_opt(sql, &[]).unwrap().map(|row| row.get(0));
        pid.is_some()
    });
    pid.unwrap()
}

/// Starts a run that is stuck in migration 2 behind a reader, and returns both and the backend's process id.
fn stuck(database: &Database) -> (Child, Client, i32) {
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = start(database, &["--lock-timeout", "60s"]);
    let pid = waiter(&mut database.client());
    (child, reader, pid)
}

#[test]
fn twenty_at_once_apply_each_migration_once() {
    let database = Database::create(Template::PreState);
    let children: Vec<Child> = (0..20).map(|_| start(&database, &["-o", "json"])).collect();
    let runs: Vec<Run> = children.into_iter().map(finish).collect();
    let (mut own, mut replaced) = (0, 0);
    for run in &runs {
        assert_eq!(run.code, 0, "{run}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let migrations = report["migrations"].as_array().unwrap();
        own += migrations.iter().filter(|m| m["elapsed_ms"].is_u64()).count();
        replaced += report["replaced_policies"].as_array().unwrap().len();
    }
    // Each migration and each replaced policy is reported by the one run that did it.
    assert_eq!((own, replaced, applied(&database)), (4, 2, 4));
}

#[test]
fn an_open_reader_is_waited_for_without_blocking_others() {
    let database = Database::create(Template::PreState);
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = start(&database, &[]);
    let mut other = database.client();
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(3) {
        let before = Instant::now();
        other.query("select count(*) from public.agents", &[]).unwrap();
        longest = longest.max(before.elapsed());
        std::thread::sleep(Duration::from_millis(10));
    }
    reader.batch_execute("commit").unwrap();
    let run = finish(child).success();
    assert!(
        run.stderr.contains("waiting for a lock on public.agents"),
        "{run}"
    );
    // One try holds others up for 300 ms, the rest is this machine; a queued lock would hold them up to the end.
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert_eq!(applied(&database), total());
}

#[test]
fn a_reader_that_stays_is_named_and_nothing_is_kept() {
    let database = Database::create(Template::PreState);
    let mut reader = database.client();
    reader
        .batch_execute("set application_name = 'report'; begin; select count(*) from public.agents")
        .unwrap();
    let pid: i32 = reader.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let run = database
        .vital(&[&UP[..], &["--lock-wait", "1s"]].concat())
        .failure(6);
    for part in [
        format!("pid {pid} (user postgres, application report, idle in transaction"),
        "holds a lock on public.agents".to_owned(),
        "SQLSTATE 55P03".to_owned(),
        format!("{} and nothing of this one was kept", progress(1)),
    ] {
        assert!(run.stderr.contains(&part), "`{part}`: {run}");
    }
    assert_eq!(applied(&database), 1);
}

#[test]
fn an_autovacuum_gives_way_to_an_owner_who_is_no_superuser() {
    let mut options = shared_options();
    options.settings = vec![("autovacuum_naptime".to_owned(), "1s".to_owned())];
    let database = Database::on(Server::with(&options), Template::PreState);
    let mut client = database.client();
    client
        .batch_execute(
            "insert into public.agents (id, name) select gen_random_uuid(), i::text from generate_series(1, 20000) i;
             alter table public.agents set (
                 autovacuum_vacuum_cost_delay = 100,
                 autovacuum_vacuum_cost_limit = 1,
                 autovacuum_vacuum_threshold = 1,
                 autovacuum_vacuum_scale_factor = 0
             );
             update public.agents set description = name",
        )
        .unwrap();
    let vacuums = "select from pg_stat_progress_vacuum where datname = current_database()";
    wait_until("an autovacuum works on agents", || {
        !client.query(vacuums, &[]).unwrap().is_empty()
    });
    let run = database.vital(&UP).success();
    assert!(run.stderr.contains("(autovacuum"), "{run}");
}

#[test]
fn another_runner_is_named_and_waited_for() {
    let database = Database::create(Template::PreState);
    let mut other = holder(&database);
    let pid: i32 = other.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let run = database
        .vital(&[&UP[..], &["--migration-lock-wait", "1s"]].concat())
        .failure(6);
    assert!(
        run.stderr.contains("another vital is migrating this database"),
        "{run}"
    );
    assert!(run.stderr.contains(&format!("pid {pid} (user postgres")), "{run}");
    let child = start(&database, &[]);
    std::thread::sleep(Duration::from_millis(700));
    other.batch_execute("rollback").unwrap();
    finish(child).success();
    assert_eq!(applied(&database), total());
}

#[test]
fn a_killed_run_leaves_nothing_half_done() {
    let database = Database::create(Template::PreState);
    let (mut child, mut reader, _) = stuck(&database);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.batch_execute("commit").unwrap();
    database.vital(&UP).success();
    assert_eq!(applied(&database), total());
}

#[test]
fn a_terminated_session_fails_cleanly_and_is_not_tried_again() {
    let database = Database::create(Template::PreState);
    let (child, mut reader, pid) = stuck(&database);
    database
        .superuser()
        .query("select pg_terminate_backend($1)", &[&pid])
        .unwrap();
    let run = finish(child).failure(1);
    for part in [
        "could not apply migration `V20251026000002__add_tenant_columns`",
        "SQLSTATE 57P01",
        &format!("{} and nothing of this one was kept", progress(1)),
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    reader.batch_execute("commit").unwrap();
    database.vital(&UP).success();
}

#[test]
fn a_policy_that_changed_since_the_consent_is_not_replaced() {
    let database = Database::create(Template::PreState);
    let (child, mut reader, _) = stuck(&database);
    reader
        .batch_execute("alter policy \"Anyone can view active agents\" on public.agents using (true); commit")
        .unwrap();
    let run = finish(child).failure(1);
    let refused =
        "policy \"Anyone can view active agents\" on public.agents widens access and was not approved";
    assert!(run.stderr.contains(refused), "{run}");
    assert!(run.stderr.contains(&progress(2)), "{run}");
    assert_eq!(applied(&database), 2);
}

#[test]
fn an_interrupt_rolls_back_and_says_what_is_applied() {
    let database = Database::create(Template::PreState);
    let (child, mut reader, _) = stuck(&database);
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let run = finish(child).failure(130);
    assert!(run.stderr.contains(&progress(1)), "{run}");
    reader.batch_execute("commit").unwrap();
    assert_eq!(applied(&database), 1);
}

#[test]
fn online_preparation_replaces_an_index_that_is_invalid_or_different() {
    let database = Database::create(Template::Legacy);
    let mut admin = database.superuser();
    admin
        .batch_execute(
            "create index idx_agents_created_at on public.agents (created_at desc);
             update pg_index set indisvalid = false where indexrelid = 'idx_agents_created_at'::regclass;
             create function public.refuse() returns event_trigger language plpgsql as $$
             begin
                 if current_query() !~ '^create index concurrently' and exists (
                     select from pg_event_trigger_ddl_commands() where object_identity ~ '^public.idx_agents_'
                 ) then
                     raise exception 'nobody may write meanwhile';
                 end if;
             end $$;
             create event trigger refuse on ddl_command_end when tag in ('CREATE INDEX')
                 execute function public.refuse()",
        )
        .unwrap();
    let run = database
        .vital(&[&UP[..], &["--online", "always"]].concat())
        .success();
    assert!(
        run.stderr
            .contains("preparing online: V20251026000002__20_idx_agents_tenant_id"),
        "{run}"
    );
    assert!(run.stderr.contains("public.agents: 12 rows"), "{run}");
    let definitions: Vec<String> = admin
        .query(
            "select pg_get_indexdef(indexrelid) from pg_index
             where indrelid = 'public.agents'::regclass and indisvalid and not indisprimary
             order by 1",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(definitions.len(), 4, "{definitions:#?}");
    assert!(
        definitions[3].ends_with("USING btree (tenant_id, created_at DESC)"),
        "{definitions:#?}"
    );
}

#[test]
fn online_preparation_is_not_held_up_by_session_limits() {
    let database = Database::create(Template::PreState);
    let name = database.name();
    database
        .client()
        .batch_execute(&format!(
            "alter database {name} set lock_timeout = '100ms';
             alter database {name} set statement_timeout = '1s'"
        ))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut reader = database.client();
    reader
        .batch_execute("begin isolation level repeatable read; select count(*) from public.profiles")
        .unwrap();
    let child = start(&database, &["--online", "always"]);
    let mut admin = database.superuser();
    let builds = "select from pg_stat_activity where datname = current_database()
        and state = 'active' and query like 'create index concurrently%'";
    wait_until("an index is built", || {
        !admin.query(builds, &[]).unwrap().is_empty()
    });
    // Longer than both limits.
    std::thread::sleep(Duration::from_secs(2));
    reader.batch_execute("commit").unwrap();
    let run = finish(child).success();
    assert!(
        run.stderr.contains("waiting for transactions that began before"),
        "{run}"
    );
    assert_eq!(applied(&database), total());
}
