//! A search box over agents that answers who sees each, and never more than it was given.

use maud::{Markup, html};

use crate::ops::sharing::catalogue::Listed;
use crate::render::picture::{draw, thousands};

/// Writes the box; the page's data are what it searches. `total` is how many agents there are.
pub fn search(catalogue: &[Listed], total: i64) -> Markup {
    let listed = draw::length(catalogue.len());
    html! {
        section aria-labelledby="search-heading" {
            h2 id="search-heading" { "Who sees an agent" }
            label for="search" { "Name or id of an agent" }
            input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="found";
            p id="found" class="soft" role="status" {
                @if listed < total {
                    "This page knows " (thousands(listed)) " of " (thousands(total)) " agents: those shared selectively come first, "
                    "then the newest. For the others, ask `vital sharing explain --agent NAME`."
                } @else {
                    "This page knows all agents that it counts: " (thousands(listed)) "."
                }
            }
            ul id="results" class="results" {}
            noscript { p { "The search needs scripts; `vital sharing explain --agent` answers as well." } }
        }
    }
}
