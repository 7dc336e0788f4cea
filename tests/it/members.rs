//! `vital assign-user`, `remove-user`, `suspend-user` and `user`.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Database, Run, Template};

const DANA: &str = "dana.owner@dhstartup.example";
const MIA: &str = "mia.member@dhstartup.example";
const DHS: &str = "digital-health-startup";

/// What a user is: role, status and granted roles, in the default tenant.
fn state(db: &Database, user: &str) -> String {
    let run = db.vital(&["user", "show", user, "-o", "json"]).success();
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let memberships = shown["memberships"].as_array().unwrap();
    let told = memberships
        .iter()
        .map(|m| format!("{} {} {}", m["role"], m["status"], m["granted"]));
    told.collect::<Vec<_>>().join("; ").replace('"', "")
}

fn owned() -> Database {
    let db = Database::create(Template::Migrated);
    db.vital(&["assign-user", DANA, "--role", "owner"]).success();
    db
}

#[test]
fn assign_suspend_assign_remove_keeps_roles_in_step() {
    let db = owned();
    assert_eq!(state(&db, DANA), "owner active [tenant_owner]");
    for (arguments, expected) in [
        (&["assign-user", MIA][..], "member active [user]"),
        (
            &["assign-user", MIA, "--role", "admin"],
            "admin active [tenant_admin]",
        ),
        (
            &["suspend-user", MIA, "--tenant", DHS, "--yes"],
            "admin suspended []",
        ),
        (&["assign-user", MIA], "admin active [tenant_admin]"),
        (
            &["assign-user", MIA, "--role", "guest", "--yes"],
            "guest active [user]",
        ),
        (
            &["remove-user", MIA, "--tenant", DHS, "--yes"],
            "guest removed []",
        ),
        (&["assign-user", MIA, "--invite"], "member invited []"),
        (&["assign-user", MIA], "member active [user]"),
        (&["assign-user", MIA, "--invite"], "member active [user]"),
    ] {
        db.vital(arguments).success();
        assert_eq!(state(&db, MIA), expected, "{arguments:?}");
        let again = db.vital(arguments).success();
        assert!(
            again.stdout.ends_with("nothing to do: already up to date\n"),
            "{again}"
        );
        assert_eq!(state(&db, MIA), expected, "{arguments:?}");
    }
}

#[test]
fn a_dry_run_checks_everything_and_changes_nothing() {
    let db = owned();
    let run = db.vital(&["assign-user", MIA, "--dry-run"]).success();
    assert!(
        run.stdout.ends_with("would change 1 of 1; nothing was changed\n"),
        "{run}"
    );
    assert_eq!(state(&db, MIA), "");
    db.vital(&["remove-user", DANA, "--tenant", DHS, "--dry-run"])
        .failure(1);
}

#[test]
fn the_last_owner_stays_unless_told() {
    let db = owned();
    for arguments in [
        &["remove-user", DANA, "--tenant", DHS, "--yes"][..],
        &["suspend-user", DANA, "--tenant", DHS, "--yes"],
        &["assign-user", DANA, "--role", "admin", "--yes"],
    ] {
        let run = db.vital(arguments).failure(1);
        assert!(run.stderr.contains("would be left without an owner"), "{run}");
        assert_eq!(state(&db, DANA), "owner active [tenant_owner]");
    }
    db.vital(&["assign-user", MIA, "--role", "owner"]).success();
    db.vital(&["remove-user", DANA, "--tenant", DHS, "--yes"])
        .success();
    db.vital(&["remove-user", MIA, "--tenant", DHS, "--yes", "--allow-no-owner"])
        .success();
}

