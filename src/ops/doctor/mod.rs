//! Examines connection, server, role and database for what would go wrong; writes nothing.

mod advisories;
mod finding;
mod overview;
mod path;
mod pooler;
mod rights;
mod server;
mod settings;
mod state;
mod tenancy;

use std::time::Duration;

use serde::de::DeserializeOwned;

pub use finding::{DoctorReport, Finding, State};
pub use overview::Overview;

use crate::db::Connection;
use crate::error::{Error, Kind, Result};
use crate::ops::migrate::{adoption, preflight, read, status};

/// Looks at everything. `connecting` is how long ago the connection was begun to be opened.
///
/// What cannot be looked at becomes a finding of its own.
///
/// # Errors
/// [`crate::Kind::Unreachable`] if the connection broke, [`Kind::Locked`] if others hold a lock for too long.
pub async fn examine(connection: &mut Connection, connecting: Duration) -> Result<DoctorReport> {
    let mut findings = Vec::new();
    match server::session(connection, connecting).await {
        Ok(session) => {
            findings.extend(path::examine(
                &connection.settings,
                connection.is_encrypted(),
                &session,
            ));
            findings.push(pooler::examine(connection, &session).await);
            findings.extend(server::examine(&session));
            findings.push(rights::role(&session));
        }
        Err(error) => findings.push(unseen("connection", "session", &error)?),
    }
    match settings::examine(connection).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unseen("server", "settings", &error)?),
    }
    let facts = preflight::read(connection).await;
    let status = status::status(connection).await;
    let mut obstacles = Vec::new();
    if let (Ok(facts), Ok(status)) = (&facts, &status) {
        let pending = status.pending();
        if !pending.is_empty() && facts.problems().is_empty() {
            match adoption::read(connection).await {
                Ok(adoption) => {
                    obstacles.extend(adoption.in_the_way(&pending).map(adoption::Obstacle::to_error))
                }
                Err(error) => findings.push(unseen("database", "migrate up", &error)?),
            }
        }
    }
    let is_done = status
        .as_ref()
        .is_ok_and(|report| !report.is_pending() && !report.is_divergent());
    match rights::examine(connection, facts.as_ref().ok(), &obstacles, is_done).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unseen("role", "privileges", &error)?),
    }
    match tenancy::examine(connection).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unseen("api", "roles and functions", &error)?),
    }
    match facts {
        Ok(facts) => findings.extend(state::examine(connection, &facts, &status).await?),
        Err(error) => findings.push(unseen("database", "catalogs", &error)?),
    }
    match connection.lost() {
        Some(lost) => Err(lost.clone()),
        None => Ok(DoctorReport::new(connection.settings.describe(), findings)),
    }
}

/// Reads one JSON document, whatever limit of time is preset for the session.
async fn read<T: DeserializeOwned>(connection: &mut Connection, sql: &str) -> Result<T> {
    read::json(connection, sql).await
}

/// Says that something could not be looked at, unless others hold a lock on it: then so is what comes after.
fn unseen(area: &'static str, check: &str, error: &Error) -> Result<Finding> {
    if error.kind == Kind::Locked {
        return Err(error.clone());
    }
    let fact = match &error.cause {
        Some(cause) => format!("{}: {cause}", error.message),
        None => error.message.clone(),
    };
    let next = error.hint.clone().unwrap_or_default();
    Ok(Finding::problem(area, check, fact, next))
}
