//! Owner by viewer as a heat map.

use std::cmp::Reverse;
use std::collections::HashSet;

use maud::{Markup, html};

use super::draw::{self, Anchor, Area, Ink, STEPS};
use super::{Picture, label, thousands};
use crate::ops::sharing::matrix::Matrix;
use crate::report::counted;

/// The most owners and the most viewers; those that share and receive the most are drawn.
const MOST: usize = 120;
const MARGIN: i64 = 12;
/// The space for names.
const NAMES: i64 = 160;
/// The space for the title above and the words below.
const TITLE: i64 = 48;
const WORDS: i64 = 56;
/// From this side on a cell has its number in it.
const NUMBERED: i64 = 17;

/// What is drawn, and how large.
struct Heat<'a> {
    matrix: &'a Matrix,
    owners: Vec<usize>,
    viewers: Vec<usize>,
    /// How many tenants share and receive nothing, or too little to be drawn.
    left_out: (usize, usize),
    /// The most agents of one cell, but for the column of everybody.
    most: i64,
    /// The side of a cell.
    cell: i64,
}

/// Draws how many agents of each owner (down) each viewer (across) sees: its own, and what is shared with it selectively. What
/// everybody sees has a column of its own. A stronger colour is more, by orders of magnitude. `caption` says when and where.
#[must_use]
pub fn heat_map(matrix: &Matrix, caption: &str) -> Picture {
    let heat = Heat::new(matrix);
    let bottom = heat.top() + draw::length(heat.owners.len().max(1)) * heat.cell;
    let width = heat.left() + draw::length(heat.viewers.len().max(1)) * heat.cell + MARGIN;
    let shapes = html! {
        (draw::text("Who sees whose agents", (MARGIN, 22), Anchor::Start))
        (draw::note("Rows own, columns see.", (MARGIN, 40)))
        (heat.names())
        @for (row, owner) in (0..).zip(&heat.owners) { (heat.row(row, *owner)) }
        (heat.key(bottom + 18))
        (draw::note(&heat.left_out(), (MARGIN, bottom + 36)))
        (draw::note(caption, (MARGIN, bottom + 52)))
    };
    Picture {
        title: "Who sees whose agents".to_owned(),
        description: format!(
            "Rows are {} owning tenants, columns are everybody and {} viewing tenants; a stronger colour is more agents, up \
             to {}. {} The table has the numbers.",
            heat.owners.len(),
            heat.viewers.len(),
            heat.most,
            heat.left_out()
        ),
        width: width.max(560),
        height: bottom + WORDS + MARGIN,
        shapes,
    }
}

impl<'a> Heat<'a> {
    fn new(matrix: &'a Matrix) -> Self {
        let (mut given, mut received) = (vec![0; matrix.tenants.len()], vec![0; matrix.tenants.len()]);
        for (owner, viewer, agents) in matrix.pairs() {
            given[owner] += agents;
            received[viewer] += agents;
        }
        let (all_owners, all_viewers): (Vec<usize>, Vec<usize>) =
            (matrix.owners().collect(), matrix.viewers().collect());
        let owners = chosen(&all_owners, |at| (given[at], matrix.tenants[at].owned));
        let viewers = chosen(&all_viewers, |at| (received[at], matrix.tenants[at].owned));
        let counts = owners.iter().flat_map(|owner| {
            viewers.iter().map(|viewer| {
                let access = matrix.access(*owner, *viewer);
                access.own + access.selective
            })
        });
        Self {
            matrix,
            most: counts.max().unwrap_or(0),
            cell: (900 / draw::length(owners.len().max(viewers.len())).max(1)).clamp(14, 36),
            left_out: (all_owners.len() - owners.len(), all_viewers.len() - viewers.len()),
            owners,
            viewers,
        }
    }

    fn top(&self) -> i64 {
        TITLE + NAMES
    }

    /// Where the column of everybody begins, and where that of the first viewer does.
    fn everybody(&self) -> i64 {
        MARGIN + NAMES
    }

    fn left(&self) -> i64 {
        self.everybody() + self.cell + 8
    }

