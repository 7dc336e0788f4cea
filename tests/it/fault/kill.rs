//! vital is killed or interrupted at random moments.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::check::{assert_completes, prepare, wait_for_quiet};
use super::subject::Subject;
use super::{finish, is_long, random, start, survive, up};
use crate::support::{Database, Run, Template};

const ALWAYS: [&str; 2] = ["--online", "always"];

/// Sends a signal.
pub fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    // It may have ended.
    let _ = kill_process(pid, signal);
}

/// Moments from the start of a run to its end, of as many equal parts as there are moments a random one of each.
pub fn moments(count: u32, command: &mut Command) -> Vec<Duration> {
    let begun = Instant::now();
    Run::of(command).success();
    let part = begun.elapsed() / count;
    let mut random = random();
    (0..count)
        .map(|n| part * n + part.mul_f64(random.f64()))
        .collect()
}

fn some(few: u32, many: u32, subject: &Subject<'_>) -> Vec<Duration> {
    let count = if is_long() { many } else { few };
    moments(count, &mut subject.command(&subject.database()))
}

/// Starts a run and sends it `signal` after `pause`.
fn signalled(command: &mut Command, signal: Signal, pause: Duration) -> Run {
    let child = start(command);
    std::thread::sleep(pause);
    send(&child, signal);
    finish(child)
}

/// Kills runs at random moments: so many in a sample, or in all.
pub fn killed(subject: &Subject<'_>, few: u32, many: u32) {
    let kind = subject.kind("SIGKILL of vital");
    survive(&kind, &some(few, many, subject), 2, |pause| {
        let database = subject.database();
        let run = signalled(&mut subject.command(&database), Signal::KILL, *pause);
        assert!([0, -1].contains(&run.code), "{run}");
        (subject.check)(&database, &run);
    });
}

/// Interrupts runs at random moments, likewise.
pub fn interrupted(subject: &Subject<'_>, few: u32, many: u32) {
    let kind = subject.kind("SIGINT of vital");
    survive(&kind, &some(few, many, subject), 2, |pause| {
        let database = subject.database();
        let run = signalled(&mut subject.command(&database), Signal::INT, *pause);
        // -1 is the signal itself, before the program has started to listen.
        assert!([0, 130, -1].contains(&run.code), "{run}");
        (subject.check)(&database, &run);
    });
}

#[test]
fn a_killed_run_leaves_whole_migrations() {
    prepare();
    killed(&Subject::up(), 10, 150);
}

#[test]
fn an_interrupted_run_leaves_whole_migrations_and_says_which() {
    prepare();
    interrupted(&Subject::up(), 10, 150);
}

#[test]
fn an_online_preparation_that_is_killed_or_interrupted_is_made_up_for() {
    prepare();
    let mut subject = Subject::up();
    subject.arguments.extend(ALWAYS.map(str::to_owned));
    let moments = some(8, 100, &subject);
    survive("SIGKILL and SIGINT of vital, online", &moments, 2, |pause| {
        let database = Database::create(Template::PreState);
        let signal = if pause.subsec_nanos() % 2 == 0 {
            Signal::KILL
        } else {
            Signal::INT
        };
        signalled(&mut subject.command(&database), signal, *pause);
        wait_for_quiet(&database);
        Run::of(&mut up(&database, &ALWAYS)).success();
        assert_completes(&database);
    });
}

#[test]
fn an_index_whose_build_was_killed_half_way_is_rebuilt() {
    let database = Database::create(Template::PreState);
    // The build waits for this transaction after it has made the index, invalid.
    let mut reader = database.client();
    reader
        .batch_execute("begin isolation level repeatable read; select count(*) from public.profiles")
        .unwrap();
    let invalid =
        "select count(*) from pg_index where indrelid = 'public.agents'::regclass and not indisvalid";
    let invalid = || -> i64 { database.client().query_one(invalid, &[]).unwrap().get(0) };
    for signal in [Signal::KILL, Signal::INT] {
        let child = start(&mut up(&database, &ALWAYS));
        crate::support::wait_until("an index is half built", || building(&database));
        assert_eq!(invalid(), 1);
        send(&child, signal);
        finish(child);
        // A build is no transaction; the server looks every 10 s whether somebody is still there.
        crate::support::wait_until("the build has ended", || !building(&database));
        assert_eq!(invalid(), 1);
    }
    reader.batch_execute("commit").unwrap();
    drop(reader);
    wait_for_quiet(&database);
    Run::of(&mut up(&database, &ALWAYS)).success();
    assert_eq!(invalid(), 0);
    assert_completes(&database);
}

fn building(database: &Database) -> bool {
    let sql = "select count(*) from pg_stat_progress_create_index where datname = current_database()
        and command = 'CREATE INDEX CONCURRENTLY' and phase <> 'initializing'";
    database.client().query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0
}
