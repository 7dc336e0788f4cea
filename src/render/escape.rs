//! Makes untrusted text safe to show.

use std::borrow::Cow;
use std::fmt::Write;

/// Replaces what could steer a terminal or reorder the text by a visible escape such as `\u{1b}`, `\n` or `\t`.
///
/// These are control characters (C0, DEL, C1), line separators, bidirectional controls and invisible characters
/// without a width. Everything else stays as it is, so ordinary names in any script are unchanged.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazardous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if is_hazardous(c) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Like [`visible`], but keeps line breaks and tabs; every further line starts with `indent`.
#[must_use]
pub fn visible_lines(text: &str, indent: &str) -> String {
    let lines = text.trim_end().lines();
    let escaped = lines.map(|line| {
        let columns: Vec<_> = line.split('\t').map(visible).collect();
        columns.join("    ")
    });
    escaped.collect::<Vec<_>>().join(&format!("\n{indent}"))
}

/// Tells whether a character must not reach a terminal as it is.
#[must_use]
pub fn is_hazardous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terminal_sequences_become_visible() {
        assert_eq!(
            visible("a\u{1b}[2Jb\u{7f}\u{9b}31m"),
            "a\\u{1b}[2Jb\\u{7f}\\u{9b}31m"
        );
        assert_eq!(visible("one\ntwo\tthree\r\0"), "one\\ntwo\\tthree\\r\\u{0}");
    }

    #[test]
    fn bidirectional_controls_become_visible() {
        assert_eq!(
            visible("admin\u{202e}nimda\u{2066}"),
            "admin\\u{202e}nimda\\u{2066}"
        );
    }

    #[test]
    fn ordinary_names_are_borrowed_unchanged() {
        for name in [
            "digital-health-startup",
            "Zürich Größe",
            "日本語",
            "ייִדיש",
            "می‌خواهم",
            "\u{1f469}\u{200d}\u{1f52c}",
        ] {
            assert!(
                matches!(visible(name), Cow::Borrowed(same) if same == name),
                "{name}"
            );
        }
    }

    #[test]
    fn line_breaks_can_be_kept_and_indented() {
        assert_eq!(
            visible_lines("select\n\t1;\r\n\u{7}x\n", "  "),
            "select\n      1;\n  \\u{7}x"
        );
    }

    proptest! {
        #[test]
        fn nothing_hazardous_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_hazardous));
        }
    }
}
