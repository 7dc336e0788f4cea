//! Others are at work on `agents`, or migrate it, too.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postgres::Client;

use super::check::{applied, assert_sound, prepare};
use super::subject::Subject;
use super::{UP, finish, start};
use crate::support::pooler::{Mode, Pooler};
use crate::support::{Database, Run, Template, vital, wait_until};

/// What an open transaction has done.
pub const READ: &str = "select count(*) from public.agents";
const WRITE: &str =
    "update public.agents set name = name where id = (select max(id::text)::uuid from public.agents)";
/// A row that the others leave alone.
pub const WRITE_ANOTHER: &str =
    "update public.agents set name = name where id = (select min(id::text)::uuid from public.agents)";

/// The longest that `sql` took until `done`.
fn longest(mut client: Client, sql: &str, done: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !done.load(Ordering::SeqCst) {
        let begun = Instant::now();
        client.batch_execute(sql).unwrap();
        longest = longest.max(begun.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    longest
}

/// Holds the table with `hold` while a run waits for it, and sees that others are not held up as long. The run is at the
/// table when so many migrations are applied.
pub fn holds_up_nobody(subject: &Subject<'_>, hold: &str, at: usize) {
    let database = subject.database();
    let mut holder = database.client();
    holder.batch_execute("set application_name = 'holder'").unwrap();
    holder.batch_execute(&format!("begin; {hold}")).unwrap();
    let pid: i32 = holder.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let done = AtomicBool::new(false);
    let begun = Instant::now();
    let (run, held, longest) = std::thread::scope(|scope| {
        let others = [READ, WRITE].map(|sql| {
            let (client, done) = (database.client(), &done);
            scope.spawn(move || longest(client, sql, done))
        });
        let child = start(&mut subject.command(&database));
        wait_until("the run has come to the table", || applied(&database) == at);
        std::thread::sleep(Duration::from_secs(4));
        holder.batch_execute("rollback").unwrap();
        let held = begun.elapsed();
        let run = finish(child);
        done.store(true, Ordering::SeqCst);
        (
            run.success(),
            held,
            others
                .map(|other| other.join().unwrap())
                .into_iter()
                .max()
                .unwrap(),
        )
    });
    drop(holder);
    // A try holds others up for 300 ms; if it stood in the queue, they would wait until the holder is done.
    println!("held for {held:?}; others waited for {longest:?} at most");
    assert!(longest < held / 3, "{longest:?} of {held:?}: {run}");
    for part in [
        "waiting for".to_owned(),
        format!("pid {pid}"),
        "holder".to_owned(),
    ] {
        assert!(run.stderr.contains(&part), "`{part}`: {run}");
    }
    (subject.check)(&database, &run);
}

#[test]
fn an_open_reader_holds_up_nobody_else() {
    prepare();
    holds_up_nobody(&Subject::up(), READ, 1);
}

#[test]
fn an_open_writer_holds_up_nobody_else() {
    prepare();
    holds_up_nobody(&Subject::up(), WRITE_ANOTHER, 1);
}

#[test]
fn twenty_at_once_through_a_pooler_apply_each_migration_once() {
    prepare();
    let database = Database::create(Template::PreState);
    // With a single connection the pooler itself would let one run after the other.
    let pooler = Pooler::with_connections(&database, Mode::Transaction, 8);
    let children: Vec<_> = (0..20)
        .map(|_| {
            let mut command = vital();
            start(command.env("DATABASE_URL", pooler.url("postgres")).args(UP))
        })
        .collect();
    let runs: Vec<Run> = children
        .into_iter()
        .map(|child| finish(child).success())
        .collect();
    drop(pooler);
    assert_sound(&database, &runs[0]);
}
