//! Owner by viewer as a heat map.

use std::collections::VecDeque;

use plotters::prelude::*;

use super::canvas::Canvas;
use super::ink::{Ink, STEPS};
use super::{Picture, label, undrawn};
use crate::error::Result;
use crate::ops::sharing::matrix::Matrix;

/// The most tenants on an axis; those with the most agents are drawn.
const MOST: usize = 250;
/// Up to here every tenant has its name beside it, and every cell its count.
const NAMED: usize = 45;
const MARGIN: u32 = 8;
const NAMES: u32 = 150;

/// Draws how many agents of each owner (down) each viewer (across) sees; darker is more, by orders of magnitude.
///
/// # Errors
/// [`crate::Kind::Failed`] if the charting library refuses.
pub fn heat_map(matrix: &Matrix) -> Result<Picture> {
    let tenants = chosen(matrix);
    let viewers: Vec<usize> = matrix.viewers().filter(|at| tenants.contains(at)).collect();
    let owners: Vec<usize> = matrix.owners().filter(|at| tenants.contains(at)).collect();
    let named = viewers.len().max(owners.len()) <= NAMED;
    let names = if named { NAMES } else { 30 };
    let cell = u32::try_from(900 / viewers.len().max(owners.len()).max(1))
        .unwrap_or(1)
        .clamp(3, 36);
    let span = |count: usize| u32::try_from(count.max(1)).unwrap_or(1) * cell;
    let size = (
        names + span(viewers.len()) + 2 * MARGIN,
        names + span(owners.len()) + 2 * MARGIN,
    );

    let most = owners
        .iter()
        .flat_map(|owner| viewers.iter().map(|viewer| matrix.sight(*owner, *viewer).visible));
    let most = most.max().unwrap_or(0);
    let mut tips = VecDeque::new();
    let mut cells = Vec::new();
    for (row, owner) in owners.iter().enumerate() {
        let mut column = 0;
        while column < viewers.len() {
            let sight = matrix.sight(*owner, viewers[column]);
            let step = step(sight.visible, most);
            // Where cells have no tips, neighbours of one step are one shape.
            let same = |at: &&usize| !named && self::step(matrix.sight(*owner, **at).visible, most) == step;
            let run = 1 + viewers[column + 1..].iter().take_while(same).count();
            if named {
                tips.push_back(tip(matrix, sight));
            }
            // Without tips nothing is drawn for nothing: the ground shows.
            if named || step > 0 {
                cells.push((row, column, run, step));
            }
            column += run;
        }
    }

    let mut shapes = Vec::new();
    {
        let root = Canvas::new(size, tips, &mut shapes).into_drawing_area();
        let (across, down) = (axis(viewers.len()), axis(owners.len()));
        let mut chart = ChartBuilder::on(&root)
            .margin(MARGIN)
            .set_label_area_size(LabelAreaPosition::Left, names)
            .set_label_area_size(LabelAreaPosition::Top, names)
            .build_cartesian_2d(0..across, down..0)
            .map_err(undrawn)?;
        if !named {
            let ground = Rectangle::new([(0, 0), (across, down)], Ink::Heat(0).color().filled());
            chart.draw_series([ground]).map_err(undrawn)?;
        }
        let gap = u32::from(named);
        let rectangles = cells.iter().map(|&(row, column, run, step)| {
            let (x, y) = (axis(column), axis(row));
            let corners = [(x, y), (x + axis(run), y + 1)];
            let mut cell = Rectangle::new(corners, Ink::Heat(step).color().filled());
            cell.set_margin(0, gap, 0, gap);
            cell
        });
        chart.draw_series(rectangles).map_err(undrawn)?;
        let text = ("sans-serif", 12).into_font().color(&Ink::Text.color());
        let area = chart.plotting_area();
        let half = i32::try_from(cell / 2).unwrap_or(0);
        use plotters::style::text_anchor::{HPos, Pos, VPos};
        if named {
            for (row, owner) in owners.iter().enumerate() {
                let (x, y) = area.map_coordinate(&(0, axis(row)));
                let style = text.pos(Pos::new(HPos::Right, VPos::Center));
                root.draw_text(&label(matrix.label(*owner), 22), &style, (x - 6, y + half))
                    .map_err(undrawn)?;
            }
            let upright = text
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Left, VPos::Center));
            for (column, viewer) in viewers.iter().enumerate() {
                let (x, y) = area.map_coordinate(&(axis(column), 0));
                root.draw_text(&label(matrix.label(*viewer), 22), &upright, (x + half, y - 6))
                    .map_err(undrawn)?;
            }
        } else {
            let top = text.pos(Pos::new(HPos::Left, VPos::Center));
            let (x, y) = area.map_coordinate(&(0, 0));
            root.draw_text(&format!("{} viewers →", viewers.len()), &top, (x, y - 12))
                .map_err(undrawn)?;
            let side = text
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Right, VPos::Center));
            root.draw_text(&format!("← {} owners", owners.len()), &side, (x - 12, y))
                .map_err(undrawn)?;
        }
        root.present().map_err(undrawn)?;
    }
    Ok(Picture {
        title: "Who sees whose agents".to_owned(),
        description: format!(
            "Rows are {} owning tenants, columns are {} viewing tenants; a darker cell is more agents, up to {most}. \
             The table has the numbers.",
            owners.len(),
            viewers.len()
        ),
        width: size.0,
        height: size.1,
        shapes,
    })
}

/// The tenants to draw: all, or those with the most agents.
fn chosen(matrix: &Matrix) -> std::collections::HashSet<usize> {
    let mut places: Vec<usize> = (0..matrix.tenants.len()).collect();
    places.sort_by_key(|at| std::cmp::Reverse(matrix.tenants[*at].owned + matrix.tenants[*at].received));
    places.truncate(MOST);
    places.into_iter().collect()
}

/// The step of a count: nothing, then up to the most by orders of magnitude.
fn step(count: i64, most: i64) -> u8 {
    if count <= 0 {
        return 0;
    }
    if most <= 1 {
        return STEPS;
    }
    let (bits, all) = (logarithm(count), logarithm(most));
    let step = 1 + (bits * u64::from(STEPS - 1) + all / 2) / all.max(1);
    u8::try_from(step).unwrap_or(STEPS).min(STEPS)
}

/// The logarithm to base 2 in 64ths, without rounding errors between platforms.
fn logarithm(count: i64) -> u64 {
    let count = count.unsigned_abs().max(1);
    let whole = u64::from(count.ilog2());
    let rest = (u128::from(count) << 6 >> whole) - 64;
    whole * 64 + u64::try_from(rest).unwrap_or(0)
}

fn axis(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn tip(matrix: &Matrix, sight: crate::ops::sharing::matrix::Sight) -> String {
    let (owner, viewer) = (matrix.label(sight.owner), matrix.label(sight.viewer));
    format!(
        "{viewer} sees {} of {owner}: {} own, {} global, {} selective",
        sight.visible, sight.own, sight.global, sight.selective
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_from_nothing_to_the_most() {
        assert_eq!([0, 1, 1000].map(|count| step(count, 1000)), [0, 1, STEPS]);
        assert!((1..1000).all(|count| step(count, 1000) <= step(count + 1, 1000)));
        assert_eq!(step(1, 1), STEPS);
    }
}
