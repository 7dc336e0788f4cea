//! Settings of the database and of roles that would hurt.

use serde::Deserialize;

use super::finding::Finding;
use crate::db::Connection;
use crate::error::Result;

const SETTINGS: &str = include_str!("../../../sql/doctor/settings.sql");
const AREA: &str = "server";

/// A setting and whom it is for.
#[derive(Debug, Clone, Deserialize)]
struct Setting {
    name: String,
    value: String,
    role: Option<String>,
    database: Option<String>,
}

impl Setting {
    fn whose(&self) -> String {
        match (&self.role, &self.database) {
            (Some(role), Some(database)) => format!("role {role} in database {database}"),
            (Some(role), None) => format!("role {role}"),
            (None, Some(database)) => format!("database {database}"),
            (None, None) => "the server".to_owned(),
        }
    }

    /// The statement that takes it back.
    fn reset(&self) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        match (&self.role, &self.database) {
            (Some(role), Some(database)) => format!(
                "alter role {} in database {} reset {}",
                quoted(role),
                quoted(database),
                self.name
            ),
            (Some(role), None) => format!("alter role {} reset {}", quoted(role), self.name),
            (None, Some(database)) => format!("alter database {} reset {}", quoted(database), self.name),
            (None, None) => format!("alter system reset {}", self.name),
        }
    }

    fn judge(&self) -> Option<Finding> {
        let Self { name, value, .. } = self;
        let fact = |why: &str| format!("{name} = {value} for {}: {why}", self.whose());
        let problem = |why: &str| Some(Finding::problem(AREA, "settings", fact(why), self.reset()));
        match (name.as_str(), value.as_str()) {
            (name, _) if name.starts_with("app.tenant") || name.starts_with("request.") => {
                problem("every session begins with that identity or tenant")
            }
            ("session_replication_role", value) if value != "origin" => {
                problem("triggers do not fire, so nothing is guarded or audited")
            }
            ("row_security", "off" | "false" | "0" | "no") => {
                problem("queries that policies would filter fail instead")
            }
            ("default_transaction_read_only", "on" | "true" | "1" | "yes") => {
                problem("nothing can be migrated or administered")
            }
            ("idle_session_timeout", _) => Some(
                Finding::note(
                    AREA,
                    "settings",
                    fact("ends vital's session while it waits for an answer"),
                )
                .next("answer in time, or give --yes"),
            ),
            (
                "statement_timeout"
                | "lock_timeout"
                | "idle_in_transaction_session_timeout"
                | "transaction_timeout",
                _,
            ) => Some(Finding::ok(
                AREA,
                "settings",
                fact("no harm: vital sets its own limit in each transaction"),
            )),
            _ => None,
        }
    }
}

/// What ends a session of the API that keeps others waiting.
const LIMITS: [&str; 3] = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
];

/// Whether users of the API can hold locks for as long as they like. PostgreSQL lets whoever may delete rows of a table lock
/// the table, and whoever may update a row lock the row; a limit is the only thing that ends it. A setting counts for the role
/// that logs in, and for `authenticated`, whose settings PostgREST applies.
fn unlimited(settings: &[Setting]) -> Option<Finding> {
    let is_set = |limit: &str, setting: &Setting| {
        let is_theirs = setting
            .role
            .as_deref()
            .is_none_or(|role| role == "authenticated" || role == "authenticator");
        setting.name == limit && is_theirs && setting.value != "0"
    };
    let missing: Vec<_> = LIMITS
        .into_iter()
        .filter(|limit| !settings.iter().any(|setting| is_set(limit, setting)))
        .collect();
    let statements: Vec<_> = missing
        .iter()
        .map(|limit| format!("alter role authenticator set {limit} = '8s'"))
        .collect();
    (!missing.is_empty()).then(|| {
        Finding::note(
            AREA,
            "limits of the API",
            format!(
                "{} of role authenticator: a user of the API may hold a lock on tenants or agents for as long as they like, \
                 and a suspension waits for it",
                missing.join(", ") + if missing.len() == 1 { " is not set" } else { " are not set" }
            ),
        )
        .next(statements.join("; "))
    })
}

/// Looks at what is set.
///
/// # Errors
/// The server's.
pub async fn examine(connection: &mut Connection) -> Result<Vec<Finding>> {
    let settings: Vec<Setting> = super::read(connection, SETTINGS).await?;
    let mut findings: Vec<Finding> = settings.iter().filter_map(Setting::judge).collect();
    findings.extend(unlimited(&settings));
    if findings.is_empty() {
        findings.push(Finding::ok(
            AREA,
            "settings",
            "no limit or identity is preset for this database and role",
        ));
    }
    Ok(findings)
}
