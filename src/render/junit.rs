//! JUnit XML, for whatever shows test results: one case a check.

use std::io::{self, Write};
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::ops::verify::{Finding, Level, NotChecked, Verification};

/// Writes one case a check: passed, failed with what was found, or in error where it could not be made.
///
/// A case fails by an error or a warning; an info is told as the output of a case that passes. What somebody accepted,
/// and what has nothing to look at, is skipped.
///
/// # Errors
/// Those of `out`.
pub fn write(
    verification: &Verification,
    at: OffsetDateTime,
    took: Duration,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut suite = TestSuite::new(verification.database.as_str());
    suite.set_time(took);
    // In UTC and without an offset, which is the form that every schema takes.
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let at = at
        .to_offset(time::UtcOffset::UTC)
        .format(form)
        .map_err(io::Error::other)?;
    suite.extra.insert("timestamp".into(), at.into());
    suite.add_test_cases(
        verification
            .passed
            .iter()
            .map(|id| case(id, TestCaseStatus::success())),
    );
    for group in verification.findings.chunk_by(|a, b| a.check_id == b.check_id) {
        suite.add_test_cases(group.first().map(|first| found(&first.check_id, group)));
    }
    suite.add_test_cases(verification.not_checked.iter().map(unmade));
    suite.add_test_cases(
        verification
            .not_applicable
            .iter()
            .map(|not| skipped(&not.check_id, &not.reason)),
    );
    suite.add_test_cases(verification.pending.iter().map(|migration| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("pending");
        case(migration, status)
    }));
    for group in verification
        .excepted
        .chunk_by(|a, b| a.finding.check_id == b.finding.check_id)
    {
        suite.add_test_cases(
            group
                .first()
                .map(|first| skipped(&first.finding.check_id, &first.reason)),
        );
    }
    let mut report = Report::new("vital verify");
    report.set_time(took);
    report.add_test_suite(suite);
    let text = report.to_string().map_err(io::Error::other)?;
    out.write_all(without_skipped(&text).as_bytes())
}

/// Takes the attribute `skipped` from the root element: the schema of Jenkins' xUnit plugin has it on a suite only.
fn without_skipped(text: &str) -> String {
    let whole = |start: usize| {
        let length = text[start..].find('>')?;
        let root = &text[start..start + length];
        let (before, after) = root.split_once(" skipped=\"")?;
        let (_, after) = after.split_once('"')?;
        Some(format!(
            "{}{before}{after}{}",
            &text[..start],
            &text[start + length..]
        ))
    };
    text.find("<testsuites")
        .and_then(whole)
        .unwrap_or_else(|| text.to_owned())
}

fn case(id: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(id, status);
    case.set_classname("vital.verify");
    // The checks run side by side in one snapshot, so that only the suite has a time of its own.
    case.set_time(Duration::ZERO);
    case
}

fn unmade(not: &NotChecked) -> TestCase {
    let message = format!("not checked: {}", not.reason);
    if let Some(accepted) = &not.accepted {
        return skipped(&not.check_id, &format!("{message} (accepted: {accepted})"));
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(message);
    case(&not.check_id, status)
}

fn skipped(id: &str, reason: &str) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(reason);
    case(id, status)
}

fn found(id: &str, findings: &[Finding]) -> TestCase {
    let described: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!(
                "{}: {}\n  expected: {}\n  actual: {}\n{}",
                finding.level.word(),
                finding.object,
                finding.expected,
                finding.actual,
                finding.fix.as_deref().unwrap_or_default()
            )
        })
        .collect();
    let described = described.join("\n");
    if findings.iter().all(|finding| finding.level == Level::Info) {
        let mut case = case(id, TestCaseStatus::success());
        case.set_system_out(described);
        return case;
    }
    let explanation = findings.first().map(|finding| finding.explanation.as_str());
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(explanation.unwrap_or_default());
    status.set_description(described);
    case(id, status)
}
