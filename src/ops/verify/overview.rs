//! A verification for a person at a terminal: short, the worst first, with the SQL that mends it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::Check;
use super::finding::Finding;
use super::report::{Verdict, Verification, tone};
use crate::report::{Cell, Columns, Report, Table};

/// How many findings of one check are shown.
const SHOWN: usize = 10;
/// How many lines of one fix are shown.
const LINES: usize = 12;
/// How many characters of a cell are shown.
const WIDTH: usize = 90;

/// The short form of a verification.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Overview<'a>(pub &'a Verification);

impl Report for Overview<'_> {
    const SCHEMA: &'static str = Verification::SCHEMA;

    fn table(&self) -> Table {
        let groups = self.groups();
        Columns::of(groups.iter().flat_map(|group| group.iter().take(SHOWN).copied()))
            .column("level", |finding| {
                Cell::text(finding.level.word()).tone(tone(finding.level))
            })
            .column("check", |finding| Cell::text(&finding.check_id))
            .column("object", |finding| Cell::text(&finding.object))
            .column("expected", |finding| {
                Cell::text(brief(&finding.expected, &finding.actual))
            })
            .column("actual", |finding| {
                Cell::text(brief(&finding.actual, &finding.expected))
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for group in self.groups() {
            lines.extend(mending(&group));
            if let Some(consequences) = self.consequences(&group) {
                // Before the empty line that ends the group.
                lines.insert(lines.len() - 1, consequences);
            }
        }
        lines.extend(self.not_checked());
        for excepted in &self.0.excepted {
            let finding = &excepted.finding;
            lines.push(format!(
                "accepted until {}: {} on {}: {}",
                excepted.until, finding.check_id, finding.object, excepted.reason
            ));
        }
        let expired = self.0.expired_exceptions.iter();
        lines.extend(expired.map(|exception| format!("expired exception, counts again: {exception}")));
        lines.extend(self.0.numbers.map(|numbers| numbers.sentence()));
        lines.push(self.verdict());
        lines
    }
}

impl Overview<'_> {
    /// The findings by check, in the order of the report.
    fn groups(&self) -> Vec<Vec<&Finding>> {
        let mut groups: Vec<Vec<&Finding>> = Vec::new();
        for finding in self.0.causes() {
            match groups.last_mut() {
                Some(group) if group.first().is_some_and(|first| is_alike(first, finding)) => {
                    group.push(finding)
                }
                _ => groups.push(vec![finding]),
            }
        }
        groups
    }

    /// What follows from the findings of a group, in one line.
    fn consequences(&self, group: &[&Finding]) -> Option<String> {
        let follows = |finding: &&Finding| {
            finding.cause.as_ref().is_some_and(|cause| {
                group
                    .iter()
                    .any(|f| (&f.check_id, &f.object) == (&cause.check_id, &cause.object))
            })
        };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in self.0.findings.iter().filter(follows) {
            *counts.entry(&finding.check_id).or_default() += 1;
        }
        let parts: Vec<String> = counts
            .iter()
            .map(|(check, count)| format!("{check} ({count})"))
            .collect();
        (!parts.is_empty()).then(|| format!("    -- what users can do because of it: {}", parts.join(", ")))
    }

    /// The checks that could not be made, by reason.
    fn not_checked(&self) -> Vec<String> {
        let mut by_reason: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
        for not in &self.0.not_checked {
            let key = (not.reason.as_str(), not.accepted.as_deref());
            by_reason.entry(key).or_default().push(&not.check_id);
        }
        let mut lines: Vec<String> = by_reason
            .iter()
            .map(|((reason, accepted), ids)| {
                let accepted = accepted
                    .map(|why| format!(" (accepted: {why})"))
                    .unwrap_or_default();
                match ids.len() {
                    0..=4 => format!("not checked: {}: {reason}{accepted}", ids.join(", ")),
                    count => format!(
                        "not checked: {count} checks, {} to {}: {reason}{accepted}",
                        ids[0],
                        ids[count - 1]
                    ),
                }
            })
            .collect();
        if self.0.verdict == Verdict::NotChecked {
            lines.push(
                "a check that could not run is no pass; `--allow-not-checked`, or an exception with the object \
                 `not checked`, accepts it"
                    .to_owned(),
            );
        }
        let idle = self.0.not_applicable.iter();
        lines.extend(idle.map(|not| format!("not applicable: {}: {}", not.check_id, not.reason)));
        lines
    }

    fn verdict(&self) -> String {
        let Verification {
            counts,
            database,
            pending,
            verdict,
            ..
        } = self.0;
        let mut parts = vec![format!("{} checks passed", counts.passed)];
        for (count, word) in [(counts.errors, "error"), (counts.warnings, "warning")] {
            let plural = if count == 1 { "" } else { "s" };
            parts.extend((count > 0).then(|| format!("{count} {word}{plural}")));
        }
        for (count, word) in [
            (counts.infos, "info"),
            (counts.consequences, "of them consequences"),
            (counts.excepted, "accepted"),
            (counts.not_checked, "not checked"),
            (counts.not_applicable, "not applicable"),
        ] {
            parts.extend((count > 0).then(|| format!("{count} {word}")));
        }
        let what = parts.join(", ");
        match verdict {
            Verdict::Pending => format!(
                "{database}: {} pending, run `vital migrate up` first; {what}",
                match pending.len() {
                    1 => "1 migration is".to_owned(),
                    count => format!("{count} migrations are"),
                }
            ),
            Verdict::Passed | Verdict::Findings => format!("{database}: {what}"),
            Verdict::NotChecked => {
                format!("{database}: not verified, because not everything was checked; {what}")
            }
        }
    }
}

