//! `vital migrate up` on databases that are not as imagined: it converges with every row kept, or refuses before anything
//! is changed and names the object.

mod converge;
mod down;
mod random;
mod refuse;
mod visibility;

use std::collections::BTreeMap;
use std::process::Command;

use postgres::Client;
use serde_json::Value;

use crate::support::{Database, Run, Template, catalog, program};

/// Changes columns under the policies that use them.
const RETYPE: &str = include_str!("../../../fixtures/retype.sql");

/// Everything that the database holds, as a dump of it says; where there is no `pg_dump` for the server, what the migrations
/// make.
pub fn dump(db: &Database) -> String {
    let Some(program) = program("pg_dump") else {
        return format!("{:#?}", catalog::catalog(&mut db.superuser()));
    };
    let mut command = Command::new(program);
    let address = db.address();
    command.args(["--dbname", &address.url(&address.superuser, db.name())]);
    let dump = Run::of(&mut command).success().stdout;
    // Newer releases guard each dump by a word of chance.
    let lines = dump.lines().filter(|line| !line.contains("restrict "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every row of the tables that a migration touches, by its id; of agents, what no migration has a say in.
pub fn rows(client: &mut Client) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    for (table, kept) in [
        (
            "agents",
            "to_jsonb(t) - array['tenant_id', 'is_shared', 'sharing_mode', 'shared_with', 'resource_type', 'last_accessed_at']",
        ),
        (
            "tenants",
            "to_jsonb(t) - array['updated_at', 'created_at', 'activated_at']",
        ),
        ("user_tenants", "to_jsonb(t) - array['updated_at']"),
        ("resource_sharing_audit", "to_jsonb(t) - array['created_at']"),
    ] {
        let exists = "select to_regclass('public.' || $1) is not null";
        if !client.query_one(exists, &[&table]).unwrap().get::<_, bool>(0) {
            continue;
        }
        let sql = format!("select t.id::text, {kept} from public.{table} as t");
        for row in client.query(&sql, &[]).unwrap() {
            rows.insert(format!("{table} {}", row.get::<_, String>(0)), row.get(1));
        }
    }
    rows
}

/// Fails unless `after` has every row of `before` with the same values; a column may have been added, or a value be
/// written otherwise.
#[track_caller]
pub fn kept(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) {
    for (id, row) in before {
        let now = after.get(id).unwrap_or_else(|| panic!("{id} is lost"));
        for (column, value) in row.as_object().unwrap() {
            assert_eq!(Some(value), now.get(column), "{id} {column}");
        }
    }
}

/// Runs SQL as the owner; as the superuser if it begins with `superuser:`, and under all policies with `retype:`.
#[track_caller]
pub fn change(db: &Database, sql: &str) {
    let done = match sql.split_once(':') {
        Some(("superuser", sql)) => db.superuser().batch_execute(sql),
        Some(("retype", sql)) => db
            .client()
            .batch_execute(&format!("{RETYPE}; select pg_temp.retype($change${sql}$change$)")),
        _ => db.client().batch_execute(sql),
    };
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// The database of `template`, changed by each of the texts.
#[track_caller]
pub fn database(template: Template, changes: &[&str]) -> Database {
    let db = Database::create(template);
    changes.iter().for_each(|sql| change(&db, sql));
    db
}

/// Sees `up` converge: verified, every row kept, and a plan that saw nothing in the way.
#[track_caller]
pub fn converges(db: &Database) {
    let before = rows(&mut db.client());
    let plan = plan(db);
    assert_eq!(plan["problems"], serde_json::json!([]));
    let run = db
        .vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    kept(&before, &rows(&mut db.client()));
    let verify = db.vital(&["verify"]);
    assert_eq!(verify.code, 0, "{verify}\nafter {run}");
}

/// Sees `up` refuse and say all of `parts`, as `plan` and `doctor` do beforehand, with nothing changed.
#[track_caller]
pub fn refuses(db: &Database, parts: &[&str]) {
    let before = dump(db);
    let run = db
        .vital(&["migrate", "up", "--replace-policies", "--yes"])
        .failure(1);
    let plan = plan(db).to_string();
    let doctor = db.vital(&["doctor", "-o", "json"]).failure(1).stdout;
    let text = |json: &str| json.replace("\\\"", "\"");
    for part in parts {
        assert!(run.stderr.contains(part), "up: `{part}` is missing: {run}");
        assert!(text(&plan).contains(part), "plan: `{part}` is missing: {plan}");
        assert!(
            text(&doctor).contains(part),
            "doctor: `{part}` is missing: {doctor}"
        );
    }
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    let after = dump(db);
    let changed = before
        .lines()
        .zip(after.lines())
        .find(|(one, other)| one != other);
    assert!(before == after, "{changed:?}");
}

pub fn plan(db: &Database) -> Value {
    let run = db.vital(&["migrate", "plan", "-o", "json"]).success();
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}
