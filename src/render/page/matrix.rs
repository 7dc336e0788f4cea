//! The matrix of owners and viewers: what the script draws, sorts, filters and opens.

use std::collections::HashMap;

use maud::{Markup, PreEscaped, html};
use serde::Serialize;
use uuid::Uuid;

use crate::ops::sharing::catalogue::Listed;
use crate::ops::sharing::matrix::Matrix;
use crate::render::escape::visible;
use crate::render::json;

/// What the script needs, with every text made visible; tenants by their position.
#[derive(Serialize)]
struct Data<'a> {
    /// Name, status, whether its members act for it, and its private, selective and global agents.
    tenants: Vec<(String, String, bool, i64, i64, i64)>,
    owners: Vec<usize>,
    viewers: Vec<usize>,
    /// Owner, viewer and how many agents are shared selectively.
    pairs: Vec<(usize, usize, i64)>,
    agents: Vec<Agent<'a>>,
    /// How many agents there are, on the page or not.
    total: i64,
}

/// Id, name, owner, mode and recipients.
type Agent<'a> = (String, String, Option<usize>, &'a str, Vec<usize>);

/// How many agents of the owners there are.
pub fn total(matrix: &Matrix) -> i64 {
    matrix.owners().map(|owner| matrix.tenants[owner].owned).sum()
}

/// Writes what the scripts of the matrix and the search read.
pub fn data(matrix: &Matrix, catalogue: &[Listed]) -> Markup {
    let place: HashMap<Option<Uuid>, usize> = matrix
        .tenants
        .iter()
        .enumerate()
        .map(|(at, tenant)| (tenant.id, at))
        .collect();
    let placed = |tenant: Uuid| place.get(&Some(tenant)).copied();
    let data = Data {
        tenants: matrix
            .tenants
            .iter()
            .map(|tenant| {
                let slug = tenant.slug.as_deref().unwrap_or("(no tenant)");
                // What nobody owns has no state of which one could say something.
                let status = tenant.status.as_deref().unwrap_or("nobody's");
                (
                    visible(slug).into_owned(),
                    visible(status).into_owned(),
                    tenant.is_active,
                    tenant.private,
                    tenant.selective,
                    tenant.global,
                )
            })
            .collect(),
        owners: matrix.owners().collect(),
        viewers: matrix.viewers().collect(),
        pairs: matrix.pairs(),
        agents: catalogue
            .iter()
            .map(|agent| {
                (
                    agent.id.to_string(),
                    visible(&agent.name).into_owned(),
                    agent.owner.and_then(placed).or_else(|| place.get(&None).copied()),
                    agent.mode.as_str(),
                    agent.with.iter().filter_map(|tenant| placed(*tenant)).collect(),
                )
            })
            .collect(),
        total: total(matrix),
    };
    // A value of these types is always JSON.
    let data = json::line(&data).unwrap_or_default();
    html! { script type="application/json" id="data" { (PreEscaped(inert(&data))) } }
}

/// Writes the matrix with its controls; without scripts, the table has its numbers.
pub fn grid() -> Markup {
    html! {
        section aria-labelledby="matrix-heading" {
            h2 id="matrix-heading" { "Who sees whose agents" }
            p {
                "A row owns, a column sees. The diagonal is what a tenant sees of its own; what is shared with everybody has a "
                "column of its own, so that it hides nothing. Choose a cell to list its agents."
            }
            noscript { p { "The matrix needs scripts; the table at the end of the page has its numbers." } }
            div id="matrix" hidden {
                div class="controls" {
                    fieldset {
                        legend { "Layers" }
                        div class="checks" {
                            @for (mode, meaning) in [("private", "private"), ("selective", "selective"), ("global", "global (everybody)")] {
                                label { input type="checkbox" id=(format!("layer-{mode}")) checked; i class=(mode) {} (meaning) }
                            }
                        }
                    }
                    div { label for="owners" { "Owners named" } input type="search" id="owners" autocomplete="off" spellcheck="false"; }
                    div { label for="viewers" { "Viewers named" } input type="search" id="viewers" autocomplete="off" spellcheck="false"; }
                    div {
                        label for="order" { "Order" }
                        select id="order" autocomplete="off" {
                            option value="name" { "by name" }
                            option value="shared" { "most shared first" }
                            option value="agents" { "most agents first" }
                        }
                    }
                    div class="checks" { label { input type="checkbox" id="quiet" autocomplete="off"; "only who shares or receives" } }
                    div class="buttons" role="group" aria-label="Zoom" {
                        button type="button" id="out" aria-label="Smaller" { "−" }
                        button type="button" id="in" aria-label="Larger" { "+" }
                        button type="button" id="fit" { "Fit" }
                    }
                }
                p id="shown" class="soft" role="status" {}
                p id="more" class="cue" hidden { "Scroll inside the matrix for more →" }
                div id="grid" class="grid" tabindex="0" role="application" aria-label="Matrix of owners and viewers"
                    aria-describedby="keys" {
                    div { canvas {} }
                }
                p id="cell" role="status" {}
                p id="keys" class="soft" {
                    "Keys: arrows move, Enter lists the agents of a cell, + and − zoom, 0 fits. Where a number does not fit, "
                    "the pointer and the keys tell it."
                }
                div id="tip" class="tip" hidden aria-hidden="true" {}
                div id="detail" aria-live="polite" {}
            }
        }
    }
}

/// Writes JSON so that nothing in it ends or begins an element.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_script_element() {
        let text = inert(&json::line(&"</script><!--&").unwrap_or_default());
        assert_eq!(text, "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
        assert_eq!(
            serde_json::from_str::<String>(&text).ok().as_deref(),
            Some("</script><!--&")
        );
    }
}
