//! The one error type: what happened, why, and what to do next.

use std::fmt;

/// A specialised result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller or the exit code cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The operation failed and nothing of it was kept.
    Failed,
    /// The arguments or the configuration are wrong.
    Usage,
    /// Migrations are pending.
    Pending,
    /// Verification found differences.
    Findings,
    /// The migration history diverges from this binary, misses a migration or is newer.
    Diverged,
    /// A lock was not obtained in time; trying again later may succeed.
    Locked,
    /// The server could not be reached or refused the login.
    Unreachable,
    /// The connection broke during COMMIT and the outcome could not be read back.
    Unknown,
    /// The user interrupted the operation.
    Interrupted,
}

impl Kind {
    /// The process exit code that stands for this kind.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Pending => 3,
            Self::Findings => 4,
            Self::Diverged => 5,
            Self::Locked => 6,
            Self::Unreachable => 7,
            Self::Unknown => 8,
            Self::Interrupted => 130,
        }
    }
}

/// An error as the user reads it: the fact, the server's cause and details, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The kind, which decides the exit code.
    pub kind: Kind,
    /// The fact: lower case, no period.
    pub message: String,
    /// Why, usually in the server's own words with the SQLSTATE.
    pub cause: Option<String>,
    /// Further lines of the server: detail, context, the failing statement.
    pub details: Vec<String>,
    /// The next step, and what state the database is in.
    pub hint: Option<String>,
    /// The server's code of five characters, if it is the server's error.
    pub sqlstate: Option<[u8; 5]>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Creates an error of `kind` that states `message`.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            cause: None,
            details: Vec::new(),
            hint: None,
            sqlstate: None,
        }
    }

    /// Creates an error of kind [`Kind::Failed`].
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// Creates an error of kind [`Kind::Usage`].
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a detail line.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells whether the server refused with this code.
    #[must_use]
    pub fn has_code(&self, code: &tokio_postgres::error::SqlState) -> bool {
        self.sqlstate
            .is_some_and(|sqlstate| sqlstate == *code.code().as_bytes())
    }

    /// Takes cause and details from a driver error: the server's message with its SQLSTATE where it sent one.
    ///
    /// tokio-postgres shows a server error as just `db error`, so the [`tokio_postgres::error::DbError`] in the
    /// chain is unpacked here.
    #[must_use]
    pub fn caused_by(mut self, error: &tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return self.with_cause(chain(error));
        };
        self.cause = Some(format!("{} (SQLSTATE {})", db.message(), db.code().code()));
        self.sqlstate = db.code().code().as_bytes().try_into().ok();
        self.details.extend(db.detail().map(str::to_owned));
        if self.hint.is_none() {
            self.hint = db.hint().map(str::to_owned);
        }
        self
    }
}

/// Takes over what the edge reports: files, the terminal, the private server. The outermost context is the fact, the
/// rest the cause; an error of ours stays what it is.
#[cfg(any(feature = "render", feature = "server"))]
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(ours) => return ours,
            Err(error) => error,
        };
        let fact = Self::failed(error.to_string());
        match error.source() {
            Some(source) => fact.with_cause(chain(source)),
            None => fact,
        }
    }
}

/// Joins an error and its sources with colons, leaving out a source that its parent already quotes.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let part = source.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = source.source();
    }
    text
}

#[cfg(all(test, any(feature = "render", feature = "server")))]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn context_is_the_fact_and_the_rest_the_cause() {
        let outcome = std::fs::read("/no/such/file").context("could not read the file");
        let error = outcome.map_err(Error::from).err().unwrap();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Failed, "could not read the file")
        );
        assert!(error.cause.is_some_and(|cause| cause.contains("No such file")));
    }

    #[test]
    fn an_error_of_ours_passes_through() {
        let ours = Error::usage("wrong").with_hint("do it otherwise");
        assert_eq!(Error::from(anyhow::Error::new(ours.clone())), ours);
    }
}
