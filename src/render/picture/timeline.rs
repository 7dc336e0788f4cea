//! Changes of sharing over time.

use std::collections::VecDeque;

use plotters::prelude::*;

use super::canvas::Canvas;
use super::ink::Ink;
use super::{Picture, undrawn};
use crate::error::Result;
use crate::ops::sharing::timeline::{Bucket, Timeline};

const SIZE: (u32, u32) = (760, 240);

/// Draws how many entries of the audit each stretch of time has.
///
/// # Errors
/// [`crate::Kind::Failed`] if the charting library refuses.
pub fn timeline(line: &Timeline) -> Result<Picture> {
    let buckets = &line.buckets;
    // A lone stretch is not to fill the picture.
    let columns = i32::try_from(buckets.len()).unwrap_or(0).max(12);
    let most = buckets.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    let mut tips = VecDeque::new();
    let mut pieces = Vec::new();
    for (column, bucket) in (0..).zip(buckets) {
        let mut from = 0;
        for (ink, what, count) in [
            (Ink::Selective, "gained", bucket.gained),
            (Ink::Received, "lost", bucket.lost),
            (Ink::Global, "modified", bucket.modified),
        ] {
            if count > 0 {
                tips.push_back(format!("{}: {count} {what}", bucket.label()));
                pieces.push((column, from, from + count, ink));
            }
            from += count;
        }
    }

    let mut shapes = Vec::new();
    {
        let root = Canvas::new(SIZE, tips, &mut shapes).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .margin_right(60)
            .set_label_area_size(LabelAreaPosition::Left, 50)
            .set_label_area_size(LabelAreaPosition::Bottom, 34)
            .build_cartesian_2d(0..columns, 0..most)
            .map_err(undrawn)?;
        let name = |column: &i32| {
            let bucket = usize::try_from(*column)
                .ok()
                .and_then(|column| buckets.get(column));
            bucket.map(Bucket::label).unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(5)
            .x_label_formatter(&name)
            .y_labels(4)
            .label_style(("sans-serif", 12).into_font().color(&Ink::Text.color()))
            .axis_style(Ink::Line.color())
            .bold_line_style(Ink::Grid.color())
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(undrawn)?;
        let bars = pieces.iter().map(|&(column, from, to, ink)| {
            let mut bar = Rectangle::new([(column, from), (column + 1, to)], ink.color().filled());
            bar.set_margin(0, 0, 1, 1);
            bar
        });
        chart.draw_series(bars).map_err(undrawn)?;
        root.present().map_err(undrawn)?;
    }
    Ok(Picture {
        title: "Changes of sharing".to_owned(),
        description: format!(
            "Bars of {} stretches of time, at most {most} entries each: access gained, lost, and modified.",
            buckets.len()
        ),
        width: SIZE.0,
        height: SIZE.1,
        shapes,
    })
}
