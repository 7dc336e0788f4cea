//! What must be true after every fault on the way back, and on the way there again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use postgres::{Client, SimpleQueryMessage};

use super::super::check::{applied, assert_same, claimed, wait_for_quiet};
use crate::migrate_restore::{contents, same};
use crate::support::catalog::state;
use crate::support::{Address, Database, Run, Server, Template};

/// What each user of the API reads, by user.
type Readable = BTreeMap<String, BTreeSet<String>>;
/// Every row of the tenancy, by table.
type Contents = BTreeMap<&'static str, Vec<String>>;

/// What the archive holds of each migration, without what differs from run to run: every table belongs to a set, every
/// set to a migration that was undone, and nobody but the owner may read any.
const ARCHIVE: &str = "
    select format('archive of %s: %s, %s rows, %s put back', version, source, row_count, restored_rows)
    from vital_archive.contents as c
    where set_id = (select max(n.set_id) from vital_archive.contents as n where n.version = c.version)
    union all
    select format('undone %s, %s times', version, count(*)) from vital_archive.steps group by version
    union all
    select format('empty set %s', id) from vital_archive.sets where id not in (select set_id from vital_archive.steps)
    union all
    select format('table %s without a set', relname) from pg_class
    where relnamespace = 'vital_archive'::regnamespace and relkind = 'r' and relname ~ '^set_'
        and relname not in (select archive_table from vital_archive.contents)
    union all
    select format('contents %s without a table', archive_table) from vital_archive.contents
    where to_regclass(format('vital_archive.%I', archive_table)) is null
    union all
    select format('open %s', oid::regclass) from pg_class
    where relnamespace = 'vital_archive'::regnamespace and relkind = 'r'
        and has_table_privilege('authenticated', oid, 'select')";

const NEWEST: &str = "
    select source, format('vital_archive.%I', archive_table) from vital_archive.contents as c
    where set_id = (select max(n.set_id) from vital_archive.contents as n where n.version = c.version)";

/// What is archived, with every row.
fn archive(client: &mut Client) -> BTreeSet<String> {
    let is_there = "select to_regclass('vital_archive.contents') is not null";
    if !client.query_one(is_there, &[]).unwrap().get::<_, bool>(0) {
        return BTreeSet::new();
    }
    let rows = client.query(ARCHIVE, &[]).unwrap();
    let mut lines: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    for row in client.query(NEWEST, &[]).unwrap() {
        let (source, table): (String, String) = (row.get(0), row.get(1));
        let sql = format!("select to_jsonb(t)::text from {table} as t");
        let rows = client.query(&sql, &[]).unwrap();
        lines.extend(
            rows.iter()
                .map(|row| format!("archived of {source}: {}", row.get::<_, &str>(0))),
        );
    }
    lines
}

/// Which agents each user reads, a visitor among them.
fn readable(database: &Database) -> Readable {
    let mut api = database.server_client("authenticator");
    let users = "select id::text from auth.users where email ~ '^[129]?[1-5]@world.example'";
    let users = database.superuser().query(users, &[]).unwrap();
    let users = users.iter().map(|row| ("authenticated", row.get::<_, String>(0)));
    users
        .chain([("anon", "nobody".to_owned())])
        .map(|(role, user)| {
            let claims = serde_json::json!({"sub": user, "role": role});
            let sql = format!(
                "begin; set local role {role}; set local request.jwt.claims = '{claims}'; \
                 select id from public.agents"
            );
            let answer = api.simple_query(&sql).unwrap_or_default();
            api.batch_execute("rollback").unwrap();
            let agents = answer.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            let agents = agents.collect();
            (user, agents)
        })
        .collect()
}

/// The database after each number of migrations: its catalog, archive, and rows.
struct Whole {
    state: BTreeSet<String>,
    contents: Contents,
}

impl Whole {
    fn of(database: &Database) -> Self {
        let mut client = database.client();
        let mut state = state(&mut client);
        state.extend(archive(&mut client));
        Self {
            state,
            contents: contents(&mut client),
        }
    }

    #[track_caller]
    fn assert_same(&self, expected: &Self) {
        assert_same(&self.state, &expected.state);
        same(&expected.contents, &self.contents);
    }
}

/// What undisturbed runs leave.
struct Expected {
    /// By the number of migrations that are left.
    down: Vec<Whole>,
    /// By the number that were applied again after all were undone.
    up: Vec<Whole>,
    readable: Readable,
}

