//! Metrics in the text format of Prometheus, for a collector that reads files.

use std::fmt::{Display, Write};
use std::time::Duration;

use time::OffsetDateTime;

use crate::ops::verify::Verification;

/// Writes what a verification counted, when it was made, and how long it took.
#[must_use]
pub fn text(verification: &Verification, at: OffsetDateTime, took: Duration) -> String {
    let counts = &verification.counts;
    let mut text = Text {
        database: escaped(&verification.database),
        written: String::new(),
    };
    text.by(
        "vital_verify_info",
        "The program and the database.",
        "version",
        &[(env!("CARGO_PKG_VERSION"), 1)],
    );
    text.gauge(
        "vital_verify_exit_code",
        "The exit code of the run: 0 is as promised.",
        verification.verdict.exit_code(),
    );
    text.by(
        "vital_verify_checks",
        "Checks by what became of them.",
        "result",
        &[
            ("passed", counts.passed),
            ("not_checked", counts.not_checked),
            ("not_applicable", counts.not_applicable),
        ],
    );
    text.by(
        "vital_verify_findings",
        "Findings by level, without those that are accepted.",
        "level",
        &[
            ("error", counts.errors),
            ("warning", counts.warnings),
            ("info", counts.infos),
        ],
    );
    text.gauge(
        "vital_verify_accepted_findings",
        "Findings that an exception covers.",
        counts.excepted,
    );
    text.gauge(
        "vital_verify_pending_migrations",
        "Migrations that are not applied yet.",
        verification.pending.len(),
    );
    text.gauge(
        "vital_verify_duration_seconds",
        "How long the run took.",
        format_args!("{:.3}", took.as_secs_f64()),
    );
    text.gauge(
        "vital_verify_timestamp_seconds",
        "When the run began, in seconds since 1970.",
        at.unix_timestamp(),
    );
    text.written
}

/// Metrics of one database.
struct Text {
    /// As the value of a label.
    database: String,
    written: String,
}

// Writing to a String cannot fail.
impl Text {
    /// A metric of one value.
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help);
        let _ = writeln!(self.written, "{name}{{database=\"{}\"}} {value}", self.database);
    }

    /// A metric with a value for each word of a label.
    fn by(&mut self, name: &str, help: &str, label: &str, values: &[(&str, usize)]) {
        self.head(name, help);
        for (word, value) in values {
            let _ = writeln!(
                self.written,
                "{name}{{database=\"{}\",{label}=\"{word}\"}} {value}",
                self.database
            );
        }
    }

    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.written, "# HELP {name} {help}\n# TYPE {name} gauge");
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
