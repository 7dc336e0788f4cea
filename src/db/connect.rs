//! Opens connections.

use std::ops::{Deref, DerefMut};

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, NoTls};

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
pub struct Connection {
    client: tokio_postgres::Client,
    notices: mpsc::UnboundedReceiver<Notice>,
    /// How it was reached.
    pub settings: Settings,
}

impl Deref for Connection {
    type Target = tokio_postgres::Client;
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
    /// Takes the notices that arrived since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }

    /// Cancels the statement that is running on the server.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if the cancel request could not be delivered.
    pub async fn cancel(&self) -> Result<()> {
        self.client.cancel_token().cancel_query(NoTls).await.map_err(|e| {
            Error::new(Kind::Unreachable, "could not cancel the running statement").caused_by(&e)
        })
    }
}

/// Connects within the connect timeout.
///
/// # Errors
/// [`Kind::Unreachable`] with the server's or the system's reason and a hint.
pub async fn connect(settings: &Settings) -> Result<Connection> {
    let (client, mut connection) = settings
        .config
        .connect(NoTls)
        .await
        .map_err(|e| Error::new(Kind::Unreachable, "cannot connect").caused_by(&e))?;
    let (sender, notices) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notice(notice) = message {
                let _ = sender.send(Notice {
                    severity: notice.severity().to_owned(),
                    message: notice.message().to_owned(),
                });
            }
        }
    });
    Ok(Connection {
        client,
        notices,
        settings: settings.clone(),
    })
}
