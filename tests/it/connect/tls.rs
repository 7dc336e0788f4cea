//! Encryption, beside psql: every `sslmode` against every kind of server certificate.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair,
};
use vital::db::connect;

use super::cases::{Case, run, shown};
use super::fake::{Answer, Fake};
use crate::support::Server;

/// Who may log in how over TCP; a role that is not listed may not at all.
const HBA: &str = "local all all trust
hostssl all tls_only 127.0.0.1/32 scram-sha-256
hostnossl all open_only 127.0.0.1/32 scram-sha-256
hostssl all by_certificate 127.0.0.1/32 cert
host all me 127.0.0.1/32 scram-sha-256
";

/// A server with TLS, and the files of its clients.
struct Secure {
    server: Server,
    files: tempfile::TempDir,
    authority: Authority,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Issues a certificate and returns it with its key.
    fn issue(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        (
            params.signed_by(&key, &self.issuer).unwrap().pem(),
            key.serialize_pem(),
        )
    }
}

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

impl Secure {
    /// A server whose certificate is good for `localhost`.
    fn start() -> Self {
        let secure = Self {
            server: Server::private(),
            files: tempfile::tempdir().unwrap(),
            authority: Authority::new("root"),
        };
        for role in ["me", "tls_only", "open_only", "by_certificate"] {
            let sql = format!("create role {role} login password 's3cret'");
            secure
                .server
                .client("postgres", "postgres")
                .batch_execute(&sql)
                .unwrap();
        }
        secure.file("root.crt", &secure.authority.pem);
        secure.server_file("root.crt", &secure.authority.pem);
        secure.server_file("pg_hba.conf", HBA);
        secure.show(&secure.authority.issue(&params("localhost", &["localhost"])));
        secure
    }

    /// Writes a file for the client, readable by nobody else.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Writes a file of the server, as its account.
    fn server_file(&self, name: &str, text: &str) {
        let data = self.server.directory.join("data");
        let owner = fs::metadata(data.join("PG_VERSION")).unwrap();
        let path = data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    /// Has the server show a certificate from now on.
    fn show(&self, (certificate, key): &(String, String)) {
        self.server_file("server.crt", certificate);
        self.server_file("server.key", key);
        let mut admin = self.server.client("postgres", "postgres");
        for sql in [
            "alter system set ssl = on",
            "alter system set ssl_ca_file = 'root.crt'",
        ] {
            admin.batch_execute(sql).unwrap();
        }
        let loaded: &str = "select pg_conf_load_time()::text";
        let before: String = admin.query_one(loaded, &[]).unwrap().get(0);
        admin.batch_execute("select pg_reload_conf()").unwrap();
        while admin.query_one(loaded, &[]).unwrap().get::<_, String>(0) == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        // The main process reloads before it tells the sessions.
    }

    fn case(&self, user: &str, rest: &str) -> Case {
        let port = self.server.port;
        Case::new(format!(
            "host=localhost port={port} dbname=postgres user={user} {rest}"
        ))
        .with("PGPASSWORD", "s3cret")
    }

    fn root(&self) -> String {
        format!("sslrootcert={}", self.files.path().join("root.crt").display())
    }
}

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
        let connection = connect(&settings).await.unwrap();
        assert!(connection.is_encrypted());
        let canceller = connection.canceller();
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        };
        let (slept, ()) = tokio::join!(connection.batch_execute("select pg_sleep(60)"), cancel);
        assert_eq!(slept.unwrap_err().code().unwrap().code(), "57014");
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
