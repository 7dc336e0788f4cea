//! `vital sharing set`, `share` and `unshare`: what is shown, what changes, and what does not.

use postgres::Client;
use serde_json::Value;

use crate::support::{Database, Run, Template};

const FIXTURE: &str = include_str!("../../fixtures/sharing.sql");

fn database() -> Database {
    let db = Database::create(Template::Migrated);
    db.client().batch_execute(FIXTURE).unwrap();
    db
}

fn sharing(db: &Database, arguments: &[&str]) -> Run {
    db.vital(&[&["sharing"], arguments, &["-o", "json"]].concat())
}

/// Mode and recipients of an agent.
fn state(client: &mut Client, agent: &str) -> String {
    let sql = "select concat_ws(' ', a.sharing_mode, a.is_shared,
            (select string_agg(t.slug, ',' order by t.slug) from public.tenants as t where t.id = any (a.shared_with)))
        from public.agents as a where a.name = $1";
    client.query_one(sql, &[&agent]).unwrap().get(0)
}

fn effects(run: &Run) -> Vec<(String, i64, i64)> {
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let count = |effect: &Value, field: &str| effect[field].as_i64().unwrap();
    let tenants = value["tenants"].as_array().unwrap();
    let mut effects: Vec<_> = tenants
        .iter()
        .map(|each| {
            (
                each["slug"].as_str().unwrap().to_owned(),
                count(each, "gains"),
                count(each, "loses"),
            )
        })
        .collect();
    effects.sort();
    effects
}

fn effect(slug: &str, gains: i64, loses: i64) -> (String, i64, i64) {
    (slug.to_owned(), gains, loses)
}

#[test]
fn share_and_unshare_add_and_remove_recipients() {
    let db = database();
    let mut client = db.client();
    let run = sharing(&db, &["share", "north-private", "--with", "south,east", "--yes"]).success();
    assert_eq!(effects(&run), [effect("east", 1, 0), effect("south", 1, 0)]);
    assert_eq!(state(&mut client, "north private"), "selective t east,south");
    let again = sharing(&db, &["share", "north-private", "--with", "south", "--yes"]).success();
    assert!(again.stdout.contains("\"changed\": 0"), "{again}");
    sharing(&db, &["unshare", "north-private", "--from", "south", "--yes"]).success();
    assert_eq!(state(&mut client, "north private"), "selective t east");
    let last = sharing(&db, &["unshare", "north-private", "--from", "east", "--yes"]).success();
    assert_eq!(effects(&last), [effect("east", 0, 1)]);
    assert_eq!(state(&mut client, "north private"), "private f");
}

#[test]
fn a_filter_changes_all_that_fit_and_the_effect_counts_each_tenant() {
    let db = database();
    let mut client = db.client();
    let set = [
        "set",
        "--category",
        "care",
        "--mode",
        "selective",
        "--with",
        "north,south",
        "--yes",
    ];
    let run = sharing(&db, &set).success();
    assert_eq!(effects(&run), [effect("north", 1, 0), effect("south", 1, 0)]);
    assert_eq!(state(&mut client, "north private"), "selective t south");
    assert_eq!(state(&mut client, "south private"), "selective t north");
    let run = sharing(
        &db,
        &["set", "--name", "north *", "--mode", "private", "--dry-run"],
    )
    .success();
    let lost = effects(&run);
    assert!(
        lost.contains(&effect("south", 0, 3)) && lost.contains(&effect("east", 0, 1)),
        "{run}"
    );
    assert!(!lost.iter().any(|(slug, ..)| slug == "north"), "{run}");
    assert_eq!(state(&mut client, "north global"), "global t");
}

#[test]
fn a_change_shows_what_each_user_really_gains_and_loses() {
    let db = database();
    let user: uuid::Uuid = db
        .client()
        .query_one("select md5('user:sven')::uuid", &[])
        .unwrap()
        .get(0);
    let reads = |db: &Database| -> i64 {
        let row = db
            .acting_as(user)
            .query_one("select count(*) from public.agents", &[]);
        row.unwrap().get(0)
    };
    for arguments in [
        &["set", "--name", "*private", "--mode", "global", "--yes"][..],
        &[
            "set",
            "--name",
            "north*",
            "--mode",
            "selective",
            "--with",
            "south,east",
            "--yes",
        ],
        &[
            "set",
            "--owned-by",
            "north",
            "--mode",
            "selective",
            "--with",
            "east",
            "--yes",
        ],
        &["set", "--name", "*", "--mode", "private", "--yes"],
    ] {
        let before = reads(&db);
        let run = sharing(&db, arguments).success();
        let south = effects(&run).into_iter().find(|(slug, ..)| slug == "south");
        let (_, gains, loses) = south.unwrap_or_default();
        assert_eq!(reads(&db) - before, gains - loses, "{run}");
    }
}

