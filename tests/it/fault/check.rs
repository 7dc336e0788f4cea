//! What must be true after every fault.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::up;
use crate::support::catalog::state;
use crate::support::{Database, Run, Template, progress, total, wait_until};

/// What the database holds after each number of migrations.
fn expected() -> &'static [BTreeSet<String>] {
    static EXPECTED: OnceLock<Vec<BTreeSet<String>>> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let database = Database::create(Template::PreState);
        let after = |count: usize| {
            if count > 0 {
                Run::of(&mut up(&database, &["--to", &count.to_string()])).success();
            }
            state(&mut database.client())
        };
        (0..=4).map(after).collect()
    })
}

/// Computes what to compare with, so that it does not disturb what is timed.
pub fn prepare() {
    let _ = expected();
}

/// How many migrations the history has.
pub fn applied(database: &Database) -> usize {
    let mut client = database.client();
    let exists = "select to_regclass('vital_private.refinery_schema_history') is not null";
    if !client.query_one(exists, &[]).unwrap().get::<_, bool>(0) {
        return 0;
    }
    let count = "select count(*) from vital_private.refinery_schema_history";
    let count: i64 = client.query_one(count, &[]).unwrap().get(0);
    usize::try_from(count).unwrap()
}

/// Waits until the server has ended every session that the run left behind.
#[track_caller]
pub fn wait_for_quiet(database: &Database) {
    let mut client = database.client();
    let others = "select count(*) from pg_stat_activity where datname = current_database()
        and pid <> pg_backend_pid() and backend_type in ('client backend', 'parallel worker')";
    wait_until("the sessions of the run have ended", || {
        client.query_one(others, &[]).unwrap().get::<_, i64>(0) == 0
    });
}

/// How many migrations a run says to be applied.
pub fn claimed(run: &Run) -> Option<usize> {
    let said = [
        "no migration is applied",
        &progress(1),
        &progress(2),
        &progress(3),
        &progress(total()),
    ];
    let text = format!("{}{}", run.stdout, run.stderr);
    said.iter().position(|part| text.contains(part))
}

/// Asserts that two states are the same, line by line.
#[track_caller]
pub fn assert_same(found: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let lost: Vec<_> = expected.difference(found).collect();
    let more: Vec<_> = found.difference(expected).collect();
    assert!(
        lost.is_empty() && more.is_empty(),
        "{lost:#?} lost, {more:#?} more"
    );
}

/// Asserts that the run told the truth, that the catalog is that of the history, and that a rerun completes.
#[track_caller]
pub fn assert_sound(database: &Database, run: &Run) {
    wait_for_quiet(database);
    let applied = applied(database);
    if let Some(claimed) = claimed(run) {
        assert_eq!(claimed, applied, "{run}");
    }
    assert_eq!(run.code == 0, applied == 4 && claimed(run) == Some(4), "{run}");
    assert!(!run.stderr.contains("a bug of its own"), "{run}");
    assert_same(&state(&mut database.client()), &expected()[applied]);
    assert_completes(database);
}

/// Asserts that a rerun completes, and that everything is there once.
#[track_caller]
pub fn assert_completes(database: &Database) {
    let rerun = Run::of(&mut up(database, &[])).success();
    assert_eq!(claimed(&rerun), Some(4), "{rerun}");
    assert_same(&state(&mut database.client()), &expected()[4]);
    if super::is_long() {
        database.vital(&["verify", "--fail-on", "warning"]).success();
    }
}
