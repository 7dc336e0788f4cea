//! A copy of a clean database is clean, however it was copied.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vital::server::{Binaries, Options, Signal};

use super::{found, parsed};
use crate::support::{Database, Run, Server, Template, lacks_dump, shared_options};

/// A program that any server takes: the server's own, or what is installed.
pub fn program(name: &str) -> PathBuf {
    crate::support::program(name).unwrap_or_else(|| name.into())
}

/// Dumps `from` with `dump` and restores it into a new database with `restore`, both as words; returns the copy's URL.
fn copy(from: &str, db: &Database, name: &str, dump: &[&str], restore: &[&str], role: &str) -> String {
    let mut admin = db.server_client(&db.address().superuser);
    admin
        .batch_execute(&format!(
            "create database {name} template template0 owner postgres"
        ))
        .unwrap();
    let to = db.address().url(role, name);
    let mut dumping = Command::new(program(dump[0]))
        .args(&dump[1..])
        .arg(format!("--dbname={from}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let restored = Command::new(program(restore[0]))
        .args(&restore[1..])
        .arg(format!("--dbname={to}"))
        .stdin(dumping.stdout.take().unwrap())
        .stdout(Stdio::null())
        .output()
        .unwrap();
    assert!(dumping.wait().unwrap().success());
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    to
}

#[track_caller]
fn assert_clean(url: &str) {
    let mut command = crate::support::vital();
    let run = Run::of(command.env("DATABASE_URL", url).args(["verify", "-o", "json"]));
    let report = parsed(&run);
    assert_eq!(found(&report), Vec::new(), "{report:#}");
    assert_eq!(report["verdict"], "passed", "{report:#}");
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn every_kind_of_copy_is_clean() {
    if lacks_dump() {
        return;
    }
    for template in [Template::Migrated, Template::World] {
        let db = Database::create(template);
        let superuser = db.address().superuser.clone();
        let source = db.url_as(&superuser);
        let name = |kind: &str| format!("{}_{kind}", db.name());
        let custom = copy(
            &source,
            &db,
            &name("custom"),
            &["pg_dump", "-Fc"],
            &["pg_restore"],
            &superuser,
        );
        let plain = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"];
        let text = copy(&source, &db, &name("text"), &["pg_dump"], &plain, &superuser);
        let owned = ["pg_dump", "-Fc", "--no-owner"];
        let orphan = copy(
            &source,
            &db,
            &name("orphan"),
            &owned,
            &["pg_restore", "--no-owner"],
            &superuser,
        );
        let twice = copy(
            &custom,
            &db,
            &name("twice"),
            &["pg_dump", "-Fc"],
            &["pg_restore"],
            &superuser,
        );
        let thrice = copy(&twice, &db, &name("thrice"), &["pg_dump"], &plain, &superuser);
        for url in [custom, text, orphan, twice, thrice] {
            assert_clean(&url);
        }
        let mut admin = db.server_client(&superuser);
        for kind in ["custom", "text", "orphan", "twice", "thrice"] {
            admin
                .batch_execute(&format!("drop database {} with (force)", name(kind)))
                .unwrap();
        }
    }
}

#[test]
fn a_database_is_clean_under_any_name_and_owner() {
    let db = Database::on(Server::with(&shared_options()), Template::Migrated);
    let superuser = db.address().superuser.clone();
    let mut admin = db.server_client(&superuser);
    let mut run = |sql: &str| {
        admin
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    };
    run(&format!(
        "create database copied template {} owner postgres",
        db.name()
    ));
    assert_clean(&db.address().url("postgres", "copied"));
    run("alter database copied rename to \"Called Otherwise\"");
    assert_clean(&db.address().url("postgres", "Called%20Otherwise"));
    run("alter database \"Called Otherwise\" rename to copied");
    run("alter role postgres rename to \"first.last\"");
    assert_clean(&db.address().url("first.last", "copied"));
    run("create role \"UPPER\" login createrole createdb bypassrls; \
         grant anon, authenticated, service_role to \"UPPER\"; grant all on database copied to \"UPPER\"");
    let mut inside = db.address().client(&superuser, "copied");
    inside
        .batch_execute(
            "reassign owned by \"first.last\" to \"UPPER\"; \
             grant usage on schema auth to \"UPPER\"; grant select on auth.users to \"UPPER\"",
        )
        .unwrap();
    assert_clean(&db.address().url("UPPER", "copied"));
}

/// The programs of a major version, if this machine has them or can bring them.
fn version(major: &str) -> Option<Binaries> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pg-bin");
    let output = Command::new(script).arg(major).output().ok()?;
    let directory = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let found = Binaries::find(Some(&directory)).ok().flatten();
    let is_needed = std::env::var("VITAL_FAULTS").is_ok_and(|value| value == "long");
    assert!(found.is_some() || !is_needed, "no PostgreSQL {major}: {output:?}");
    found
}

/// pg_upgrade moves the rows as they are, and the catalog as a dump.
#[test]
fn the_catalog_of_14_is_clean_in_18() {
    let (Some(old), Some(new)) = (version("14"), version("18")) else {
        println!("not run: PostgreSQL 14 and 18 are not at hand");
        return;
    };
    let on = |binaries: Binaries| {
        Server::with(&Options {
            binaries,
            ..shared_options()
        })
    };
    let from = Database::on(on(old), Template::Migrated);
    let to = Database::on(on(new), Template::PreState);
    let superuser = from.address().superuser.clone();
    let source = from.url_as(&superuser);
    let name = format!("{}_new", to.name());
    let url = copy(
        &source,
        &to,
        &name,
        &["pg_dump"],
        &["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        &superuser,
    );
    assert_clean(&url);
    assert_clean(&to.address().url("postgres", &name));
}

#[test]
fn a_logical_replica_is_clean() {
    if lacks_dump() {
        return;
    }
    let mut options = shared_options();
    options
        .settings
        .push(("wal_level".to_owned(), "logical".to_owned()));
    let db = Database::on(Server::with(&options), Template::World);
    let superuser = db.address().superuser.clone();
    let source = db.url_as(&superuser);
    let plain = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"];
    let url = copy(
        &source,
        &db,
        "replica",
        &["pg_dump", "--schema-only"],
        &plain,
        &superuser,
    );
    db.superuser()
        .batch_execute("create publication everything for all tables")
        .unwrap();
    db.superuser()
        .execute(
            "select pg_create_logical_replication_slot('replica', 'pgoutput')",
            &[],
        )
        .unwrap();
    let mut replica = db.address().client(&superuser, "replica");
    let (socket, port) = (db.address().directory.display(), db.address().port);
    replica
        .batch_execute(&format!(
            "create subscription replica connection 'host={socket} port={port} dbname={} user={superuser}' \
             publication everything with (create_slot = false, slot_name = 'replica')",
            db.name()
        ))
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let waiting = "select count(*) from pg_subscription_rel where srsubstate <> 'r'";
    while replica.query_one(waiting, &[]).unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "{}", db.name());
        std::thread::sleep(Duration::from_millis(100));
    }
    // Its rows came without the sequences that numbered them.
    let mut command = crate::support::vital();
    let run = Run::of(command.env("DATABASE_URL", &url).args(["verify", "-o", "json"])).failure(4);
    let report = parsed(&run);
    let findings = report["findings"].as_array().unwrap();
    assert!(!findings.is_empty(), "{report:#}");
    for finding in findings {
        assert_eq!(finding["check_id"], "sequences-behind", "{report:#}");
    }
    let mut command = crate::support::vital();
    Run::of(
        command
            .env("DATABASE_URL", &url)
            .args(["verify", "--fix", "--yes"]),
    )
    .success();
    assert_clean(&url);
    assert_clean(&db.address().url("postgres", "replica"));
}

#[test]
fn a_standby_is_as_promised_and_says_that_nobody_could_act() {
    let mut db = Database::on(Server::with(&shared_options()), Template::Migrated);
    let signal = db.server().directory.join("data/standby.signal");
    db.server().cluster().halt(Signal::Fast).unwrap();
    File::create(signal).unwrap();
    db.server().cluster().resume().unwrap();
    let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
    assert_eq!(found(&report), Vec::new(), "{report:#}");
    assert_eq!(report["verdict"], "not_checked", "{report:#}");
    for not in report["not_checked"].as_array().unwrap() {
        assert!(
            not["check_id"].as_str().unwrap().starts_with("behaviour-"),
            "{not:#}"
        );
        assert!(not["reason"].as_str().unwrap().contains("read-only"), "{not:#}");
    }
    db.vital(&["verify", "--allow-not-checked=behaviour-*"]).success();
}
