//! Questions at a terminal: a yes does it, a no and Ctrl-C change nothing and leave the terminal as it was.

use crate::support::{Database, Run, Template, Terminal, progress};

/// A database with a tenant of two owners and two platform admins, in the order of the calls.
fn database() -> Database {
    let db = Database::create(Template::Migrated);
    for arguments in [
        &["tenant", "create", "acme", "--name", "Acme"][..],
        &[
            "assign-user",
            "nora.owner@meridian.example",
            "dana.owner@dhstartup.example",
            "--tenant",
            "acme",
            "--role",
            "owner",
        ],
        &[
            "grant-admin",
            "ada.admin@vital.example",
            "sam.support@vital.example",
            "--yes",
        ],
    ] {
        db.vital(arguments).success();
    }
    db
}

fn audit(db: &Database) -> i64 {
    let sql = "select count(*) from vital_private.admin_audit";
    db.client().query_one(sql, &[]).unwrap().get(0)
}

/// Answers the question of a command in each of the three ways.
fn asks(arguments: &[&str], question: &str) {
    let db = database();
    let before = audit(&db);
    for (key, code, said) in [
        ("n", 1, "not confirmed"),
        ("Enter", 1, "not confirmed"),
        ("C-c", 130, "interrupted"),
    ] {
        let terminal = Terminal::run(&db, arguments);
        terminal.wait_for(question);
        terminal.press(&[key]);
        let screen = terminal.ends_with(code);
        assert!(
            screen.contains(said) && screen.contains("nothing was changed"),
            "{screen}"
        );
        assert_eq!(audit(&db), before, "{key} changed something\n{screen}");
    }
    let terminal = Terminal::run(&db, arguments);
    let screen = terminal.wait_for(question);
    assert!(
        screen.contains(&format!("database \"{}\"", db.name())),
        "{screen}"
    );
    terminal.press(&["y"]);
    terminal.ends_with(0);
    assert!(audit(&db) > before);
    let repeated = Run::of(&mut db.command(arguments)).success();
    assert!(repeated.stdout.contains("nothing to do"), "{repeated}");
}

#[test]
fn grant_admin_asks() {
    asks(
        &["grant-admin", "otto.outsider@elsewhere.example"],
        "to otto.outsider@elsewhere.example (a0000000",
    );
}

#[test]
fn revoke_admin_asks() {
    asks(
        &["revoke-admin", "sam.support@vital.example"],
        "revoke platform admin from sam.support",
    );
}

#[test]
fn tenant_suspend_asks() {
    asks(
        &["tenant", "suspend", "acme"],
        "suspend tenant `acme` (Acme) in database",
    );
}

#[test]
fn tenant_archive_asks() {
    asks(
        &["tenant", "archive", "acme"],
        "archive tenant `acme` (Acme) in database",
    );
}

#[test]
fn remove_user_asks() {
    asks(
        &["remove-user", "nora.owner@meridian.example", "--tenant", "acme"],
        "remove this user in database",
    );
}

#[test]
fn suspend_user_asks() {
    asks(
        &["suspend-user", "nora.owner@meridian.example", "--tenant", "acme"],
        "suspend this user in database",
    );
}

#[test]
fn seed_and_a_file_of_users_ask() {
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.yaml");
    std::fs::write(&seed, "tenants:\n- slug: new-one\n  name: New\n").unwrap();
    asks(&["seed", seed.to_str().unwrap()], "do this in database");
    let users = directory.path().join("users.csv");
    std::fs::write(&users, "user\nmia.member@dhstartup.example\n").unwrap();
    asks(
        &[
            "assign-user",
            "--tenant",
            "acme",
            "--file",
            users.to_str().unwrap(),
        ],
        "assign the users of",
    );
}

#[test]
fn undoing_takes_the_name_of_the_database() {
    let db = Database::create(Template::Migrated);
    let applied = || -> i64 {
        let sql = "select count(*) from vital_private.refinery_schema_history";
        db.client().query_one(sql, &[]).unwrap().get(0)
    };
    for (typed, code, said, left) in [("y", 1, "is not `", 4), (db.name(), 0, &progress(3), 3)] {
        let terminal = Terminal::run(&db, &["migrate", "down", "--to", "3"]);
        terminal.wait_for("to go on");
        terminal.press(&["-l", typed]);
        terminal.press(&["Enter"]);
        let screen = terminal.ends_with(code);
        assert!(screen.contains(said), "{screen}");
        assert_eq!(applied(), left, "{screen}");
    }
}

#[test]
fn a_tenant_that_is_left_out_is_picked_from_a_list_that_narrows() {
    let db = database();
    let terminal = Terminal::run(&db, &["tenant", "show"]);
    terminal.wait_for("acme  Acme");
    terminal.press(&["-l", "digit"]);
    terminal.wait_for("Tenant digit");
    terminal.press(&["Enter"]);
    let screen = terminal.ends_with(0);
    assert!(screen.contains("Digital Health Startup"), "{screen}");
    let terminal = Terminal::run(&db, &["tenant", "show"]);
    terminal.wait_for("acme  Acme");
    terminal.press(&["C-c"]);
    terminal.ends_with(130);
}

#[test]
fn a_user_who_is_left_out_is_picked_from_those_in_question() {
    let db = database();
    let terminal = Terminal::run(&db, &["suspend-user", "--tenant", "acme"]);
    let screen = terminal.wait_for("nora.owner@meridian.example (");
    assert!(!screen.contains("otto"), "{screen}");
    terminal.press(&["-l", "nora"]);
    terminal.wait_for("User nora");
    terminal.press(&["Enter"]);
    terminal.wait_for("suspend this user");
    terminal.press(&["y"]);
    let screen = terminal.ends_with(0);
    assert!(screen.contains("changed 1 of 1"), "{screen}");
}

#[test]
fn without_a_terminal_what_is_left_out_is_a_usage_error() {
    let db = database();
    let before = audit(&db);
    for (arguments, flag) in [
        (&["tenant", "show"][..], "pass TENANT"),
        (&["suspend-user", "--tenant", "acme"], "pass USER"),
        (&["remove-user", "nora.owner@meridian.example"], "pass --tenant"),
        (
            &["grant-admin", "otto.outsider@elsewhere.example"],
            "pass `--yes`",
        ),
        (&["tenant", "archive", "acme"], "pass `--yes`"),
    ] {
        let run = db.vital(arguments).failure(2);
        assert!(
            run.stderr.contains(flag) && run.stderr.contains("nothing was changed"),
            "{run}"
        );
    }
    assert_eq!(audit(&db), before);
}
