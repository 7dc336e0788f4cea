//! What an operation answers: a value that every renderer can write.

use serde::Serialize;

/// How a cell is meant, so that a renderer may colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to stress.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Of lesser importance.
    Dim,
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The raw text; renderers escape it.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// Whether it is a number, to be aligned to the right.
    pub number: bool,
}

impl Cell {
    /// Creates a cell of plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Creates a right-aligned cell.
    #[must_use]
    pub fn number(number: i64) -> Self {
        Self {
            text: number.to_string(),
            number: true,
            ..Self::default()
        }
    }

    /// Creates a right-aligned cell of a number that is already formatted.
    #[must_use]
    pub fn number_text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            number: true,
            ..Self::default()
        }
    }

    /// Creates an empty cell for an absent value, else a text cell.
    #[must_use]
    pub fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(Self::default, Self::text)
    }

    /// Sets the tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// The answer of an operation. JSON and YAML serialize the value itself; table and CSV use header and rows.
pub trait Report: Serialize {
    /// The name and version of the JSON shape, such as `vital.migrate.status/1`; written as field `schema`.
    const SCHEMA: &'static str;

    /// Column names, snake_case.
    fn header(&self) -> Vec<&'static str>;

    /// The rows, sorted, one cell per column.
    fn rows(&self) -> Vec<Vec<Cell>>;

    /// Lines for a person, written under the table and nowhere else.
    fn summary(&self) -> Vec<String> {
        Vec::new()
    }
}
