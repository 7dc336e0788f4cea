//! `vital migrate up` and `down` over a connection that breaks at the worst moment: before, during and after COMMIT.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::fault::{finish, kill::send, start};
use crate::support::{Database, Run, Template, open_directory, wait_until};

/// What records migration 2 as applied; in the same message follows the COMMIT.
const APPLIED: &[u8] = b"INSERT INTO vital_private.refinery_schema_history \
    (version, name, applied_on, checksum) VALUES (20251026000002,";

/// What records it as undone, likewise.
const UNDONE: &[u8] = b"delete from vital_private.refinery_schema_history where version = 20251026000002";

const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];
const DOWN: [&str; 5] = ["migrate", "down", "--to", "0", "--yes"];
const BRIEFLY: [&str; 2] = ["--migration-lock-wait", "2s"];

/// Where the first connection is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server never gets the message.
    Before,
    /// The server gets it, and its answer is lost.
    After,
    /// The same, and nobody can connect any more.
    AfterForGood,
}

/// Passes connections on to a server, and cuts the first.
struct Proxy {
    directory: TempDir,
}

impl Proxy {
    fn start(database: &mut Database, record: &'static [u8], cut: Cut) -> Self {
        let directory = open_directory();
        let socket = directory.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket).unwrap();
        let address = database.server().address().clone();
        let server = address.directory.join(format!(".s.PGSQL.{}", address.port));
        thread::spawn(move || {
            let mut first = Some((record, cut));
            while let Ok((client, _)) = listener.accept() {
                let Ok(server) = UnixStream::connect(&server) else {
                    return;
                };
                serve(client, server, first.take(), socket.clone());
            }
        });
        Self { directory }
    }

    fn command(&self, database: &Database, arguments: &[&str]) -> Command {
        let (host, name) = (self.directory.path().display(), database.name());
        let url = format!("postgresql:///{name}?host={host}&port=5432&user=postgres");
        let mut command = database.command(arguments);
        command.env("DATABASE_URL", url);
        command
    }

    fn run(&self, database: &Database, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(database, arguments))
    }

    /// Whether nobody can connect any more.
    fn is_gone(&self) -> bool {
        !self.directory.path().join(".s.PGSQL.5432").exists()
    }
}

