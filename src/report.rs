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

    /// Creates a right-aligned cell of a number of things.
    #[must_use]
    pub fn count(count: usize) -> Self {
        Self::number_text(count.to_string())
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

/// Rows under their columns, one cell each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The names of the columns, snake_case.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// The columns of a table, each declared once: its name, and what it says of an item.
#[derive(Debug)]
pub struct Columns<T> {
    items: Vec<T>,
    table: Table,
}

impl<T> Columns<T> {
    /// Begins a table with a row for each item.
    #[must_use]
    pub fn of(items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<T> = items.into_iter().collect();
        let rows = items.iter().map(|_| Vec::new()).collect();
        Self {
            items,
            table: Table {
                header: Vec::new(),
                rows,
            },
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, name: &'static str, cell: impl Fn(&T) -> Cell) -> Self {
        self.table.header.push(name);
        for (item, row) in self.items.iter().zip(&mut self.table.rows) {
            row.push(cell(item));
        }
        self
    }

    /// The table.
    #[must_use]
    pub fn table(self) -> Table {
        self.table
    }
}

/// The answer of an operation. JSON and YAML serialize the value itself; everything else shows its table.
pub trait Report: Serialize {
    /// The name and version of the JSON shape, such as `vital.migrate.status/1`; written as field `schema`.
    const SCHEMA: &'static str;

    /// The rows, sorted.
    fn table(&self) -> Table;

    /// Lines for a person, written under the table and nowhere else.
    fn summary(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A number with its noun, as in `1 agent` and `2 agents`.
#[must_use]
pub fn counted<N: Copy + std::fmt::Display + From<u8> + PartialEq>(
    number: N,
    one: &str,
    many: &str,
) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

/// What was asked for, in words: each part that is given after its name; nothing if everything was.
#[must_use]
pub fn asked<const N: usize>(parts: [(&str, Option<String>); N]) -> String {
    let given = parts
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} {value}")));
    given.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        let table = Columns::of([1, 2])
            .column("number", |number| Cell::number(*number))
            .column("twice", |number| Cell::number(number * 2))
            .table();
        assert_eq!(table.header, ["number", "twice"]);
        let texts: Vec<Vec<&str>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.text.as_str()).collect())
            .collect();
        assert_eq!(texts, [["1", "2"], ["2", "4"]]);
    }
}
