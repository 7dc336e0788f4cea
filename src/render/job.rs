//! The summary of a job, in the Markdown that GitHub shows beside it.

use std::fmt::Write;

use super::escape::visible;
use crate::ops::verify::{Verdict, Verification};
use crate::report::counted;

/// More findings than this make a summary nobody reads.
const MOST: usize = 50;

/// Writes the verdict and the findings that are no consequence of another one.
#[must_use]
pub fn summary(verification: &Verification) -> String {
    let counts = &verification.counts;
    let verdict = match verification.verdict {
        Verdict::Passed => "✅ passed",
        Verdict::Pending => "⏳ migrations are pending",
        Verdict::Findings => "❌ failed",
        Verdict::NotChecked => "❌ not verified, some checks could not run",
    };
    let mut text = format!(
        "## vital verify: {verdict}\n\n{}\n\n",
        cell(&verification.database)
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} passed, {}, {}, {} not checked, {} accepted\n",
        counts.passed,
        counted(counts.errors, "error", "errors"),
        counted(counts.warnings, "warning", "warnings"),
        counts.not_checked,
        counts.excepted
    );
    for migration in &verification.pending {
        let _ = writeln!(text, "- pending: {}", cell(migration));
    }
    let causes: Vec<_> = verification.causes().collect();
    if !causes.is_empty() {
        text.push_str("\n| level | check | object | found |\n|---|---|---|---|\n");
    }
    for finding in causes.iter().take(MOST) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            finding.level.word(),
            cell(&finding.check_id),
            cell(&finding.object),
            cell(&finding.actual)
        );
    }
    if causes.len() > MOST {
        let _ = writeln!(
            text,
            "\n{} more.",
            counted(causes.len() - MOST, "finding", "findings")
        );
    }
    for not in verification.not_checked.iter().take(MOST) {
        let _ = writeln!(
            text,
            "\n- not checked: {}: {}",
            cell(&not.check_id),
            cell(&not.reason)
        );
    }
    text.push('\n');
    text
}

/// A text on one line that is neither Markdown nor an element.
fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '@' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_markup_nor_a_mention() {
        assert_eq!(cell("a|b<img>@x\n"), "a&#124;b&lt;img&gt;&#64;x&#92;n");
    }
}
