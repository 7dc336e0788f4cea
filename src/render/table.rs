//! Aligned columns for a person.

use std::io::{self, Write};

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, Table, presets};

use super::escape::visible;
use crate::report::{Cell, Report, Tone};

/// Writes the table, wrapped to `width` columns if there is a terminal, and the summary under it.
///
/// Colours are written always; the stream underneath takes them out where nobody sees them.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &impl Report, width: Option<u16>, out: &mut dyn Write) -> io::Result<()> {
    let crate::report::Table { header, rows } = report.table();
    let shown = !header.is_empty() && !rows.is_empty();
    if shown {
        for line in layout(&header, &rows, width).lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    let summary = report.summary();
    if shown && !summary.is_empty() {
        writeln!(out)?;
    }
    if !shown && summary.is_empty() {
        writeln!(out, "nothing to show")?;
    }
    for line in summary {
        writeln!(out, "{}", visible(&line))?;
    }
    Ok(())
}

/// The width of the terminal behind stdout.
#[must_use]
pub fn terminal_width() -> Option<u16> {
    Table::new().width()
}

fn layout(header: &[&str], rows: &[Vec<Cell>], width: Option<u16>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .force_no_tty()
        .enforce_styling();
    table.style_text_only();
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    table.set_header(header.iter().enumerate().map(|(at, name)| {
        let number = rows
            .iter()
            .all(|row| row.get(at).is_some_and(|c| c.number || c.text.is_empty()))
            && rows.iter().any(|row| row.get(at).is_some_and(|c| c.number));
        let cell = comfy_table::Cell::new(name.replace('_', " ")).add_attribute(Attribute::Bold);
        align(cell, number)
    }));
    for row in rows {
        table.add_row(row.iter().map(styled));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn styled(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new_owned(visible(&cell.text).into_owned());
    let shown = match cell.tone {
        Tone::Plain => shown,
        Tone::Good => shown.fg(Color::Green),
        Tone::Warn => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red).add_attribute(Attribute::Bold),
        Tone::Dim => shown.add_attribute(Attribute::Dim),
    };
    align(shown, cell.number)
}

fn align(cell: comfy_table::Cell, number: bool) -> comfy_table::Cell {
    if number {
        cell.set_alignment(CellAlignment::Right)
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, plain, rendered};
    use super::*;

    #[test]
    fn columns_align_and_numbers_stand_right() {
        insta::assert_snapshot!(plain(|r, out| write(r, None, out), &Sample::tenants()), @r#"
        slug                agents  note
        acme                    12
        =cmd|' /C calc'!A0      -3  a\u{1b}[31m\u{202e}b, "c"\n

        2 tenants
        "#);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let text = plain(|r, out| write(r, Some(30), out), &Sample::tenants());
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
        assert!(text.lines().count() > 5, "{text}");
    }

    #[test]
    fn an_empty_report_says_so() {
        assert_eq!(
            plain(|r, out| write(r, None, out), &Sample::default()),
            "nothing to show\n"
        );
    }

    #[test]
    fn the_only_escape_sequences_are_ours() {
        let text = rendered(|r, out| write(r, None, out), &Sample::tenants());
        assert!(text.contains("\u{1b}[1mslug"), "{text:?}");
        assert!(!text.contains("a\u{1b}[31m"), "{text:?}");
    }
}