fn serve(client: UnixStream, server: UnixStream, cut: Option<(&'static [u8], Cut)>, socket: PathBuf) {
    let silent = Arc::new(AtomicBool::new(false));
    let (back_from, mut back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let hush = silent.clone();
    thread::spawn(move || {
        pump(back_from, |bytes| {
            !hush.load(Ordering::SeqCst) && back_to.write_all(bytes).is_ok()
        });
        let _ = back_to.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut to = server;
        pump(client.try_clone().unwrap(), |bytes| {
            let found = cut.and_then(|(record, cut)| {
                let at = bytes.windows(record.len()).position(|part| part == record);
                Some((at?, cut))
            });
            let Some((at, cut)) = found else {
                return to.write_all(bytes).is_ok();
            };
            silent.store(true, Ordering::SeqCst);
            if cut == Cut::AfterForGood {
                fs::remove_file(&socket).unwrap();
            }
            // Five bytes of header precede the text of the message.
            let end = if cut == Cut::Before { at - 5 } else { bytes.len() };
            to.write_all(&bytes[..end]).unwrap();
            thread::sleep(Duration::from_millis(500));
            false
        });
        let _ = to.shutdown(Shutdown::Both);
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// Hands on what comes until the end, or until `handle` has had enough.
fn pump(mut from: UnixStream, mut handle: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || !handle(&buffer[..length]) {
            return;
        }
    }
}

fn applied(database: &Database) -> i64 {
    let sql = "select count(*) from vital_private.refinery_schema_history";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn a_connection_lost_before_commit_fails_cleanly() {
    let mut database = Database::create(Template::PreState);
    let run = Proxy::start(&mut database, APPLIED, Cut::Before)
        .run(&database, &UP)
        .failure(1);
    for part in [
        "could not apply migration `V20251026000002__add_tenant_columns`",
        "the connection broke; the history was read again",
        "1 of 4 migrations is applied and nothing of this one was kept",
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    assert_eq!(applied(&database), 1);
    database.vital(&UP).success();
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_out_and_the_run_goes_on() {
    let mut database = Database::create(Template::PreState);
    let run = Proxy::start(&mut database, APPLIED, Cut::After)
        .run(&database, &UP)
        .success();
    assert!(run.stdout.contains("4 of 4 migrations are applied"), "{run}");
    assert_eq!(applied(&database), 4);
}

#[test]
fn a_commit_that_cannot_be_found_out_about_is_told_as_unknown() {
    let mut database = Database::create(Template::PreState);
    let run = Proxy::start(&mut database, APPLIED, Cut::AfterForGood)
        .run(&database, &[&UP[..], &BRIEFLY].concat())
        .failure(8);
    assert!(run.stderr.contains("its outcome is unknown"), "{run}");
    assert!(run.stderr.contains("`vital migrate status` tells which"), "{run}");
    wait_until("the lost commit is done", || applied(&database) == 2);
    database.vital(&UP).success();
}

#[test]
fn an_undoing_lost_before_commit_fails_cleanly() {
    let mut database = Database::create(Template::Migrated);
    let run = Proxy::start(&mut database, UNDONE, Cut::Before)
        .run(&database, &DOWN)
        .failure(1);
    for part in [
        "could not undo migration `V20251026000002__add_tenant_columns`",
        "the connection broke; the history was read again",
        "2 of 4 migrations are applied and nothing of this one was kept; run `vital migrate down` again",
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    assert_eq!(applied(&database), 2);
    database.vital(&DOWN).success();
    database.vital(&["migrate", "up", "--restore"]).success();
}

#[test]
fn an_undoing_whose_answer_is_lost_is_found_out_and_the_run_goes_on() {
    let mut database = Database::create(Template::Migrated);
    let run = Proxy::start(&mut database, UNDONE, Cut::After)
        .run(&database, &DOWN)
        .success();
    assert!(run.stdout.contains("no migration is applied"), "{run}");
    assert_eq!(applied(&database), 0);
}

#[test]
fn an_undoing_that_cannot_be_found_out_about_is_told_as_unknown() {
    let mut database = Database::create(Template::Migrated);
    let run = Proxy::start(&mut database, UNDONE, Cut::AfterForGood)
        .run(&database, &[&DOWN[..], &BRIEFLY].concat())
        .failure(8);
    assert!(
        run.stderr.contains("was undone, and its outcome is unknown"),
        "{run}"
    );
    wait_until("the lost commit is done", || applied(&database) == 1);
}

#[test]
fn a_commit_that_takes_its_time_is_waited_for() {
    let mut database = Database::create(Template::PreState);
    database.vital(&["migrate", "up", "--to", "1"]).success();
    let slow = "create function public.slow() returns trigger language plpgsql as
            'begin perform pg_sleep(3); return null; end';
        create constraint trigger slow after insert on vital_private.refinery_schema_history
            deferrable initially deferred for each row when (new.version = 20251026000002)
            execute function public.slow()";
    database.client().batch_execute(slow).unwrap();
    let run = Proxy::start(&mut database, APPLIED, Cut::After)
        .run(&database, &UP)
        .success();
    assert!(run.stderr.contains("the connection broke, but V2"), "{run}");
    assert_eq!(applied(&database), 4);
}

#[test]
fn an_interrupt_does_not_hide_that_the_outcome_is_unknown() {
    let mut database = Database::create(Template::PreState);
    let proxy = Proxy::start(&mut database, APPLIED, Cut::AfterForGood);
    let child = start(&mut proxy.command(&database, &UP));
    wait_until("the commit is under way", || proxy.is_gone());
    send(&child, Signal::INT);
    let run = finish(child).failure(8);
    assert!(run.stderr.contains("its outcome is unknown"), "{run}");
}

#[test]
fn an_interrupt_cancels_on_a_connection_that_replaced_a_lost_one() {
    let mut database = Database::create(Template::PreState);
    database.vital(&["migrate", "up", "--to", "1"]).success();
    let sleep = "create function public.sleep() returns event_trigger language plpgsql as $$
        begin
            if (select count(*) from vital_private.refinery_schema_history) = 2 then
                perform pg_sleep(60);
            end if;
        end $$;
        create event trigger sleep on ddl_command_start execute function public.sleep()";
    let mut admin = database.superuser();
    admin.batch_execute(sleep).unwrap();
    let proxy = Proxy::start(&mut database, APPLIED, Cut::After);
    let child = start(&mut proxy.command(&database, &UP));
    let mut sleeping = || -> i64 {
        let sql = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event = 'PgSleep'";
        admin.query_one(sql, &[]).unwrap().get(0)
    };
    wait_until("migration 3 runs", || sleeping() == 1);
    send(&child, Signal::INT);
    let run = finish(child).failure(130);
    assert_eq!(sleeping(), 0, "{run}");
    assert_eq!(applied(&database), 2);
}
