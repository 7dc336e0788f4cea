//! What a runner does after its connection broke.

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use super::history::Applied;
use super::retry::Backoff;
use super::session::{IDLE_LIMIT, Session};
use crate::error::{Error, Result};
use crate::ops::commit;
use crate::ops::event::Event;

impl Session<'_> {
    /// Replaces a broken connection, trying for half a minute at most.
    ///
    /// # Errors
    /// [`crate::Kind::Unreachable`] or [`crate::Kind::Interrupted`].
    pub async fn reconnect(&mut self) -> Result<()> {
        commit::reconnect(self.connection, self.interrupt).await
    }

    /// Goes on with a new connection after the old one broke before anything was sent that could have changed the
    /// database; false if no tries are left, or if an administrator ended the session.
    ///
    /// # Errors
    /// [`crate::Kind::Unreachable`] or [`crate::Kind::Interrupted`].
    pub async fn resume(&mut self, backoff: &mut Backoff, error: &ServerError) -> Result<bool> {
        let lost = self.connection.lost().and_then(|lost| lost.cause.clone());
        let reason = lost.unwrap_or_else(|| Error::failed("").caused_by(error).cause.unwrap_or_default());
        // Somebody ended the session on purpose; coming back would be against their will.
        let ended = reason.contains(SqlState::ADMIN_SHUTDOWN.code());
        let Some(pause) = backoff.pause().filter(|_| !ended) else {
            return Ok(false);
        };
        self.observer.event(&Event::Step {
            message: format!(
                "the connection broke ({reason}), and nothing was lost; going on with a new one"
            ),
        });
        self.interrupt.sleep(pause).await?;
        self.reconnect().await.map(|()| true)
    }

    /// Reads the history on a new connection and under the migration lock: while the lost session still lives it holds
    /// that lock, so what is read is final.
    ///
    /// # Errors
    /// [`crate::Kind::Unreachable`], [`crate::Kind::Locked`] or [`crate::Kind::Interrupted`].
    pub async fn read_again(&mut self) -> Result<Option<Vec<Applied>>> {
        self.reconnect().await?;
        let held = self
            .begin_locked(self.timeouts().lock, IDLE_LIMIT, false)
            .await
            .map_err(|failure| failure.into_error("could not read the migration history"))?;
        self.rollback().await;
        Ok(held.history)
    }
}
