//! The server crashes at random moments and comes back while vital runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use vital::server::Signal;

use super::check::{applied, prepare};
use super::kill::moments;
use super::subject::Subject;
use super::{finish, is_long, start, survive, up};
use crate::support::{Database, Run, Server, Template, progress, shared_options, total, wait_until};

/// A server that keeps what it has committed, and that comes back at the same place. The system stays up, so that nothing
/// has to reach the disk.
fn durable(settings: &[(&str, &str)]) -> Server {
    let mut options = shared_options();
    options.durable = true;
    for (name, value) in [&[("listen_addresses", ""), ("fsync", "off")], settings].concat() {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
    Server::with(&options)
}

/// Stops the server at random moments, at once and by killing it: so often each in a sample, or all in all.
pub fn crash(subjects: &[Subject<'_>], few: u32, many: u32) {
    let server = Mutex::new(durable(&[]));
    for subject in subjects {
        crash_on(&server, subject, if is_long() { many } else { few });
    }
}

fn crash_on(server: &Mutex<Server>, subject: &Subject<'_>, count: u32) {
    let address = server.lock().unwrap().address().clone();
    let database = || subject.database_on(Server::at(&address));
    for (kind, signal) in [
        ("immediate stop of the server", Signal::Immediate),
        ("SIGKILL of the server", Signal::Kill),
    ] {
        let moments = moments(count, &mut subject.command(&database()));
        survive(&subject.kind(kind), &moments, 1, |pause| {
            let database = database();
            let child = start(&mut subject.command(&database));
            std::thread::sleep(*pause);
            {
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                server.cluster().halt(signal).unwrap();
                server.cluster().resume().unwrap();
            }
            let run = finish(child);
            assert!(subject.codes.contains(&run.code), "{run}");
            (subject.check)(&database, &run);
        });
    }
}

#[test]
fn a_server_that_stops_at_once_or_is_killed_leaves_whole_migrations() {
    prepare();
    crash(&[Subject::up()], 4, 60);
}

/// Stops a server of one's own at once and starts it again after `pause`.
fn restart(database: &mut Database, pause: Duration) {
    database.server().cluster().halt(Signal::Immediate).unwrap();
    std::thread::sleep(pause);
    database.server().cluster().resume().unwrap();
}

#[test]
fn what_is_told_as_applied_outlives_a_crash() {
    // The log is written when somebody waits for it, or not within this test.
    let settings = [("wal_writer_delay", "10s"), ("wal_writer_flush_after", "1GB")];
    let mut database = Database::on(durable(&settings), Template::PreState);
    let off = format!("alter database {} set synchronous_commit = off", database.name());
    database.client().batch_execute(&off).unwrap();
    Run::of(&mut up(&database, &[])).success();
    restart(&mut database, Duration::ZERO);
    assert_eq!(i64::try_from(applied(&database)), Ok(total()));
}

#[test]
fn a_server_that_crashed_is_asked_once_it_is_back() {
    let mut database = Database::on(durable(&[]), Template::PreState);
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = start(&mut up(&database, &["--lock-timeout", "60s"]));
    let mut waiting = database.superuser();
    wait_until("the run waits for agents", || {
        let sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
        waiting.query_one(sql, &[]).unwrap().get::<_, i64>(0) == 1
    });
    restart(&mut database, Duration::from_secs(2));
    drop((reader, waiting));
    let run = finish(child).failure(1);
    for part in [
        "the connection broke; the history was read again on a new one",
        &progress(1),
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    Run::of(&mut up(&database, &[])).success();
}

#[test]
fn what_a_database_wants_of_its_replicas_stays_and_its_isolation_does_not() {
    for (wanted, found) in [
        ("off", "on"),
        ("local", "local"),
        ("remote_apply", "remote_apply"),
    ] {
        let database = Database::create(Template::PreState);
        Run::of(&mut up(&database, &["--to", "1"])).success();
        let note = format!(
            "alter database {name} set synchronous_commit = {wanted};
             alter database {name} set default_transaction_isolation = serializable;
             create function public.note() returns trigger language plpgsql as $$
             begin
                 new.applied_by := current_setting('synchronous_commit');
                 new.name := new.name || current_setting('transaction_isolation');
                 return new;
             end $$;
             create trigger note before insert on vital_private.refinery_schema_history
                 for each row when (new.version = 20251026000002) execute function public.note()",
            name = database.name()
        );
        database.client().batch_execute(&note).unwrap();
        Run::of(&mut up(&database, &["--to", "2"])).success();
        let noted = "select applied_by::text, name from vital_private.refinery_schema_history
            where version = 20251026000002";
        let noted = database.client().query_one(noted, &[]).unwrap();
        assert_eq!(noted.get::<_, &str>(0), found);
        assert_eq!(noted.get::<_, &str>(1), "add_tenant_columnsread committed");
    }
}
