//! Connection strings, variables, and the files that they are read from.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use vital::db::{ConnectOptions, Settings};

use super::inputs::{bytes, soup, text};
use super::{assert_told, try_all};
use crate::support::CANARY;

/// Resolves without ever connecting; neither the settings nor the error show the password.
fn resolve(args: &ConnectOptions, variables: &[(&str, &str)]) {
    let variables = [&[("HOME", "/nonexistent"), ("PGUSER", "me")], variables].concat();
    match Settings::resolve_with(args, variables) {
        Ok(settings) => {
            let shown = format!("{} {}", settings.describe(), settings.redacted_url());
            assert!(!shown.contains(CANARY), "{shown}");
            assert!(!format!("{settings:?}").contains(CANARY), "{settings:?}");
        }
        Err(error) => assert_told(&error),
    }
}

fn url(text: impl Into<String>) -> ConnectOptions {
    ConnectOptions {
        database_url: Some(text.into()),
        ..ConnectOptions::default()
    }
}

/// What connection strings are made of.
const CONNINFO: [&str; 32] = [
    "postgresql://",
    "postgres://",
    "host",
    "=",
    " ",
    "'",
    "\\",
    "@",
    ":",
    "/",
    "?",
    "&",
    ",",
    "%2F",
    "%",
    "[::1]",
    "localhost",
    "5432",
    "sslmode",
    "require",
    "user",
    "dbname",
    "hostaddr",
    "127.0.0.1",
    "options",
    "-c a=b",
    "target_session_attrs",
    "connect_timeout",
    "service",
    "passfile",
    "port",
    "-1",
];

#[test]
fn no_connection_string_panics() {
    try_all(&soup(&CONNINFO), 4000, |text| resolve(&url(text.as_str()), &[]));
}

#[test]
fn no_connection_string_shows_its_password() {
    let forms = (0_usize..5, soup(&CONNINFO), soup(&CONNINFO));
    try_all(&forms, 4000, |(form, before, after)| {
        let text = match form {
            0 => format!("postgresql://me:{CANARY}@{after}"),
            1 => format!(
                "postgresql://{}:{CANARY}@h/{after}",
                before.replace(['/', '?', '@'], "")
            ),
            2 => format!("postgresql://h/d?password={CANARY}&{after}"),
            3 => format!("password={CANARY} {after}"),
            _ => format!("host=h password='{CANARY}' {after}"),
        };
        resolve(&url(text), &[]);
    });
}

#[test]
fn no_variable_panics_or_shows_the_password() {
    const NAMES: [&str; 12] = [
        "PGHOST",
        "PGPORT",
        "PGDATABASE",
        "PGSSLMODE",
        "PGOPTIONS",
        "PGCONNECT_TIMEOUT",
        "PGTARGETSESSIONATTRS",
        "PGHOSTADDR",
        "PGSERVICE",
        "PGPASSFILE",
        "PGSSLROOTCERT",
        "DATABASE_URL",
    ];
    let variable = (
        proptest::sample::select(NAMES.to_vec()),
        prop_oneof![text(), soup(&CONNINFO)],
    );
    try_all(&proptest::collection::vec(variable, 0..4), 2000, |variables| {
        let mut all: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.push(("PGPASSWORD", CANARY));
        resolve(&ConnectOptions::default(), &all);
    });
}

fn write(directory: &Path, name: &str, content: &[u8]) -> String {
    let path = directory.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[test]
fn no_service_file_panics_or_shows_its_password() {
    const TOKENS: [&str; 18] = [
        "[a]\n",
        "[",
        "]",
        "\n",
        "#",
        "=",
        "host=h\n",
        "port=1\n",
        "\npassword=kAnArIe7Qx93fLsT\n",
        "dbname",
        "user=u\n",
        "sslmode=x\n",
        "service=a\n",
        "ldap://x\n",
        "\r\n",
        "\t",
        "'",
        "\npassword kAnArIe7Qx93fLsT\n",
    ];
    let directory = tempfile::tempdir().unwrap();
    try_all(&bytes(&TOKENS), 1500, |content| {
        let whole = [b"[a]\npassword=kAnArIe7Qx93fLsT\n", content.as_slice()].concat();
        let path = write(directory.path(), "service", &whole);
        resolve(
            &ConnectOptions::default(),
            &[("PGSERVICE", "a"), ("PGSERVICEFILE", &path)],
        );
    });
}

#[test]
fn no_password_file_panics_or_shows_a_password() {
    const TOKENS: [&str; 12] = [
        "*",
        ":",
        "\\",
        "\n",
        "h",
        "5432",
        "d",
        "me",
        "kAnArIe7Qx93fLsT\n",
        "#",
        "\\:",
        "*:*:*:*:kAnArIe7Qx93fLsT\n",
    ];
    let directory = tempfile::tempdir().unwrap();
    try_all(&bytes(&TOKENS), 1500, |content| {
        let path = write(directory.path(), "pgpass", content);
        resolve(&url("host=h dbname=d"), &[("PGPASSFILE", &path)]);
    });
}

#[test]
fn no_vital_yaml_panics_or_shows_a_password() {
    const TOKENS: [&str; 26] = [
        "targets:",
        "\n",
        "  ",
        "a:",
        " {",
        "}",
        "url: ",
        "\"postgresql://me:kAnArIe7Qx93fLsT@h/d\"",
        "password: kAnArIe7Qx93fLsT",
        "password: [kAnArIe7Qx93fLsT]",
        "password: {kAnArIe7Qx93fLsT: 1}",
        "\"${PGPASSWORD}\"",
        "${",
        ",",
        "labels: ",
        "[x]",
        "fleet:",
        "canary: -1",
        "&a ",
        "*a",
        "- ",
        "!!binary ",
        "|\n",
        "? ",
        "\t",
        "<<: ",
    ];
    let directory = tempfile::tempdir().unwrap();
    try_all(&(any::<bool>(), bytes(&TOKENS)), 2500, |(whole, content)| {
        let head = b"targets:\n  a: {url: \"postgresql://me@h/d\", password: \"kAnArIe7Qx93fLsT\"}\n";
        let content = if *whole {
            [head, content.as_slice()].concat()
        } else {
            content.clone()
        };
        let path = write(directory.path(), "vital.yaml", &content);
        let args = ConnectOptions {
            target: Some("a".to_owned()),
            config: Some(path.into()),
            ..ConnectOptions::default()
        };
        resolve(&args, &[("PGPASSWORD", CANARY)]);
    });
}
