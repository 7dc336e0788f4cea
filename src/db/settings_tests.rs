//! Tests of the order in which sources count.

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;
use crate::db::modes::{Roots, SslMode};

fn resolve(args: &ConnectOptions, variables: &[(&str, &str)]) -> Result<Settings> {
    Settings::resolve_in(args, &Environment::of(variables))
}

fn flag(url: &str) -> ConnectOptions {
    ConnectOptions {
        database_url: Some(url.to_owned()),
        ..ConnectOptions::default()
    }
}

fn describe(url: &str, variables: &[(&str, &str)]) -> String {
    resolve(&flag(url), variables).unwrap().describe()
}

fn password(settings: &Settings) -> Option<&str> {
    settings.passwords[0].as_ref().map(ExposeSecret::expose_secret)
}

#[test]
fn flag_beats_variable_beats_libpq() {
    let variables = [
        ("DATABASE_URL", "postgresql://v@vhost/vdb"),
        ("PGHOST", "phost"),
        ("PGPORT", "7"),
    ];
    assert_eq!(
        describe("postgresql://f@fhost/fdb", &variables),
        "database \"fdb\" on fhost:7 as f"
    );
    let settings = resolve(&ConnectOptions::default(), &variables).unwrap();
    assert_eq!(settings.describe(), "database \"vdb\" on vhost:7 as v");
    let settings = resolve(&ConnectOptions::default(), &variables[1..]).unwrap();
    assert_eq!(settings.describe(), "database \"os\" on phost:7 as os");
}

#[test]
fn target_flag_beats_database_url_of_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("x.yaml");
    std::fs::write(
        &config,
        "targets:\n  t: { url: 'postgresql://t@thost/tdb', password: '${P}' }\n",
    )
    .unwrap();
    let args = ConnectOptions {
        target: Some("t".into()),
        config: Some(config.clone()),
        ..ConnectOptions::default()
    };
    let variables = [
        ("DATABASE_URL", "postgresql://v@vhost/vdb"),
        ("P", "secret"),
        ("PGPASSWORD", "no"),
    ];
    let settings = resolve(&args, &variables).unwrap();
    assert_eq!(settings.describe(), "database \"tdb\" on thost:5432 as t");
    assert_eq!(password(&settings), Some("secret"));
    let unused = ConnectOptions {
        config: Some(dir.path().join("missing")),
        ..ConnectOptions::default()
    };
    assert!(
        resolve(&unused, &[]).is_err(),
        "a file that was named must exist even if no target needs it"
    );
}

#[test]
fn parameters_of_the_url_beat_the_service_beat_variables() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("services");
    std::fs::write(&file, "[s]\nhost=shost\nport=8\nuser=suser\n").unwrap();
    let variables = [
        ("PGSERVICEFILE", file.to_str().unwrap()),
        ("PGSERVICE", "s"),
        ("PGUSER", "puser"),
        ("PGDATABASE", "pdb"),
        ("PGPASSWORD", "secret"),
    ];
    let settings = resolve(&flag("postgresql://uhost"), &variables).unwrap();
    assert_eq!(settings.describe(), "database \"pdb\" on uhost:8 as suser");
    assert_eq!(password(&settings), Some("secret"));
    let settings = resolve(&flag("service=s dbname=x"), &variables[..1]).unwrap();
    assert_eq!(settings.describe(), "database \"x\" on shost:8 as suser");
}

#[test]
fn database_defaults_to_the_user_and_the_user_to_that_of_the_system() {
    assert_eq!(describe("host=h", &[]), "database \"os\" on h:5432 as os");
    assert_eq!(
        describe("postgresql://me@h", &[]),
        "database \"me\" on h:5432 as me"
    );
    assert_eq!(
        describe("host=/tmp user=me", &[]),
        "database \"me\" on socket /tmp:5432 as me"
    );
    assert_eq!(
        describe("postgresql://a,[::1]:6/d", &[]),
        "database \"d\" on a:5432, [::1]:6 as os"
    );
}

#[test]
fn no_form_of_the_settings_shows_the_password() {
    let settings = resolve(&flag("postgresql://me:s3cret@h/my%20db?sslmode=require"), &[]).unwrap();
    assert_eq!(
        settings.redacted_url(),
        "postgresql://me:***@h:5432/my%20db?sslmode=require"
    );
    assert!(!format!("{settings:?} {}", settings.describe()).contains("s3cret"));
    let settings = resolve(
        &flag("host=/tmp,::1 user=me dbname=d target_session_attrs=primary"),
        &[],
    )
    .unwrap();
    assert_eq!(
        settings.redacted_url(),
        "postgresql://me@%2Ftmp:5432,[::1]:5432/d?target_session_attrs=primary"
    );
}

