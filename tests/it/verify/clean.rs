//! A sound database gives no finding, however it came to be.

use std::path::Path;

use super::{found, verify};
use crate::support::{Database, Template};

#[track_caller]
fn assert_clean(db: &Database) {
    let report = verify(db, &[]);
    assert_eq!(found(&report), Vec::new(), "{report:#}");
    assert_eq!(report["not_checked"], serde_json::json!([]), "{report:#}");
    assert_eq!(report["verdict"], "passed");
    let run = db.vital(&["verify", "--fail-on", "warning"]).success();
    assert!(run.stderr.is_empty(), "{run}");
}

#[test]
fn a_fresh_supabase_like_database_is_clean_and_its_numbers_are_the_reports() {
    let db = Database::create(Template::Migrated);
    assert_clean(&db);
    let numbers = &verify(&db, &[])["numbers"];
    let expected = serde_json::json!({
        "tenants": 2,
        "agents": 254,
        "platform_agents": 254,
        "global_agents": 254,
        "tables_with_rls": 5,
        "tenancy_indexes": 12,
        "agents_indexes": 4,
        "tenancy_policies": 6,
        "agents_policies": 4,
        "audit_policies": 1,
        "public_functions": 11,
    });
    assert_eq!(numbers, &expected);
}

#[test]
fn a_database_that_was_migrated_by_hand_is_clean_once_migrated() {
    let db = Database::create(Template::Legacy);
    db.vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    assert_clean(&db);
}

#[test]
fn a_plain_postgresql_is_clean_once_migrated() {
    let db = Database::create(Template::Plain);
    db.vital(&["bootstrap"]).success();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pre-state.sql");
    db.client()
        .batch_execute(&std::fs::read_to_string(fixture).unwrap())
        .unwrap();
    db.vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    assert_clean(&db);
}
