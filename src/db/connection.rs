//! An open connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Settings;
use super::engine::{Begin, Fault, Transaction};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Observer, Silent};
use crate::interrupt::Interrupt;

/// A message that the server sent beside results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO` ...
    pub severity: String,
    /// The text.
    pub message: String,
}

/// A connected session, whose statements all go through the [engine](super::engine).
///
/// Nothing but the application's name and the encoding is sent at the start, and nothing is `SET` for the session:
/// both would fail or leak to others behind a pooler.
pub struct Connection {
    pub(in crate::db) client: Client,
    notices: mpsc::UnboundedReceiver<Notice>,
    lost: Arc<OnceLock<Error>>,
    /// The connector, if the session is encrypted.
    tls: Option<MakeRustlsConnect>,
    /// Whether a transaction was begun and not ended.
    pub(in crate::db) open: AtomicBool,
    observer: Arc<dyn Observer>,
    interrupt: Interrupt,
    /// How it was reached: just the one host, of several.
    pub settings: Settings,
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
            open: AtomicBool::new(false),
            observer: Arc::new(Silent),
            interrupt: Interrupt::new(),
            settings,
        }
    }

    /// Has `observer` hear what the connection waits for, and `interrupt` end its waiting and cancel its statements.
    #[must_use]
    pub fn heard_by(mut self, observer: Arc<dyn Observer>, interrupt: Interrupt) -> Self {
        let canceller = self.canceller();
        interrupt.watch_with(move || {
            let canceller = canceller.clone();
            async move {
                if let Err(error) = canceller.cancel().await {
                    tracing::debug!(%error, "the cancel request was not delivered");
                }
            }
        });
        self.observer = observer;
        self.interrupt = interrupt;
        self
    }

    /// Takes over a new session, with the listeners of the old one.
    pub(super) fn replace(&mut self, new: Self) {
        *self = new.heard_by(Arc::clone(&self.observer), self.interrupt.clone());
    }

    /// Opens another session like this one.
    ///
    /// # Errors
    /// Those of [`super::connect()`].
    pub async fn another(&self) -> Result<Self> {
        let other = super::connect(&self.settings).await?;
        Ok(other.heard_by(Arc::clone(&self.observer), self.interrupt.clone()))
    }

    /// Tells whoever listens.
    pub fn tell(&self, event: &Event) {
        self.observer.event(event);
    }

    /// The user's wish to stop.
    #[must_use]
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Begins a transaction; `more` are statements that go into the same message.
    pub(crate) async fn begin(&self, begin: Begin, more: &str) -> Result<Transaction<'_>, Fault> {
        Transaction::begin(self, begin, more).await
    }

    /// The transaction that [`begin`](Self::begin) began last, for who had to let it go to look at the connection.
    pub(crate) fn resume_begun(&self, begun: Vec<tokio_postgres::SimpleQueryMessage>) -> Transaction<'_> {
        Transaction::resume(self, begun)
    }

    /// Ends a transaction that failed. An error means that the connection is gone, and the transaction with it.
    #[expect(clippy::disallowed_methods, reason = "this is the engine")]
    pub(crate) async fn roll_back(&self) {
        if self.open.load(Ordering::SeqCst) {
            match self.client.batch_execute("rollback").await {
                Ok(()) => self.open.store(false, Ordering::SeqCst),
                Err(error) => tracing::debug!(%error, "the rollback was not confirmed"),
            }
        }
    }

    /// Runs one statement that must not be in a transaction, such as `create index concurrently`.
    #[expect(clippy::disallowed_methods, reason = "this is the engine")]
    pub(crate) async fn outside_transaction(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    /// Whether the session is of the kind that `target_session_attrs` asks for is the one question that is put before
    /// the engine takes over.
    #[expect(clippy::disallowed_methods, reason = "this is before the engine")]
    pub(super) async fn ask_before_use(
        &self,
        sql: &str,
    ) -> Result<Vec<tokio_postgres::SimpleQueryMessage>, tokio_postgres::Error> {
        self.client.simple_query(sql).await
    }

    /// Whether the session is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
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
