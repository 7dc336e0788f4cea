//! One self-contained HTML page for a report: no network, light and dark, on paper, by keyboard, on a phone.

mod search;
mod sharing;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use uuid::Uuid;

use super::picture;

pub use sharing::{audit, explanation, matrix, overview};

const SCRIPT: &str = include_str!("page.js");
const LAYOUT: &str = include_str!("page.css");

/// Lays out a page. Nothing in `body` may carry a style or a script of its own: the page allows only the two that it
/// brings, by a number that nobody can have guessed who chose a name in it.
fn page(title: &str, about: &str, body: &Markup) -> String {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'"
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) " · vital" }
                style nonce=(nonce) { (PreEscaped(picture::STYLE)) (PreEscaped(LAYOUT)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header {
                    h1 { (title) }
                    p class="soft" { (about) }
                }
                main id="main" tabindex="-1" { (body) }
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            [0, 999, 1000, -1_234_567].map(picture::thousands),
            ["0", "999", "1,000", "-1,234,567"]
        );
    }

    #[test]
    fn the_script_cannot_end_its_element() {
        assert!(!SCRIPT.contains("</") && !LAYOUT.contains("</") && !picture::STYLE.contains("</"));
    }
}