fn is_alike(one: &Finding, other: &Finding) -> bool {
    (&one.check_id, one.level) == (&other.check_id, other.level)
}

/// What one check means and the SQL that mends what it found.
fn mending(group: &[&Finding]) -> Vec<String> {
    let Some(first) = group.first() else {
        return Vec::new();
    };
    let mut lines = vec![format!("{}: {}", first.check_id, first.explanation)];
    let mut shown: Vec<&str> = Vec::new();
    for fix in group
        .iter()
        .take(SHOWN)
        .filter_map(|finding| finding.fix.as_deref())
    {
        if shown.contains(&fix) {
            continue;
        }
        shown.push(fix);
        let count = fix.lines().count();
        lines.extend(fix.lines().take(LINES).map(|line| format!("    {line}")));
        if count > LINES {
            lines.push(format!("    -- and {} lines more: see -o json", count - LINES));
        }
    }
    if group.len() > SHOWN {
        lines.push(format!(
            "    -- and {} findings more: see -o json",
            group.len() - SHOWN
        ));
    }
    lines.push(String::new());
    lines
}

/// Shortens `text` to what fits into a cell; of two long texts, to the place where it begins to differ from `other`.
fn brief(text: &str, other: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let same = text
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let (start, mark) = if same > WIDTH / 2 {
        (same - WIDTH / 4, "…")
    } else {
        (0, "")
    };
    let piece: String = text.chars().skip(start).take(WIDTH).collect();
    let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
    let more = if start + WIDTH < text.chars().count() {
        "…"
    } else {
        ""
    };
    format!("{mark}{piece}{more}")
}

/// The checks that there are.
#[derive(Debug, Serialize)]
pub struct CheckList {
    /// The checks, by id.
    pub checks: Vec<Check>,
}

impl Report for CheckList {
    const SCHEMA: &'static str = "vital.verify.checks/1";

    fn table(&self) -> Table {
        Columns::of(&self.checks)
            .column("check", |check| Cell::text(&check.id))
            .column("level", |check| {
                Cell::text(check.level.word()).tone(tone(check.level))
            })
            .column("title", |check| Cell::text(&check.title))
            .column("fixable", |check| Cell::optional(check.mends.as_deref()))
            .table()
    }
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn a_long_text_is_shown_where_it_differs() {
        let common = "x".repeat(200);
        let text = brief(&format!("{common}AAAA{common}"), &format!("{common}BBBB{common}"));
        assert!(
            text.starts_with('…') && text.ends_with('…') && text.contains("AAAA"),
            "{text}"
        );
        assert_eq!(brief("short", "other"), "short");
    }
}
