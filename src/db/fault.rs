//! Why a connection failed: what to do next, and what to tell the user.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use tokio_postgres::error::{DbError, SqlState};

use super::host::Endpoint;
use super::modes::Session;

/// One failed attempt.
pub(super) struct Failure {
    pub endpoint: Endpoint,
    pub fault: Fault,
}

/// Why it failed.
pub(super) enum Fault {
    /// The host's name has no address.
    Resolve(io::Error),
    /// No answer within this time.
    Timeout(Duration),
    /// `verify-full` at an address without a name.
    NoName,
    /// The session is not of the wanted kind.
    Session { wanted: Session, standby: bool },
    /// Anything that the driver reports.
    Driver {
        error: tokio_postgres::Error,
        encrypted: bool,
    },
}

impl Fault {
    /// The server's own error.
    pub fn db(&self) -> Option<&DbError> {
        match self {
            Self::Driver { error, .. } => error.as_db_error(),
            _ => None,
        }
    }

    /// The system's error, unless TLS caused it.
    pub fn io(&self) -> Option<&io::Error> {
        let found = match self {
            Self::Resolve(error) => Some(error),
            Self::Driver { error, .. } => error.source()?.downcast_ref(),
            _ => None,
        };
        found.filter(|_| self.tls().is_none())
    }

    /// The error of the TLS library.
    pub fn tls(&self) -> Option<&rustls::Error> {
        let Self::Driver { error, .. } = self else {
            return None;
        };
        let error: &io::Error = error.source()?.downcast_ref()?;
        error.get_ref()?.downcast_ref()
    }

    /// Why the certificate was not believed.
    pub fn certificate(&self) -> Option<&CertificateError> {
        match self.tls()? {
            rustls::Error::InvalidCertificate(error) => Some(error),
            _ => None,
        }
    }

    /// The driver's message, followed by the source's, for the few that have no type.
    fn is_driver(&self, message: &str, source: &str) -> bool {
        let Self::Driver { error, .. } = self else {
            return false;
        };
        error.to_string() == message && error.source().is_some_and(|cause| cause.to_string() == source)
    }

    /// The server answered that it does not speak TLS.
    pub fn is_tls_unsupported(&self) -> bool {
        self.is_driver("error performing TLS handshake", "server does not support TLS")
    }

    /// The TLS handshake failed.
    pub fn is_handshake(&self) -> bool {
        matches!(self, Self::Driver { error, .. } if error.to_string() == "error performing TLS handshake")
    }

    /// The server asked for a password and none is known.
    pub fn is_password_missing(&self) -> bool {
        self.is_driver("invalid configuration", "password missing")
    }

    /// The server refused the login, by an error of class 28.
    pub fn is_login_refused(&self) -> bool {
        self.db().is_some_and(|db| db.code().code().starts_with("28"))
    }

    /// The server is up but not ready: it starts, stops or recovers.
    fn is_not_ready(&self) -> bool {
        let codes = [
            &SqlState::CANNOT_CONNECT_NOW,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::CRASH_SHUTDOWN,
        ];
        self.db().is_some_and(|db| codes.contains(&db.code()))
    }

    /// Whether the host is a place where a server was reached, so that libpq tries no other.
    pub fn ends_search(&self) -> bool {
        match self {
            Self::Resolve(_) | Self::Timeout(_) | Self::Session { .. } => false,
            Self::NoName => true,
            Self::Driver { error, .. } => {
                !(self.is_not_ready()
                    || error.is_closed()
                    || (self.io().is_some() && !self.is_tls_unsupported()))
            }
        }
    }

    /// Whether the fault may go away while the server comes up.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Resolve(_) | Self::Timeout(_) | Self::Session { .. } => true,
            Self::NoName => false,
            Self::Driver { .. } => {
                let full = self
                    .db()
                    .is_some_and(|db| *db.code() == SqlState::TOO_MANY_CONNECTIONS || is_pooler_waiting(db));
                let denied = self
                    .io()
                    .is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
                full || (!self.ends_search() && !denied)
            }
        }
    }
}

/// A pooler that cannot reach its server, or has no room, says so by the code of a broken protocol.
fn is_pooler_waiting(db: &DbError) -> bool {
    let signs = [
        "server_login_retry",
        "cannot connect to server",
        "no more connections",
        "query_wait_timeout",
    ];
    *db.code() == SqlState::PROTOCOL_VIOLATION && signs.iter().any(|sign| db.message().contains(sign))
}
