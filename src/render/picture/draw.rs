//! The shapes of a picture, in whole pixels, each with a class that says what it means.

use maud::{Markup, html};

use crate::render::escape::visible;

/// The steps of the heat map above zero.
pub const STEPS: u8 = 8;

/// What a shape means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Private agents.
    Private,
    /// Selectively shared ones, or access that was gained.
    Selective,
    /// Globally shared ones, or sharing that was modified.
    Global,
    /// Received ones, or access that was lost.
    Received,
    /// Where there could be data.
    Ground,
}

impl Ink {
    /// The class in the style sheet.
    fn class(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Selective => "selective",
            Self::Global => "global",
            Self::Received => "received",
            Self::Ground => "ground",
        }
    }
}

/// A rectangle: its upper left corner and its size.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
}

/// Which point of a text stands where it is put.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Data; `tip` is shown where the pointer rests on it. Nothing, if it is too thin to be seen.
pub fn data(ink: Ink, area: Area, tip: Option<&str>) -> Markup {
    html! {
        @if area.width > 0 && area.height > 0 {
            rect class=(ink.class()) x=(area.x) y=(area.y) width=(area.width) height=(area.height) {
                @if let Some(tip) = tip { title { (visible(tip)) } }
            }
        }
    }
}

/// Data of a strength from 0, which is nothing, to [`STEPS`].
pub fn shade(ink: Ink, step: u8, area: Area, tip: &str) -> Markup {
    const CLASSES: [&str; STEPS as usize + 1] = [
        "", "step1", "step2", "step3", "step4", "step5", "step6", "step7", "step8",
    ];
    let class = format!("{} {}", ink.class(), CLASSES[usize::from(step.min(STEPS))]);
    html! {
        @if step > 0 {
            rect class=(class) x=(area.x) y=(area.y) width=(area.width) height=(area.height) { title { (visible(tip)) } }
        }
    }
}

/// A line behind the data.
pub fn grid(from: (i64, i64), to: (i64, i64)) -> Markup {
    line("grid", from, to)
}

/// A line of an axis.
pub fn axis(from: (i64, i64), to: (i64, i64)) -> Markup {
    line("line", from, to)
}

fn line(class: &str, from: (i64, i64), to: (i64, i64)) -> Markup {
    html! { line class=(class) x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {} }
}

/// Letters, centred on the height of `at`.
pub fn text(text: &str, at: (i64, i64), anchor: Anchor) -> Markup {
    letters("text", text, at, anchor, None)
}

/// A remark that begins at `at`.
pub fn note(text: &str, at: (i64, i64)) -> Markup {
    letters("note", text, at, Anchor::Start, None)
}

/// A number in a cell, which its colour must not hide.
pub fn inside(text: &str, at: (i64, i64)) -> Markup {
    letters("text inside", text, at, Anchor::Middle, None)
}

/// Letters that run upwards.
pub fn upright(text: &str, at: (i64, i64), anchor: Anchor) -> Markup {
    letters(
        "text",
        text,
        at,
        anchor,
        Some(format!("rotate(270 {} {})", at.0, at.1)),
    )
}

fn letters(class: &str, text: &str, (x, y): (i64, i64), anchor: Anchor, transform: Option<String>) -> Markup {
    html! {
        text class=(class) x=(x) y=(y) dy="0.35em" text-anchor=(anchor.name()) font-size="12" transform=[transform] {
            (visible(text))
        }
    }
}

/// Where `value` lies on an axis of `length` pixels that ends at `most`.
pub fn scale(value: i64, most: i64, length: i64) -> i64 {
    let place = i128::from(value) * i128::from(length) / i128::from(most.max(1));
    i64::try_from(place).unwrap_or(length)
}

/// The values that an axis from 0 to `most` names: round ones, at most `count` beside 0.
pub fn ticks(most: i64, count: i64) -> impl Iterator<Item = i64> {
    let mut steps =
        (0..19).flat_map(|power| [1, 2, 5].map(|digit| 10_i64.saturating_pow(power).saturating_mul(digit)));
    let step = steps.find(|step| most / step <= count).unwrap_or(i64::MAX);
    (0..=most / step).map(move |tick| tick * step)
}

/// A number of things as a length.
pub fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_names_few_round_values() {
        let values = |most| ticks(most, 5).collect::<Vec<_>>();
        assert_eq!(values(0), [0]);
        assert_eq!(values(4), [0, 1, 2, 3, 4]);
        assert_eq!(values(262), [0, 50, 100, 150, 200, 250]);
        assert_eq!(values(1_000), [0, 200, 400, 600, 800, 1_000]);
        for most in [1, 7, 99, 12_345, i64::MAX] {
            assert!(values(most).len() <= 6 && values(most).iter().all(|value| *value <= most));
        }
    }

    #[test]
    fn the_largest_value_ends_the_axis() {
        assert_eq!([0, 1, 2, 4].map(|value| scale(value, 4, 566)), [0, 141, 283, 566]);
        assert_eq!(scale(i64::MAX, i64::MAX, 566), 566);
    }
}
