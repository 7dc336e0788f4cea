//! What a shape means, told to the charting library as a colour and to the style sheet as a class.

use plotters::style::RGBColor;

/// The steps of the heat map above zero.
pub const STEPS: u8 = 8;

/// What a shape means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Letters.
    Text,
    /// Axes.
    Line,
    /// Lines behind the data.
    Grid,
    /// Private agents.
    Private,
    /// Selectively shared ones, or access that was gained.
    Selective,
    /// Globally shared ones, or sharing that was modified.
    Global,
    /// Received ones, or access that was lost.
    Received,
    /// A step of the heat map, from 0 for nothing.
    Heat(u8),
}

impl Ink {
    /// The colour that stands for it until the canvas turns it into a class.
    pub fn color(self) -> RGBColor {
        RGBColor(0, 0, self.number())
    }

    fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Line => 1,
            Self::Grid => 2,
            Self::Private => 3,
            Self::Selective => 4,
            Self::Global => 5,
            Self::Received => 6,
            Self::Heat(step) => 10 + step.min(STEPS),
        }
    }

    /// The ink that a colour stands for.
    pub fn of((_, _, number): (u8, u8, u8)) -> Self {
        match number {
            1 => Self::Line,
            2 => Self::Grid,
            3 => Self::Private,
            4 => Self::Selective,
            5 => Self::Global,
            6 => Self::Received,
            10.. => Self::Heat(number - 10),
            _ => Self::Text,
        }
    }

    /// The class in the style sheet.
    pub fn class(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Line => "line".to_owned(),
            Self::Grid => "grid".to_owned(),
            Self::Private => "private".to_owned(),
            Self::Selective => "selective".to_owned(),
            Self::Global => "global".to_owned(),
            Self::Received => "received".to_owned(),
            Self::Heat(step) => format!("heat{step}"),
        }
    }

    /// Whether a shape of it is data, which may have a tip.
    pub fn is_data(self) -> bool {
        !matches!(self, Self::Text | Self::Line | Self::Grid)
    }
}