impl Expected {
    fn on(server: &Address) -> Self {
        let database = Database::on(Server::at(server), Template::Used);
        let readable = readable(&database);
        let down = |left: usize| {
            if left < 4 {
                undo(&database, left);
            }
            Whole::of(&database)
        };
        let mut down: Vec<Whole> = (0..=4).rev().map(down).collect();
        down.reverse();
        let up = |applied: usize| {
            if applied > 0 {
                let to = applied.to_string();
                database
                    .vital(&["migrate", "up", "--restore", "--to", &to])
                    .success();
            }
            Whole::of(&database)
        };
        let up: Vec<Whole> = (0..=4).map(up).collect();
        same(&down[4].contents, &up[4].contents);
        assert!(readable.values().any(|agents| agents.len() > 250));
        Self { down, up, readable }
    }
}

/// What to compare a database with: each server's template has its own moments.
fn expected(database: &Database) -> &'static Expected {
    static EXPECTED: Mutex<BTreeMap<PathBuf, &'static Expected>> = Mutex::new(BTreeMap::new());
    let address = database.address();
    let mut known = EXPECTED.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(address.directory.clone())
        .or_insert_with(|| Box::leak(Box::new(Expected::on(address))))
}

/// Computes what to compare with, so that it does not disturb what is timed.
pub fn prepare() {
    let _ = expected(&Database::create(Template::Used));
}

fn undo(database: &Database, left: usize) -> Run {
    database
        .vital(&["migrate", "down", "--to", &left.to_string(), "--yes"])
        .success()
}

fn restore(database: &Database) -> Run {
    database.vital(&["migrate", "up", "--restore"]).success()
}

/// Asserts that nobody reads an agent who could not before.
#[track_caller]
fn assert_closed(database: &Database) {
    for (user, agents) in readable(database) {
        let before = &expected(database).readable[&user];
        let more: Vec<_> = agents.difference(before).collect();
        assert!(more.is_empty(), "`{user}` reads {more:?}");
    }
}

/// Asserts that the run said how many migrations are applied, if anything, and succeeded only with `aim` of them.
#[track_caller]
fn assert_true(database: &Database, run: &Run, aim: usize) -> usize {
    wait_for_quiet(database);
    let applied = applied(database);
    if let Some(claimed) = claimed(run) {
        assert_eq!(claimed, applied, "{run}");
    }
    if run.code == 0 {
        assert_eq!((applied, claimed(run)), (aim, Some(aim)), "{run}");
    }
    assert!(
        applied != aim || !run.stderr.contains("of this one was kept"),
        "{run}"
    );
    assert!(!run.stderr.contains("a bug of its own"), "{run}");
    applied
}

/// Asserts this of a run of `down`, that a rerun completes, and that everything can be put back.
#[track_caller]
fn assert_undone(database: &Database, run: &Run, aim: usize) {
    let left = assert_true(database, run, aim);
    Whole::of(database).assert_same(&expected(database).down[left]);
    assert_closed(database);
    let rerun = undo(database, aim);
    assert_eq!(claimed(&rerun), Some(aim), "{rerun}");
    Whole::of(database).assert_same(&expected(database).down[aim]);
    assert_put_back(database);
}

/// Asserts that a rerun of `up --restore` completes, and that every row is what it was.
#[track_caller]
fn assert_put_back(database: &Database) {
    let rerun = restore(database);
    assert_eq!(claimed(&rerun), Some(4), "{rerun}");
    let expected = expected(database);
    same(&expected.down[4].contents, &contents(&mut database.client()));
    assert_eq!(readable(database), expected.readable);
}

/// After `vital migrate down --to 0`.
#[track_caller]
pub fn assert_all_undone(database: &Database, run: &Run) {
    assert_undone(database, run, 0);
}

/// After `vital migrate down --to 2`.
#[track_caller]
pub fn assert_two_undone(database: &Database, run: &Run) {
    assert_undone(database, run, 2);
}

/// After `vital migrate up --restore`.
#[track_caller]
pub fn assert_restored(database: &Database, run: &Run) {
    let applied = assert_true(database, run, 4);
    Whole::of(database).assert_same(&expected(database).up[applied]);
    assert_closed(database);
    assert_put_back(database);
}
