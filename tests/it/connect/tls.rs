//! Encryption, beside psql: every `sslmode` against every kind of server certificate.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio_postgres::error::SqlState;
use vital::db::connect;

use super::cases::{Case, ask, run, shown};
use super::fake::{Answer, Fake};
use super::secure::{Authority, Secure, params, version_1};
use crate::support::Server;

#[test]
fn every_mode_encrypts_and_verifies_as_psql_does() {
    let secure = Secure::start();
    let root = secure.root();
    for mode in ["disable", "allow", "prefer", "require"] {
        secure.case("me", &format!("sslmode={mode}")).both_reach();
    }
    assert!(secure.case("me", "").both_reach().contains(" tls "));
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let case = secure.case("me", &format!("sslmode={mode} {root}"));
        assert!(case.both_reach().contains(" tls "), "{mode}");
    }
    // The certificate is for localhost, not for its address.
    secure
        .case("me", &format!("sslmode=verify-ca {root} host=127.0.0.1"))
        .both_reach();
    let error = secure
        .case("me", &format!("sslmode=verify-full {root} host=127.0.0.1"))
        .neither_reaches();
    assert_eq!(
        error.cause.unwrap(),
        "the server's certificate is not for host 127.0.0.1"
    );
    assert!(error.hint.unwrap().contains("verify-ca"));
    secure
        .case("me", &format!("sslmode=verify-full {root} hostaddr=127.0.0.1"))
        .both_reach();
    let unnamed = format!(
        "postgresql://me@/postgres?port={}&hostaddr=127.0.0.1&sslmode=verify-full&{root}",
        secure.server.port
    );
    let error = Case::new(unnamed).with("PGPASSWORD", "s3cret").neither_reaches();
    assert!(error.cause.unwrap().contains("needs a host name"));
}

#[test]
fn home_directory_holds_the_root_certificate() {
    let secure = Secure::start();
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".postgresql")).unwrap();
    let file = home.path().join(".postgresql/root.crt");
    fs::write(&file, &secure.authority.pem).unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        secure
            .case("me", &format!("sslmode={mode}"))
            .home(home.path())
            .both_reach();
    }
    // With a root certificate even `require` believes only what it signed.
    fs::write(&file, Authority::new("stranger").pem).unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = secure
            .case("me", &format!("sslmode={mode}"))
            .home(home.path())
            .neither_reaches();
        assert_eq!(
            error.cause.unwrap(),
            "the server's certificate is not signed by a trusted authority"
        );
    }
    // `prefer` gives encryption up instead, as psql does.
    let reached = secure.case("me", "sslmode=prefer").home(home.path()).both_reach();
    assert!(reached.contains(" open "), "{reached}");
}

#[test]
fn server_decides_which_logins_are_encrypted() {
    let secure = Secure::start();
    for mode in ["allow", "prefer", "require"] {
        assert!(
            secure
                .case("tls_only", &format!("sslmode={mode}"))
                .both_reach()
                .contains(" tls ")
        );
    }
    let error = secure.case("tls_only", "sslmode=disable").neither_reaches();
    assert!(
        error.cause.clone().unwrap().contains("no pg_hba.conf entry"),
        "{error:?}"
    );
    assert!(error.hint.unwrap().contains("sslmode=require"));
    for mode in ["disable", "allow", "prefer"] {
        assert!(
            secure
                .case("open_only", &format!("sslmode={mode}"))
                .both_reach()
                .contains(" open ")
        );
    }
    secure.case("open_only", "sslmode=require").neither_reaches();
}

