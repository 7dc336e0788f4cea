//! One way to name a server, tried with psql and with vital.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio_postgres::Row;
use vital::db::{ConnectOptions, Connection, Settings, connect};
use vital::error::{Error, Result};
use vital::server::Options;

use crate::support::{Server, binaries};

/// Who is connected where: role, database, application, encryption, the server's address and port.
///
/// The application counts as unset where it is the program's own name.
const IDENTITY: &str = "select concat_ws(' ', current_user, current_database(), \
    nullif(regexp_replace(current_setting('application_name'), '^(psql|vital)$', ''), ''), \
    case (select ssl from pg_catalog.pg_stat_ssl where pid = pg_backend_pid()) when true then 'tls' else 'open' end, \
    coalesce(host(inet_server_addr()), 'socket'), current_setting('port'))";

/// A connection string, and variables instead of those of this process.
pub struct Case {
    conninfo: String,
    variables: Vec<(String, String)>,
}

impl Case {
    /// Starts with a connection string, which may be empty, in a home that is empty too.
    pub fn new(conninfo: impl Into<String>) -> Self {
        let case = Self {
            conninfo: conninfo.into(),
            variables: Vec::new(),
        };
        case.with("HOME", "/nonexistent").with("LC_ALL", "C")
    }

    /// Sets a variable.
    #[allow(clippy::needless_pass_by_value, reason = "callers pass temporaries")]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets the home directory.
    pub fn home(self, directory: &Path) -> Self {
        self.with("HOME", directory.display())
    }

    /// What psql says: the identity, or its complaint.
    pub fn psql(&self) -> Result<String, String> {
        let output = Command::new("psql")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().cloned())
            .args(["-X", "-A", "-t", "-q", "-w", "-c", IDENTITY, "-d", &self.conninfo])
            .output()
            .expect("psql is installed (Debian: apt-get install postgresql-client)");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The settings that vital makes of it.
    pub fn settings(&self) -> Result<Settings> {
        let args = ConnectOptions {
            database_url: Some(self.conninfo.clone()).filter(|text| !text.is_empty()),
            ..ConnectOptions::default()
        };
        Settings::resolve_with(&args, self.variables.iter().cloned())
    }

    /// What vital says: the identity, or its error.
    pub fn vital(&self) -> Result<String> {
        let settings = self.settings()?;
        run(async { identity(&mut connect(&settings).await?).await })
    }

    /// Asserts that both connect, and reach the same; returns what.
    #[track_caller]
    pub fn both_reach(&self) -> String {
        let psql = self
            .psql()
            .unwrap_or_else(|text| panic!("{}: psql: {text}", self.conninfo));
        let vital = self
            .vital()
            .unwrap_or_else(|error| panic!("{}: {error:?}", self.conninfo));
        assert_eq!(vital, psql, "{}", self.conninfo);
        vital
    }

    /// Asserts that neither connects; returns vital's error.
    #[track_caller]
    pub fn neither_reaches(&self) -> Error {
        let psql = self.psql();
        assert!(psql.is_err(), "{}: psql reaches {psql:?}", self.conninfo);
        self.vital().expect_err(&self.conninfo)
    }
}

/// A server that listens on its socket only, so that it comes back on the same port after a halt.
pub fn socket_only() -> Server {
    let mut options = Options::new(binaries());
    options.settings = vec![("listen_addresses".to_owned(), String::new())];
    Server::with(&options)
}

/// Asks the server who is connected.
pub async fn identity(connection: &mut Connection) -> Result<String> {
    Ok(ask(connection, IDENTITY).await?.get(0))
}

/// Runs a statement that returns one row, as every command does.
pub async fn ask(connection: &mut Connection, sql: &str) -> Result<Row> {
    connection
        .read("could not ask", async |transaction| {
            Ok(transaction.query_one(sql, &[]).await?)
        })
        .await
}

/// Runs a future to its end on a runtime like the product's.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// The error as a person reads it.
pub fn shown(error: &Error) -> String {
    let mut lines = vec![format!("error: {}", error.message)];
    lines.extend(error.cause.iter().map(|text| format!("cause: {text}")));
    lines.extend(error.details.iter().map(|text| format!("detail: {text}")));
    lines.extend(error.hint.iter().map(|text| format!("hint: {text}")));
    lines.join("\n")
}
