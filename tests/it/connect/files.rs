//! Variables, service files and password files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::cases::Case;
use crate::support::Server;

/// A private server with role `me` (password `s3cret`) and database `mine`.
fn server() -> Server {
    let server = Server::private();
    let mut admin = server.client("postgres", "postgres");
    for sql in [
        "create role me login password 's3cret'",
        "create role \"o d'd\" login",
        "create database mine",
    ] {
        admin.batch_execute(sql).unwrap();
    }
    server
}

fn private_file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn variables_and_strings_mix_like_psqls() {
    let server = server();
    let (directory, port) = (server.directory.display(), server.port);
    let by_variables = Case::new("")
        .with("PGHOST", directory)
        .with("PGPORT", port)
        .with("PGUSER", "me");
    let reached = by_variables
        .with("PGDATABASE", "mine")
        .with("PGAPPNAME", "app")
        .both_reach();
    assert_eq!(reached, format!("me mine app open socket {port}"));

    let tcp = |text: &str| {
        Case::new(text)
            .with("PGHOST", "127.0.0.1")
            .with("PGPORT", port)
            .with("PGPASSWORD", "s3cret")
    };
    tcp("user=me dbname=mine").both_reach();
    tcp("postgresql://me@/mine?application_name=x%20y").both_reach();
    tcp("postgresql://me@localhost/mine").both_reach();
    tcp("postgresql://me:s3cret@/mine")
        .with("PGPASSWORD", "wrong")
        .both_reach();
    tcp("postgresql://me:wrong@/mine").neither_reaches();
    tcp("host=anything.invalid hostaddr=127.0.0.1 user=me dbname=mine").both_reach();
    tcp("user=me dbname=mine options='-c work_mem=1MB'").both_reach();

    let directory = server.directory.display().to_string().replace('/', "%2F");
    Case::new(format!("postgresql://o%20d%27d@{directory}:{port}/mine")).both_reach();
    Case::new(format!(
        "postgresql:///mine?host={}&port={port}&user=me",
        server.directory.display()
    ))
    .both_reach();
    let reached = Case::new(format!(
        "host={} port={port} user=me dbname=mine sslmode=require",
        server.directory.display()
    ));
    assert!(
        reached.both_reach().contains("open socket"),
        "sslmode does not apply to a socket"
    );
}

#[test]
fn options_reach_the_server() {
    let server = server();
    let url = format!("{}&options=-c%20work_mem%3D123kB", server.url("me", "mine"));
    let settings = Case::new(url).settings().unwrap();
    super::cases::run(async {
        let mut connection = vital::db::connect(&settings).await.unwrap();
        let row = super::cases::ask(&mut connection, "select current_setting('work_mem')")
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), "123kB");
    });
}

#[test]
fn service_files_count_as_for_psql() {
    let server = server();
    let port = server.port;
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "# mine\n[a]\nhost=127.0.0.1\nport={port}\nuser=me\ndbname=mine\npassword=s3cret\n[b]\nhost=x\n"
    );
    let file = private_file(home.path(), "services", &text);
    let named = |text: &str| Case::new(text).with("PGSERVICEFILE", file.display());
    named("service=a").both_reach();
    named("").with("PGSERVICE", "a").both_reach();
    named("postgresql://?service=a")
        .with("PGUSER", "nobody")
        .both_reach();
    named("service=a dbname=postgres").both_reach();
    named("service=a user=postgres").neither_reaches();
    named("service=c").neither_reaches();
    named("service=a")
        .with("PGSERVICEFILE", "/nonexistent/file")
        .neither_reaches();

    private_file(home.path(), ".pg_service.conf", &text);
    Case::new("service=a").home(home.path()).both_reach();
    let system = tempfile::tempdir().unwrap();
    private_file(system.path(), "pg_service.conf", &text);
    Case::new("service=a")
        .with("PGSYSCONFDIR", system.path().display())
        .both_reach();
}

#[test]
fn password_files_count_as_for_psql() {
    let server = server();
    let port = server.port;
    let home = tempfile::tempdir().unwrap();
    let case = |text: &str| {
        Case::new(text)
            .with("PGPORT", port)
            .with("PGUSER", "me")
            .with("PGDATABASE", "mine")
    };
    for (line, reached) in [
        (format!("127.0.0.1:{port}:mine:me:s3cret"), true),
        ("*:*:*:*:s3cret".to_owned(), true),
        ("# comment\n\n*:*:mine:me:s\\3cr\\et".to_owned(), true),
        ("*:*:*:*:wrong\n*:*:*:*:s3cret".to_owned(), false),
        (format!("localhost:{port}:mine:me:s3cret"), false),
        ("127.0.0.1:1:mine:me:s3cret".to_owned(), false),
        ("127.0.0.1:*:mine:me".to_owned(), false),
    ] {
        private_file(home.path(), ".pgpass", &format!("{line}\n"));
        let case = case("host=127.0.0.1").home(home.path());
        if reached {
            case.both_reach();
        } else {
            case.neither_reaches();
        }
    }

    let file = private_file(home.path(), "other", "a.invalid:*:*:*:s3cret\n");
    case("host=a.invalid hostaddr=127.0.0.1")
        .with("PGPASSFILE", file.display())
        .both_reach();
    case(&format!(
        "host=a.invalid hostaddr=127.0.0.1 passfile={}",
        file.display()
    ))
    .both_reach();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = case("host=a.invalid hostaddr=127.0.0.1")
        .with("PGPASSFILE", file.display())
        .neither_reaches();
    assert!(error.hint.unwrap().contains("has group or world access"));
}

#[test]
fn default_user_and_database_are_those_of_the_system() {
    let server = Server::private();
    let user = String::from_utf8(
        std::process::Command::new("id")
            .arg("-un")
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    let user = user.trim();
    let mut admin = server.client("postgres", "postgres");
    if user != "postgres" {
        admin
            .batch_execute(&format!("create role \"{user}\" login"))
            .unwrap();
        admin
            .batch_execute(&format!("create database \"{user}\""))
            .unwrap();
    }
    let case = Case::new("")
        .with("PGHOST", server.directory.display())
        .with("PGPORT", server.port);
    assert!(case.both_reach().starts_with(&format!("{user} {user} ")));
}
