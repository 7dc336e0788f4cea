//! What the examination found.

use serde::Serialize;

use crate::report::{Cell, Columns, Report, Table, Tone};

/// The areas, from the outside to the inside.
const AREAS: [&str; 5] = ["connection", "server", "role", "api", "database"];

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

impl State {
    /// The word, in its colour.
    pub(super) fn cell(self) -> Cell {
        let (word, tone) = match self {
            Self::Ok => ("ok", Tone::Good),
            Self::Note => ("note", Tone::Warn),
            Self::Problem => ("problem", Tone::Bad),
        };
        Cell::text(word).tone(tone)
    }
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
    pub(super) fn new(target: String, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| AREAS.iter().position(|area| *area == finding.area));
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

    fn table(&self) -> Table {
        Columns::of(&self.findings)
            .column("state", |finding| finding.state.cell())
            .column("area", |finding| Cell::text(finding.area).tone(Tone::Dim))
            .column("check", |finding| Cell::text(&finding.check))
            .column("fact", |finding| Cell::text(&finding.fact))
            .column("next", |finding| Cell::optional(finding.next.as_deref()))
            .table()
    }
}
