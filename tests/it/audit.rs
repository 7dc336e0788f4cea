//! `vital audit`, and the triggers behind it.

use serde_json::Value;

use crate::support::{Database, Template};

const MIA: &str = "mia.member@dhstartup.example";

fn entries(db: &Database, filter: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "-o", "json"][..], filter].concat();
    let run = db.vital(&arguments).success();
    let listed: Value = serde_json::from_str(&run.stdout).unwrap();
    listed["entries"].as_array().unwrap().clone()
}

#[test]
fn a_change_tells_who_made_it_with_which_command() {
    let db = Database::create(Template::Migrated);
    db.command(&["--database-url", &db.url(), "assign-user", MIA])
        .env("PGAPPNAME", "night shift")
        .status()
        .unwrap();
    let entries = entries(&db, &["--user", MIA, "--action", "member"]);
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(entry["action"], "member_added");
    assert_eq!(entry["tenant"], "digital-health-startup");
    assert_eq!(entry["database_role"], "postgres");
    assert_eq!(entry["command"], format!("vital assign-user {MIA}"));
    assert_eq!(entry["application_name"], "night shift");
    assert!(
        entry["os_user"].is_string() && entry["host"].is_string(),
        "{entry}"
    );
    assert_eq!(entry["after"]["role"], "member");
}

#[test]
fn no_path_escapes_and_an_api_user_cannot_pose_as_somebody_else() {
    let db = Database::create(Template::World);
    let count = entries(&db, &["-n", "1000"]).len();
    let mut client = db.client();
    client
        .batch_execute("update public.tenants set name = 'x' where slug = 'north'")
        .unwrap();
    client
        .batch_execute("update public.tenants set name = 'x' where slug = 'north'")
        .unwrap();
    client.batch_execute("truncate public.user_roles").unwrap();
    let owner = "b0000000-0000-4000-8000-000000000021".parse().unwrap();
    let mut api = db.acting_as(owner);
    api.batch_execute("set vital.operator = '{\"os_user\": \"root\", \"command\": \"forged\"}'")
        .unwrap();
    api.batch_execute("update public.tenants set billing_email = 'a@b' where slug = 'south'")
        .unwrap();
    let entries = entries(&db, &["-n", "1000"]);
    assert_eq!(
        entries.len(),
        count + 3,
        "an update that changes nothing is no change"
    );
    assert_eq!(entries[0]["api_user"]["id"], owner.to_string());
    assert!(
        entries[0]["os_user"].is_null() && entries[0]["command"].is_null(),
        "{}",
        entries[0]
    );
    assert_eq!(entries[1]["action"], "user_roles_truncated");
    assert_eq!(entries[2]["before"]["name"], "North");
}

#[test]
fn nobody_rewrites_the_audit_and_the_api_does_not_read_it() {
    let db = Database::create(Template::World);
    for sql in [
        "delete from vital_private.admin_audit",
        "update vital_private.admin_audit set action = 'x'",
        "truncate vital_private.admin_audit",
    ] {
        let error = db.client().batch_execute(sql).unwrap_err();
        assert!(
            error.as_db_error().unwrap().message().contains("append-only"),
            "{error}"
        );
        assert!(db.client_as("service_role").batch_execute(sql).is_err());
    }
    let user = "b0000000-0000-4000-8000-000000000001".parse().unwrap();
    for sql in [
        "select from vital_private.admin_audit",
        "insert into vital_private.admin_audit default values",
    ] {
        assert!(db.acting_as(user).batch_execute(sql).is_err());
        assert!(db.anonymous().batch_execute(sql).is_err());
    }
}

#[test]
fn filters_narrow() {
    let db = Database::create(Template::Migrated);
    db.vital(&["assign-user", MIA]).success();
    db.vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    assert_eq!(entries(&db, &["--tenant", "acme"]).len(), 1);
    assert_eq!(
        entries(
            &db,
            &["--tenant", "acme", "--since", "1h", "--until", "2999-01-01"]
        )
        .len(),
        1
    );
    assert_eq!(entries(&db, &["--until", "2020-01-01"]).len(), 0);
    assert_eq!(entries(&db, &["-n", "2"]).len(), 2);
    assert_eq!(
        entries(&db, &["--action", "tenant_created", "--tenant", "acme"])[0]["action"],
        "tenant_created"
    );
    db.vital(&["audit", "--since", "soon"]).failure(2);
    let table = db.vital(&["audit", "--tenant", "acme"]).success();
    assert!(
        table.stdout.contains("tenant_created") && table.stdout.contains("acme, active"),
        "{table}"
    );
}
