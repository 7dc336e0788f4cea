//! The server: version and what it is open to, replication, clock, room for connections.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use time::OffsetDateTime;

use super::advisories;
use super::finding::Finding;
use crate::db::Connection;
use crate::error::Result;

const SESSION: &str = include_str!("../../../sql/doctor/session.sql");
const AREA: &str = "server";

/// The newest major version that vital is tested on.
const NEWEST: i32 = 18;
const OLDEST: i32 = 14;
/// A clock that is off by less is not worth a word.
const TOLERABLE_SKEW_MS: i64 = 2_000;
/// Tokens are refused or live too long beyond this.
const HARMFUL_SKEW_MS: i64 = 60_000;
/// How much older than the connection a session must be to be somebody's before.
const OLDER_BY_MS: i64 = 1_000;

/// Encryption as the server sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct ServerTls {
    pub version: String,
    pub cipher: String,
    pub bits: i32,
    pub client: Option<String>,
}

/// How many connections there are of those that are allowed.
#[derive(Debug, Clone, Deserialize)]
struct Limit {
    whose: String,
    used: i64,
    allowed: i64,
}

/// What the server says about the session.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    server_version: String,
    server_version_num: i32,
    pub session_user: String,
    pub current_user: String,
    pub is_superuser: bool,
    pub bypasses_rls: bool,
    pub creates_roles: bool,
    pub backend_pid: i32,
    backend_age_ms: Option<i64>,
    pub server_address: Option<String>,
    pub server_port: Option<i32>,
    pub is_loopback: bool,
    pub tls: Option<ServerTls>,
    in_recovery: bool,
    synchronous_standbys: String,
    clock_ms: i64,
    database: String,
    connections: Vec<Limit>,
    /// Whether the session existed before the connection was opened.
    #[serde(skip)]
    pub is_older_backend: bool,
    #[serde(skip)]
    skew_ms: i64,
}

/// Reads it; `connecting` is how long ago the connection was begun to be opened.
///
/// # Errors
/// The server's.
pub async fn session(connection: &mut Connection, connecting: Duration) -> Result<Session> {
    let before = now_ms();
    let mut session: Session = super::read(connection, SESSION).await?;
    let after = now_ms();
    // The answer was written at some moment between the two.
    session.skew_ms = match session.clock_ms {
        clock if clock < before => clock - before,
        clock if clock > after => clock - after,
        _ => 0,
    };
    let known = i64::try_from(connecting.as_millis()).unwrap_or(i64::MAX);
    let age = session.backend_age_ms.unwrap_or_default();
    session.is_older_backend = age > known.saturating_add(after - before + OLDER_BY_MS);
    Ok(session)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Judges the server.
pub fn examine(session: &Session) -> Vec<Finding> {
    let mut findings = vec![version(session)];
    findings.extend(fixes(session));
    findings.push(replica(session));
    findings.push(clock(session.skew_ms));
    findings.extend(connections(session));
    findings
}

fn version(session: &Session) -> Finding {
    let (shown, major) = (&session.server_version, session.server_version_num / 10_000);
    let fact = format!("PostgreSQL {shown}");
    let until = advisories::supported_until(major);
    let ended = until.filter(|day| {
        OffsetDateTime::from_unix_timestamp(session.clock_ms / 1_000).is_ok_and(|now| now.date() > *day)
    });
    if let Some(day) = ended {
        return Finding::note(
            AREA,
            "version",
            format!("{fact}, which gets no more fixes since {day}"),
        )
        .next("plan the upgrade to a later major version");
    }
    match major {
        OLDEST..=NEWEST => Finding::ok(AREA, "version", fact),
        ..OLDEST => Finding::problem(
            AREA,
            "version",
            fact,
            format!("upgrade to PostgreSQL {OLDEST} or later"),
        ),
        _ => Finding::note(AREA, "version", format!("{fact}, which vital was not tested on"))
            .next(format!("vital is tested on PostgreSQL {OLDEST} to {NEWEST}")),
    }
}

fn fixes(session: &Session) -> Vec<Finding> {
    let open = advisories::open(session.server_version_num);
    let major = session.server_version_num / 10_000;
    if open.is_empty() {
        return vec![Finding::ok(
            AREA,
            "security fixes",
            "every fix that isolation depends on and that this version of vital knows is in",
        )];
    }
    let next = advisories::safe(major).map_or_else(String::new, |minor| {
        format!("update the server to {major}.{minor} or later; a restart, no dump")
    });
    open.iter()
        .map(|advisory| Finding::problem(AREA, advisory.id, advisory.effect, next.as_str()))
        .collect()
}

fn replica(session: &Session) -> Finding {
    if session.in_recovery {
        return Finding::problem(
            AREA,
            "replication",
            "a standby: it takes no writes",
            "connect to the primary; with several hosts, target_session_attrs=read-write finds it",
        );
    }
    match session.synchronous_standbys.as_str() {
        "" => Finding::ok(AREA, "replication", "a primary; commits wait for no standby"),
        names => Finding::note(
            AREA,
            "replication",
            format!("a primary; every commit waits for standby {names}, also those of `migrate up`"),
        ),
    }
}

fn clock(skew_ms: i64) -> Finding {
    let size = skew_ms.abs();
    if size <= TOLERABLE_SKEW_MS {
        return Finding::ok(AREA, "clock", "agrees with this machine's");
    }
    let side = if skew_ms > 0 { "ahead of" } else { "behind" };
    let fact = format!("{}.{} s {side} this machine's", size / 1_000, size % 1_000 / 100);
    let next = "synchronise both clocks: tokens expire and histories are dated by them";
    if size > HARMFUL_SKEW_MS {
        Finding::problem(AREA, "clock", fact, next)
    } else {
        Finding::note(AREA, "clock", fact).next(next)
    }
}

fn connections(session: &Session) -> Option<Finding> {
    let Limit { whose, used, allowed } = session.connections.first()?;
    let (of, raise) = match whose.as_str() {
        "role" => (
            format!(", of role {}", session.session_user),
            format!("`alter role {} connection limit`", session.session_user),
        ),
        "database" => (
            format!(", of database {}", session.database),
            format!("`alter database {} connection limit`", session.database),
        ),
        _ => (String::new(), "max_connections".to_owned()),
    };
    let fact = format!("{used} of {allowed} are taken{of}");
    // A large table is prepared over a second connection.
    Some(match allowed - used < 2 {
        true => Finding::problem(
            AREA,
            "connections",
            fact,
            format!("close some, or raise {raise}: `migrate up` may need two more"),
        ),
        false => Finding::ok(AREA, "connections", fact),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::doctor::State;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        let states = [0, 2_000, -2_001, 59_999, 60_001].map(|skew| clock(skew).state);
        assert_eq!(
            states,
            [State::Ok, State::Ok, State::Note, State::Note, State::Problem]
        );
        assert_eq!(clock(-2_150).fact, "2.1 s behind this machine's");
    }
}
