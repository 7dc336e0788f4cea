//! What the examination found.

use serde::Serialize;

use crate::report::{Cell, Report, Tone};

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Worth knowing; stops nothing.
    Note,
    /// Stops something, or is unsafe.
    Problem,
}

/// One line of the examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `connection`, `server`, `role`, `api` or `database`.
    pub area: &'static str,
    /// What was looked at.
    pub check: String,
    /// How it stands.
    pub state: State,
    /// What is.
    pub fact: String,
    /// What to do next; null if nothing.
    pub next: Option<String>,
}

impl Finding {
    fn new(area: &'static str, check: impl Into<String>, state: State, fact: impl Into<String>) -> Self {
        Self {
            area,
            check: check.into(),
            state,
            fact: fact.into(),
            next: None,
        }
    }

    pub(super) fn ok(area: &'static str, check: impl Into<String>, fact: impl Into<String>) -> Self {
        Self::new(area, check, State::Ok, fact)
    }

    pub(super) fn note(area: &'static str, check: impl Into<String>, fact: impl Into<String>) -> Self {
        Self::new(area, check, State::Note, fact)
    }

    pub(super) fn problem(
        area: &'static str,
        check: impl Into<String>,
        fact: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::new(area, check, State::Problem, fact).next(next)
    }

    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into()).filter(|next| !next.is_empty());
        self
    }
}

/// The whole examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// What was examined, without a password.
    pub target: String,
    /// How many findings are problems.
    pub problems: usize,
    /// How many are notes.
    pub notes: usize,
    /// The findings, from the connection to the data.
    pub findings: Vec<Finding>,
}

impl DoctorReport {
    pub(super) fn new(target: String, findings: Vec<Finding>) -> Self {
        let count = |state| findings.iter().filter(|finding| finding.state == state).count();
        Self {
            target,
            problems: count(State::Problem),
            notes: count(State::Note),
            findings,
        }
    }
}

impl Report for DoctorReport {
    const SCHEMA: &'static str = "vital.doctor/1";

    fn header(&self) -> Vec<&'static str> {
        vec!["state", "area", "check", "fact", "next"]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let row = |finding: &Finding| {
            let (word, tone) = match finding.state {
                State::Ok => ("ok", Tone::Good),
                State::Note => ("note", Tone::Warn),
                State::Problem => ("problem", Tone::Bad),
            };
            vec![
                Cell::text(word).tone(tone),
                Cell::text(finding.area).tone(Tone::Dim),
                Cell::text(&finding.check),
                Cell::text(&finding.fact),
                Cell::optional(finding.next.as_deref()),
            ]
        };
        self.findings.iter().map(row).collect()
    }

    fn summary(&self) -> Vec<String> {
        let Self {
            target,
            problems,
            notes,
            ..
        } = self;
        vec![match problems {
            0 => format!("no problem found with {target}; notes: {notes}"),
            _ => format!("problems: {problems}, notes: {notes}, with {target}"),
        }]
    }
}
