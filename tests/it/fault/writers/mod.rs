//! The other commands that write, under faults: all of their change or nothing, and the exit code says which.

mod check;

use self::check::{Writer, assign_file, bootstrap, grant_admin, seed, sharing_set, verify_fix};
use super::cut::{conversation, cut};
use super::kill::{interrupted, killed};
use super::proxy::{Cut, From, Message, Passes, Proxy, Then};
use super::subject::Subject;
use super::{is_long, survive};
use crate::support::Run;

/// The message that commits, and the server's answer to it.
fn commit(messages: &[Message]) -> (&Message, &Message) {
    let find = |from, text: &str| {
        let mut of = messages.iter().filter(|message| message.from == from);
        of.find(|message| message.text.trim_end_matches('\0').ends_with(text))
            .unwrap_or_else(|| panic!("nobody sends {text}"))
    };
    (find(From::Vital, "COMMIT"), find(From::Server, "COMMIT"))
}

/// Around the commit, and everywhere else or at some places.
fn places(messages: &[Message]) -> Vec<Cut> {
    let (asked, answered) = commit(messages);
    let mut cuts: Vec<Cut> = [Passes::Bytes(0), Passes::Half, Passes::AllButOne]
        .into_iter()
        .flat_map(|passes| [cut(asked, passes), cut(answered, passes)])
        .collect();
    let step = if is_long() { 1 } else { messages.len() / 4 };
    let others = messages.iter().step_by(step.max(1));
    cuts.extend(others.map(|message| cut(message, [Passes::Bytes(0), Passes::Half][message.number % 2])));
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
}

/// Loses the answer to COMMIT: with the server still there it is found out, and without it told as unknown.
fn lose_the_answer(subject: &Subject<'_>) {
    let messages = conversation(subject);
    let (asked, answered) = commit(&messages);
    let lost = |message, then| Cut {
        then,
        ..cut(message, Passes::Bytes(0))
    };
    let faults = [
        (lost(answered, Then::Close), 0),
        (lost(answered, Then::CloseForGood), 8),
        (lost(asked, Then::CloseForGood), 8),
    ];
    survive(
        &subject.kind("answer to COMMIT lost"),
        &faults,
        3,
        |(cut, code)| {
            let database = subject.database();
            let proxy = Proxy::start(&database, Some(*cut));
            let mut command = subject.through(&proxy, &database);
            let run = Run::of(command.args(["--migration-lock-wait", "1s"]));
            assert_eq!(run.code, *code, "{run}");
            (subject.check)(&database, &run);
        },
    );
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
fn a_connection_cut_anywhere_leaves_all_or_nothing() {
    for writer in all() {
        writer.disturb(cut_off);
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_out_or_told_as_unknown() {
    for writer in all() {
        writer.disturb(lose_the_answer);
    }
}

#[test]
fn a_killed_or_interrupted_writer_leaves_all_or_nothing() {
    for writer in all() {
        kill(&writer, 2, 50);
    }
}
