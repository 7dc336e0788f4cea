//! The parameters that choose among words: TLS and the kind of session.

use std::path::PathBuf;

use super::environment::Environment;
use super::params::Params;
use crate::error::{Error, Result};

/// `sslmode`, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    const WORDS: &[(&str, Self)] = &[
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// libpq's word.
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("", |(word, _)| word)
    }
}

/// The certificates that vouch for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Nothing is verified.
    None,
    /// Those of the operating system.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// Everything about encryption.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub mode: SslMode,
    pub direct: bool,
    pub roots: Roots,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub revoked: Option<PathBuf>,
    pub server_name: bool,
    pub min_version: u8,
    pub max_version: u8,
}

impl Tls {
    /// Reads the `ssl*` parameters and finds the user's files under `~/.postgresql`.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] for a combination that would protect less than it promises, or a missing file.
    pub fn new(params: &Params, environment: &Environment) -> Result<Self> {
        let system = params.get("sslrootcert") == Some("system");
        let chosen = params.choice("sslmode", SslMode::WORDS)?;
        let mode = chosen.unwrap_or(if system {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        });
        if system && mode != SslMode::VerifyFull {
            return Err(too_weak(mode, "sslrootcert=system", "verify-full"));
        }
        let direct = params
            .choice("sslnegotiation", &[("postgres", false), ("direct", true)])?
            .unwrap_or(false);
        if direct && mode < SslMode::Require {
            return Err(too_weak(mode, "sslnegotiation=direct", "require"));
        }
        let (certificate, key) = client_files(params, environment)?;
        let (min_version, max_version) = versions(params)?;
        Ok(Self {
            mode,
            direct,
            roots: roots(params, environment, mode)?,
            certificate,
            key,
            revoked: named_or_existing(params, "sslcrl", environment, "root.crl")?,
            server_name: params.integer("sslsni")? != Some(0),
            min_version,
            max_version,
        })
    }
}

fn too_weak(mode: SslMode, with: &str, needed: &str) -> Error {
    Error::usage(format!("sslmode={} is too weak for {with}", mode.word()))
        .with_hint(format!("write sslmode={needed}"))
}

/// Chooses the roots as libpq does, but `verify-full` without a file trusts the system's roots, and a file that was
/// named and does not exist is an error from `require` on.
fn roots(params: &Params, environment: &Environment, mode: SslMode) -> Result<Roots> {
    let named = params.get("sslrootcert");
    if named == Some("system") {
        return Ok(Roots::System);
    }
    let file = named_or_existing(params, "sslrootcert", environment, "root.crt")?;
    match file {
        Some(file) if file.exists() => Ok(Roots::File(file)),
        Some(file) if mode >= SslMode::Require => Err(Error::usage(format!(
            "root certificate file {} does not exist",
            file.display()
        ))
        .with_hint("sslrootcert names a PEM file, or is `system` for the certificates of the operating system")),
        _ if mode == SslMode::VerifyFull => Ok(Roots::System),
        _ if mode == SslMode::VerifyCa => {
            Err(Error::usage("sslmode=verify-ca needs a root certificate").with_hint(
                "name it with sslrootcert or put it at ~/.postgresql/root.crt; verify-full also works with the system's",
            ))
        }
        _ => Ok(Roots::None),
    }
}

/// The file that a parameter names, else the user's own if it exists.
fn named_or_existing(
    params: &Params,
    keyword: &str,
    environment: &Environment,
    default: &str,
) -> Result<Option<PathBuf>> {
    match params.get(keyword) {
        Some(file) => Ok(Some(PathBuf::from(file))),
        None => Ok(environment
            .user_file(
                &format!(".postgresql/{default}"),
                &format!("postgresql/{default}"),
            )?
            .filter(|file| file.exists())),
    }
}

fn client_files(params: &Params, environment: &Environment) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
    let words = [("disable", Some(false)), ("allow", None), ("require", Some(true))];
    let wanted = params.choice("sslcertmode", &words)?.flatten();
    if wanted == Some(false) {
        return Ok((None, None));
    }
    let certificate = named_or_existing(params, "sslcert", environment, "postgresql.crt")?;
    let key = named_or_existing(params, "sslkey", environment, "postgresql.key")?;
    if wanted == Some(true) && certificate.is_none() {
        return Err(Error::usage("sslcertmode=require needs a client certificate")
            .with_hint("name it with sslcert and sslkey"));
    }
    if let Some(file) = certificate.as_ref().filter(|_| key.is_none()) {
        return Err(Error::usage(format!(
            "client certificate {} has no private key",
            file.display()
        ))
        .with_hint("name it with sslkey, or put it at ~/.postgresql/postgresql.key"));
    }
    if key
        .as_ref()
        .is_some_and(|file| file.to_string_lossy().starts_with("engine:"))
    {
        return Err(
            Error::usage("a key in an OpenSSL engine is not supported").with_hint("sslkey names a PEM file")
        );
    }
    Ok((certificate, key))
}

/// Minor versions of TLS 1; rustls speaks 1.2 and 1.3.
fn versions(params: &Params) -> Result<(u8, u8)> {
    let words = [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];
    let min = params.choice("ssl_min_protocol_version", &words)?.unwrap_or(2);
    let max = params.choice("ssl_max_protocol_version", &words)?.unwrap_or(3);
    if max < min.max(2) {
        return Err(Error::usage("the allowed TLS versions leave none to speak")
            .with_hint("TLSv1.2 and TLSv1.3 are supported"));
    }
    Ok((min, max))
}

/// `target_session_attrs`: what the session must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl Session {
    const WORDS: &[(&str, Self)] = &[
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Reads the parameter.
    pub fn new(params: &Params) -> Result<Self> {
        Ok(params
            .choice("target_session_attrs", Self::WORDS)?
            .unwrap_or(Self::Any))
    }

    /// libpq's word.
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, session)| *session == self)
            .map_or("", |(word, _)| word)
    }
}

/// Refuses parameters that libpq would obey and this crate cannot: ignoring them would weaken a promise.
pub(super) fn refuse_unsupported(params: &Params) -> Result<()> {
    let default = |keyword: &str| match (keyword, params.get(keyword)) {
        (_, None) => true,
        ("gssencmode", Some(value)) => value != "require",
        ("replication", Some(value)) => ["false", "off", "no", "0"].contains(&value),
        ("min_protocol_version" | "max_protocol_version", Some(value)) => ["3.0", "latest"].contains(&value),
        _ => false,
    };
    for keyword in [
        "gssencmode",
        "replication",
        "requirepeer",
        "require_auth",
        "sslcrldir",
        "min_protocol_version",
        "max_protocol_version",
    ] {
        if let Some(value) = params.value(keyword).filter(|_| !default(keyword)) {
            return Err(Error::usage(format!(
                "{}: this value of `{keyword}` is not supported",
                value.origin
            )));
        }
    }
    Ok(())
}