#[test]
fn nothing_changes_without_a_yes_or_with_a_dry_run() {
    let db = database();
    let mut client = db.client();
    let shown = sharing(&db, &["set", "north-private", "--mode", "global", "--dry-run"]).success();
    assert!(shown.stdout.contains("\"applied\": false"), "{shown}");
    let asked = db
        .vital(&["sharing", "set", "north-private", "--mode", "global"])
        .failure(2);
    assert!(
        asked.stderr.contains("--yes") && asked.stderr.contains("south"),
        "{asked}"
    );
    assert_eq!(state(&mut client, "north private"), "private f");
}

#[test]
fn what_cannot_be_meant_is_refused_as_a_whole() {
    let db = database();
    let mut client = db.client();
    for (arguments, code, message) in [
        (
            &["unshare", "--owned-by", "north", "--from", "south", "--yes"][..],
            1,
            "excludes nobody",
        ),
        (
            &[
                "set",
                "--owned-by",
                "north",
                "--mode",
                "selective",
                "--with",
                "north",
                "--yes",
            ],
            1,
            "nobody but their owner",
        ),
        (
            &[
                "set",
                "north-private",
                "--mode",
                "global",
                "--with",
                "south",
                "--yes",
            ],
            2,
            "--mode selective",
        ),
        (
            &[
                "share",
                "north-private",
                "nothing-like-it",
                "--with",
                "south",
                "--yes",
            ],
            1,
            "does not exist",
        ),
        (
            &["share", "north-private", "--with", "suoth", "--yes"],
            1,
            "did you mean `south`?",
        ),
        (&["share", "--with", "south", "--yes"], 2, "required"),
    ] {
        let run = sharing(&db, arguments).failure(code);
        assert!(run.stderr.contains(message), "{run}");
    }
    assert_eq!(state(&mut client, "north private"), "private f");
    assert_eq!(state(&mut client, "north selective"), "selective t south");
}

#[test]
fn a_locked_agent_ends_with_6_and_nothing_changed() {
    let db = database();
    let mut other = db.client();
    let mut lock = other.transaction().unwrap();
    lock.execute(
        "select from public.agents where name = 'north global' for update",
        &[],
    )
    .unwrap();
    let set = [
        "sharing",
        "set",
        "--name",
        "north*",
        "--mode",
        "private",
        "--yes",
        "--lock-wait",
        "1s",
    ];
    let run = db.vital(&set).failure(6);
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    drop(lock);
    assert_eq!(state(&mut db.client(), "north global"), "global t");
}

#[test]
fn the_trail_has_the_change_and_what_each_tenant_gained() {
    let db = database();
    sharing(&db, &["share", "north-private", "--with", "south", "--yes"]).success();
    let run = sharing(&db, &["audit", "--agent", "north-private"]).success();
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let entries = value["entries"].as_array().unwrap();
    let mut actions: Vec<_> = entries
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["access_granted", "shared"], "{run}");
    let shared = entries.iter().find(|entry| entry["action"] == "shared").unwrap();
    assert_eq!(shared["mode_before"], "private");
    assert_eq!(shared["recipients_after"][0], "south");
    assert_eq!(shared["user_id"], Value::Null);
    assert!(shared["via"].as_str().unwrap().contains("vital"), "{run}");
    let none = sharing(
        &db,
        &[
            "audit",
            "--agent",
            "north-private",
            "--until",
            "1d",
            "--allow-empty",
        ],
    )
    .success();
    assert!(none.stdout.contains("\"entries\": []"), "{none}");
    let south = db
        .vital(&["sharing", "audit", "--tenant", "south", "--limit", "1"])
        .success();
    assert_eq!(south.stdout.lines().count(), 2, "{south}");
    sharing(&db, &["audit", "--since", "soon"]).failure(2);
}