    /// The cells of one owner.
    fn row(&self, row: i64, owner: usize) -> Markup {
        let y = self.top() + row * self.cell;
        let (name, global) = (self.matrix.label(owner), self.matrix.tenants[owner].global);
        html! {
            (self.cell(Ink::Global, (self.everybody(), y), global, global.max(self.most), &format!("everybody sees {global} of {name}")))
            @for (column, viewer) in (0..).zip(&self.viewers) {
                @let access = self.matrix.access(owner, *viewer);
                @let at = (self.left() + column * self.cell, y);
                @let tip = format!(
                    "{} sees {} of {name}: {} own, {} selective, {} global",
                    self.matrix.label(*viewer), access.visible, access.own, access.selective, access.global
                );
                @if access.own > 0 { (self.cell(Ink::Private, at, access.own, self.most, &tip)) }
                @else { (self.cell(Ink::Selective, at, access.selective, self.most, &tip)) }
            }
        }
    }

    fn cell(&self, ink: Ink, (x, y): (i64, i64), count: i64, most: i64, tip: &str) -> Markup {
        let side = self.cell - 1;
        let area = Area {
            x,
            y,
            width: side,
            height: side,
        };
        let text = brief(count);
        let fits = self.cell >= NUMBERED && draw::length(text.len()) * 8 <= side;
        html! {
            (draw::data(Ink::Ground, area, None))
            (draw::shade(ink, step(count, most), area, tip))
            @if count > 0 && fits { (draw::inside(&text, (x + side / 2, y + side / 2))) }
        }
    }

    /// The names beside and above the cells.
    fn names(&self) -> Markup {
        let name = |tenant: usize| label(self.matrix.label(tenant), 22);
        let half = self.cell / 2;
        html! {
            @for (row, owner) in (0..).zip(&self.owners) {
                (draw::text(&name(*owner), (self.everybody() - 6, self.top() + row * self.cell + half), Anchor::End))
            }
            (draw::upright("everybody", (self.everybody() + half, self.top() - 6), Anchor::Start))
            @for (column, viewer) in (0..).zip(&self.viewers) {
                (draw::upright(&name(*viewer), (self.left() + column * self.cell + half, self.top() - 6), Anchor::Start))
            }
        }
    }

    fn key(&self, y: i64) -> Markup {
        let entries = [
            (Ink::Private, "its own"),
            (Ink::Selective, "shared selectively"),
            (Ink::Global, "global, seen by everybody"),
        ];
        html! {
            @for (at, (ink, meaning)) in (0..).zip(entries) {
                @let x = MARGIN + at * 150;
                (draw::data(ink, Area { x, y: y - 6, width: 12, height: 12 }, None))
                (draw::text(meaning, (x + 18, y), Anchor::Start))
            }
        }
    }

    /// What is not drawn, in words.
    fn left_out(&self) -> String {
        match self.left_out {
            (0, 0) => "All tenants are drawn.".to_owned(),
            (owners, viewers) => format!(
                "{} and {} that share or receive the least are not drawn.",
                counted(owners, "owner", "owners"),
                counted(viewers, "viewer", "viewers")
            ),
        }
    }
}

/// All in their order, or those of the greatest weight.
fn chosen<W: Ord>(all: &[usize], weight: impl Fn(usize) -> W) -> Vec<usize> {
    let mut order = all.to_vec();
    order.sort_by_key(|at| Reverse(weight(*at)));
    let kept: HashSet<usize> = order.into_iter().take(MOST).collect();
    all.iter().copied().filter(|at| kept.contains(at)).collect()
}

/// A count in few letters.
fn brief(count: i64) -> String {
    match count {
        ..10_000 => thousands(count),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_from_nothing_to_the_most() {
        assert_eq!([0, 1, 1000].map(|count| step(count, 1000)), [0, 1, STEPS]);
        assert!((1..1000).all(|count| step(count, 1000) <= step(count + 1, 1000)));
        assert_eq!(step(1, 1), STEPS);
    }

    #[test]
    fn a_large_number_is_written_in_few_letters() {
        assert_eq!(
            [7, 9_999, 10_000, 2_500_000].map(brief),
            ["7", "9,999", "10k", "2M"]
        );
    }
}
