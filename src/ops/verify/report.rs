//! The answer of a verification.

use serde::Serialize;

use super::check::{Check, Level};
use super::exception;
use super::finding::{Cause, Finding, NotChecked};
use super::numbers::Numbers;
use super::selection::Request;
use crate::error::Kind;
use crate::report::{Cell, Report, Table, Tone};

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
    /// Nothing was found that counts, but a check could not be made, and nobody accepted that.
    NotChecked,
}

impl Verdict {
    /// The exit code that stands for it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Pending => Kind::Pending.exit_code(),
            Self::Findings | Self::NotChecked => Kind::Findings.exit_code(),
        }
    }
}

/// How many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Checks that were made and found nothing.
    pub passed: usize,
    /// Checks that could not be made, accepted ones included.
    pub not_checked: usize,
    /// Checks that have nothing to look at in this database.
    pub not_applicable: usize,
    /// Findings of level error.
    pub errors: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Findings of level info.
    pub infos: usize,
    /// Findings of any level that follow from another one.
    pub consequences: usize,
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
    /// Checks that could not be made, which is no pass.
    pub not_checked: Vec<NotChecked>,
    /// Checks that have nothing to look at in this database, and why.
    pub not_applicable: Vec<NotChecked>,
    /// Findings that an exception covers.
    pub excepted: Vec<Excepted>,
    /// Exceptions that would cover a finding, had they not expired.
    pub expired_exceptions: Vec<String>,
    /// The checks that were made and found nothing.
    pub passed: Vec<String>,
}

impl Verification {
    /// The findings that are no consequence of another one.
    pub fn causes(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.cause.is_none())
    }

    /// Sorts what was found into findings and exceptions, counts, and decides.
    ///
    /// Of the checks that were `chosen` only those that were `made`, and found nothing, passed.
    pub(super) fn settle(
        &mut self,
        found: Vec<Finding>,
        chosen: &[&Check],
        made: &[String],
        request: &Request,
    ) {
        let found_by = |id: &str| found.iter().any(|finding| finding.check_id == id);
        self.not_checked.sort_by(|a, b| a.check_id.cmp(&b.check_id));
        self.not_checked.dedup_by(|a, b| a.check_id == b.check_id);
        let missed = |id: &str| self.not_checked.iter().any(|not| not.check_id == id);
        let idle = |id: &str| self.not_applicable.iter().any(|not| not.check_id == id);
        let (passed, unaccounted): (Vec<&Check>, Vec<&Check>) = chosen
            .iter()
            .copied()
            .filter(|check| !found_by(&check.id) && !missed(&check.id) && !idle(&check.id))
            .partition(|check| made.contains(&check.id));
        self.passed = passed.iter().map(|check| check.id.clone()).collect();
        let unaccounted = unaccounted
            .iter()
            .map(|check| NotChecked::new(&check.id, "it was not made"));
        self.not_checked.extend(unaccounted);
        self.expired_exceptions =
            exception::expired(&request.exceptions, &found, &self.not_checked, request.today)
                .iter()
                .map(|e| format!("{} on {} until {}: {}", e.check, e.object, e.until, e.reason))
                .collect();
        for not in &mut self.not_checked {
            not.accepted = accepted(not, request);
        }
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
        let acted = |id: &str| chosen.iter().any(|check| check.id == id && check.acts());
        let key = |f: &Finding| {
            let (check, object) = (f.check_id.clone(), f.object.clone());
            (f.level, acted(&f.check_id), check, f.rank, object)
        };
        self.findings.sort_by_cached_key(key);
        self.attribute(chosen);
        self.excepted
            .sort_by_cached_key(|excepted| key(&excepted.finding));
        self.not_checked.sort_by(|a, b| a.check_id.cmp(&b.check_id));
        self.count();
        let counts = self.findings.iter().any(|f| request.threshold.counts(f.level));
        let blind = self.not_checked.iter().any(|not| not.accepted.is_none());
        self.verdict = match (counts, blind) {
            _ if !self.pending.is_empty() => Verdict::Pending,
            (true, _) => Verdict::Findings,
            (false, true) => Verdict::NotChecked,
            (false, false) => Verdict::Passed,
        };
    }

    /// Notes for what users could do which error of the catalog it follows from, by the objects that the check names.
    fn attribute(&mut self, chosen: &[&Check]) {
        let check = |id: &str| chosen.iter().find(|check| check.id == id);
        let causes: Vec<Cause> = self
            .findings
            .iter()
            .filter(|f| f.level == Level::Error && check(&f.check_id).is_some_and(|check| !check.acts()))
            .map(|f| Cause {
                check_id: f.check_id.clone(),
                object: f.object.clone(),
            })
            .collect();
        for finding in &mut self.findings {
            let Some(check) = check(&finding.check_id).filter(|check| check.acts()) else {
                continue;
            };
            // The patterns stand in the order in which they are likely.
            let cause = check.causes.iter().find_map(|pattern| {
                causes
                    .iter()
                    .find(|cause| exception::matches(pattern, &cause.object))
            });
            finding.cause = cause.cloned();
        }
    }

    fn count(&mut self) {
        let of = |level| self.findings.iter().filter(|f| f.level == level).count();
        self.counts = Counts {
            passed: self.passed.len(),
            not_checked: self.not_checked.len(),
            not_applicable: self.not_applicable.len(),
            errors: of(Level::Error),
            warnings: of(Level::Warning),
            infos: of(Level::Info),
            consequences: self.findings.iter().filter(|f| f.cause.is_some()).count(),
            excepted: self.excepted.len(),
        };
    }
}

/// Why a check may stay unmade, if somebody said so.
fn accepted(not: &NotChecked, request: &Request) -> Option<String> {
    if let Some(exception) = exception::excusing(&request.exceptions, not, request.today) {
        return Some(format!("{}, until {}", exception.reason, exception.until));
    }
    let allowed = |pattern: &String| exception::matches(pattern, &not.check_id);
    let is_allowed = request.allow_not_checked.iter().any(allowed);
    is_allowed.then(|| "by --allow-not-checked".to_owned())
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

    fn table(&self) -> Table {
        let header = vec![
            "check_id",
            "level",
            "object",
            "expected",
            "actual",
            "explanation",
            "fix",
        ];
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
        let unmade = |not: &NotChecked| {
            vec![
                Cell::text(&not.check_id),
                Cell::text("not checked").tone(Tone::Bad),
                Cell::text(""),
                Cell::text("checked"),
                Cell::text(&not.reason),
                Cell::optional(not.accepted.as_deref()),
                Cell::optional(None::<String>),
            ]
        };
        let findings = self.findings.iter().map(row);
        let rows = findings.chain(self.not_checked.iter().map(unmade)).collect();
        Table { header, rows }
    }
}
