//! Others are at work on `agents`, or migrate in the other direction, while migrations are undone.

use std::sync::Mutex;
use std::time::Duration;

use rustix::process::Signal;

use super::super::check::{applied, wait_for_quiet};
use super::super::contention::{READ, WRITE_ANOTHER, holds_up_nobody};
use super::super::kill::send;
use super::super::subject::Subject;
use super::super::{finish, is_long, random, start, survive};
use super::down_to_0;
use crate::support::{Database, Run, Template, wait_until};

#[test]
fn an_open_reader_or_writer_holds_up_nobody_else() {
    survive("held table, down to 0", &[READ, WRITE_ANOTHER], 2, |hold| {
        let subject = Subject {
            template: Template::Migrated,
            check: &|database, _| assert_round_trip(database),
            ..down_to_0()
        };
        holds_up_nobody(&subject, hold, 3);
    });
}

/// Asserts that everything can be undone, and applied again.
#[track_caller]
fn assert_round_trip(database: &Database) {
    wait_for_quiet(database);
    database
        .vital(&["migrate", "down", "--to", "0", "--yes"])
        .success();
    assert_eq!(applied(database), 0);
    database
        .vital(&["migrate", "up", "--restore", "--replace-policies"])
        .success();
    database.vital(&["verify"]).success();
}

#[test]
fn a_migration_whose_predecessor_is_undone_meanwhile_is_not_applied_without_it() {
    let predecessors = [
        (2, "V20251026000002__add_tenant_columns"),
        (3, "V20251026000003__update_rls_policies"),
    ];
    survive("predecessor undone", &predecessors, 2, |(at, predecessor)| {
        let database = Database::create(Template::Used);
        let down = |to: usize| {
            let to = to.to_string();
            database
                .vital(&["migrate", "down", "--to", &to, "--yes"])
                .success();
        };
        down(*at);
        let mut holder = database.client();
        holder
            .batch_execute("begin; lock public.agents in share mode")
            .unwrap();
        let child = start(&mut database.command(&["migrate", "up", "--restore"]));
        let mut admin = database.superuser();
        let mut waits = || -> i64 {
            let waits = "select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'";
            admin.query_one(waits, &[]).unwrap().get(0)
        };
        wait_until("it waits for the table", || waits() > 0);
        wait_until("it pauses", || waits() == 0);
        send(&child, Signal::STOP);
        holder.batch_execute("rollback").unwrap();
        down(at - 1);
        send(&child, Signal::CONT);
        let run = finish(child);
        if run.code == 0 {
            // It saw so before it began, and applied both.
            assert_eq!(applied(&database), 4, "{run}");
            return;
        }
        let run = run.failure(1);
        let cause = format!("another run undid {predecessor} meanwhile");
        for part in [
            &cause,
            "and nothing of this one was kept",
            "run `vital migrate up` again",
        ] {
            assert!(run.stderr.contains(part), "`{part}`: {run}");
        }
        assert_eq!(applied(&database), at - 1);
        database.vital(&["migrate", "up", "--restore"]).success();
    });
}

#[test]
fn all_at_once_each_ends_well_or_says_why() {
    let rounds: Vec<u32> = (0..if is_long() { 40 } else { 3 }).collect();
    let random = Mutex::new(random());
    survive("down, up, verify and assign-user at once", &rounds, 1, |_| {
        let database = Database::create(Template::Used);
        let assign = [
            "assign-user",
            "ada.admin@vital.example",
            "--tenant",
            "digital-health-startup",
            "--yes",
        ];
        let all: [&[&str]; 7] = [
            &["migrate", "down", "--to", "0", "--yes"],
            &["migrate", "down", "--to", "2", "--yes"],
            &["migrate", "up", "--restore"],
            &["migrate", "up", "--restore"],
            &["verify"],
            &["verify", "--skip", "behaviour-*"],
            &assign,
        ];
        let children = all.map(|arguments| {
            let pause = random.lock().unwrap().u64(0..150);
            std::thread::sleep(Duration::from_millis(pause));
            start(&mut database.command(arguments))
        });
        let runs: Vec<Run> = children.into_iter().map(finish).collect();
        for (run, arguments) in runs.iter().zip(all) {
            let expected: &[i32] = match arguments[0] {
                "verify" => &[0, 3],
                _ => &[0, 1, 6],
            };
            assert!(expected.contains(&run.code), "{arguments:?}: {run}");
            assert!(
                run.code == 0 || run.code == 3 || run.stderr.contains("hint: "),
                "{run}"
            );
            assert!(!run.stderr.contains("a bug of its own"), "{run}");
        }
        assert_round_trip(&database);
    });
}
