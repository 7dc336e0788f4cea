//! Which failures pass by themselves, and how long to wait for that.

use std::time::{Duration, Instant};

use tokio_postgres::Error as ServerError;
use tokio_postgres::error::{Severity, SqlState};

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(8);
const MAX_TRIES: u32 = 30;

/// Tells whether the same statement may succeed a moment later.
#[must_use]
pub fn is_passing(error: &ServerError) -> bool {
    let Some(db) = error.as_db_error() else {
        return false;
    };
    let code = db.code();
    *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || (*code == SqlState::INTERNAL_ERROR && db.message().starts_with("tuple concurrently"))
}

/// Tells whether the connection is gone, so that the statement's outcome is not known from its answer.
#[must_use]
pub fn is_broken(error: &ServerError) -> bool {
    error.as_db_error().is_none_or(|db| {
        let ends_session = matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        ends_session || db.code().code().starts_with("08")
    })
}

/// The pauses between tries: half a second, doubled up to 8 s, each shortened by up to a half at random so that
/// several runners do not come back together.
#[derive(Debug)]
pub struct Backoff {
    started: Instant,
    limit: Duration,
    tries: u32,
}

impl Backoff {
    /// Starts to count; there will be 30 tries within `limit` at most.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            started: Instant::now(),
            limit,
            tries: 0,
        }
    }

    /// How long it has been waiting.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many tries failed.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Counts a failed try and returns the pause before the next; nothing when there shall be no next one.
    pub fn pause(&mut self) -> Option<Duration> {
        let delay = FIRST_DELAY
            .saturating_mul(1 << self.tries.min(10))
            .min(LONGEST_DELAY);
        let delay = delay.mul_f64(1.0 - fastrand::f64() / 2.0);
        self.tries += 1;
        (self.tries < MAX_TRIES && self.waited() + delay <= self.limit).then_some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_eight_seconds_and_end() {
        let mut backoff = Backoff::new(Duration::from_secs(3600));
        let pauses: Vec<Duration> = std::iter::from_fn(|| backoff.pause()).collect();
        assert_eq!(pauses.len(), 29);
        assert!(pauses[0] >= FIRST_DELAY / 2 && pauses[0] <= FIRST_DELAY);
        assert!(pauses[28] >= LONGEST_DELAY / 2 && pauses[28] <= LONGEST_DELAY);
    }

    #[test]
    fn a_pause_never_ends_after_the_limit() {
        assert_eq!(Backoff::new(Duration::from_millis(100)).pause(), None);
        assert_eq!(Backoff::new(Duration::ZERO).pause(), None);
    }
}
