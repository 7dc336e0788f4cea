//! An open connection.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Settings;
use crate::error::{Error, Kind, Result};

/// A message that the server sent beside results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO` ...
    pub severity: String,
    /// The text.
    pub message: String,
}

/// A connected session. Dereferences to the driver's client.
///
/// Nothing but the application's name and the encoding is sent at the start, and nothing is `SET` for the session:
/// both would fail or leak to others behind a pooler. [`Connection::begin`] sets limits for one transaction.
pub struct Connection {
    client: Client,
    notices: mpsc::UnboundedReceiver<Notice>,
    lost: Arc<OnceLock<Error>>,
    /// The connector, if the session is encrypted.
    tls: Option<MakeRustlsConnect>,
    /// How it was reached: just the one host, of several.
    pub settings: Settings,
}

impl Deref for Connection {
    type Target = Client;
    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.client
    }
}

impl Connection {
    /// Takes over a connection that the driver opened, and drives it in a task of its own.
    pub(super) fn start<S, T>(
        client: Client,
        mut driver: tokio_postgres::Connection<S, T>,
        tls: Option<MakeRustlsConnect>,
        settings: Settings,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, notices) = mpsc::unbounded_channel();
        let lost = Arc::new(OnceLock::new());
        let reason = Arc::clone(&lost);
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(move |cx| driver.poll_message(cx));
            while let Some(message) = messages.next().await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) => {
                        let _ = sender.send(Notice {
                            severity: notice.severity().to_owned(),
                            message: notice.message().to_owned(),
                        });
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let fact = Error::new(Kind::Unreachable, "the connection was lost").caused_by(&error);
                        let _ = reason.set(fact);
                        break;
                    }
                }
            }
        });
        Self {
            client,
            notices,
            lost,
            tls,
            settings,
        }
    }

    /// Takes the notices that arrived since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }

    /// Why the connection ended, such as an administrator's command; the failed call itself only says `closed`.
    #[must_use]
    pub fn lost(&self) -> Option<&Error> {
        self.lost.get()
    }

    /// Whether the session is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Cancels the statement that is running on the server, over a second connection that is encrypted like the first.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if the cancel request could not be delivered.
    pub async fn cancel(&self) -> Result<()> {
        self.canceller().cancel().await
    }

    /// A handle that cancels while the connection itself is borrowed by the running statement.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller {
            token: self.client.cancel_token(),
            tls: self.tls.clone(),
            limit: self.settings.connect_timeout,
        }
    }

    /// Begins a transaction under the limits of `--lock-timeout` and `--statement-timeout`, whose commit outlives a crash
    /// even where `synchronous_commit` is off.
    ///
    /// That lasts as long as the transaction, so a pooler can hand the session on.
    ///
    /// # Errors
    /// The server's, if it refuses.
    pub async fn begin(&mut self) -> Result<Transaction<'_>, tokio_postgres::Error> {
        let limits = self.settings.timeouts;
        let transaction = self.client.transaction().await?;
        let milliseconds = |limit: std::time::Duration| limit.as_millis().min(i32::MAX as u128).to_string();
        transaction
            .execute(
                "select pg_catalog.set_config('lock_timeout', $1, true), \
                 pg_catalog.set_config('statement_timeout', $2, true), \
                 case when pg_catalog.current_setting('synchronous_commit') = 'off' \
                     then pg_catalog.set_config('synchronous_commit', 'on', true) end",
                &[&milliseconds(limits.lock), &milliseconds(limits.statement)],
            )
            .await?;
        Ok(transaction)
    }
}

/// Cancels what a connection is running.
#[derive(Clone)]
pub struct Canceller {
    token: tokio_postgres::CancelToken,
    tls: Option<MakeRustlsConnect>,
    limit: Option<std::time::Duration>,
}

impl Canceller {
    /// Sends the request; the server gives no answer to it.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if the cancel request could not be delivered.
    pub async fn cancel(&self) -> Result<()> {
        let sent = async {
            match &self.tls {
                Some(tls) => self.token.cancel_query(tls.clone()).await,
                None => self.token.cancel_query(NoTls).await,
            }
        };
        let failed = || Error::new(Kind::Unreachable, "could not cancel the running statement");
        match super::attempt::within(self.limit, sent).await {
            Some(sent) => sent.map_err(|error| failed().caused_by(&error)),
            None => Err(failed().with_cause("no answer in time")),
        }
    }
}
