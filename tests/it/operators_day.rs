//! An operator's day: a tenant, three invitations, an admin, a suspension and a look at the result.

use serde_json::Value;

use crate::support::{Database, Template};

#[test]
fn six_commands_run_a_tenant() {
    let db = Database::create(Template::Migrated);
    let people = [
        "nora.owner@meridian.example",
        "Piet.Owner@Northgate.example",
        "otto.outsider@elsewhere.example",
    ];
    db.vital(&[
        "tenant",
        "create",
        "meridian-pharma",
        "--name",
        "Meridian Pharma",
        "--set",
        "quotas.max_users=50",
    ])
    .success();
    db.vital(&[
        "assign-user",
        people[0],
        people[1],
        people[2],
        "--tenant",
        "meridian-pharma",
        "--invite",
    ])
    .success();
    db.vital(&[
        "assign-user",
        people[0],
        "--tenant",
        "meridian-pharma",
        "--role",
        "owner",
    ])
    .success();
    db.vital(&["grant-admin", "ada.admin@vital.example", "--yes"])
        .success();
    db.vital(&["suspend-user", people[2], "--tenant", "meridian-pharma", "--yes"])
        .success();
    let run = db
        .vital(&["user", "list", "--tenant", "meridian-pharma", "-o", "json"])
        .success();
    let listed: Value = serde_json::from_str(&run.stdout).unwrap();
    let listed: Vec<_> = listed["memberships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| [&m["user"]["email"], &m["role"], &m["status"]].map(|v| v.as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(
        listed,
        [
            ["nora.owner@meridian.example", "owner", "active"],
            ["piet.owner@northgate.example", "member", "invited"],
            ["otto.outsider@elsewhere.example", "member", "suspended"],
        ]
    );
    let shown = db.vital(&["tenant", "show", "meridian-pharma"]).success();
    assert!(shown.stdout.contains("max_users: 1 of 50 used"), "{shown}");
    let audit = db.vital(&["audit", "--tenant", "meridian-pharma"]).success();
    assert!(
        audit
            .stdout
            .contains("vital suspend-user otto.outsider@elsewhere.example"),
        "{audit}"
    );
}
