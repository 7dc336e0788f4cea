//! A bar for each tenant: what it owns by mode, and what it receives.

use std::collections::VecDeque;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::Canvas;
use super::ink::Ink;
use super::{Picture, label, undrawn};
use crate::error::Result;
use crate::ops::sharing::report::Tenant;

/// The most tenants; those with the most agents are drawn.
const MOST: usize = 40;
const WIDTH: u32 = 760;
const NAMES: u32 = 170;
const ROW: u32 = 24;
const AXIS: u32 = 30;

/// Draws the tenants with the most agents.
///
/// # Errors
/// [`crate::Kind::Failed`] if the charting library refuses.
pub fn bars(tenants: &[Tenant]) -> Result<Picture> {
    let mut drawn: Vec<&Tenant> = tenants.iter().collect();
    drawn.sort_by_key(|tenant| std::cmp::Reverse(tenant.owned + tenant.received));
    drawn.truncate(MOST);
    let rows = i32::try_from(drawn.len()).unwrap_or(0).max(1);
    let most = drawn
        .iter()
        .map(|tenant| tenant.owned + tenant.received)
        .max()
        .unwrap_or(0)
        .max(1);
    let size = (WIDTH, u32::try_from(rows).unwrap_or(1) * ROW + AXIS + 10);

    let mut tips = VecDeque::new();
    let mut pieces = Vec::new();
    for (row, tenant) in (0..).zip(&drawn) {
        let mut from = 0;
        for (ink, what, count) in parts(tenant) {
            if count > 0 {
                tips.push_back(format!("{}: {count} {what}", name(tenant)));
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
        let bars = pieces.iter().map(|&(row, from, to, ink)| {
            let mut bar = Rectangle::new([(from, row), (to, row + 1)], ink.color().filled());
            bar.set_margin(4, 4, 0, 0);
            bar
        });
        chart.draw_series(bars).map_err(undrawn)?;
        let names = text.pos(Pos::new(HPos::Right, VPos::Center));
        for (row, tenant) in (0..).zip(&drawn) {
            let (x, y) = chart.plotting_area().map_coordinate(&(0, row));
            let middle = y + i32::try_from(ROW / 2).unwrap_or(0);
            root.draw_text(&label(name(tenant), 24), &names, (x - 8, middle))
                .map_err(undrawn)?;
        }
        root.present().map_err(undrawn)?;
    }
    Ok(Picture {
        title: "Agents by tenant".to_owned(),
        description: format!(
            "Bars of the {} tenants with the most agents of {}: private, selective, global and received. \
             The table has the numbers.",
            drawn.len(),
            tenants.len()
        ),
        width: size.0,
        height: size.1,
        shapes,
    })
}

fn parts(tenant: &Tenant) -> [(Ink, &'static str, i64); 4] {
    [
        (Ink::Private, "private", tenant.private),
        (Ink::Selective, "selectively shared", tenant.selective),
        (Ink::Global, "globally shared", tenant.global),
        (Ink::Received, "received", tenant.received),
    ]
}

fn name(tenant: &Tenant) -> &str {
    tenant.slug.as_deref().unwrap_or("(none)")
}
