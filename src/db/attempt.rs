//! One attempt to open a session at one address, with the fallbacks of `sslmode`.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::{LoadBalanceHosts, SslMode as Encryption, SslNegotiation};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::Connection;
use super::fault::Fault;
use super::host::{Endpoint, Place};
use super::modes::{Session, SslMode};
use super::settings::Settings;

/// Runs `future` for at most `limit`; `None` if that was too short.
pub(super) async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

/// One address and how to log in there.
pub(super) struct Attempt<'a> {
    pub settings: &'a Settings,
    pub endpoint: &'a Endpoint,
    pub password: Option<&'a SecretString>,
    /// None for a socket.
    pub address: Option<IpAddr>,
    /// None if `sslmode` rules encryption out.
    pub tls: Option<&'a MakeRustlsConnect>,
}

impl Attempt<'_> {
    /// Opens the session, going from encrypted to plain or back where `sslmode` allows it.
    pub async fn open(&self) -> Result<Connection, Fault> {
        let Some(tls) = self.tls.filter(|_| self.address.is_some()) else {
            return self.plain().await;
        };
        match self.settings.tls.mode {
            SslMode::Disable => self.plain().await,
            SslMode::Allow => match self.plain().await {
                Err(refused) if refused.is_login_refused() => self.encrypted(tls).await.map_err(|_| refused),
                opened => opened,
            },
            SslMode::Prefer => match self.encrypted(tls).await {
                Err(fault) if fault.is_tls_unsupported() => self.plain().await,
                Err(refused) if refused.is_login_refused() || refused.is_handshake() => {
                    let opened = self.plain().await.map_err(|_| refused)?;
                    tracing::warn!(
                        "{} failed with TLS and goes on without; sslmode=require forbids that",
                        self.endpoint
                    );
                    Ok(opened)
                }
                opened => opened,
            },
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => self.encrypted(tls).await,
        }
    }

    async fn plain(&self) -> Result<Connection, Fault> {
        let config = self.config(Encryption::Disable);
        let opened = self.limited(config.connect(NoTls)).await?;
        let (client, driver) = opened.map_err(|error| Fault::Driver {
            error,
            encrypted: false,
        })?;
        Ok(Connection::start(client, driver, None, self.reached()))
    }

    async fn encrypted(&self, tls: &MakeRustlsConnect) -> Result<Connection, Fault> {
        let config = self.config(Encryption::Require);
        let opened = self.limited(config.connect(tls.clone())).await?;
        let (client, driver) = opened.map_err(|error| Fault::Driver {
            error,
            encrypted: true,
        })?;
        Ok(Connection::start(
            client,
            driver,
            Some(tls.clone()),
            self.reached(),
        ))
    }

    async fn limited<T>(&self, future: impl Future<Output = T>) -> Result<T, Fault> {
        let limit = self.settings.connect_timeout;
        within(limit, future)
            .await
            .ok_or(Fault::Timeout(limit.unwrap_or_default()))
    }

    /// The settings, narrowed to this endpoint.
    fn reached(&self) -> Settings {
        let mut settings = self.settings.clone();
        settings.endpoints = vec![self.endpoint.clone()];
        settings.passwords = vec![self.password.cloned()];
        settings
    }

    fn config(&self, encryption: Encryption) -> Config {
        let settings = self.settings;
        let network = settings.network;
        let mut config = Config::new();
        config
            .user(&settings.user)
            .dbname(&settings.database)
            .application_name(&settings.application_name)
            .port(self.endpoint.port)
            .ssl_mode(encryption)
            .channel_binding(settings.channel_binding)
            .load_balance_hosts(LoadBalanceHosts::Disable)
            .keepalives(network.keepalives);
        match (&self.endpoint.place, self.address) {
            (Place::Socket(directory), _) => {
                #[cfg(unix)]
                config.host_path(directory);
                #[cfg(not(unix))]
                config.host(directory.display().to_string());
            }
            (Place::Tcp { .. }, address) => {
                config.host(self.endpoint.name());
                address.map(|address| config.hostaddr(address));
            }
        }
        if let Some(password) = self.password {
            config.password(password.expose_secret());
        }
        if settings.tls.direct && encryption == Encryption::Require {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        settings.options.as_ref().map(|options| config.options(options));
        settings
            .connect_timeout
            .map(|limit| config.connect_timeout(limit));
        network.idle.map(|idle| config.keepalives_idle(idle));
        network
            .interval
            .map(|interval| config.keepalives_interval(interval));
        network.retries.map(|retries| config.keepalives_retries(retries));
        network.user_timeout.map(|limit| config.tcp_user_timeout(limit));
        config
    }
}

/// Checks that the session is of the wanted kind.
pub(super) async fn check_session(connection: &Connection, wanted: Session) -> Result<(), Fault> {
    if wanted == Session::Any {
        return Ok(());
    }
    let query = connection.ask_before_use(
        "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')",
    );
    let limit = connection.settings.connect_timeout;
    let messages = within(limit, query)
        .await
        .ok_or(Fault::Timeout(limit.unwrap_or_default()))?
        .map_err(|error| Fault::Driver {
            error,
            encrypted: connection.is_encrypted(),
        })?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0) == Some("t"), row.get(1) == Some("on"))),
        _ => None,
    });
    let (standby, read_only) = row.unwrap_or_default();
    let suits = match wanted {
        Session::Any => true,
        Session::ReadWrite => !read_only,
        Session::ReadOnly => read_only,
        Session::Primary => !standby,
        Session::Standby | Session::PreferStandby => standby,
    };
    suits.then_some(()).ok_or(Fault::Session { wanted, standby })
}
