//! The other commands that write, under faults: all of their change or nothing, and the exit code says which.

mod check;

use rustix::process::Signal;

use self::check::{Writer, assign_file, bootstrap, grant_admin, seed, sharing_set, verify_fix};
use super::cut::{conversation, cut};
use super::kill::{interrupted, killed, send};
use super::subject::Subject;
use super::{finish, is_long, start, survive};
use crate::support::proxy::{Cut, From, Message, Passes, Proxy, Then};
use crate::support::{Database, Run, Template, wait_until};

/// The message that commits, and the server's answer to it.
fn commit(messages: &[Message]) -> (&Message, &Message) {
    let ends = |message: &Message, from, text: &str| {
        message.from == from && message.text.trim_end_matches('\0').ends_with(text)
    };
    let at = messages
        .iter()
        .position(|message| ends(message, From::Vital, "commit"))
        .expect("vital commits");
    // The server answers the end of a transaction that only reads in the same word.
    let answer = messages[at..]
        .iter()
        .find(|message| ends(message, From::Server, "COMMIT"));
    (&messages[at], answer.expect("the server says so"))
}

/// Around the commit, and everywhere else or at some places.
fn places(messages: &[Message]) -> Vec<Cut> {
    let (asked, answered) = commit(messages);
    let mut cuts: Vec<Cut> = [Passes::Bytes(0), Passes::Half, Passes::AllButOne]
        .into_iter()
        .flat_map(|passes| [cut(asked, passes), cut(answered, passes)])
        .collect();
    let mut others: Vec<Cut> = messages
        .iter()
        .map(|message| cut(message, [Passes::Bytes(0), Passes::Half][message.number % 2]))
        .collect();
    // Ten thousand users make as many messages.
    let many = if is_long() { 120 } else { 2 };
    others = others
        .into_iter()
        .step_by((messages.len() / many).max(1))
        .collect();
    if !is_long() {
        cuts = vec![cut(asked, Passes::Half), cut(answered, Passes::Bytes(0))];
    }
    cuts.extend(others);
    cuts
}

fn cut_off(subject: &Subject<'_>) {
    let messages = conversation(subject);
    survive(&subject.kind("connection cut"), &places(&messages), 2, |cut| {
        let database = subject.database();
        let proxy = Proxy::start(&database, Some(*cut));
        let run = Run::of(&mut subject.through(&proxy, &database));
        assert!(proxy.has_cut(), "{cut:?} is not reached: {run}");
        assert!(subject.codes.contains(&run.code), "{run}");
        (subject.check)(&database, &run);
    });
    lose_the_answer(subject, &messages);
}

/// Loses the answer to COMMIT: with the server still there it is found out, and without it told as unknown.
fn lose_the_answer(subject: &Subject<'_>, messages: &[Message]) {
    let (asked, answered) = commit(messages);
    let lost = |message, then| Cut {
        then,
        ..cut(message, Passes::Bytes(0))
    };
    let faults = [
        (lost(answered, Then::Close), 0),
        (lost(answered, Then::CloseForGood), 8),
        (lost(asked, Then::CloseForGood), 8),
    ];
    let kind = subject.kind("answer to COMMIT lost");
    survive(&kind, &faults, 3, |(cut, code)| {
        let database = subject.database();
        let proxy = Proxy::start(&database, Some(*cut));
        let mut command = subject.through(&proxy, &database);
        let run = Run::of(command.args(["--migration-lock-wait", "1s"]));
        assert_eq!(run.code, *code, "{run}");
        (subject.check)(&database, &run);
    });
}

fn kill(writer: &Writer, few: u32, many: u32) {
    writer.disturb(|subject| {
        killed(subject, few, many);
        interrupted(subject, few, many);
    });
}

fn all() -> [Writer; 6] {
    [
        bootstrap(),
        seed(),
        assign_file(),
        sharing_set(),
        grant_admin(),
        verify_fix(),
    ]
}

#[test]
fn a_connection_cut_anywhere_leaves_all_or_nothing_and_says_which() {
    for writer in all() {
        writer.disturb(cut_off);
    }
}

#[test]
fn a_killed_or_interrupted_writer_leaves_all_or_nothing() {
    for writer in all() {
        kill(&writer, 1, 50);
    }
}

#[test]
fn an_interrupt_ends_a_verification_instead_of_one_of_its_checks() {
    let database = Database::create(Template::Migrated);
    let mut holder = database.superuser();
    holder
        .batch_execute(
            "drop trigger agents_30_audit_update on public.agents; begin; lock public.agents in access exclusive mode",
        )
        .unwrap();
    // The first waits within a check, the second could mend a trigger afterwards.
    for more in [
        ["--only", "agents-without-tenant", "--fail-on", "error"],
        ["--only", "agents-without-tenant,shape-triggers", "--fix", "--yes"],
    ] {
        let mut command = database.command(&["verify", "--lock-timeout", "60s"]);
        let child = start(command.args(more));
        let mut admin = database.superuser();
        let waiting = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        wait_until("a check waits for agents", || {
            admin.query_one(waiting, &[]).unwrap().get::<_, i64>(0) == 1
        });
        send(&child, Signal::INT);
        let run = finish(child).failure(130);
        assert!(!run.stderr.contains("fixed"), "{run}");
    }
}
