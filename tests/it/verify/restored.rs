//! A copy of a clean database is clean, however it was copied.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{found, parsed};
use crate::support::{Database, Run, Template, binaries};

/// A program of PostgreSQL: the server's own, or what is installed.
pub fn program(name: &str) -> PathBuf {
    let own = binaries().directory().join(name);
    if own.exists() { own } else { PathBuf::from(name) }
}

/// Dumps `from` with `dump` and restores it into a new database with `restore`, both as words; returns the copy's URL.
fn copy(from: &str, db: &Database, name: &str, dump: &[&str], restore: &[&str], role: &str) -> String {
    let mut admin = db.server_client(&db.address().superuser);
    admin
        .batch_execute(&format!("create database {name} template template0 owner postgres"))
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
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
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
    for template in [Template::Migrated, Template::World] {
        let db = Database::create(template);
        let superuser = db.address().superuser.clone();
        let source = db.url_as(&superuser);
        let name = |kind: &str| format!("{}_{kind}", db.name());
        let custom = copy(&source, &db, &name("custom"), &["pg_dump", "-Fc"], &["pg_restore"], &superuser);
        let plain = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"];
        let text = copy(&source, &db, &name("text"), &["pg_dump"], &plain, &superuser);
        let owned = ["pg_dump", "-Fc", "--no-owner"];
        let orphan = copy(&source, &db, &name("orphan"), &owned, &["pg_restore", "--no-owner"], &superuser);
        let twice = copy(&custom, &db, &name("twice"), &["pg_dump", "-Fc"], &["pg_restore"], &superuser);
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
