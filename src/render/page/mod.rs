//! One self-contained HTML page for a report: no network, light and dark, on paper, by keyboard, on a phone.

mod bars;
mod matrix;
mod search;
mod sharing;
mod table;
mod times;
mod verify;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use time::OffsetDateTime;
use time::macros::format_description;

use super::escape::visible;

pub use sharing::{audit, explanation, matrix, overview};
pub use verify::verification;

const STYLE: &str = concat!(
    include_str!("../picture/picture.css"),
    include_str!("assets/page.css"),
    include_str!("assets/matrix.css")
);
const SCRIPT: &str = concat!(
    include_str!("assets/page.js"),
    include_str!("assets/model.js"),
    include_str!("assets/matrix.js")
);
/// The SHA-256 of [`STYLE`] and [`SCRIPT`], in base64: a page runs these and nothing else. `tests/it/pages.rs` computes them.
const STYLE_HASH: &str = "gUDUIQbcjSRG8cex69jEOF9jFY+RzT1evIMscPtCPr0=";
const SCRIPT_HASH: &str = "KWLmnL+ZlTYNAES+bzB7q1VtCr8ii66g2Y9ioy1y4W8=";

/// What a page says of itself.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When the numbers were read.
    pub at: OffsetDateTime,
    /// Which database, where, as whom.
    pub database: String,
    /// What was asked for, in words; everything if empty.
    pub filter: String,
}

impl Facts {
    /// The facts of what was read just now; `place` is how the connection describes itself.
    #[must_use]
    pub fn now(place: &str, filter: impl Into<String>) -> Self {
        Self {
            at: OffsetDateTime::now_utc(),
            database: place.strip_prefix("database ").unwrap_or(place).to_owned(),
            filter: filter.into(),
        }
    }

    /// The date and time, in UTC.
    #[must_use]
    pub fn date(&self) -> String {
        moment(self.at)
    }

    /// All of it on one line.
    #[must_use]
    pub fn line(&self) -> String {
        let filter = match self.filter.as_str() {
            "" => String::new(),
            filter => format!(" · {filter}"),
        };
        format!(
            "{} · {}{filter} · vital {}",
            self.date(),
            self.database,
            env!("CARGO_PKG_VERSION")
        )
    }

    /// The facts with their names.
    fn rows(&self) -> [(&'static str, String); 4] {
        let filter = match self.filter.as_str() {
            "" => "none, everything is shown",
            filter => filter,
        };
        [
            ("As of", self.date()),
            ("Database", self.database.clone()),
            ("Filter", filter.to_owned()),
            ("Made by", format!("vital {}", env!("CARGO_PKG_VERSION"))),
        ]
    }
}

/// A time for people, in UTC.
fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_default()
}

/// Lays out a page. Nothing in `body` may carry a style or a script of its own: the page allows only the two that it
/// brings, by their hashes.
fn page(title: &str, facts: &Facts, body: &Markup) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; \
         form-action 'none'"
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
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header {
                    h1 { (title) }
                    dl class="facts" {
                        @for (name, value) in facts.rows() {
                            div { dt { (name) } dd { bdi { (visible(&value)) } } }
                        }
                    }
                }
                main id="main" tabindex="-1" { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// Numbers at a glance, each with a remark.
fn tiles<'a>(tiles: impl IntoIterator<Item = (&'a str, String, String)>) -> Markup {
    html! {
        dl class="tiles" {
            @for (name, value, remark) in tiles {
                div {
                    dt { (name) }
                    dd { (value) @if !remark.is_empty() { " " small { (remark) } } }
                }
            }
        }
    }
}

/// What the colours mean.
fn key(keys: &[(&str, &str)]) -> Markup {
    html! {
        p class="key" {
            @for (class, meaning) in keys { span class="pair" { i class=(class) {} (meaning) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture;
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
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !STYLE.contains("</"));
    }
}
