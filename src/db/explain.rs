//! Turns failed attempts into one error: the fact, the cause, the next step.

use std::io;

use rustls::CertificateError;
use tokio_postgres::error::{DbError, SqlState};

use super::fault::{Failure, Fault};
use super::host::Endpoint;
use super::settings::Settings;
use crate::error::{Error, Kind, chain};

/// One error for all attempts; the last one decides, the others become details.
pub(super) fn report(settings: &Settings, failures: &[Failure]) -> Error {
    let mut error = Error::new(
        Kind::Unreachable,
        format!("cannot connect to {}", settings.describe()),
    );
    let Some((last, earlier)) = failures.split_last() else {
        return error;
    };
    let last_cause = cause(last);
    for failure in earlier {
        let line = format!("{}: {}", failure.endpoint, cause(failure));
        let repeated = failure.endpoint == last.endpoint && cause(failure) == last_cause;
        if !repeated && !error.details.contains(&line) {
            error.details.push(line);
        }
    }
    if let Some(db) = last.fault.db() {
        error.details.extend(db.detail().map(str::to_owned));
    }
    error.cause = Some(if settings.endpoints.len() > 1 {
        format!("{}: {last_cause}", last.endpoint)
    } else {
        last_cause
    });
    error.hint = Some(hint(settings, last));
    error
}

fn cause(failure: &Failure) -> String {
    let fault = &failure.fault;
    if let Some(db) = fault.db() {
        return format!("{} (SQLSTATE {})", db.message(), db.code().code());
    }
    match fault {
        Fault::Resolve(error) => {
            format!(
                "could not resolve host {}: {}",
                failure.endpoint.name(),
                words(error)
            )
        }
        Fault::Timeout(limit) => format!("no answer within {} s", limit.as_secs_f64()),
        Fault::NoName => "sslmode=verify-full needs a host name, and only an address is given".into(),
        Fault::Session { wanted, standby } => {
            let kind = if *standby { "a standby" } else { "a primary" };
            format!(
                "the server is {kind} and does not offer a {} session",
                wanted.word()
            )
        }
        Fault::Driver { .. } if fault.is_tls_unsupported() => "the server does not support TLS".into(),
        Fault::Driver { .. } if fault.is_password_missing() => {
            "the server asks for a password and none is given".into()
        }
        Fault::Driver { error, .. } => match (fault.certificate(), fault.tls(), fault.io()) {
            (Some(problem), ..) => certificate(problem, &failure.endpoint),
            (_, Some(problem), _) => format!("TLS failed: {problem}"),
            (.., Some(problem)) => system(problem, &failure.endpoint),
            _ if error.is_closed() => "the server closed the connection".into(),
            _ => chain(error),
        },
    }
}

fn system(error: &io::Error, endpoint: &Endpoint) -> String {
    match (error.kind(), endpoint.socket_file()) {
        (io::ErrorKind::NotFound, Some(file)) => format!("socket {} does not exist", file.display()),
        (_, Some(file)) => format!("socket {}: {}", file.display(), words(error)),
        (io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe, None) => {
            "the server closed the connection".into()
        }
        (_, None) => words(error),
    }
}

/// The system's words without the error number, in lower case.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(text);
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn certificate(problem: &CertificateError, endpoint: &Endpoint) -> String {
    match problem {
        CertificateError::UnknownIssuer => {
            "the server's certificate is not signed by a trusted authority".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the server's certificate is not for host {}", endpoint.name())
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet".into()
        }
        CertificateError::Revoked => "the server's certificate is revoked".into(),
        CertificateError::Other(other) if format!("{other:?}").contains("UnsupportedCertVersion") => {
            "the server's certificate is of X.509 version 1, which cannot be verified".into()
        }
        other => format!("the server's certificate cannot be verified: {other}"),
    }
}

