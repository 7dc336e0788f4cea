//! Changes of sharing over time.

use maud::{Markup, html};

use super::Picture;
use super::draw::{self, Anchor, Area, Ink};
use super::thousands;
use crate::ops::sharing::timeline::{Bucket, Timeline};

const WIDTH: i64 = 760;
const HEIGHT: i64 = 240;
const LEFT: i64 = 60;
const TOP: i64 = 10;
/// The size of what holds the bars.
const LENGTH: i64 = WIDTH - LEFT - 60;
const TALL: i64 = HEIGHT - TOP - 44;

/// Draws how many entries of the audit each stretch of time has.
#[must_use]
pub fn timeline(line: &Timeline) -> Picture {
    let buckets = &line.buckets;
    // A lone stretch is not to fill the picture.
    let columns = draw::length(buckets.len()).max(12);
    let most = buckets.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    let bottom = TOP + TALL;
    let shapes = html! {
        @for tick in draw::ticks(most, 4) {
            @let y = bottom - draw::scale(tick, most, TALL);
            (draw::grid((LEFT, y), (LEFT + LENGTH, y)))
            (draw::axis((LEFT - 5, y), (LEFT, y)))
            (draw::text(&thousands(tick), (LEFT - 10, y), Anchor::End))
        }
        (draw::axis((LEFT, TOP), (LEFT, bottom)))
        (draw::axis((LEFT, bottom), (LEFT + LENGTH, bottom)))
        @for tick in draw::ticks(columns, 5) {
            @if let Some(bucket) = usize::try_from(tick).ok().and_then(|at| buckets.get(at)) {
                @let x = LEFT + draw::scale(tick, columns, LENGTH);
                (draw::axis((x, bottom), (x, bottom + 5)))
                (draw::text(&bucket.label(), (x, bottom + 16), Anchor::Middle))
            }
        }
        @for (column, bucket) in (0..).zip(buckets) {
            @let x = LEFT + draw::scale(column, columns, LENGTH) + 1;
            @let width = LEFT + draw::scale(column + 1, columns, LENGTH) - x - 1;
            (pile(bucket, (x, width.max(1)), most))
        }
    };
    Picture {
        title: "Changes of sharing".to_owned(),
        description: format!(
            "Bars of {} stretches of time, at most {most} entries each: access gained, lost, and modified.",
            buckets.len()
        ),
        width: WIDTH,
        height: HEIGHT,
        shapes,
    }
}

/// The entries of one stretch of time, on top of each other.
fn pile(bucket: &Bucket, (x, width): (i64, i64), most: i64) -> Markup {
    let mut from = 0;
    html! {
        @for (ink, what, count) in [
            (Ink::Selective, "gained", bucket.gained),
            (Ink::Received, "lost", bucket.lost),
            (Ink::Global, "modified", bucket.modified),
        ] {
            @let low = draw::scale(from, most, TALL);
            @let height = draw::scale(from + count, most, TALL) - low;
            @let area = Area { x, y: TOP + TALL - low - height, width, height };
            (draw::data(ink, area, Some(&format!("{}: {count} {what}", bucket.label()))))
            @let () = from += count;
        }
    }
}
