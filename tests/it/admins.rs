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
