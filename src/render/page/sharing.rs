//! The pages of `vital sharing`.

use maud::{Markup, html};

use super::bars::bars;
use super::matrix::{data, grid, total};
use super::search::search;
use super::table::table;
use super::times::times;
use super::{Facts, page, tiles};
use crate::ops::sharing::audit::Audit;
use crate::ops::sharing::catalogue::Listed;
use crate::ops::sharing::explain::Explanation;
use crate::ops::sharing::matrix::Matrix;
use crate::ops::sharing::report::Sharing;
use crate::ops::sharing::timeline::Timeline;
use crate::render::escape::visible;
use crate::render::picture::{self, draw, thousands};

/// The page of the report: everything at a glance.
#[must_use]
pub fn overview(
    sharing: &Sharing,
    matrix: &Matrix,
    timeline: &Timeline,
    catalogue: &[Listed],
    facts: &Facts,
) -> String {
    let all = &sharing.distribution;
    let counted = std::iter::once(("Agents", thousands(all.total), String::new()));
    let parts = all
        .parts()
        .map(|(name, count)| (name, thousands(count), all.percent(count)));
    let body = html! {
        (tiles(counted.chain(parts)))
        (grid())
        (search(catalogue, total(matrix)))
        @if !sharing.tenants.is_empty() { (bars(&sharing.tenants)) }
        (times(timeline))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "In numbers" }
            (table("Agents by how they are owned and shared", sharing))
            h3 { "The matrix" }
            (matrix_table(matrix))
        }
        (data(matrix, catalogue))
    };
    page("Who sees what", facts, &body)
}

/// The page of the matrix.
#[must_use]
pub fn matrix(matrix: &Matrix, catalogue: &[Listed], facts: &Facts) -> String {
    let body = html! {
        (grid())
        (search(catalogue, total(matrix)))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "In numbers" }
            (matrix_table(matrix))
        }
        (data(matrix, catalogue))
    };
    page("Who sees what", facts, &body)
}

fn matrix_table(matrix: &Matrix) -> Markup {
    html! {
        @if matrix.is_folded() {
            p class="soft" {
                "There are too many pairs to list each. Those are left out of whom the viewer sees no more than everybody does."
            }
        }
        (table("What each tenant sees of each owner", matrix))
    }
}

/// The page of an explanation.
#[must_use]
pub fn explanation(explanation: &Explanation, facts: &Facts) -> String {
    let body = html! {
        p class="verdict" { bdi { (visible(&explanation.introduction())) } }
        @for reason in &explanation.remarks {
            p class="warn" { (visible(&reason.says)) ": " code { (visible(&reason.change)) } }
        }
        @if let Some(sees) = &explanation.sees {
            @let picture = picture::rules(&sees.rules);
            section aria-labelledby="rules-heading" {
                h2 id="rules-heading" { (picture.title) }
                div class="scroll" tabindex="0" role="region" aria-label=(picture.title) { (picture.inline("rules")) }
            }
        }
        section aria-labelledby="why-heading" {
            h2 id="why-heading" { "What is seen, and why" }
            (table("Rule by rule", explanation))
        }
        @if !explanation.viewer.memberships.is_empty() {
            h2 { "Memberships" }
            ul {
                @for each in &explanation.viewer.memberships {
                    li class=[(!each.counts()).then_some("warn")] {
                        bdi { (visible(&each.tenant.slug)) } ": " (visible(&each.role)) ", membership "
                        (visible(&each.membership)) ", tenant " (visible(&each.tenant.status))
                    }
                }
            }
        }
        @if let Some(sees) = &explanation.sees {
            h2 { "The newest agents" }
            ul class="results" {
                @for agent in &sees.agents {
                    li {
                        strong { bdi { (visible(&agent.name)) } } " "
                        span class="soft" {
                            (agent.rule.name()) ", of "
                            bdi { (visible(agent.owner.as_deref().unwrap_or("no tenant"))) }
                        }
                    }
                }
            }
        }
    };
    page("Who sees what, and why", facts, &body)
}

/// The page of the audit.
#[must_use]
pub fn audit(audit: &Audit, timeline: &Timeline, facts: &Facts) -> String {
    let entries = draw::length(audit.entries.len());
    let all: i64 = timeline.buckets.iter().map(|bucket| bucket.total()).sum();
    let body = html! {
        (times(timeline))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "Entry by entry" }
            @if audit.entries.is_empty() { p { "Nothing was shared or unshared." } }
            @else {
                @if entries < all {
                    p class="soft" {
                        "The newest " (thousands(entries)) " of " (thousands(all)) " entries; `--limit 0` lists all."
                    }
                }
                (table("Changes of sharing, newest first, times in UTC", audit))
            }
        }
    };
    page("Changes of sharing", facts, &body)
}
