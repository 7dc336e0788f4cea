//! Owner by viewer as a heat map.

use std::collections::HashSet;

use maud::{Markup, html};

use super::draw::{self, Anchor, Area, Ink, STEPS};
use super::{Picture, label};
use crate::ops::sharing::matrix::{Access, Matrix};

/// The most tenants on an axis; those with the most agents are drawn.
const MOST: usize = 250;
/// Up to here every tenant has its name beside it, and every cell its count.
const NAMED: usize = 45;
const MARGIN: i64 = 8;
const NAMES: i64 = 150;

/// What is drawn, and how large.
struct Heat<'a> {
    matrix: &'a Matrix,
    owners: Vec<usize>,
    viewers: Vec<usize>,
    /// The most agents of one cell.
    most: i64,
    /// Whether names and counts fit.
    named: bool,
    /// The side of a cell.
    cell: i64,
    /// Where the cells begin, from the left and from the top.
    start: i64,
}

/// Draws how many agents of each owner (down) each viewer (across) sees; darker is more, by orders of magnitude.
#[must_use]
pub fn heat_map(matrix: &Matrix) -> Picture {
    let heat = Heat::new(matrix);
    let shapes = html! {
        (heat.cells())
        @if heat.named { (heat.names()) } @else { (heat.counts()) }
    };
    let side = |count: usize| heat.start + draw::length(count.max(1)) * heat.cell + MARGIN;
    Picture {
        title: "Who sees whose agents".to_owned(),
        description: format!(
            "Rows are {} owning tenants, columns are {} viewing tenants; a darker cell is more agents, up to {}. \
             The table has the numbers.",
            heat.owners.len(),
            heat.viewers.len(),
            heat.most
        ),
        width: side(heat.viewers.len()),
        height: side(heat.owners.len()),
        shapes,
    }
}

impl<'a> Heat<'a> {
    fn new(matrix: &'a Matrix) -> Self {
        let tenants = chosen(matrix);
        let viewers: Vec<usize> = matrix.viewers().filter(|at| tenants.contains(at)).collect();
        let owners: Vec<usize> = matrix.owners().filter(|at| tenants.contains(at)).collect();
        let longest = viewers.len().max(owners.len());
        let counts = owners.iter().flat_map(|owner| {
            viewers
                .iter()
                .map(|viewer| matrix.access(*owner, *viewer).visible)
        });
        let named = longest <= NAMED;
        Self {
            matrix,
            most: counts.max().unwrap_or(0),
            named,
            cell: (900 / draw::length(longest).max(1)).clamp(3, 36),
            start: MARGIN + if named { NAMES } else { 30 },
            owners,
            viewers,
        }
    }

    /// Where the cell at `place` begins.
    fn at(&self, place: usize) -> i64 {
        self.start + draw::length(place) * self.cell
    }

    fn step(&self, access: Access) -> u8 {
        step(access.visible, self.most)
    }

    fn cells(&self) -> Markup {
        html! {
            @if !self.named {
                (draw::data(Ink::Heat(0), Area {
                    x: self.start,
                    y: self.start,
                    width: draw::length(self.viewers.len()) * self.cell,
                    height: draw::length(self.owners.len()) * self.cell,
                }, None))
            }
            @for (row, owner) in self.owners.iter().enumerate() { (self.row(row, *owner)) }
        }
    }

    /// The cells of one owner. Where they have no tips, neighbours of one step are one shape, and nothing is drawn for
    /// nothing: the ground shows.
    fn row(&self, row: usize, owner: usize) -> Markup {
        let gap = i64::from(self.named);
        let accesses: Vec<Access> = self
            .viewers
            .iter()
            .map(|viewer| self.matrix.access(owner, *viewer))
            .collect();
        let mut column = 0;
        html! {
            @for run in accesses.chunk_by(|one, next| !self.named && self.step(*one) == self.step(*next)) {
                @let area = Area {
                    x: self.at(column),
                    y: self.at(row),
                    width: draw::length(run.len()) * self.cell - gap,
                    height: self.cell - gap,
                };
                @let step = self.step(run[0]);
                @if self.named {
                    (draw::data(Ink::Heat(step), area, Some(&tip(self.matrix, run[0]))))
                } @else if step > 0 {
                    (draw::data(Ink::Heat(step), area, None))
                }
                @let () = column += run.len();
            }
        }
    }

    /// The names beside and above the cells.
    fn names(&self) -> Markup {
        let middle = |place: usize| self.at(place) + self.cell / 2;
        let name = |tenant: usize| label(self.matrix.label(tenant), 22);
        html! {
            @for (row, owner) in self.owners.iter().enumerate() {
                (draw::text(&name(*owner), (self.start - 6, middle(row)), Anchor::End))
            }
            @for (column, viewer) in self.viewers.iter().enumerate() {
                (draw::upright(&name(*viewer), (middle(column), self.start - 6), Anchor::Start))
            }
        }
    }

    /// How many there are, where names do not fit.
    fn counts(&self) -> Markup {
        let (viewers, owners) = (self.viewers.len(), self.owners.len());
        let near = self.start - 12;
        html! {
            (draw::text(&format!("{viewers} viewers →"), (self.start, near), Anchor::Start))
            (draw::upright(&format!("← {owners} owners"), (near, self.start), Anchor::End))
        }
    }
}

/// The tenants to draw: all, or those with the most agents.
fn chosen(matrix: &Matrix) -> HashSet<usize> {
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

fn tip(matrix: &Matrix, access: Access) -> String {
    let (owner, viewer) = (matrix.label(access.owner), matrix.label(access.viewer));
    format!(
        "{viewer} sees {} of {owner}: {} own, {} global, {} selective",
        access.visible, access.own, access.global, access.selective
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
