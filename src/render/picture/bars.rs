//! Bars: a tenant's agents by mode, and what somebody sees by rule.

use maud::{Markup, html};

use super::draw::{self, Anchor, Area, Ink};
use super::thousands;
use super::{Picture, label};
use crate::ops::sharing::explain::{Counted, Rule};
use crate::ops::sharing::report::Tenant;

/// The most tenants; those with the most agents are drawn.
const MOST: usize = 40;
const WIDTH: i64 = 760;
/// The space for names on the left.
const NAMES: i64 = 170;
/// The length of the longest bar.
const LENGTH: i64 = WIDTH - NAMES - 24;
/// The height of a row, and of the bar in it.
const ROW: i64 = 24;
const THICKNESS: i64 = 16;
const TOP: i64 = 4;
/// The space for numbers below.
const AXIS: i64 = 36;

/// One bar, in pieces.
struct Bar<'a> {
    name: &'a str,
    pieces: Vec<(Ink, &'static str, i64)>,
}

impl Bar<'_> {
    fn length(&self) -> i64 {
        self.pieces.iter().map(|(.., count)| count).sum()
    }

    /// The pieces beside each other, at the height of `row`.
    fn draw(&self, row: i64, most: i64) -> Markup {
        let y = TOP + row * ROW + (ROW - THICKNESS) / 2;
        let mut from = 0;
        html! {
            (draw::text(&label(self.name, 24), (NAMES - 8, y + THICKNESS / 2), Anchor::End))
            @for &(ink, what, count) in &self.pieces {
                @let start = draw::scale(from, most, LENGTH);
                @let width = draw::scale(from + count, most, LENGTH) - start;
                @let area = Area { x: NAMES + start, y, width, height: THICKNESS };
                (draw::data(ink, area, Some(&format!("{}: {count} {what}", self.name))))
                @let () = from += count;
            }
        }
    }
}

/// Draws the tenants with the most agents: what each owns by mode, and what it receives.
#[must_use]
pub fn bars(tenants: &[Tenant]) -> Picture {
    let mut bars: Vec<Bar<'_>> = tenants
        .iter()
        .map(|tenant| Bar {
            name: tenant.slug.as_deref().unwrap_or("(none)"),
            pieces: vec![
                (Ink::Private, "private", tenant.private),
                (Ink::Selective, "selectively shared", tenant.selective),
                (Ink::Global, "globally shared", tenant.global),
                (Ink::Received, "received", tenant.received),
            ],
        })
        .collect();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.length()));
    bars.truncate(MOST);
    let description = format!(
        "Bars of the {} tenants with the most agents of {}: private, selective, global and received. \
         The table has the numbers.",
        bars.len(),
        tenants.len()
    );
    draw(&bars, "Agents by tenant", description)
}

/// Draws how many agents somebody sees by each rule.
#[must_use]
pub fn rules(rules: &[Counted]) -> Picture {
    let bars: Vec<Bar<'_>> = rules
        .iter()
        .map(|counted| {
            let ink = match counted.rule {
                Rule::Own => Ink::Private,
                Rule::Global => Ink::Global,
                Rule::Selective => Ink::Selective,
                Rule::PlatformAdmin => Ink::Received,
            };
            let what = if counted.at_least {
                "or more agents"
            } else {
                "agents"
            };
            Bar {
                name: counted.rule.name(),
                pieces: vec![(ink, what, counted.agents)],
            }
        })
        .collect();
    let description = "Bars of the rules by which agents are seen. The table has the numbers.".to_owned();
    draw(&bars, "Agents by rule", description)
}

fn draw(bars: &[Bar<'_>], title: &str, description: String) -> Picture {
    let most = bars.iter().map(Bar::length).max().unwrap_or(0).max(1);
    let bottom = TOP + draw::length(bars.len()).max(1) * ROW;
    let shapes = html! {
        @for tick in draw::ticks(most, 5) {
            @let x = NAMES + draw::scale(tick, most, LENGTH);
            (draw::grid((x, TOP), (x, bottom)))
            (draw::axis((x, bottom), (x, bottom + 5)))
            (draw::text(&thousands(tick), (x, bottom + 16), Anchor::Middle))
        }
        (draw::axis((NAMES, bottom), (NAMES + LENGTH, bottom)))
        @for (row, bar) in (0..).zip(bars) { (bar.draw(row, most)) }
    };
    Picture {
        title: title.to_owned(),
        description,
        width: WIDTH,
        height: bottom + AXIS,
        shapes,
    }
}
