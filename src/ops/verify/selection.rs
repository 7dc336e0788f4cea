//! Which checks run, and which findings count.

use time::{Date, OffsetDateTime};

use super::check::{Check, Level};
use super::exception::matches;
use crate::db::Exception;
use crate::error::{Error, Result};
use crate::model::nearest;

/// What makes a run fail. Errors do, and checks that could not be made and that nobody accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Threshold {
    /// Warnings, too.
    pub warnings: bool,
}

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The checks to make, by id or a pattern with `*`; all if empty.
    pub only: Vec<String>,
    /// The checks to leave out, likewise.
    pub skip: Vec<String>,
    /// What makes the run fail.
    pub threshold: Threshold,
    /// The checks that may stay unmade, by id or a pattern with `*`.
    pub allow_not_checked: Vec<String>,
    /// Findings, and checks that cannot be made, that somebody has accepted.
    pub exceptions: Vec<Exception>,
    /// The day by which exceptions expire.
    pub today: Date,
}

/// Every check, today, without exceptions; only errors make the run fail.
impl Default for Request {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            skip: Vec::new(),
            threshold: Threshold::default(),
            allow_not_checked: Vec::new(),
            exceptions: Vec::new(),
            today: OffsetDateTime::now_utc().date(),
        }
    }
}

impl Request {
    /// Returns the checks that are wanted.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] for a name that is no check's, also in an exception.
    pub(super) fn choose<'a>(&self, checks: &'a [Check]) -> Result<Vec<&'a Check>> {
        let of_exceptions = self.exceptions.iter().map(|exception| &exception.check);
        let named = self.only.iter().chain(&self.skip).chain(&self.allow_not_checked);
        for pattern in named.chain(of_exceptions) {
            if !checks.iter().any(|check| matches(pattern, &check.id)) {
                return Err(unknown(pattern, checks));
            }
        }
        let named = |patterns: &[String], id: &str| patterns.iter().any(|pattern| matches(pattern, id));
        Ok(checks
            .iter()
            .filter(|check| self.only.is_empty() || named(&self.only, &check.id))
            .filter(|check| !named(&self.skip, &check.id))
            .collect())
    }
}

impl Threshold {
    pub(super) fn counts(self, level: Level) -> bool {
        match level {
            Level::Error => true,
            Level::Warning => self.warnings,
            Level::Info => false,
        }
    }
}

fn unknown(pattern: &str, checks: &[Check]) -> Error {
    let near = nearest(pattern, checks.iter().map(|check| check.id.clone()));
    let error = Error::usage(format!("there is no check `{pattern}`"));
    match near.first() {
        Some(id) => error.with_hint(format!("did you mean `{id}`?")),
        None => error.with_hint("`vital verify --list` names them; * stands for any text"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::checks;
    use super::*;

    fn request(only: &[&str], skip: &[&str]) -> Request {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Request {
            only: owned(only),
            skip: owned(skip),
            threshold: Threshold::default(),
            allow_not_checked: Vec::new(),
            exceptions: Vec::new(),
            today: time::macros::date!(2026 - 01 - 02),
        }
    }

    #[test]
    fn names_and_patterns_choose() {
        let all = checks();
        let ids = |only: &[&str], skip: &[&str]| {
            let chosen = request(only, skip).choose(&all);
            chosen.map(|chosen| chosen.iter().map(|check| check.id.clone()).collect::<Vec<_>>())
        };
        assert_eq!(ids(&["seeds"], &[]), Ok(vec!["seeds".to_owned()]));
        assert_eq!(ids(&["s*s"], &["shape-*"]), Ok(vec!["seeds".to_owned()]));
        assert_eq!(ids(&[], &[]).map(|ids| ids.len()), Ok(all.len()));
    }

    #[test]
    fn an_unknown_check_is_a_usage_error_that_names_the_nearest() {
        let all = checks();
        let error = request(&["sead"], &[]).choose(&all);
        let error = error.map_err(|error| (error.kind, error.hint));
        let hint = "did you mean `seeds`?".to_owned();
        assert_eq!(error.map(|_| ()), Err((crate::Kind::Usage, Some(hint))));
    }
}
