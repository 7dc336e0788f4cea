//! `vital migrate up` and `down` over a connection that breaks at the worst moment: before, during and after COMMIT.

use rustix::process::Signal;

use crate::fault::{finish, kill::send, start};
use crate::support::proxy::{At, Cut, Passes, Proxy, Then};
use crate::support::{Database, Run, Template, progress, total, wait_until};

const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];
const DOWN: [&str; 5] = ["migrate", "down", "--to", "0", "--yes"];
const BRIEFLY: [&str; 2] = ["--migration-lock-wait", "2s"];

/// What records migration 2 as applied; in the same message follows the COMMIT.
fn is_applied(message: &str) -> bool {
    message.contains("INSERT INTO vital_private.refinery_schema_history")
        && message.contains("20251026000002,")
}

/// What records it as undone, likewise.
fn is_undone(message: &str) -> bool {
    message.contains("delete from vital_private.refinery_schema_history where version = 20251026000002")
}

/// The server never gets the message.
fn before(record: fn(&str) -> bool) -> Cut {
    Cut {
        at: At::First(record),
        passes: Passes::Bytes(0),
        then: Then::Close,
    }
}

/// The server gets it, and its answer is lost.
fn after(record: fn(&str) -> bool) -> Cut {
    Cut {
        passes: Passes::Whole,
        ..before(record)
    }
}

/// The same, and nobody can connect any more.
fn after_for_good(record: fn(&str) -> bool) -> Cut {
    Cut {
        then: Then::CloseForGood,
        ..after(record)
    }
}

fn run(database: &Database, cut: Cut, arguments: &[&str]) -> Run {
    let proxy = Proxy::start(database, Some(cut));
    Run::of(&mut proxy.command(database, arguments))
}

fn applied(database: &Database) -> i64 {
    let sql = "select count(*) from vital_private.refinery_schema_history";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn a_connection_lost_before_commit_fails_cleanly() {
    let database = Database::create(Template::PreState);
    let run = run(&database, before(is_applied), &UP).failure(1);
    for part in [
        "could not apply migration `V20251026000002__add_tenant_columns`",
        "the connection broke; the history was read again",
        &format!("{} and nothing of this one was kept", progress(1)),
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    assert_eq!(applied(&database), 1);
    database.vital(&UP).success();
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_out_and_the_run_goes_on() {
    let database = Database::create(Template::PreState);
    let run = run(&database, after(is_applied), &UP).success();
    assert!(run.stdout.contains(&progress(total())), "{run}");
    assert_eq!(applied(&database), total());
}

#[test]
fn a_commit_that_cannot_be_found_out_about_is_told_as_unknown() {
    let database = Database::create(Template::PreState);
    let run = run(
        &database,
        after_for_good(is_applied),
        &[&UP[..], &BRIEFLY].concat(),
    )
    .failure(8);
    assert!(run.stderr.contains("its outcome is unknown"), "{run}");
    assert!(run.stderr.contains("`vital migrate status` tells which"), "{run}");
    wait_until("the lost commit is done", || applied(&database) == 2);
    database.vital(&UP).success();
}

#[test]
fn an_undoing_lost_before_commit_fails_cleanly() {
    let database = Database::create(Template::Migrated);
    let run = run(&database, before(is_undone), &DOWN).failure(1);
    for part in [
        "could not undo migration `V20251026000002__add_tenant_columns`",
        "the connection broke; the history was read again",
        &format!(
            "{} and nothing of this one was kept; run `vital migrate down` again",
            progress(2)
        ),
    ] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    assert_eq!(applied(&database), 2);
    database.vital(&DOWN).success();
    database.vital(&["migrate", "up", "--restore"]).success();
}

#[test]
fn an_undoing_whose_answer_is_lost_is_found_out_and_the_run_goes_on() {
    let database = Database::create(Template::Migrated);
    let run = run(&database, after(is_undone), &DOWN).success();
    assert!(run.stdout.contains("no migration is applied"), "{run}");
    assert_eq!(applied(&database), 0);
}

#[test]
fn an_undoing_that_cannot_be_found_out_about_is_told_as_unknown() {
    let database = Database::create(Template::Migrated);
    let run = run(
        &database,
        after_for_good(is_undone),
        &[&DOWN[..], &BRIEFLY].concat(),
    )
    .failure(8);
    assert!(
        run.stderr.contains("was undone, and its outcome is unknown"),
        "{run}"
    );
    wait_until("the lost commit is done", || applied(&database) == 1);
}

#[test]
fn a_commit_that_takes_its_time_is_waited_for() {
    let database = Database::create(Template::PreState);
    database.vital(&["migrate", "up", "--to", "1"]).success();
    let slow = "create function public.slow() returns trigger language plpgsql as
            'begin perform pg_sleep(3); return null; end';
        create constraint trigger slow after insert on vital_private.refinery_schema_history
            deferrable initially deferred for each row when (new.version = 20251026000002)
            execute function public.slow()";
    database.client().batch_execute(slow).unwrap();
    let run = run(&database, after(is_applied), &UP).success();
    assert!(run.stderr.contains("the connection broke, but V2"), "{run}");
    assert_eq!(applied(&database), total());
}

#[test]
fn an_interrupt_does_not_hide_that_the_outcome_is_unknown() {
    let database = Database::create(Template::PreState);
    let proxy = Proxy::start(&database, Some(after_for_good(is_applied)));
    let child = start(&mut proxy.command(&database, &UP));
    wait_until("the commit is under way", || proxy.has_cut());
    send(&child, Signal::INT);
    let run = finish(child).failure(8);
    assert!(run.stderr.contains("its outcome is unknown"), "{run}");
}

#[test]
fn an_interrupt_cancels_on_a_connection_that_replaced_a_lost_one() {
    let database = Database::create(Template::PreState);
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
    let proxy = Proxy::start(&database, Some(after(is_applied)));
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
