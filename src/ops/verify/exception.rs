//! Findings and unmade checks that somebody has accepted, with a reason and until a day.

use time::Date;

use super::finding::{Finding, NotChecked};
use crate::db::Exception;

/// The object of an exception that covers a check which could not be made. No pattern stands for it, so that who accepts
/// findings does not accept blindness by the way.
pub(super) const NOT_CHECKED: &str = "not checked";

/// The exception that covers a finding, if one does; one that has expired covers nothing.
pub(super) fn covering<'a>(
    exceptions: &'a [Exception],
    finding: &Finding,
    today: Date,
) -> Option<&'a Exception> {
    exceptions
        .iter()
        .find(|exception| exception.until >= today && covers(exception, finding))
}

/// The exception that covers a check which could not be made, if one does.
pub(super) fn excusing<'a>(
    exceptions: &'a [Exception],
    not: &NotChecked,
    today: Date,
) -> Option<&'a Exception> {
    exceptions
        .iter()
        .find(|exception| exception.until >= today && excuses(exception, not))
}

/// The exceptions that would cover a finding, or a check which could not be made, had they not expired.
pub(super) fn expired<'a>(
    exceptions: &'a [Exception],
    findings: &[Finding],
    not_checked: &[NotChecked],
    today: Date,
) -> Vec<&'a Exception> {
    exceptions
        .iter()
        .filter(|exception| exception.until < today)
        .filter(|exception| {
            findings.iter().any(|finding| covers(exception, finding))
                || not_checked.iter().any(|not| excuses(exception, not))
        })
        .collect()
}

fn excuses(exception: &Exception, not: &NotChecked) -> bool {
    exception.object == NOT_CHECKED && matches(&exception.check, &not.check_id)
}

fn covers(exception: &Exception, finding: &Finding) -> bool {
    matches(&exception.check, &finding.check_id) && matches(&exception.object, &finding.object)
}

/// Matches a text against a pattern in which `*` stands for any text and everything else for itself.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = tail.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("a", "a"),
            ("*", ""),
            ("*", "anything"),
            ("public.*", "public.x"),
            ("*.x", "public.x"),
            ("p*.*x", "public.max"),
            ("f(uuid[])", "f(uuid[])"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "ab"),
            ("a*a", "a"),
            ("public.*", "publicx"),
            ("*b*", "a"),
            ("?", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
