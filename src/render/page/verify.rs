//! The page of `vital verify`.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::table::{table, table_of};
use super::{Facts, page, tiles};
use crate::ops::verify::{Finding, NotChecked, Verdict, Verification};
use crate::render::escape::visible;
use crate::render::picture::{draw, thousands};
use crate::report::{Cell, Columns, counted};

/// More findings than this are in the table only.
const MOST: usize = 200;

/// The page of a verification: the verdict, each finding with what follows from it, and what was not looked at.
#[must_use]
pub fn verification(verification: &Verification, facts: &Facts) -> String {
    let counts = &verification.counts;
    let number = |count: usize| thousands(draw::length(count));
    let plain = |name, count| (name, number(count), String::new());
    let causes: Vec<&Finding> = verification.causes().collect();
    let body = html! {
        (verdict(verification))
        (tiles([
            plain("Passed", counts.passed),
            plain("Errors", counts.errors),
            plain("Warnings", counts.warnings),
            plain("Infos", counts.infos),
            plain("Accepted", counts.excepted),
            plain("Not checked", counts.not_checked),
            plain("Not applicable", counts.not_applicable),
        ]))
        @if !verification.pending.is_empty() {
            h2 { "Pending migrations" }
            ul { @for migration in &verification.pending { li { code { (visible(migration)) } } } }
        }
        @if !causes.is_empty() {
            h2 { "Findings" }
            @for cause in causes.iter().take(MOST) { (finding(cause, &verification.findings)) }
            @if causes.len() > MOST {
                p { (counted(causes.len() - MOST, "finding", "findings")) " more in the table below." }
            }
        }
        (not_checked(verification))
        @if !verification.excepted.is_empty() {
            h2 { "Accepted findings" }
            (table_of("What an exception in vital.yaml covers", &Columns::of(&verification.excepted)
                .column("check", |excepted| Cell::text(&excepted.finding.check_id))
                .column("object", |excepted| Cell::text(&excepted.finding.object))
                .column("reason", |excepted| Cell::text(&excepted.reason))
                .column("until", |excepted| Cell::text(&excepted.until))
                .table()))
        }
        @if !verification.expired_exceptions.is_empty() {
            h2 { "Expired exceptions" }
            ul { @for expired in &verification.expired_exceptions { li { (visible(expired)) } } }
        }
        @if !verification.findings.is_empty() || !verification.not_checked.is_empty() {
            h2 { "In full" }
            (table("Every finding, and what was not checked", verification))
        }
        @if !verification.passed.is_empty() {
            h2 { "Passed checks" }
            details {
                summary { (counted(verification.passed.len(), "check", "checks")) " found nothing" }
                ul { @for id in &verification.passed { li { code { (visible(id)) } } } }
            }
        }
    };
    page("Verification", facts, &body)
}

fn verdict(verification: &Verification) -> Markup {
    let counts = &verification.counts;
    let (class, says) = match verification.verdict {
        Verdict::Passed => (
            "good",
            "Passed: the database is as promised, and isolation holds.".to_owned(),
        ),
        Verdict::Pending => (
            "warn",
            format!(
                "Not decided: {} pending. Run `vital migrate up` first.",
                counted(verification.pending.len(), "migration is", "migrations are")
            ),
        ),
        Verdict::Findings => (
            "bad",
            format!(
                "Failed: {} and {}.",
                counted(counts.errors, "error", "errors"),
                counted(counts.warnings, "warning", "warnings")
            ),
        ),
        Verdict::NotChecked => ("bad", "Not verified: some checks could not run.".to_owned()),
    };
    html! {
        p class="verdict" { strong class=(class) { (says) } }
        @if let Some(numbers) = verification.numbers { p { (visible(&numbers.sentence())) } }
    }
}

/// One finding, with what follows from it.
fn finding(cause: &Finding, all: &[Finding]) -> Markup {
    let mut consequences: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in all {
        let follows = finding
            .cause
            .as_ref()
            .is_some_and(|of| (&of.check_id, &of.object) == (&cause.check_id, &cause.object));
        if follows {
            consequences
                .entry(&finding.check_id)
                .or_default()
                .push(&finding.object);
        }
    }
    let count: usize = consequences.values().map(Vec::len).sum();
    html! {
        article class=(format!("finding {}", cause.level.word())) {
            h3 { (cause.level.word()) ": " (visible(&cause.check_id)) " on " bdi { (visible(&cause.object)) } }
            p { (visible(&cause.explanation)) }
            dl {
                dt { "Expected" } dd { bdi { (visible(&cause.expected)) } }
                dt { "Found" } dd { bdi { (visible(&cause.actual)) } }
            }
            @if let Some(fix) = &cause.fix {
                p { @if cause.is_fixable { "`vital verify --fix` runs this:" } @else { "To fix it, after a look:" } }
                pre { code { (crate::render::escape::visible_lines(fix, "")) } }
            }
            @if count > 0 {
                details {
                    summary { (counted(count, "finding follows", "findings follow")) " from it" }
                    ul {
                        @for (check, objects) in &consequences {
                            li { code { (visible(check)) } ": " bdi { (visible(&objects.join(", "))) } }
                        }
                    }
                }
            }
        }
    }
}

/// What was not looked at, by reason; that is no pass.
fn not_checked(verification: &Verification) -> Markup {
    let rows = |list: &[NotChecked]| {
        Columns::of(list.iter())
            .column("check", |not| Cell::text(&not.check_id))
            .column("reason", |not| Cell::text(&not.reason))
            .column("accepted", |not| Cell::optional(not.accepted.as_deref()))
            .table()
    };
    html! {
        @if !verification.not_checked.is_empty() {
            h2 { "Not checked" }
            p class="soft" { "A check that could not run is no pass." }
            (table_of("Checks that could not run", &rows(&verification.not_checked)))
        }
        @if !verification.not_applicable.is_empty() {
            h2 { "Not applicable" }
            (table_of("Checks without anything to look at", &rows(&verification.not_applicable)))
        }
    }
}
