//! The answer of a verification.

use serde::Serialize;

use super::check::{Check, Level};
use super::exception;
use super::finding::{Finding, NotChecked};
use super::numbers::Numbers;
use super::selection::Request;
use crate::error::Kind;
use crate::report::{Cell, Report, Tone};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was found that counts.
    #[default]
    Passed,
    /// Migrations are pending; whatever else was found is listed.
    Pending,
    /// Something was found that counts.
    Findings,
}

impl Verdict {
    /// The exit code that stands for it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Pending => Kind::Pending.exit_code(),
            Self::Findings => Kind::Findings.exit_code(),
        }
    }
}

/// How many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Checks that were made and found nothing.
    pub passed: usize,
    /// Checks that could not be made.
    pub not_checked: usize,
    /// Findings of level error.
    pub errors: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Findings of level info.
    pub infos: usize,
    /// Findings that an exception covers.
    pub excepted: usize,
}

/// A finding that somebody has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excepted {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it was accepted.
    pub reason: String,
    /// The last day on which it is.
    pub until: String,
}

/// The answer of `vital verify`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verification {
    /// Which database, where, as whom.
    pub database: String,
    /// The role that looked.
    pub role: String,
    /// The server's version.
    pub server_version: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How many of what.
    pub counts: Counts,
    /// Migrations that are not applied yet.
    pub pending: Vec<String>,
    /// The numbers of the migration's report, where the role may read them.
    pub numbers: Option<Numbers>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Checks that could not be made.
    pub not_checked: Vec<NotChecked>,
    /// Findings that an exception covers.
    pub excepted: Vec<Excepted>,
    /// Exceptions that would cover a finding, had they not expired.
    pub expired_exceptions: Vec<String>,
    /// The checks that were made and found nothing.
    pub passed: Vec<String>,
}

impl Verification {
    /// Sorts what was found into findings and exceptions, counts, and decides.
    pub(super) fn settle(&mut self, found: Vec<Finding>, made: &[&Check], request: &Request) {
        let found_by = |id: &str| found.iter().any(|finding| finding.check_id == id);
        let missed = |id: &str| self.not_checked.iter().any(|not| not.check_id == id);
        self.passed = made
            .iter()
            .filter(|check| !found_by(&check.id) && !missed(&check.id))
            .map(|check| check.id.clone())
            .collect();
        self.expired_exceptions = exception::expired(&request.exceptions, &found, request.today)
            .iter()
            .map(|e| format!("{} on {} until {}: {}", e.check, e.object, e.until, e.reason))
            .collect();
        for finding in found {
            match exception::covering(&request.exceptions, &finding, request.today) {
                Some(exception) => self.excepted.push(Excepted {
                    finding,
                    reason: exception.reason.clone(),
                    until: exception.until.to_string(),
                }),
                None => self.findings.push(finding),
            }
        }
        // What users can do because of a cause comes after the cause.
        let acted = |id: &str| made.iter().any(|check| check.id == id && check.acts());
        let key = |f: &Finding| (f.level, acted(&f.check_id), f.check_id.clone(), f.object.clone());
        self.findings.sort_by_cached_key(key);
        self.excepted
            .sort_by_cached_key(|excepted| key(&excepted.finding));
        self.not_checked.sort_by(|a, b| a.check_id.cmp(&b.check_id));
        self.not_checked.dedup_by(|a, b| a.check_id == b.check_id);
        self.count();
        let counts = self.findings.iter().any(|f| request.threshold.counts(f.level))
            || (request.threshold.not_checked && !self.not_checked.is_empty());
        self.verdict = match counts {
            _ if !self.pending.is_empty() => Verdict::Pending,
            true => Verdict::Findings,
            false => Verdict::Passed,
        };
    }

    fn count(&mut self) {
        let of = |level| self.findings.iter().filter(|f| f.level == level).count();
        self.counts = Counts {
            passed: self.passed.len(),
            not_checked: self.not_checked.len(),
            errors: of(Level::Error),
            warnings: of(Level::Warning),
            infos: of(Level::Info),
            excepted: self.excepted.len(),
        };
    }
}

/// How a level is coloured.
pub(super) fn tone(level: Level) -> Tone {
    match level {
        Level::Error => Tone::Bad,
        Level::Warning => Tone::Warn,
        Level::Info => Tone::Dim,
    }
}

impl Report for Verification {
    const SCHEMA: &'static str = "vital.verify/1";

    fn header(&self) -> Vec<&'static str> {
        vec![
            "check_id",
            "level",
            "object",
            "expected",
            "actual",
            "explanation",
            "fix",
        ]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let row = |finding: &Finding| {
            vec![
                Cell::text(&finding.check_id),
                Cell::text(finding.level.word()).tone(tone(finding.level)),
                Cell::text(&finding.object),
                Cell::text(&finding.expected),
                Cell::text(&finding.actual),
                Cell::text(&finding.explanation),
                Cell::optional(finding.fix.as_deref()),
            ]
        };
        self.findings.iter().map(row).collect()
    }
}
