//! The connection is cut at every place of the conversation, COMMIT included.

use std::time::Duration;

use super::check::{applied, assert_completes, prepare, wait_for_quiet};
use super::subject::Subject;
use super::{UP, finish, is_long, start, survive};
use crate::support::proxy::{At, Cut, From, Message, Passes, Proxy, Then};
use crate::support::{Database, Run, Template, wait_until};

/// The conversation of an undisturbed run.
pub fn conversation(subject: &Subject<'_>) -> Vec<Message> {
    let database = subject.database();
    let proxy = Proxy::start(&database, None);
    Run::of(&mut subject.through(&proxy, &database)).success();
    proxy.messages()
}

/// That of `vital migrate up` with further arguments.
fn conversation_of_up(more: &[&str]) -> Vec<Message> {
    let mut subject = Subject::up();
    subject.arguments.extend(more.iter().map(|&word| word.to_owned()));
    conversation(&subject)
}

/// A cut in `message`, after so much of it.
pub fn cut(message: &Message, passes: Passes) -> Cut {
    Cut {
        at: At::Place {
            connection: message.connection,
            from: message.from,
            number: message.number,
        },
        passes,
        then: Then::Close,
    }
}

/// Whether it records a migration as applied or undone, and commits.
pub fn commits(message: &Message) -> bool {
    let records = ["INSERT INTO", "delete from vital_private.refinery"];
    message.from == From::Vital
        && records.iter().any(|record| message.text.contains(record))
        && message.text.contains("commit")
}

/// Every boundary and, within each message, after its type, after its length, in its middle and before its end.
fn everywhere(messages: &[Message]) -> Vec<Cut> {
    let within = [
        Passes::Bytes(0),
        Passes::Bytes(1),
        Passes::Bytes(5),
        Passes::Half,
        Passes::AllButOne,
    ];
    let places = |message| {
        let few = usize::from(commits(message)) * 2 + 1;
        let passes = match message.from {
            From::Vital => within.to_vec(),
            // The server's many short messages: the boundary, and one place that changes from message to message.
            From::Server => vec![within[0], within[1 + message.number % 4]],
        };
        passes
            .into_iter()
            .map(|passes| cut(message, passes))
            .take(few.max(5))
    };
    messages.iter().flat_map(places).collect()
}

/// Each kind of place at least once: the login, the questions, the texts, a commit of several and the answers.
/// Of vital's messages it takes one of `step`.
fn sample(messages: &[Message], step: usize) -> Vec<Cut> {
    let of = |from| messages.iter().filter(move |message| message.from == from);
    let mut cuts: Vec<Cut> = of(From::Vital)
        .step_by(step)
        .map(|message| cut(message, Passes::Bytes(0)))
        .collect();
    let all: Vec<&Message> = of(From::Vital).filter(|message| commits(message)).collect();
    let third_commit = all.get(2).or(all.last());
    cuts.extend(
        [
            Passes::Bytes(0),
            Passes::Bytes(5),
            Passes::Half,
            Passes::AllButOne,
        ]
        .into_iter()
        .filter_map(|passes| third_commit.map(|message| cut(message, passes))),
    );
    let answers: Vec<&Message> = of(From::Server).collect();
    cuts.extend(
        answers
            .iter()
            .rev()
            .step_by((answers.len() * step / 12).max(1))
            .map(|message| cut(message, Passes::Half)),
    );
    cuts
}

/// Cuts the connection everywhere, or in a sample at one of `step` of vital's messages and some others.
pub fn cut_anywhere(subject: &Subject<'_>, step: usize) -> Vec<Message> {
    let messages = conversation(subject);
    let cuts = if is_long() {
        everywhere(&messages)
    } else {
        sample(&messages, step)
    };
    survive(&subject.kind("connection cut"), &cuts, 2, |cut| {
        let database = subject.database();
        let proxy = Proxy::start(&database, Some(*cut));
        let run = Run::of(&mut subject.through(&proxy, &database));
        assert!(proxy.has_cut(), "{cut:?} is not reached: {run}");
        assert!(subject.codes.contains(&run.code), "{run}");
        (subject.check)(&database, &run);
    });
    messages
}

#[test]
fn a_connection_cut_anywhere_leaves_whole_migrations() {
    prepare();
    let messages = cut_anywhere(&Subject::up(), 2);
    assert_eq!(messages.iter().filter(|message| commits(message)).count(), 4);
}

#[test]
fn a_connection_cut_while_preparing_online_is_made_up_for() {
    prepare();
    let always = ["--online", "always"];
    let messages = conversation_of_up(&always);
    let prepares = |message: &&Message| {
        let text = &message.text;
        message.from == From::Vital
            && (text.contains("concurrently") || text.contains("last_id") || text.contains("add column"))
    };
    let mut cuts: Vec<Cut> = messages
        .iter()
        .filter(prepares)
        .map(|message| cut(message, Passes::Bytes(0)))
        .collect();
    assert!(cuts.len() > 4, "{cuts:?}");
    // The answers, while the index is built or just after; and the connection that holds the lock.
    let answers: Vec<&Message> = messages
        .iter()
        .filter(|message| message.from == From::Server || message.connection > 0)
        .collect();
    let step = if is_long() { 1 } else { answers.len() / 4 };
    cuts.extend(
        answers
            .iter()
            .step_by(step)
            .map(|message| cut(message, Passes::Half)),
    );
    survive("connection cut, online", &cuts, 2, |cut| {
        let database = Database::create(Template::PreState);
        let proxy = Proxy::start(&database, Some(*cut));
        let run = Run::of(&mut proxy.command(&database, &[&UP[..], &always].concat()));
        assert!([0, 1, 7].contains(&run.code), "{run}");
        wait_for_quiet(&database);
        Run::of(&mut super::up(&database, &always)).success();
        assert_completes(&database);
    });
}

#[test]
fn a_connection_that_falls_silent_frees_the_table_soon() {
    let database = Database::create(Template::PreState);
    let messages = conversation_of_up(&[]);
    let record = messages.iter().filter(|message| commits(message)).nth(1).unwrap();
    let silence = Cut {
        then: Then::Silence,
        ..cut(record, Passes::Bytes(0))
    };
    let proxy = Proxy::start(&database, Some(silence));
    let mut child = start(&mut proxy.command(&database, &UP));
    wait_until("the connection is silent", || proxy.has_cut());
    // Nobody tells the server; migration 2 holds its lock on agents.
    let mut reader = database.client();
    reader.batch_execute("set statement_timeout = '18s'").unwrap();
    reader.query("select count(*) from public.agents", &[]).unwrap();
    drop(reader);
    assert_eq!(applied(&database), 1);
    child.kill().unwrap();
    finish(child);
    wait_for_quiet(&database);
    assert_completes(&database);
}

#[test]
fn an_interrupt_ends_a_run_whose_connection_is_silent() {
    let database = Database::create(Template::PreState);
    let messages = conversation_of_up(&[]);
    let record = messages.iter().find(|message| commits(message)).unwrap();
    let silence = Cut {
        then: Then::Silence,
        ..cut(record, Passes::Bytes(0))
    };
    let proxy = Proxy::start(&database, Some(silence));
    let child = start(&mut proxy.command(&database, &UP));
    wait_until("the connection is silent", || proxy.has_cut());
    super::kill::send(&child, rustix::process::Signal::INT);
    let begun = std::time::Instant::now();
    let run = finish(child).failure(130);
    assert!(begun.elapsed() < Duration::from_secs(15), "{run}");
    assert!(run.stderr.contains("vital migrate status"), "{run}");
}
