//! What a long operation tells while it runs.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// Hears the events of an operation. Implementations must not block for long: events are sent between statements.
pub trait Observer: Send + Sync {
    /// Takes note of `event`.
    fn event(&self, event: &Event);
}

/// Hears nothing; for embedding, and for tests that look only at the report.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event) {}
}

/// One thing that happened. Serialized as one JSON object with the snake_case name in field `event`; durations are
/// whole milliseconds in fields that end in `_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// An operation of `total` migrations (or other counted steps) begins.
    RunStarted {
        /// What is done, such as `apply` or `undo`.
        action: &'static str,
        /// How many migrations there are to work through.
        total: usize,
    },
    /// A step without a finer event of its own begins; `message` is a lower-case phrase such as `starting the server`.
    Step {
        /// The phrase.
        message: String,
    },
    /// A migration begins.
    MigrationStarted {
        /// Its version.
        version: i64,
        /// Its name without version.
        name: String,
    },
    /// A migration and its history row are committed.
    MigrationApplied {
        /// Its version.
        version: i64,
        /// Its name without version.
        name: String,
        /// How long it took.
        #[serde(rename = "elapsed_ms", serialize_with = "millis")]
        elapsed: Duration,
    },
    /// A migration was undone and its history row is gone.
    MigrationUndone {
        /// Its version.
        version: i64,
        /// Its name without version.
        name: String,
        /// How long it took.
        #[serde(rename = "elapsed_ms", serialize_with = "millis")]
        elapsed: Duration,
    },
    /// The server sent a notice or a warning.
    Notice {
        /// `NOTICE`, `WARNING`, `INFO` ...
        severity: String,
        /// The text, untrusted.
        message: String,
    },
    /// Something is held by another session; sent once an attempt.
    Waiting {
        /// What is waited for, such as `a lock on public.agents`.
        for_what: String,
        /// Who holds it, where the server tells.
        blocker: Option<Blocker>,
        /// How long the wait has lasted so far.
        #[serde(rename = "waited_ms", serialize_with = "millis")]
        waited: Duration,
    },
    /// An index is being built.
    IndexProgress {
        /// The index, schema-qualified.
        index: String,
        /// The phase in the server's words.
        phase: String,
        /// Blocks or tuples done in this phase.
        done: u64,
        /// Blocks or tuples of this phase; 0 while unknown.
        total: u64,
    },
    /// A batch of rows was committed.
    BatchDone {
        /// The table, schema-qualified.
        table: String,
        /// Rows done so far.
        done: u64,
        /// Rows in all, estimated; 0 while unknown.
        total: u64,
    },
    /// Part of one long transaction is done; nothing of it is kept before the end.
    RowsDone {
        /// What is done, such as `assigning users`.
        what: &'static str,
        /// Rows done so far.
        done: u64,
        /// Rows in all.
        total: u64,
    },
    /// The user interrupted; the running statement is being canceled.
    Interrupting,
}

/// A session that holds what an operation waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Blocker {
    /// The backend's process id.
    pub pid: i32,
    /// The role, untrusted.
    pub user: Option<String>,
    /// `application_name`, untrusted.
    pub application: Option<String>,
    /// `active`, `idle in transaction` ...
    pub state: Option<String>,
    /// How old its transaction is.
    #[serde(rename = "age_ms", serialize_with = "optional_millis")]
    pub age: Option<Duration>,
    /// Its current or last statement, untrusted and possibly long.
    pub query: Option<String>,
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(whole_millis(*duration))
}

fn optional_millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_some(&whole_millis(*duration)),
        None => serializer.serialize_none(),
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serializes_with_its_name_and_milliseconds() {
        let event = Event::Waiting {
            for_what: "a lock on public.agents".into(),
            blocker: Some(Blocker {
                pid: 7,
                age: Some(Duration::from_secs(2)),
                ..Blocker::default()
            }),
            waited: Duration::from_millis(300),
        };
        let json = serde_json::to_value(&event).map_err(|e| e.to_string());
        assert_eq!(
            json,
            Ok(serde_json::json!({
                "event": "waiting",
                "for_what": "a lock on public.agents",
                "blocker": {"pid": 7, "user": null, "application": null, "state": null, "age_ms": 2000, "query": null},
                "waited_ms": 300,
            }))
        );
    }
}
