//! Metrics in the text format of Prometheus, for a collector that reads files.

use std::fmt::Write;
use std::time::Duration;

use time::OffsetDateTime;

use crate::ops::verify::Verification;

/// Writes what a verification counted, when it was made, and how long it took.
#[must_use]
pub fn text(verification: &Verification, at: OffsetDateTime, took: Duration) -> String {
    let counts = &verification.counts;
    let database = [("database", verification.database.as_str())];
    let number = |count: usize| count.to_string();
    let mut text = Text(String::new());
    let info = [database[0], ("version", env!("CARGO_PKG_VERSION"))];
    text.head("vital_verify_info", "The program and the database.");
    text.sample("vital_verify_info", &info, "1");
    text.head(
        "vital_verify_exit_code",
        "The exit code of the run: 0 is as promised.",
    );
    text.sample(
        "vital_verify_exit_code",
        &database,
        &verification.verdict.exit_code().to_string(),
    );
    text.head("vital_verify_checks", "Checks by what became of them.");
    for (result, count) in [
        ("passed", counts.passed),
        ("not_checked", counts.not_checked),
        ("not_applicable", counts.not_applicable),
    ] {
        text.sample(
            "vital_verify_checks",
            &[database[0], ("result", result)],
            &number(count),
        );
    }
    text.head(
        "vital_verify_findings",
        "Findings by level, without those that are accepted.",
    );
    for (level, count) in [
        ("error", counts.errors),
        ("warning", counts.warnings),
        ("info", counts.infos),
    ] {
        text.sample(
            "vital_verify_findings",
            &[database[0], ("level", level)],
            &number(count),
        );
    }
    text.head(
        "vital_verify_accepted_findings",
        "Findings that an exception covers.",
    );
    text.sample(
        "vital_verify_accepted_findings",
        &database,
        &number(counts.excepted),
    );
    text.head(
        "vital_verify_pending_migrations",
        "Migrations that are not applied yet.",
    );
    text.sample(
        "vital_verify_pending_migrations",
        &database,
        &number(verification.pending.len()),
    );
    text.head("vital_verify_duration_seconds", "How long the run took.");
    text.sample(
        "vital_verify_duration_seconds",
        &database,
        &format!("{:.3}", took.as_secs_f64()),
    );
    text.head(
        "vital_verify_timestamp_seconds",
        "When the run began, in seconds since 1970.",
    );
    text.sample(
        "vital_verify_timestamp_seconds",
        &database,
        &at.unix_timestamp().to_string(),
    );
    text.0
}

struct Text(String);

impl Text {
    // Writing to a String cannot fail.
    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(self.0, "{name}{{{}}} {value}", labels.join(","));
    }
}

/// The value of a label: backslash, quote and line break are escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_cannot_leave_its_label() {
        let verification = Verification {
            database: "a\"} 1\nx\\".to_owned(),
            ..Verification::default()
        };
        let text = text(
            &verification,
            OffsetDateTime::UNIX_EPOCH,
            Duration::from_millis(1_500),
        );
        assert!(
            text.contains("vital_verify_duration_seconds{database=\"a\\\"} 1\\nx\\\\\"} 1.500\n"),
            "{text}"
        );
        for line in text.lines() {
            assert!(
                line.starts_with("# ") || line.starts_with("vital_verify_"),
                "{line}"
            );
        }
    }
}