fn hint(settings: &Settings, failure: &Failure) -> String {
    let fault = &failure.fault;
    if let Some(db) = fault.db() {
        return server_hint(settings, db, fault);
    }
    let host = source(settings.sources.host.as_ref());
    match fault {
        Fault::Resolve(_) => {
            format!("check the name of the host{host}, and that this machine can look it up")
        }
        Fault::Timeout(_) => format!(
            "check host and port{host} and any firewall or VPN between; connect_timeout or PGCONNECT_TIMEOUT allows longer"
        ),
        Fault::NoName => "give `host` beside `hostaddr`, or use sslmode=verify-ca".into(),
        Fault::Session { .. } => {
            "name the other servers as hosts, too, or leave out target_session_attrs".into()
        }
        Fault::Driver { .. } if fault.is_password_missing() => password(settings),
        Fault::Driver { .. } if fault.is_tls_unsupported() => format!(
            "turn on `ssl` in the server's configuration; sslmode={} never falls back to an open connection",
            settings.tls.mode.word()
        ),
        Fault::Driver { .. } if fault.certificate().is_some() => match fault.certificate() {
            Some(CertificateError::UnknownIssuer) => {
                "name the authority's certificate with sslrootcert or PGSSLROOTCERT".into()
            }
            Some(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
                "connect by a name that the certificate holds, or use sslmode=verify-ca".into()
            }
            _ => "the server needs a new certificate; check the clock of this machine, too".into(),
        },
        Fault::Driver { .. } if fault.tls().is_some() || fault.is_handshake() => {
            "check sslmode, sslcert and sslkey, and that the port belongs to PostgreSQL".into()
        }
        Fault::Driver { .. } => listening(settings, &failure.endpoint, fault.io()),
    }
}

fn listening(settings: &Settings, endpoint: &Endpoint, error: Option<&io::Error>) -> String {
    let host = source(settings.sources.host.as_ref());
    match error.map(io::Error::kind) {
        Some(io::ErrorKind::PermissionDenied) => format!("this user may not open {endpoint}"),
        _ if settings.sources.host.is_none() => "no server runs on this machine, or elsewhere than at the usual \
             place; set --database-url, DATABASE_URL or PGHOST and PGPORT; --wait 60s waits for one that starts"
            .into(),
        _ => format!(
            "check that a server listens on {endpoint}{host}; --wait 60s waits for one that starts"
        ),
    }
}

/// The hint for an error that the server sent; `routine` tells apart what one code covers, in any language.
fn server_hint(settings: &Settings, db: &DbError, fault: &Fault) -> String {
    let (user, database) = (settings.user(), settings.database());
    let from_user = source(settings.sources.user.as_ref());
    let code = db.code();
    match db.routine() {
        Some("InitializeSessionUserId") => {
            return format!("create it with `create role \"{user}\" login`, or name another user{from_user}");
        }
        Some("ClientAuthentication") if matches!(fault, Fault::Driver { encrypted: false, .. }) => {
            return "the server may take only encrypted connections: use sslmode=require or stronger, or have \
                    pg_hba.conf allow this host"
                .into();
        }
        Some("ClientAuthentication") => {
            return format!("have the server's pg_hba.conf allow user {user} from this host");
        }
        _ => {}
    }
    if *code == SqlState::INVALID_PASSWORD {
        return password(settings);
    }
    if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        return format!("check the user{from_user} and the method that pg_hba.conf demands for it");
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        let from = source(settings.sources.database.as_ref());
        return format!("create it with `createdb {database}`, or name another database{from}");
    }
    if *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE {
        return format!(
            "name another database, or have it opened: `alter database \"{database}\" allow_connections true`"
        );
    }
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return "close other sessions or raise max_connections; --wait 60s keeps trying".into();
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return format!("run `grant connect on database \"{database}\" to \"{user}\"` as its owner");
    }
    if db.message().contains("startup parameter") {
        return "a pooler refuses `options`: leave them out of the URL and PGOPTIONS".into();
    }
    "--wait 60s waits for a server that is starting".into()
}

/// Names where the password came from, or where one may come from.
fn password(settings: &Settings) -> String {
    let sources = &settings.sources;
    if let Some(origin) = &sources.password {
        return format!(
            "the password came from {origin}; check it, and the user {}",
            settings.user()
        );
    }
    if let Some(warning) = &sources.passfile_warning {
        return format!("{warning}, so it was ignored");
    }
    "set PGPASSWORD, add a line to ~/.pgpass, or give `password: \"${VAR}\"` in vital.yaml".into()
}

fn source(origin: Option<&super::params::Origin>) -> String {
    origin
        .map(|origin| format!(" (from {origin})"))
        .unwrap_or_default()
}
