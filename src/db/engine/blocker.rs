//! Sessions that hold what a run waits for.

use std::time::Duration;

use serde::Deserialize;

use tokio_postgres::SimpleQueryMessage;

use super::transaction::{Access, Begin, Transaction};
use crate::db::Connection;
use crate::event::Blocker;

const BLOCKERS: &str = include_str!("../../../sql/engine/blockers.sql");

/// A session that holds a lock, as the server tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BlockerRow {
    /// The process id; 0 for a prepared transaction.
    pub pid: i32,
    user: Option<String>,
    application: Option<String>,
    state: Option<String>,
    /// The age of its transaction, milliseconds; unknown where the role may not see it.
    pub age_ms: Option<u64>,
    query: Option<String>,
    relations: Option<String>,
}

impl BlockerRow {
    /// Tells whether it is an autovacuum, which gives way once deadlock_timeout has passed.
    #[must_use]
    pub fn is_autovacuum(&self) -> bool {
        self.state.as_deref() == Some("autovacuum")
    }

    /// What it holds, such as `a lock on public.agents`.
    #[must_use]
    pub fn holds(&self) -> String {
        match &self.relations {
            Some(relations) => format!("a lock on {relations}"),
            None => "the migration lock".to_owned(),
        }
    }

    /// Names it and what it holds in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut known: Vec<String> = Vec::new();
        known.extend(self.user.as_ref().map(|user| format!("user {user}")));
        known.extend(
            self.application
                .as_ref()
                .map(|name| format!("application {name}")),
        );
        known.extend(self.state.clone());
        let age = self
            .age_ms
            .map(|ms| format!("transaction open for {}", seconds(ms)));
        known.extend(age);
        let known = match known.as_slice() {
            [] => String::new(),
            known => format!(" ({})", known.join(", ")),
        };
        let mut sentence = format!("pid {}{known} holds {}", self.pid, self.holds());
        if let Some(query) = &self.query {
            let query: String = query.split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = query.chars().take(200).collect();
            sentence.push_str(&format!(": {short}"));
        }
        sentence
    }

    /// The same for events.
    #[must_use]
    pub fn to_blocker(&self) -> Blocker {
        Blocker {
            pid: self.pid,
            user: self.user.clone(),
            application: self.application.clone(),
            state: self.state.clone(),
            age: self.age_ms.map(Duration::from_millis),
            query: self.query.clone(),
        }
    }
}

impl Connection {
    /// Lists the sessions that hold locks on tables which this product reads or writes, those first whose locks keep
    /// even readers out; empty if the server does not tell.
    pub async fn blockers(&self) -> Vec<BlockerRow> {
        let begin = Begin::new(Access::Snapshot, &self.settings.timeouts);
        let answer = Transaction::ask(self, begin, BLOCKERS).await.unwrap_or_default();
        json(&answer)
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }
}

/// The same from within a transaction that must go on.
pub(crate) async fn within(transaction: &Transaction<'_>) -> Vec<BlockerRow> {
    let answer = transaction.simple(BLOCKERS).await.unwrap_or_default();
    json(&answer)
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// The value of column `json` in an answer.
pub(crate) fn json(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("json").ok().flatten().map(str::to_owned),
        _ => None,
    })
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocker_whose_session_is_hidden_is_still_named() {
        let row: Result<BlockerRow, _> = serde_json::from_str(r#"{"pid": 7, "relations": "public.agents"}"#);
        let sentence = row.map(|row| row.sentence()).map_err(|e| e.to_string());
        assert_eq!(sentence, Ok("pid 7 holds a lock on public.agents".to_owned()));
    }
}
