//! `vital sharing explain`: one command for each reason why somebody does not see an agent.

use serde_json::Value;

use crate::support::{Database, Run, Template};

const FIXTURE: &str = include_str!("../../fixtures/sharing.sql");

fn database() -> Database {
    let db = Database::create(Template::Migrated);
    db.client().batch_execute(FIXTURE).unwrap();
    // No statement of an owner gets an agent without a tenant past the triggers, but a restore does.
    let ownerless = "set session_replication_role = replica;
        insert into public.agents (name, slug) values ('ownerless', 'ownerless')";
    db.superuser().batch_execute(ownerless).unwrap();
    db
}

fn explain(db: &Database, arguments: &str) -> Run {
    let mut all = vec!["sharing", "explain", "-o", "json"];
    all.extend(arguments.split(' '));
    db.vital(&all)
}

/// The codes of what hides the agent, or the rule that shows it.
fn answer(db: &Database, arguments: &str) -> Vec<String> {
    let run = explain(db, arguments).success();
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let agent = &value["agent"];
    if let Some(rule) = agent["rule"].as_str() {
        assert_eq!(agent["visible"], true, "{run}");
        return vec![rule.to_owned()];
    }
    assert_eq!(agent["visible"], false, "{run}");
    let reasons = agent["reasons"].as_array().unwrap();
    let text = |reason: &Value, field: &str| reason[field].as_str().unwrap().to_owned();
    assert!(
        reasons.iter().all(|reason| !text(reason, "change").is_empty()),
        "{run}"
    );
    reasons.iter().map(|reason| text(reason, "code")).collect()
}

#[test]
fn every_rule_and_every_reason_has_its_answer() {
    let db = database();
    for (who, agent, expected) in [
        ("--user nina@sharing.example", "north-private", "own"),
        ("--user nina@sharing.example", "north-global", "own"),
        ("--user sven@sharing.example", "north-global", "global"),
        ("--user sven@sharing.example", "north-selective", "selective"),
        ("--user admin@sharing.example", "east-private", "platform_admin"),
        ("--user nina@sharing.example", "south-private", "private"),
        ("--tenant east", "north-selective", "not_a_recipient"),
        ("--tenant east", "south-selective", "selective"),
        (
            "--user nobody@sharing.example",
            "north-private",
            "no_membership private",
        ),
        (
            "--user invited@sharing.example",
            "north-private",
            "membership_invited",
        ),
        (
            "--user suspended@sharing.example",
            "north-private",
            "membership_suspended",
        ),
        (
            "--user removed@sharing.example",
            "north-private",
            "membership_removed",
        ),
        (
            "--user frozen@sharing.example",
            "frozen-private",
            "tenant_suspended",
        ),
        ("--user shelf@sharing.example", "shelf-private", "tenant_archived"),
        ("--user gone@sharing.example", "gone-private", "tenant_deleted"),
        ("--tenant frozen", "frozen-private", "tenant_suspended"),
        ("--user both@sharing.example", "north-private", "no_choice"),
        (
            "--user both@sharing.example --tenant north",
            "north-private",
            "own",
        ),
        (
            "--user both@sharing.example --tenant south",
            "north-private",
            "acts_for_another",
        ),
        (
            "--user nina@sharing.example --tenant east",
            "north-private",
            "wrong_choice",
        ),
        ("--user nina@sharing.example", "ownerless", "orphan"),
        ("--user admin@sharing.example", "ownerless", "orphan"),
    ] {
        let got = answer(&db, &format!("{who} --agent {agent}")).join(" ");
        assert_eq!(got, expected, "{who} {agent}");
    }
}

#[test]
fn what_does_not_exist_is_named_with_the_nearest() {
    let db = database();
    for (arguments, message, hint) in [
        (
            "--user nino@sharing.example",
            "user `nino@sharing.example` does not exist",
            "`nina@sharing.example`",
        ),
        ("--tenant nort", "tenant `nort` does not exist", "`north`"),
        (
            "--tenant north --agent north-privat",
            "agent `north-privat` does not exist",
            "`north private`",
        ),
    ] {
        let run = explain(&db, arguments).failure(1);
        assert!(run.stderr.contains(message) && run.stderr.contains(hint), "{run}");
    }
    let unknown = explain(&db, "--tenant north --agent 11111111-1111-4111-8111-111111111111").failure(1);
    assert!(unknown.stderr.contains("does not exist"), "{unknown}");
}

#[test]
fn everything_that_is_visible_is_counted_by_rule() {
    let db = database();
    let run = db
        .vital(&["sharing", "explain", "--user", "nina@sharing.example"])
        .success();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[1].starts_with("own") && lines[1].contains(" 3 "), "{run}");
    assert!(
        lines[3].starts_with("selective") && lines[3].contains(" 1 "),
        "{run}"
    );
    assert!(
        run.stdout.contains("nina@sharing.example acts for north"),
        "{run}"
    );
}
