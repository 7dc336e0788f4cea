//! Single statements of the migrations fail, in ways that pass by themselves and in ways that do not.

use super::check::{assert_sound, prepare};
use super::kill::send;
use super::subject::Subject;
use super::{finish, is_long, start, survive, up};
use crate::support::{Database, Run, wait_until};

/// Fails the n-th command that defines something, once.
const SABOTAGE: &str = "
    create schema chaos;
    create sequence chaos.commands;
    create table chaos.plan (at bigint, code text, message text);
    create function chaos.fail() returns event_trigger
    language plpgsql security definer set search_path = chaos, pg_temp as $$
    declare
        plan chaos.plan;
    begin
        select * into plan from chaos.plan;
        if nextval('chaos.commands') = plan.at then
            if plan.code = 'sleep' then
                perform pg_sleep(60);
            end if;
            raise exception using errcode = plan.code, message = plan.message;
        end if;
    end
    $$;
    create event trigger chaos on ddl_command_end execute function chaos.fail();";

fn sabotage(database: Database, at: i64, code: &str, message: &str) -> Database {
    let mut admin = database.superuser();
    admin.batch_execute(SABOTAGE).unwrap();
    let sql = "insert into chaos.plan values ($1, $2, $3)";
    admin.execute(sql, &[&at, &code, &message]).unwrap();
    database
}

fn sabotaged(at: i64, code: &str, message: &str) -> Database {
    sabotage(Subject::up().database(), at, code, message)
}

/// How many commands of a run define something.
fn commands(subject: &Subject<'_>) -> i64 {
    let database = sabotage(subject.database(), 0, "P0001", "");
    Run::of(&mut subject.command(&database)).success();
    let sql = "select last_value from chaos.commands";
    database.superuser().query_one(sql, &[]).unwrap().get(0)
}

/// Fails single commands of a run: so many in a sample, or each.
pub fn fail_statements(subject: &Subject<'_>, few: usize) {
    let codes = [
        ("53100", "could not extend file: No space left on device"),
        ("57014", "canceling statement due to user request"),
        ("58030", "could not read block"),
        ("42501", "permission denied"),
    ];
    let last = commands(subject);
    let step = if is_long() {
        1
    } else {
        usize::try_from(last).unwrap() / few
    };
    let faults: Vec<_> = (1..=last)
        .step_by(step)
        .zip(codes.iter().cycle())
        .map(|(at, (code, message))| (at, *code, *message))
        .collect();
    survive(
        &subject.kind("failing statement"),
        &faults,
        2,
        |(at, code, message)| {
            let database = sabotage(subject.database(), *at, code, message);
            let run = Run::of(&mut subject.command(&database)).failure(1);
            assert!(run.stderr.contains(&format!("SQLSTATE {code}")), "{run}");
            (subject.check)(&database, &run);
        },
    );
}

#[test]
fn a_statement_that_fails_leaves_whole_migrations() {
    prepare();
    fail_statements(&Subject::up(), 8);
}

#[test]
fn a_failure_that_passes_by_itself_is_tried_again() {
    prepare();
    let faults = [
        (3, "40001", "could not serialize access"),
        (20, "40P01", "deadlock detected"),
        (40, "55P03", "canceling statement due to lock timeout"),
        (60, "XX000", "tuple concurrently updated"),
    ];
    survive("failure that passes", &faults, 2, |(at, code, message)| {
        let database = sabotaged(*at, code, message);
        let run = Run::of(&mut up(&database, &[])).success();
        let passed = "select last_value > at from chaos.commands, chaos.plan";
        let passed: bool = database.superuser().query_one(passed, &[]).unwrap().get(0);
        assert!(passed, "{run}");
        assert_sound(&database, &run);
    });
}

#[test]
fn an_interrupt_cancels_the_statement_on_the_server() {
    prepare();
    let database = sabotaged(30, "sleep", "");
    let mut admin = database.superuser();
    let mut sleeping = || -> i64 {
        let sql = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event = 'PgSleep'";
        admin.query_one(sql, &[]).unwrap().get(0)
    };
    let child = start(&mut up(&database, &[]));
    wait_until("a statement runs", || sleeping() == 1);
    send(&child, rustix::process::Signal::INT);
    let run = finish(child).failure(130);
    assert_eq!(sleeping(), 0, "{run}");
    let is_told = ["nothing of this one was kept", "nothing was changed"];
    assert!(is_told.iter().any(|kept| run.stderr.contains(kept)), "{run}");
    drop(admin);
    assert_sound(&database, &run);
}

#[test]
fn a_statement_that_takes_longer_than_allowed_is_ended() {
    prepare();
    let database = sabotaged(30, "sleep", "");
    let run = Run::of(&mut up(&database, &["--statement-timeout", "5s"])).failure(1);
    assert!(run.stderr.contains("statement timeout"), "{run}");
    assert_sound(&database, &run);
}
