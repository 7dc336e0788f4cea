//! A server with TLS and certificates made for it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SigningKey,
};
use x509_cert::Certificate;
use x509_cert::der::asn1::BitString;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, Encode, EncodePem};

use super::cases::Case;
use crate::support::Server;

/// Who may log in how over TCP; a role that is not listed may not at all.
const HBA: &str = "local all all trust
hostssl all tls_only 127.0.0.1/32 scram-sha-256
hostnossl all open_only 127.0.0.1/32 scram-sha-256
hostssl all by_certificate 127.0.0.1/32 cert
host all me 127.0.0.1/32 scram-sha-256
";

/// A server with TLS, and the files of its clients.
pub struct Secure {
    /// The server.
    pub server: Server,
    /// Where the clients have their files.
    pub files: tempfile::TempDir,
    /// Who signed the server's certificate.
    pub authority: Authority,
}

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
}

impl Authority {
    /// Makes one of this name.
    pub fn new(name: &str) -> Self {
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
    pub fn issue(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        (
            params.signed_by(&key, &self.issuer).unwrap().pem(),
            key.serialize_pem(),
        )
    }
}

/// A certificate for these names, to adapt.
pub fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

impl Secure {
    /// A server whose certificate is good for `localhost`.
    pub fn start() -> Self {
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
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
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
    pub fn show(&self, (certificate, key): &(String, String)) {
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

    /// Connects as `user` to `localhost`.
    pub fn case(&self, user: &str, rest: &str) -> Case {
        let port = self.server.port;
        Case::new(format!(
            "host=localhost port={port} dbname=postgres user={user} {rest}"
        ))
        .with("PGPASSWORD", "s3cret")
    }

    /// The word that names the root certificate.
    pub fn root(&self) -> String {
        format!("sslrootcert={}", self.files.path().join("root.crt").display())
    }
}

/// A self-signed certificate of X.509 version 1, as `openssl x509 -req` makes them, with its key.
pub fn version_1(common_name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let template = params(common_name, &[]).self_signed(&key).unwrap();
    let mut certificate = Certificate::from_der(template.der()).unwrap();
    certificate.tbs_certificate.version = x509_cert::Version::V1;
    certificate.tbs_certificate.extensions = None;
    let signature = key.sign(&certificate.tbs_certificate.to_der().unwrap()).unwrap();
    certificate.signature = BitString::from_bytes(&signature).unwrap();
    (certificate.to_pem(LineEnding::LF).unwrap(), key.serialize_pem())
}