#[cfg(unix)]
#[test]
fn each_host_has_its_own_line_in_the_password_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pass");
    std::fs::write(&file, "a:*:*:*:one\nb:6:*:*:two\n/tmp:*:*:*:three\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let variables = [("PGPASSFILE", file.to_str().unwrap())];
    let settings = resolve(&flag("host=a,b,b,/tmp port=5,6,7,8"), &variables).unwrap();
    let found: Vec<_> = settings
        .passwords
        .iter()
        .map(|p| p.as_ref().map(ExposeSecret::expose_secret))
        .collect();
    assert_eq!(found, [Some("one"), Some("two"), None, Some("three")]);
    assert_eq!(
        settings.sources.password.as_ref().unwrap().to_string(),
        file.to_str().unwrap()
    );
    let given = resolve(&flag("host=a password=given"), &variables).unwrap();
    assert_eq!(password(&given), Some("given"));
}

#[test]
fn weak_combinations_of_tls_are_refused() {
    for text in [
        "host=h sslmode=require sslrootcert=system",
        "host=h sslmode=prefer sslnegotiation=direct",
        "host=h sslnegotiation=direct",
        "host=h sslmode=require sslrootcert=/nonexistent/root.crt",
        "host=h sslmode=verify-ca",
        "host=h sslmode=Required",
        "host=h sslcertmode=require",
        "host=h sslcert=/nonexistent/c",
        "host=h ssl_max_protocol_version=TLSv1.1",
        "host=h ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
        "host=h require_auth=scram-sha-256",
        "host=h requirepeer=postgres",
        "host=h gssencmode=require",
    ] {
        assert_eq!(
            resolve(&flag(text), &[]).unwrap_err().kind,
            crate::Kind::Usage,
            "{text}"
        );
    }
}

#[test]
fn roots_follow_libpq_and_verify_full_falls_back_to_the_systems() {
    let tls = |text: &str, home: &Path| {
        let settings = resolve(&flag(text), &[("HOME", home.to_str().unwrap())]).unwrap();
        (settings.tls.mode, settings.tls.roots)
    };
    let home = tempfile::tempdir().unwrap();
    assert_eq!(tls("host=h", home.path()), (SslMode::Prefer, Roots::None));
    assert_eq!(tls("host=h sslmode=verify-full", home.path()).1, Roots::System);
    assert_eq!(
        tls("host=h sslrootcert=system", home.path()),
        (SslMode::VerifyFull, Roots::System)
    );
    std::fs::create_dir(home.path().join(".postgresql")).unwrap();
    let file = home.path().join(".postgresql/root.crt");
    std::fs::write(&file, "").unwrap();
    assert_eq!(tls("host=h sslmode=require", home.path()).1, Roots::File(file));
}

#[test]
fn application_name_and_timeouts_have_defaults() {
    let settings = resolve(&flag("host=h"), &[]).unwrap();
    assert_eq!(settings.application_name, "vital");
    assert_eq!(settings.connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(settings.timeouts, Timeouts::default());
    let settings = resolve(
        &flag("host=h fallback_application_name=f"),
        &[("PGCONNECT_TIMEOUT", "3")],
    )
    .unwrap();
    assert_eq!(settings.application_name, "f");
    assert_eq!(settings.connect_timeout, Some(Duration::from_secs(3)));
    let settings = resolve(&flag("host=h connect_timeout=0"), &[("PGAPPNAME", "app")]).unwrap();
    assert_eq!(
        (settings.application_name.as_str(), settings.connect_timeout),
        ("app", None)
    );
}

#[test]
fn malformed_variable_is_named() {
    let error = resolve(&ConnectOptions::default(), &[("PGPORT", "x")]).unwrap_err();
    assert_eq!(error.message, "PGPORT: a port must be a number from 1 to 65535");
    let error = resolve(
        &ConnectOptions::default(),
        &[("DATABASE_URL", "mysql://u:s3cret@h")],
    )
    .unwrap_err();
    assert_eq!(error.message, "DATABASE_URL is not a PostgreSQL URL");
    let error = resolve(
        &ConnectOptions::default(),
        &[("PGDATABASE", "postgresql://u:s3cret@h")],
    )
    .unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"));
}
