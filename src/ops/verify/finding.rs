//! What a check found, or why it could not look.

use serde::Serialize;
use tokio_postgres::{Error as ServerError, Row};

use super::check::{Check, Level};

/// One difference from what was promised, or one way past the isolation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Finding {
    /// The check's id.
    pub check_id: String,
    /// How bad it is.
    pub level: Level,
    /// What it is about, as the server writes its name.
    pub object: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub actual: String,
    /// Why it matters.
    pub explanation: String,
    /// The SQL that mends it. It begins with `-- review:` where a person has to decide.
    pub fix: Option<String>,
    /// Whether `--fix` runs that SQL.
    pub is_fixable: bool,
    /// The finding that it follows from, if there is one: once that is fixed, it should be gone.
    pub cause: Option<Cause>,
    /// Where it stands among those of its check, because the fixes of later ones need those of earlier ones.
    #[serde(skip)]
    pub(super) rank: i32,
}

/// A finding that others follow from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The check's id.
    pub check_id: String,
    /// What it is about.
    pub object: String,
}

impl Finding {
    pub(super) fn from_row(row: &Row, check: &Check) -> Result<Self, ServerError> {
        let text = |column| row.try_get::<_, Option<String>>(column);
        let is_ranked = row.columns().iter().any(|column| column.name() == "rank");
        let fix = text("fix")?.filter(|fix| !fix.is_empty());
        Ok(Self {
            check_id: check.id.clone(),
            level: text("level")?.map_or(check.level, |level| Level::parse(&level)),
            object: text("object")?.unwrap_or_default(),
            expected: text("expected")?.unwrap_or_default(),
            actual: text("actual")?.unwrap_or_default(),
            explanation: text("explanation")?.unwrap_or_else(|| check.explanation.clone()),
            is_fixable: check.mends.is_some() && fix.as_ref().is_some_and(|fix| !needs_review(fix)),
            cause: None,
            rank: if is_ranked { row.try_get("rank")? } else { 0 },
            fix,
        })
    }
}

fn needs_review(fix: &str) -> bool {
    fix.starts_with("-- review:")
}

/// A check that could not be made, which is no pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotChecked {
    /// The check's id.
    pub check_id: String,
    /// Why not.
    pub reason: String,
    /// Why it does not count, if somebody accepted it.
    pub accepted: Option<String>,
}

impl NotChecked {
    pub(super) fn new(check_id: &str, reason: impl Into<String>) -> Self {
        Self {
            check_id: check_id.to_owned(),
            reason: reason.into(),
            accepted: None,
        }
    }
}

/// The server's message with its SQLSTATE.
pub(super) fn reason(error: &ServerError) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        None => crate::error::chain(error),
    }
}
