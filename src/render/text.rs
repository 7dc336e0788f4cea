//! Words for people: durations, errors and progress lines.

use std::io::{self, Write};
use std::time::Duration;

use owo_colors::OwoColorize;

use super::escape::{is_hazardous, visible, visible_lines};
use crate::error::Error;

/// A part of an error that is longer is cut: what was given may be a whole file.
const LONGEST: usize = 4_000;

/// Writes an error: one `error:` line, then cause, details and hint.
///
/// # Errors
/// Those of `out`.
pub fn error(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} {}",
        "error:".red().bold(),
        readable(&error.message, "  ")
    )?;
    if let Some(cause) = &error.cause {
        writeln!(out, "  {} {}", "cause:".bold(), readable(cause, "    "))?;
    }
    for detail in &error.details {
        writeln!(out, "  {} {}", "detail:".bold(), readable(detail, "    "))?;
    }
    if let Some(hint) = &error.hint {
        writeln!(out, "{} {}", "hint:".cyan().bold(), readable(hint, "  "))?;
    }
    Ok(())
}

/// The text with visible escapes, and not too long to be read.
fn readable(text: &str, indent: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => visible_lines(text, indent),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!(
                "{}… ({more} characters more)",
                visible_lines(&text[..end], indent)
            )
        }
    }
}

/// Rewrites a message of the argument parser that quotes something which must not reach a terminal as it is, or that is
/// too long; nothing if it may be shown.
#[must_use]
pub fn usage(message: &str) -> Option<String> {
    let hazardous = message.chars().any(|c| is_hazardous(c) && c != '\n');
    (hazardous || message.chars().nth(LONGEST).is_some()).then(|| readable(message, ""))
}

/// Writes a line that begins with `word` and a colon.
///
/// # Errors
/// Those of `out`.
pub fn labelled(word: Label, message: &str, out: &mut dyn Write) -> io::Result<()> {
    let message = visible_lines(message, "  ");
    match word {
        Label::Note => writeln!(out, "{} {message}", "note:".bold()),
        Label::Warning => writeln!(out, "{} {message}", "warning:".yellow().bold()),
    }
}

/// The word in front of a line on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Good to know.
    Note,
    /// Worth a look.
    Warning,
}

/// Writes a duration in two units at most: `12 ms`, `1.2 s`, `5 min 3 s`, `2 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let (millis, seconds) = (duration.as_millis(), duration.as_secs());
    let pair = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        small => format!("{big} {big_unit} {small} {small_unit}"),
    };
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{}.{} s", seconds, millis % 1000 / 100),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// Shortens a text to `limit` characters on one line, for statements in progress lines.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", visible(&line[..end])),
        None => visible(&line).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_states_fact_cause_details_and_hint() {
        let value = Error::failed("could not apply `V1__x`")
            .with_cause("relation \"a\u{1b}[31m\" does not exist (SQLSTATE 42P01)")
            .with_detail("V1__x.sql:3\nalter table a")
            .with_hint("nothing was kept");
        let mut out = anstream::StripStream::new(Vec::new());
        assert!(error(&value, &mut out).is_ok());
        let text = String::from_utf8_lossy(&out.into_inner()).into_owned();
        insta::assert_snapshot!(text, @r#"
        error: could not apply `V1__x`
          cause: relation "a\u{1b}[31m" does not exist (SQLSTATE 42P01)
          detail: V1__x.sql:3
            alter table a
        hint: nothing was kept
        "#);
    }

    #[test]
    fn a_message_that_quotes_a_file_is_cut() {
        let message = readable(&"é".repeat(LONGEST + 7), "");
        assert_eq!(message, format!("{}… (7 characters more)", "é".repeat(LONGEST)));
        assert_eq!(usage("error: fine\n"), None);
        assert_eq!(usage("error: \u{7}\n").as_deref(), Some("error: \\u{7}"));
    }

    #[test]
    fn durations_read_well() {
        let shown = [0, 12, 1_250, 59_999, 60_000, 303_000, 7_500_000, 273_600_000];
        let shown = shown.map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(
            shown,
            [
                "0 ms",
                "12 ms",
                "1.2 s",
                "59.9 s",
                "1 min",
                "5 min 3 s",
                "2 h 5 min",
                "3 d 4 h"
            ]
        );
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("select\n  1,\t2", 40), "select 1, 2");
        assert_eq!(excerpt("sélect 1", 3), "sél…");
    }
}
