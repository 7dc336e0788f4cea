//! The pauses between the tries of a transaction, and who is in the way meanwhile.

use std::time::Duration;

use tokio_postgres::Error as ServerError;

use super::blocker::BlockerRow;
use super::retry::Backoff;
use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::event::Event;

/// After so many tries an autovacuum that is in the way gets the time it needs to notice and give way.
const PATIENT_TRIES: u32 = 3;
/// A little longer than deadlock_timeout, after which the server cancels an autovacuum that others wait for.
const PATIENT_LOCK_TIMEOUT: Duration = Duration::from_millis(1_200);

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The pause is over; try again.
    Again,
    /// No more tries are left.
    Over,
}

/// The waiting of one transaction.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The pauses.
    pub backoff: Backoff,
    /// Who was in the way when it was looked last.
    pub blockers: Vec<BlockerRow>,
}

impl Waiting {
    /// Begins to count; there are no more tries once `limit` is over.
    pub fn new(limit: Duration) -> Self {
        Self {
            backoff: Backoff::new(limit),
            blockers: Vec::new(),
        }
    }

    /// How long a statement of the next try waits for a lock.
    pub fn lock_timeout(&self, usual: Duration) -> Duration {
        let autovacuum = !self.blockers.is_empty() && self.blockers.iter().all(BlockerRow::is_autovacuum);
        match autovacuum && self.backoff.tries() >= PATIENT_TRIES {
            true => usual.max(PATIENT_LOCK_TIMEOUT),
            false => usual,
        }
    }

    /// Finds out who is in the way, tells, and pauses.
    ///
    /// # Errors
    /// [`Kind::Interrupted`].
    pub async fn again(&mut self, connection: &Connection) -> Result<Wait> {
        self.blockers = connection.blockers().await;
        connection.tell(&Event::Waiting {
            for_what: self.blockers.first().map_or_else(
                || "a lock that another session holds".to_owned(),
                BlockerRow::holds,
            ),
            blocker: self.blockers.first().map(BlockerRow::to_blocker),
            waited: self.backoff.waited(),
        });
        let Some(pause) = self.backoff.pause() else {
            return Ok(Wait::Over);
        };
        connection.interrupt().sleep(pause).await?;
        Ok(Wait::Again)
    }

    /// Says that `what` was not done because others held locks for as long as it may wait, and who they are.
    pub fn locked_out(&self, what: &str, error: &ServerError, again: &str) -> Error {
        let mut locked = Error::new(Kind::Locked, what).caused_by(error);
        locked
            .details
            .extend(self.blockers.iter().map(BlockerRow::sentence));
        let next = match self.blockers.first() {
            Some(first) if first.pid > 0 => format!(
                "{again} when they are done, or end one with select pg_terminate_backend({})",
                first.pid
            ),
            _ => format!("{again} later"),
        };
        locked.with_hint(next)
    }
}
