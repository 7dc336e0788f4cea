//! Pictures as SVG, coloured by a style sheet so that they suit light, dark and paper.

mod bars;
pub(in crate::render) mod draw;
mod heat;
mod timeline;

use maud::{Markup, PreEscaped, html};

pub use bars::{bars, rules};
pub use heat::heat_map;
pub use timeline::timeline;

/// The colours, for a page and for a picture on its own.
pub const STYLE: &str = include_str!("picture.css");

/// A drawing with what it shows in words.
pub struct Picture {
    /// What it is.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    width: i64,
    height: i64,
    shapes: Markup,
}

impl Picture {
    /// The picture as part of a page; `name` is unique there.
    #[must_use]
    pub fn inline(&self, name: &str) -> Markup {
        self.svg(name, None)
    }

    /// The picture as a file of its own.
    #[must_use]
    pub fn file(&self) -> String {
        let svg = self.svg("picture", Some(STYLE));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
            svg.into_string()
        )
    }

    fn svg(&self, name: &str, style: Option<&str>) -> Markup {
        let (title, description) = (format!("{name}-title"), format!("{name}-description"));
        html! {
            svg xmlns="http://www.w3.org/2000/svg" class="picture"
                viewBox=(format!("0 0 {} {}", self.width, self.height))
                width=(self.width) height=(self.height)
                role="img" aria-labelledby=(format!("{title} {description}")) {
                title id=(title) { (self.title) }
                desc id=(description) { (self.description) }
                @if let Some(style) = style { style { (PreEscaped(style)) } }
                @if style.is_some() { rect class="sheet" width="100%" height="100%" {} }
                (self.shapes)
            }
        }
    }
}

/// Shortens a name to what fits beside an axis.
fn label(name: &str, limit: usize) -> String {
    super::text::excerpt(name, limit)
}

/// Groups the digits of a count by thousands.
pub(in crate::render) fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        grouped.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
