//! Changes of sharing over time, with their dates.

use maud::{Markup, html};

use super::key;
use super::table::table_of;
use crate::ops::sharing::timeline::{Bucket, Timeline};
use crate::render::picture::{draw, thousands};
use crate::report::{Cell, Columns};

/// The height of the bars, and the width of a stretch, in their own units.
const TALL: i64 = 1_000;
const WIDE: usize = 100;

/// Writes how many entries of the audit each stretch of time has, as bars and as a table.
pub fn times(line: &Timeline) -> Markup {
    let buckets = &line.buckets;
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
        return html! {
            section aria-labelledby="times-heading" {
                h2 id="times-heading" { "Changes of sharing over time" }
                p { "The audit has no entry." }
            }
        };
    };
    let most = buckets.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    // A lone stretch is not to fill the picture.
    let columns = buckets.len().max(12);
    let described = format!(
        "From {} to {}, at most {} entries in {}",
        first.label(),
        last.label(),
        thousands(most),
        first.length()
    );
    let table = Columns::of(buckets)
        .column("from_utc", |bucket| Cell::text(bucket.label()))
        .column("gained", |bucket| Cell::number(bucket.gained))
        .column("lost", |bucket| Cell::number(bucket.lost))
        .column("modified", |bucket| Cell::number(bucket.modified))
        .table();
    html! {
        section aria-labelledby="times-heading" {
            h2 id="times-heading" { "Changes of sharing over time" }
            p class="soft" { "Entries of the audit, each bar is " (first.length()) ". Times are UTC." }
            (key(&[("selective", "access gained"), ("received", "access lost"), ("global", "modified")]))
            div class="times" {
                div class="scale" {
                    span class="most" { (thousands(most)) }
                    span class="none" { "0" }
                }
                svg viewBox=(format!("0 0 {} {TALL}", columns * WIDE)) preserveAspectRatio="none" role="img" aria-label=(described) {
                    @for (at, bucket) in buckets.iter().enumerate() { (pile(at, bucket, most)) }
                }
                div class="dates" {
                    span { (first.label()) }
                    // Where the bars end before the picture does, the last date would stand in the wrong place.
                    @if buckets.len() >= 12 { span { (last.label()) } }
                }
            }
            details {
                summary { "The same as a table" }
                (table_of("Entries of the audit by time", &table))
            }
        }
    }
}

/// The entries of one stretch of time, on top of each other.
fn pile(at: usize, bucket: &Bucket, most: i64) -> Markup {
    let place = |count| draw::scale(count, most, TALL);
    let mut from = 0;
    html! {
        @if bucket.total() > 0 {
            g {
                title {
                    (bucket.label()) " UTC: " (bucket.gained) " gained, " (bucket.lost) " lost, " (bucket.modified) " modified"
                }
                @for (class, count) in [("selective", bucket.gained), ("received", bucket.lost), ("global", bucket.modified)] {
                    @let (low, high) = (place(from), place(from + count));
                    @let () = from += count;
                    @if high > low {
                        rect class=(class) x=(at * WIDE + 5) y=(TALL - high) width=(WIDE - 10) height=(high - low) {}
                    }
                }
            }
        }
    }
}
