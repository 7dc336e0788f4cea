//! Annotations of GitHub Actions: one workflow command a finding.

use super::escape::visible;
use crate::ops::verify::{Level, Verification};

/// One line a finding, and one for what could not be checked.
#[must_use]
pub fn lines(verification: &Verification) -> Vec<String> {
    let mut lines: Vec<String> = verification
        .findings
        .iter()
        .map(|finding| {
            let command = match finding.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Info => "notice",
            };
            let fix = finding
                .fix
                .as_ref()
                .map(|fix| format!("\n{fix}"))
                .unwrap_or_default();
            let message = format!(
                "{}: expected {}, found {}\n{}{fix}",
                finding.object, finding.expected, finding.actual, finding.explanation
            );
            format!(
                "::{command} title={}::{}",
                property(&finding.check_id),
                data(&message)
            )
        })
        .collect();
    lines.extend(
        verification
            .pending
            .iter()
            .map(|migration| format!("::error title=pending migration::{}", data(migration))),
    );
    lines.extend(verification.not_checked.iter().map(|not| {
        let command = if not.accepted.is_some() { "notice" } else { "error" };
        format!(
            "::{command} title=not checked::{}",
            data(&format!("{}: {}", not.check_id, not.reason))
        )
    }));
    lines
}

/// Escapes the text of a command; line breaks survive as `%0A`.
fn data(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| visible(&line.replace('\t', "    ")).replace('%', "%25"))
        .collect();
    lines.join("%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_begin_a_command_of_its_own() {
        assert_eq!(data("100%\n::error::x\r\u{1b}"), "100%25%0A::error::x\\r\\u{1b}");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