#[test]
fn of_two_owners_who_remove_each_other_one_stays() {
    let db = owned();
    db.vital(&["assign-user", MIA, "--role", "owner"]).success();
    for _ in 0..4 {
        let mut runs = [DANA, MIA].map(|user| {
            db.command(&["remove-user", user, "--tenant", DHS, "--yes"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        });
        let codes: Vec<_> = runs.iter_mut().map(|run| run.wait().unwrap().code()).collect();
        assert!(codes.contains(&Some(0)) && codes.contains(&Some(1)), "{codes:?}");
        db.vital(&["assign-user", DANA, MIA, "--role", "owner"]).success();
    }
}

#[test]
fn rows_that_somebody_holds_are_waited_for_and_then_given_up() {
    let db = owned();
    let mut client = db.client();
    let mut holder = client.transaction().unwrap();
    holder
        .execute("select from public.tenants for update", &[])
        .unwrap();
    let run = db
        .vital(&["assign-user", MIA, "--lock-timeout", "100ms", "--lock-wait", "1s"])
        .failure(6);
    assert!(
        run.stderr.contains("waiting for a lock on public.tenants"),
        "{run}"
    );
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    let waiting = db.command(&["assign-user", MIA]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    holder.rollback().unwrap();
    Run::from(waiting.wait_with_output().unwrap()).success();
    assert_eq!(state(&db, MIA), "member active [user]");
}

#[test]
fn unknown_users_name_the_nearest_and_nothing_is_half_done() {
    let db = owned();
    let run = db
        .vital(&["assign-user", MIA, "mia.membr@dhstartup.example"])
        .failure(1);
    insta::assert_snapshot!(run.stderr, @r"
    error: user `mia.membr@dhstartup.example` does not exist
    hint: did you mean `mia.member@dhstartup.example`? nothing was changed
    ");
    assert_eq!(state(&db, MIA), "");
    let run = db
        .vital(&["assign-user", "b0000000-0000-4000-8000-000000000009"])
        .failure(1);
    assert!(run.stderr.contains("auth.users has no such id"), "{run}");
    let run = db
        .vital(&["suspend-user", MIA, "--tenant", DHS, "--yes"])
        .failure(1);
    assert!(
        run.stderr.contains("is not a member of `digital-health-startup`"),
        "{run}"
    );
    let run = db.vital(&["assign-user", "mia"]).failure(2);
    assert!(
        run.stderr.contains("neither a uuid nor an e-mail address"),
        "{run}"
    );
}

#[test]
fn without_auth_users_only_uuids_name_a_user() {
    let db = Database::create(Template::Plain);
    db.vital(&["bootstrap"]).success();
    db.client()
        .batch_execute("create table public.agents (id uuid primary key, name text, created_at timestamptz)")
        .unwrap();
    db.vital(&["migrate", "up"]).success();
    let run = db.vital(&["assign-user", MIA]).failure(1);
    assert!(
        run.stderr.contains("it has no auth.users") && run.stderr.contains("by uuid"),
        "{run}"
    );
    db.vital(&[
        "assign-user",
        "b0000000-0000-4000-8000-000000000009",
        "--role",
        "owner",
    ])
    .success();
    let list = db.vital(&["user", "list"]).success();
    assert!(
        list.stdout.contains("b0000000-0000-4000-8000-000000000009"),
        "{list}"
    );
}

#[test]
fn a_role_that_may_not_read_auth_users_is_told_so() {
    let db = owned();
    db.superuser()
        .batch_execute("revoke all on auth.users from postgres")
        .unwrap();
    let run = db.vital(&["assign-user", MIA]).failure(1);
    assert!(run.stderr.contains("this role may not read auth.users"), "{run}");
    let list = db.vital(&["user", "list"]).success();
    assert!(
        list.stdout.contains("a0000000-0000-4000-8000-000000000003"),
        "{list}"
    );
}

#[test]
fn whoever_must_choose_a_tenant_from_now_on_is_named() {
    let db = owned();
    let run = db.vital(&["assign-user", MIA]).success();
    assert!(!run.stdout.contains("several tenants"), "{run}");
    db.vital(&["tenant", "create", "north", "--name", "North"])
        .success();
    for arguments in [
        &["assign-user", MIA, "--tenant", "north", "--dry-run"][..],
        &["assign-user", MIA, "--tenant", "north"],
    ] {
        let run = db.vital(arguments).success();
        let told = format!("{MIA} is in several tenants now");
        assert!(run.stdout.contains(&told), "{run}");
    }
    let again = db
        .vital(&["assign-user", MIA, "--tenant", "north", "--role", "admin"])
        .success();
    assert!(!again.stdout.contains("several tenants"), "{again}");
}
