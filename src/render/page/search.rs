//! A search box over agents that answers who sees each.

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use crate::ops::sharing::catalogue::Catalogue;
use crate::render::escape::visible;
use crate::render::json;
use crate::render::picture::thousands;

/// What the script needs of the catalogue, with every text made visible.
#[derive(Serialize)]
struct Data<'a> {
    tenants: Vec<(String, bool)>,
    agents: Vec<Agent<'a>>,
}

/// Id, name, owner, mode and recipients; tenants by their position.
type Agent<'a> = (String, String, Option<usize>, &'a str, &'a [usize]);

/// Writes the box and its data.
pub fn search(catalogue: &Catalogue) -> Markup {
    let data = Data {
        tenants: catalogue
            .tenants
            .iter()
            .map(|tenant| (visible(&tenant.slug).into_owned(), tenant.is_active()))
            .collect(),
        agents: catalogue
            .agents
            .iter()
            .map(|agent| {
                let name = visible(&agent.name).into_owned();
                (
                    agent.id.to_string(),
                    name,
                    agent.owner,
                    agent.mode.as_str(),
                    agent.with.as_slice(),
                )
            })
            .collect(),
    };
    // A value of these types is always JSON.
    let data = json::line(&data).unwrap_or_default();
    html! {
        section aria-labelledby="search-heading" {
            h2 id="search-heading" { "Who sees an agent" }
            label for="search" { "Name or id of an agent" }
            input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="found";
            p id="found" class="soft" role="status" aria-live="polite" {
                (thousands(i64::try_from(catalogue.agents.len()).unwrap_or(i64::MAX))) " agents"
                @if catalogue.is_cut { ", the newest; `vital sharing explain` answers for every other" }
            }
            ul id="results" class="results" {}
            noscript { p { "The search needs scripts; `vital sharing explain --agent` answers as well." } }
            script type="application/json" id="catalogue" { (PreEscaped(inert(&data))) }
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
