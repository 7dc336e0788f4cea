//! The pages of `vital sharing`.

use maud::{Markup, html};

use super::page;
use super::search::search;
use super::table::table;
use crate::ops::sharing::audit::Audit;
use crate::ops::sharing::catalogue::Catalogue;
use crate::ops::sharing::explain::Explanation;
use crate::ops::sharing::matrix::Matrix;
use crate::ops::sharing::report::Sharing;
use crate::ops::sharing::timeline::Timeline;
use crate::render::escape::visible;
use crate::render::picture::{self, Picture, thousands};

/// The page of the report: everything at a glance. `place` names the database.
#[must_use]
pub fn overview(
    sharing: &Sharing,
    matrix: &Matrix,
    timeline: &Timeline,
    catalogue: &Catalogue,
    place: &str,
) -> String {
    let all = &sharing.distribution;
    let body = html! {
        dl class="tiles" {
            div { dt { "Agents" } dd { (thousands(all.total)) } }
            @for (name, count) in all.parts() {
                div {
                    dt { (name) }
                    dd { (thousands(count)) " " small { (all.percent(count)) } }
                }
            }
        }
        (search(catalogue))
        @if !sharing.tenants.is_empty() { (bars(sharing)) }
        (heat(matrix))
        (times(timeline))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "In numbers" }
            (table("Agents by how they are owned and shared", sharing))
        }
    };
    page("Sharing of agents", place, &body)
}

/// The page of the matrix.
#[must_use]
pub fn matrix(matrix: &Matrix, catalogue: &Catalogue, place: &str) -> String {
    let body = html! {
        (heat(matrix))
        (search(catalogue))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "In numbers" }
            (table("What each tenant sees of each owner", matrix))
        }
    };
    page("Who sees whose agents", place, &body)
}

/// The page of an explanation.
#[must_use]
pub fn explanation(explanation: &Explanation, place: &str) -> String {
    let body = html! {
        p class="verdict" { bdi { (visible(&explanation.introduction())) } }
        @for reason in &explanation.remarks {
            p class="warn" { (visible(&reason.says)) ": " code { (visible(&reason.change)) } }
        }
        @if let Some(sees) = &explanation.sees { (figure("rules", &picture::rules(&sees.rules), &[])) }
        (table("What is seen, and why", explanation))
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
    page("Who sees what, and why", place, &body)
}

/// The page of the audit.
#[must_use]
pub fn audit(audit: &Audit, timeline: &Timeline, place: &str) -> String {
    let body = html! {
        (times(timeline))
        section aria-labelledby="table-heading" {
            h2 id="table-heading" { "Entry by entry" }
            @if audit.entries.is_empty() { p { "Nothing was shared or unshared." } }
            @else { (table("Changes of sharing, newest first", audit)) }
        }
    };
    page("Changes of sharing", place, &body)
}

fn bars(sharing: &Sharing) -> Markup {
    let keys = [
        ("private", "private"),
        ("selective", "selective"),
        ("global", "global"),
        ("received", "received"),
    ];
    figure("bars", &picture::bars(&sharing.tenants), &keys)
}

fn heat(matrix: &Matrix) -> Markup {
    let picture = picture::heat_map(matrix);
    html! {
        section aria-labelledby="heat-heading" {
            h2 id="heat-heading" { (picture.title) }
            p class="soft" { "Rows own, columns see." }
            div class="scroll" tabindex="0" role="region" aria-label=(picture.title) { (picture.inline("heat")) }
            p class="key" {
                span { "none" }
                @for step in 0..=8 { i class=(format!("heat{step}")) {} }
                span { "most" }
            }
        }
    }
}

fn times(timeline: &Timeline) -> Markup {
    if timeline.buckets.is_empty() {
        return html! {};
    }
    let keys = [
        ("selective", "gained"),
        ("received", "lost"),
        ("global", "modified"),
    ];
    figure("times", &picture::timeline(timeline), &keys)
}

fn figure(name: &str, picture: &Picture, keys: &[(&str, &str)]) -> Markup {
    let heading = format!("{name}-heading");
    html! {
        section aria-labelledby=(heading) {
            h2 id=(heading) { (picture.title) }
            @if !keys.is_empty() {
                p class="key" {
                    @for (class, meaning) in keys { span class="pair" { i class=(class) {} (meaning) } }
                }
            }
            div class="scroll" tabindex="0" role="region" aria-label=(picture.title) { (picture.inline(name)) }
        }
    }
}
