//! Connection settings, resolved as libpq resolves them.
//!
//! The first of these that is given names the server: the flags `--database-url` or `--target`, the variable
//! `DATABASE_URL`, libpq's `PG*` variables. Whatever it leaves open is filled in, keyword by keyword, from the
//! service file, then from the `PG*` variables, then from libpq's defaults.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use tokio_postgres::config::ChannelBinding;

use super::conninfo;
use super::environment::Environment;
use super::file::ConfigFile;
use super::host::{Endpoint, endpoints};
use super::modes::{Session, Tls, refuse_unsupported};
use super::network::{Network, connect_timeout};
use super::options::{ConnectOptions, Timeouts};
use super::params::{Origin, Params};
use super::pgpass::PassFile;
use super::service;
use crate::error::{Error, Result};

/// Everything needed to open a connection.
#[derive(Clone)]
pub struct Settings {
    pub(super) endpoints: Vec<Endpoint>,
    /// One for each endpoint: a password file may hold different ones.
    pub(super) passwords: Vec<Option<SecretString>>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application_name: String,
    pub(super) options: Option<String>,
    pub(super) tls: Tls,
    pub(super) session: Session,
    pub(super) shuffle: bool,
    pub(super) channel_binding: ChannelBinding,
    /// The limit of one attempt, none if the user asked for none.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) network: Network,
    pub(super) wait: Duration,
    pub(super) sources: Sources,
    /// The limits of statements and locks.
    pub timeouts: Timeouts,
}

/// Where the parts came from, for hints.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    pub password: Option<Origin>,
    pub host: Option<Origin>,
    pub user: Option<Origin>,
    pub database: Option<Origin>,
    /// Why the password file was ignored.
    pub passfile_warning: Option<String>,
}

impl Settings {
    /// Resolves options, environment, `vital.yaml`, service and password files.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] for a malformed URL, an unknown target or an unknown parameter. No error shows a
    /// password.
    pub fn resolve(options: &ConnectOptions) -> Result<Self> {
        Self::resolve_in(options, &Environment::of_process())
    }

    /// Like [`Settings::resolve`], with other variables than those of this process.
    ///
    /// # Errors
    /// As for [`Settings::resolve`].
    pub fn resolve_with<N, V>(
        options: &ConnectOptions,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self>
    where
        N: Into<String>,
        V: Into<String>,
    {
        Self::resolve_in(options, &Environment::of_process().with_variables(variables))
    }

    pub(super) fn resolve_in(options: &ConnectOptions, environment: &Environment) -> Result<Self> {
        let mut params = named(options, environment)?;
        let variables = environment.params()?;
        let either = |keyword| {
            params
                .get(keyword)
                .or_else(|| variables.get(keyword))
                .map(str::to_owned)
        };
        if let Some(name) = either("service") {
            params.fill(service::load(
                &name,
                either("servicefile").as_deref(),
                environment,
            )?);
        }
        params.fill(variables);
        Self::new(&params, options, environment)
    }

    fn new(params: &Params, options: &ConnectOptions, environment: &Environment) -> Result<Self> {
        refuse_unsupported(params)?;
        let user = params
            .get("user")
            .or(environment.os_user.as_deref())
            .ok_or_else(|| Error::usage("no user is given").with_hint("set PGUSER"))?
            .to_owned();
        let database = params.get("dbname").unwrap_or(&user).to_owned();
        if database.contains("://") {
            return Err(Error::usage("the database's name is a URL")
                .with_hint("give a URL with --database-url or DATABASE_URL"));
        }
        let mut settings = Self {
            endpoints: endpoints(params, environment)?,
            passwords: Vec::new(),
            application_name: application_name(params),
            options: params.get("options").map(str::to_owned),
            tls: Tls::new(params, environment)?,
            session: Session::new(params)?,
            shuffle: params
                .choice("load_balance_hosts", &[("disable", false), ("random", true)])?
                .unwrap_or(false),
            channel_binding: channel_binding(params)?,
            connect_timeout: connect_timeout(params)?,
            network: Network::new(params)?,
            wait: options.wait,
            sources: Sources::new(params),
            timeouts: options.timeouts,
            user,
            database,
        };
        settings.find_passwords(params, environment)?;
        Ok(settings)
    }

    /// Takes the password that was given, else looks in the password file for each host.
    fn find_passwords(&mut self, params: &Params, environment: &Environment) -> Result<()> {
        if let Some(given) = params.get("password") {
            self.passwords = vec![Some(SecretString::from(given)); self.endpoints.len()];
            return Ok(());
        }
        let file = PassFile::load(params, environment)?;
        if let Some(warning) = &file.warning {
            tracing::warn!("{warning}; it is ignored");
        }
        let find = |endpoint: &Endpoint| {
            let host = endpoint.passfile_name(environment);
            file.find(&host, endpoint.port, &self.database, &self.user)
        };
        self.passwords = self.endpoints.iter().map(find).collect();
        if self.passwords.iter().any(Option::is_some) {
            self.sources.password = Some(file.origin());
        }
        self.sources.passfile_warning = file.warning;
        Ok(())
    }

    /// The database's name, as the server will know it.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The role that logs in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How much encryption is demanded, in libpq's words.
    #[must_use]
    pub fn sslmode(&self) -> &'static str {
        self.tls.mode.word()
    }

    /// Where the connection goes, for messages: `database "vital" on db.example:5432 as dba`; never a password.
    ///
    /// After connecting, the settings of the connection name the one host that was reached.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "database \"{}\" on {} as {}",
            self.database,
            self.place(),
            self.user
        )
    }

    /// The hosts or sockets, as messages name them.
    #[must_use]
    pub fn place(&self) -> String {
        let places: Vec<String> = self.endpoints.iter().map(ToString::to_string).collect();
        places.join(", ")
    }

    /// A URL for the same place that shows `***` for the password.
    #[must_use]
    pub fn redacted_url(&self) -> String {
        super::redact::url(self)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settings").field(&self.redacted_url()).finish()
    }
}

/// The parameters of the place that was named outright.
fn named(options: &ConnectOptions, environment: &Environment) -> Result<Params> {
    let file = match (&options.target, &options.config) {
        (None, None) => ConfigFile::default(),
        (_, path) => ConfigFile::load_in(path.as_deref(), &environment.working_directory)?,
    };
    if let Some(url) = &options.database_url {
        return conninfo::parse(url, &Origin::Flag);
    }
    if let Some(target) = &options.target {
        return file.params(target, environment);
    }
    match environment.non_empty("DATABASE_URL")? {
        Some(url) => conninfo::parse(url, &Origin::Variable("DATABASE_URL")),
        None => Ok(Params::default()),
    }
}

impl Sources {
    fn new(params: &Params) -> Self {
        let origin = |keyword| params.value(keyword).map(|value| value.origin.clone());
        Self {
            password: origin("password"),
            host: origin("host").or_else(|| origin("hostaddr")),
            user: origin("user"),
            database: origin("dbname"),
            passfile_warning: None,
        }
    }
}

fn application_name(params: &Params) -> String {
    let given = params
        .get("application_name")
        .or_else(|| params.get("fallback_application_name"));
    given.unwrap_or("vital").to_owned()
}

fn channel_binding(params: &Params) -> Result<ChannelBinding> {
    let words = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    Ok(params
        .choice("channel_binding", &words)?
        .unwrap_or(ChannelBinding::Prefer))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