#[test]
fn certificates_that_only_libpq_is_used_to_are_believed() {
    let secure = Secure::start();
    let root = secure.root();
    let full = |rest: &str| secure.case("me", &format!("sslmode=verify-full {rest}"));
    secure.show(&secure.authority.issue(&params("localhost", &[])));
    full(&root).both_reach();
    full(&format!("{root} host=127.0.0.1")).neither_reaches();
    secure.show(&secure.authority.issue(&params("localhost", &["other.example"])));
    full(&root).neither_reaches();

    for own_authority in [false, true] {
        let mut own = params("localhost", &[]);
        if own_authority {
            own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let pem = own.self_signed(&key).unwrap().pem();
        secure.show(&(pem.clone(), key.serialize_pem()));
        full(&root).neither_reaches();
        let file = secure.file("self.crt", &pem);
        full(&format!("sslrootcert={}", file.display())).both_reach();
    }

    secure.show(&version_1("localhost"));
    secure.case("me", "sslmode=require").both_reach();
    let error = full(&root).neither_reaches();
    assert!(error.cause.unwrap().contains("X.509 version 1"));

    let mut expired = params("localhost", &["localhost"]);
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    secure.show(&secure.authority.issue(&expired));
    let error = full(&root).neither_reaches();
    assert_eq!(error.cause.unwrap(), "the server's certificate has expired");
}

#[test]
fn client_certificate_logs_in() {
    let secure = Secure::start();
    let mut client = params("by_certificate", &[]);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let (certificate, key) = secure.authority.issue(&client);
    let certificate = secure.file("client.crt", &certificate);
    let key = secure.file("client.key", &key);
    let words = format!(
        "sslmode=require sslcert={} sslkey={}",
        certificate.display(),
        key.display()
    );
    secure.case("by_certificate", &words).both_reach();
    secure.case("by_certificate", "sslmode=require").neither_reaches();
    let wrong = secure.case(
        "by_certificate",
        &format!(
            "sslmode=require sslcert={} sslkey=/nonexistent",
            certificate.display()
        ),
    );
    wrong.neither_reaches();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = secure.case("by_certificate", &words).neither_reaches();
    assert!(error.message.ends_with("has group or world access"), "{error:?}");

    let home = tempfile::tempdir().unwrap();
    let own = home.path().join(".postgresql");
    fs::create_dir(&own).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::copy(&certificate, own.join("postgresql.crt")).unwrap();
    fs::copy(&key, own.join("postgresql.key")).unwrap();
    secure
        .case("by_certificate", "sslmode=require")
        .home(home.path())
        .both_reach();
}

#[test]
fn password_exchange_is_bound_to_the_channel() {
    let secure = Secure::start();
    secure
        .case("me", "sslmode=require channel_binding=require")
        .both_reach();
    secure
        .case("me", "sslmode=disable channel_binding=require")
        .neither_reaches();
    secure
        .case("me", "sslmode=require channel_binding=disable")
        .both_reach();
}

#[test]
fn require_never_falls_back() {
    let open = Server::private();
    open.client("postgres", "postgres")
        .batch_execute("create role me login password 's3cret'")
        .unwrap();
    let case = |rest: &str| {
        Case::new(format!(
            "host=127.0.0.1 port={} dbname=postgres user=me {rest}",
            open.port
        ))
        .with("PGPASSWORD", "s3cret")
    };
    assert!(case("").both_reach().contains(" open "));
    let error = case("sslmode=require").neither_reaches();
    assert_eq!(error.cause.unwrap(), "the server does not support TLS");
    assert!(error.hint.unwrap().contains("sslmode=require never falls back"));

    let fake = Fake::new(Answer::BrokenTls);
    for mode in ["require", "verify-full"] {
        let words = format!(
            "host=127.0.0.1 port={} user=me sslmode={mode} sslrootcert=",
            fake.port
        );
        let before = fake.count();
        let text = shown(&Case::new(words).vital().unwrap_err());
        assert_eq!(fake.count(), before + 1, "{text}");
        assert!(text.contains("cause: TLS failed"), "{text}");
    }
}

#[test]
fn cancel_request_is_encrypted_too() {
    let secure = Secure::start();
    let settings = secure
        .case("me", &format!("sslmode=verify-full {}", secure.root()))
        .settings()
        .unwrap();
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        assert!(connection.is_encrypted());
        let canceller = connection.canceller();
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        };
        let (slept, ()) = tokio::join!(ask(&mut connection, "select pg_sleep(60)"), cancel);
        assert!(slept.unwrap_err().has_code(&SqlState::QUERY_CANCELED));
    });
}

/// The system's roots come from the process's environment, so the process is a new one.
#[test]
fn roots_of_the_system_verify() {
    const PART: &str = "VITAL_IT_SYSTEM_ROOTS";
    if let Ok(conninfo) = std::env::var(PART) {
        let reached = Case::new(conninfo).with("PGPASSWORD", "s3cret").vital();
        println!("{}", reached.unwrap_or_else(|error| shown(&error)));
        return;
    }
    let secure = Secure::start();
    let stranger = secure.file("stranger.crt", &Authority::new("stranger").pem);
    let port = secure.server.port;
    for words in [
        "sslmode=verify-full",
        "sslrootcert=system",
        "sslmode=verify-full sslrootcert=system",
    ] {
        let conninfo = format!("host=localhost port={port} dbname=postgres user=me {words}");
        let text = child(PART, &conninfo, &secure.files.path().join("root.crt"));
        assert!(text.contains(" tls "), "{words}: {text}");
        let text = child(PART, &conninfo, &stranger);
        assert!(
            text.contains("not signed by a trusted authority"),
            "{words}: {text}"
        );
    }
}

fn child(part: &str, conninfo: &str, roots: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "connect::tls::roots_of_the_system_verify",
            "--exact",
            "--nocapture",
        ])
        .env(part, conninfo)
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
