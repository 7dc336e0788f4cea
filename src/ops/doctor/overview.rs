//! An examination for a person at a terminal: what is, then what to do, whole and one under the other.

use serde::Serialize;

use super::finding::{DoctorReport, Finding, State};
use crate::report::{Cell, Columns, Report, Table};

/// The form of an examination that fits a terminal: a statement to copy is not broken into a column.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Overview<'a>(pub &'a DoctorReport);

impl Report for Overview<'_> {
    const SCHEMA: &'static str = DoctorReport::SCHEMA;

    fn table(&self) -> Table {
        Columns::of(&self.0.findings)
            .column("state", |finding| finding.state.cell())
            .column("check", |finding| Cell::text(&finding.check))
            .column("fact", |finding| Cell::text(&finding.fact))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let DoctorReport {
            target,
            problems,
            notes,
            ..
        } = self.0;
        let mut lines = Vec::new();
        for (title, state) in [
            ("what to do:", State::Problem),
            ("worth knowing:", State::Note),
            ("besides:", State::Ok),
        ] {
            let steps = steps(self.0.findings.iter().filter(|finding| finding.state == state));
            if !steps.is_empty() {
                lines.push(title.to_owned());
                lines.extend(steps);
                lines.push(String::new());
            }
        }
        lines.push(match problems {
            0 => format!("no problem found with {target}; notes: {notes}"),
            _ => format!("problems: {problems}, notes: {notes}, with {target}"),
        });
        lines
    }
}

/// The next step of each finding, said once for all that share it.
fn steps<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in findings {
        let Some(next) = finding.next.as_deref() else {
            continue;
        };
        match steps.iter_mut().find(|(known, _)| *known == next) {
            Some((_, checks)) if checks.contains(&finding.check.as_str()) => {}
            Some((_, checks)) => checks.push(&finding.check),
            None => steps.push((next, vec![&finding.check])),
        }
    }
    let line = |(next, checks): (&str, Vec<&str>)| format!("  {}: {next}", checks.join(", "));
    steps.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_several_findings_share_is_said_once() {
        let problem = |check: &str, next: &str| Finding::problem("api", check, "missing", next);
        let findings = vec![
            problem("anon", "create it"),
            problem("clock", "set it"),
            problem("authenticated", "create it"),
            Finding::ok("server", "version", "fine"),
        ];
        let report = DoctorReport::new("d".to_owned(), findings);
        assert_eq!(
            Overview(&report).summary(),
            [
                "what to do:",
                "  anon, authenticated: create it",
                "  clock: set it",
                "",
                "problems: 3, notes: 0, with d"
            ]
        );
    }
}
