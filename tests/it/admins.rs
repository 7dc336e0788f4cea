//! `vital grant-admin`, `revoke-admin` and `list-admins`.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Database, Template};

const ADA: &str = "ada.admin@vital.example";
const SAM: &str = "sam.support@vital.example";

fn admins(db: &Database) -> Vec<(String, Option<String>)> {
    let run = db.vital(&["list-admins", "-o", "json"]).success();
    let listed: Value = serde_json::from_str(&run.stdout).unwrap();
    let email = |value: &Value| value["email"].as_str().map(str::to_owned);
    let admins = listed["admins"].as_array().unwrap().iter();
    admins
        .map(|admin| (email(&admin["user"]).unwrap(), email(&admin["granted_by"])))
        .collect()
}

#[test]
fn a_grant_is_recorded_once_with_who_asked_for_it() {
    let db = Database::create(Template::Migrated);
    assert!(
        db.vital(&["list-admins"])
            .success()
            .stdout
            .starts_with("nobody is a platform admin")
    );
    db.vital(&["grant-admin", ADA, "--yes"]).success();
    db.vital(&["grant-admin", SAM, "--granted-by", ADA, "--yes"])
        .success();
    let again = db.vital(&["grant-admin", SAM]).success();
    assert!(
        again.stdout.ends_with("nothing to do: already up to date\n"),
        "{again}"
    );
    assert_eq!(
        admins(&db),
        [(ADA.to_owned(), None), (SAM.to_owned(), Some(ADA.to_owned()))]
    );
}

#[test]
fn the_last_admin_stays_unless_told() {
    let db = Database::create(Template::Migrated);
    db.vital(&["grant-admin", ADA, SAM, "--yes"]).success();
    let run = db.vital(&["revoke-admin", ADA, SAM, "--yes"]).failure(1);
    assert!(run.stderr.contains("no platform admin would be left"), "{run}");
    assert_eq!(admins(&db).len(), 2);
    db.vital(&["revoke-admin", ADA, "--yes"]).success();
    db.vital(&["revoke-admin", ADA, "--yes"]).success();
    db.vital(&["revoke-admin", SAM, "--yes"]).failure(1);
    db.vital(&["revoke-admin", SAM, "--yes", "--allow-no-admin"])
        .success();
    assert!(admins(&db).is_empty());
}

#[test]
fn of_two_admins_who_revoke_each_other_one_stays() {
    let db = Database::create(Template::Migrated);
    for _ in 0..4 {
        db.vital(&["grant-admin", ADA, SAM, "--yes"]).success();
        let mut runs = [ADA, SAM].map(|user| {
            let mut command = db.command(&["revoke-admin", user, "--yes"]);
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        });
        let codes: Vec<_> = runs.iter_mut().map(|run| run.wait().unwrap().code()).collect();
        assert!(codes.contains(&Some(0)) && codes.contains(&Some(1)), "{codes:?}");
        assert_eq!(admins(&db).len(), 1);
    }
}

#[test]
fn accounts_that_should_not_be_admins_are_warned_of() {
    let db = Database::create(Template::Migrated);
    for (change, told) in [
        ("email_confirmed_at = null", "was never confirmed"),
        ("deleted_at = now()", "is deleted"),
        ("banned_until = now() + interval '1 day'", "is banned"),
    ] {
        let mut client = db.client();
        let sql = format!("update auth.users set {change} where email = '{SAM}'");
        client.batch_execute(&sql).unwrap();
        let run = db.vital(&["grant-admin", ADA, SAM, "--dry-run"]).success();
        let warning = format!("warning: the account of {SAM} (");
        let lines: Vec<_> = run
            .stdout
            .lines()
            .filter(|line| line.contains("warning:"))
            .collect();
        assert_eq!(lines.len(), 1, "{run}");
        assert!(lines[0].contains(&warning) && lines[0].ends_with(told), "{run}");
        let sql = format!(
            "update auth.users set email_confirmed_at = now(), deleted_at = null, banned_until = null where email = '{SAM}'"
        );
        client.batch_execute(&sql).unwrap();
    }
    // Whoever may not read all of auth.users is not kept from granting.
    db.superuser()
        .batch_execute(
            "revoke select on auth.users from postgres; grant select (id, email) on auth.users to postgres",
        )
        .unwrap();
    let run = db.vital(&["grant-admin", SAM, "--yes"]).success();
    assert!(!run.stdout.contains("warning:"), "{run}");
}
