//! `vital migrate down` and `up --restore` under faults: nothing is half undone, half archived or half put back, nobody
//! reads more than before, and in the end every row is what it was.

mod check;
mod contention;

use self::check::{assert_all_undone, assert_restored, assert_two_undone, prepare};
use super::crash::crash;
use super::cut::{commits, cut, cut_anywhere};
use super::disk::{Left, all_lefts, fill_up};
use super::is_long;
use super::kill::{interrupted, killed};
use super::statements::fail_statements;
use super::subject::Subject;
use crate::support::proxy::{From, Message, Passes, Proxy};
use crate::support::{Run, Template};

fn subject(name: &'static str, arguments: &str) -> Subject<'static> {
    Subject {
        name,
        arguments: arguments.split(' ').map(str::to_owned).collect(),
        ..Subject::up()
    }
}

fn down_to_0() -> Subject<'static> {
    Subject {
        template: Template::Used,
        check: &assert_all_undone,
        ..subject("down to 0", "migrate down --to 0 --yes")
    }
}

fn down_to_2() -> Subject<'static> {
    Subject {
        template: Template::Used,
        check: &assert_two_undone,
        ..subject("down to 2", "migrate down --to 2 --yes")
    }
}

fn restore() -> Subject<'static> {
    Subject {
        template: Template::Undone,
        check: &assert_restored,
        ..subject("up --restore", "migrate up --restore")
    }
}

/// All of them in the long mode; a sample is content with the two that do most.
fn subjects() -> Vec<Subject<'static>> {
    let mut subjects = vec![down_to_0(), restore()];
    if is_long() {
        subjects.push(down_to_2());
    }
    subjects
}

fn cut_off(subject: &Subject<'_>) {
    prepare();
    let messages = cut_anywhere(subject, 8);
    cut_after_the_last_commit(subject, &messages);
}

#[test]
fn a_connection_cut_anywhere_leaves_whole_steps() {
    cut_off(&down_to_0());
}

#[test]
fn a_connection_cut_anywhere_leaves_whole_steps_where_some_stay() {
    if is_long() {
        cut_off(&down_to_2());
    }
}

#[test]
fn a_connection_cut_anywhere_puts_whole_steps_back() {
    cut_off(&restore());
}

/// All is done then, and a new connection tells what.
fn cut_after_the_last_commit(subject: &Subject<'_>, messages: &[Message]) {
    let of_vital: Vec<&Message> = messages
        .iter()
        .filter(|message| message.from == From::Vital)
        .collect();
    let last = of_vital.iter().rposition(|message| commits(message)).unwrap();
    let database = subject.database();
    let proxy = Proxy::start(&database, Some(cut(of_vital[last + 1], Passes::Bytes(0))));
    let run = Run::of(&mut subject.through(&proxy, &database)).success();
    assert!(proxy.has_cut(), "{run}");
    (subject.check)(&database, &run);
}

#[test]
fn a_run_that_is_killed_or_interrupted_leaves_whole_steps_and_says_which() {
    prepare();
    for subject in [down_to_0(), down_to_2(), restore()] {
        killed(&subject, 2, 60);
        interrupted(&subject, 2, 60);
    }
}

#[test]
fn a_server_that_stops_at_once_or_is_killed_leaves_whole_steps() {
    crash(&subjects(), 1, 20);
}

#[test]
fn a_full_disk_leaves_whole_steps() {
    let lefts = if is_long() {
        all_lefts()
    } else {
        vec![Left::Tables(64), Left::Log(150)]
    };
    fill_up(&subjects(), &lefts);
}

#[test]
fn a_statement_that_fails_leaves_whole_steps() {
    prepare();
    for subject in subjects() {
        fail_statements(&subject, 3);
    }
}
