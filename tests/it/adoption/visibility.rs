//! Who sees how many agents before and after is told before anything is done.

use super::{database, plan};
use crate::support::Template;

#[test]
fn a_plan_tells_who_sees_how_many_agents_before_and_after() {
    let db = database(Template::PreState, &[]);
    let plan = plan(&db);
    assert_eq!(
        plan["visibility"]["audiences"],
        serde_json::json!([
            {"who": "anon", "now": 244, "then": 0},
            {"who": "signed-in users without a tenant", "now": 244, "then": 254},
        ])
    );
    let reasons = plan["visibility"]["reasons"].to_string();
    assert!(
        reasons.contains("10 agents with is_active = false will be visible"),
        "{reasons}"
    );
    let run = db
        .vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    assert!(
        run.stderr.contains("agents seen by anon: 244 now, none then"),
        "{run}"
    );
    assert!(run.stderr.contains("10 agents with is_active = false"), "{run}");
}

#[test]
fn a_narrowing_is_told_by_tenant() {
    let db = database(
        Template::Legacy,
        &["update public.agents set is_shared = false, sharing_mode = 'global' where tenant_id is not null"],
    );
    let plan = plan(&db);
    let reasons = plan["visibility"]["reasons"].to_string();
    assert!(
        reasons.contains("242 agents with is_shared false beside sharing_mode 'global' will be private"),
        "{reasons}"
    );
    let audiences = plan["visibility"]["audiences"].as_array().unwrap();
    let members = audiences
        .iter()
        .find(|audience| audience["who"] == "members of digital-health-startup")
        .unwrap();
    assert!(members["now"].as_i64() > Some(200), "{members}");
    assert!(members["then"].as_i64() < Some(60), "{members}");
    // What was foreseen is what is.
    db.vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    let member = "a0000000-0000-4000-8000-000000000005".parse().unwrap();
    let mut client = db.acting_as(member);
    let seen: i64 = client
        .query_one("select count(*) from public.agents", &[])
        .unwrap()
        .get(0);
    assert_eq!(Some(seen), members["then"].as_i64());
}

#[test]
fn nothing_is_told_where_nothing_changes() {
    let db = database(Template::Migrated, &[]);
    let run = db.vital(&["migrate", "up"]).success();
    assert!(!run.stderr.contains("agents seen by"), "{run}");
}
