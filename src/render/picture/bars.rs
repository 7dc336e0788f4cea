//! Bars: a tenant's agents by mode, and what somebody sees by rule.

use std::collections::VecDeque;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::Canvas;
use super::ink::Ink;
use super::{Picture, label, undrawn};
use crate::error::Result;
use crate::ops::sharing::explain::{Counted, Rule};
use crate::ops::sharing::report::Tenant;

/// The most tenants; those with the most agents are drawn.
const MOST: usize = 40;
const WIDTH: u32 = 760;
const NAMES: u32 = 170;
const ROW: u32 = 24;
const AXIS: u32 = 30;

/// One bar, in pieces.
struct Bar<'a> {
    name: &'a str,
    pieces: Vec<(Ink, &'static str, i64)>,
}

impl Bar<'_> {
    fn length(&self) -> i64 {
        self.pieces.iter().map(|(.., count)| count).sum()
    }
}

/// Draws the tenants with the most agents: what each owns by mode, and what it receives.
///
/// # Errors
/// [`crate::Kind::Failed`] if the charting library refuses.
pub fn bars(tenants: &[Tenant]) -> Result<Picture> {
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
///
/// # Errors
/// [`crate::Kind::Failed`] if the charting library refuses.
pub fn rules(rules: &[Counted]) -> Result<Picture> {
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

fn draw(bars: &[Bar<'_>], title: &str, description: String) -> Result<Picture> {
    let rows = i32::try_from(bars.len()).unwrap_or(0).max(1);
    let most = bars.iter().map(Bar::length).max().unwrap_or(0).max(1);
    let size = (WIDTH, u32::try_from(rows).unwrap_or(1) * ROW + AXIS + 10);

    let mut tips = VecDeque::new();
    let mut pieces = Vec::new();
    for (row, bar) in (0..).zip(bars) {
        let mut from = 0;
        for &(ink, what, count) in &bar.pieces {
            if count > 0 {
                tips.push_back(format!("{}: {count} {what}", bar.name));
                pieces.push((row, from, from + count, ink));
            }
            from += count;
        }
    }

    let mut shapes = Vec::new();
    {
        let root = Canvas::new(size, tips, &mut shapes).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(4)
            .margin_right(24)
            .set_label_area_size(LabelAreaPosition::Left, NAMES)
            .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
            .build_cartesian_2d(0..most, rows..0)
            .map_err(undrawn)?;
        let text = ("sans-serif", 12).into_font().color(&Ink::Text.color());
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(5)
            .x_label_formatter(&|count| super::super::page::thousands(*count))
            .label_style(text.clone())
            .axis_style(Ink::Line.color())
            .bold_line_style(Ink::Grid.color())
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(undrawn)?;
        let drawn = pieces.iter().map(|&(row, from, to, ink)| {
            let mut bar = Rectangle::new([(from, row), (to, row + 1)], ink.color().filled());
            bar.set_margin(4, 4, 0, 0);
            bar
        });
        chart.draw_series(drawn).map_err(undrawn)?;
        let names = text.pos(Pos::new(HPos::Right, VPos::Center));
        for (row, bar) in (0..).zip(bars) {
            let (x, y) = chart.plotting_area().map_coordinate(&(0, row));
            let middle = y + i32::try_from(ROW / 2).unwrap_or(0);
            root.draw_text(&label(bar.name, 24), &names, (x - 8, middle))
                .map_err(undrawn)?;
        }
        root.present().map_err(undrawn)?;
    }
    Ok(Picture {
        title: title.to_owned(),
        description,
        width: size.0,
        height: size.1,
        shapes,
    })
}
