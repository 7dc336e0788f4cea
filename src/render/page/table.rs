//! A report as an HTML table.

use maud::{Markup, html};

use crate::render::escape::visible;
use crate::render::picture::thousands;
use crate::report::{Report, Table, Tone};

/// More rows than this make a page slow; CSV has them all.
const MOST: usize = 2_000;
/// More rows than this scroll by themselves.
const LONG: usize = 15;

/// Writes the report's table.
pub fn table(caption: &str, report: &impl Report) -> Markup {
    table_of(caption, &report.table())
}

/// Writes the table in a region that scrolls by itself, and by keyboard.
pub fn table_of(caption: &str, Table { header, rows }: &Table) -> Markup {
    let class_of_region = if rows.len() > LONG {
        "scroll long"
    } else {
        "scroll"
    };
    let left = rows.len().saturating_sub(MOST);
    let left =
        (left > 0).then(|| format!("{left} more rows are not on this page; `--output csv` has them all"));
    html! {
        div class=(class_of_region) tabindex="0" role="region" aria-label=(caption) data-left=[left.as_deref()] {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for (at, name) in header.iter().enumerate() {
                            @let number = rows.first().and_then(|row| row.get(at)).is_some_and(|cell| cell.number);
                            th scope="col" class=[number.then_some("number")] { (name.replace('_', " ")) }
                        }
                     }
                }
                tbody {
                    @for row in rows.iter().take(MOST) {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @let text = shown(cell);
                                @let class = class(cell.number, cell.tone);
                                @if at == 0 {
                                    th scope="row" class=[class] { bdi { (text) } }
                                } @else {
                                    td class=[class] { bdi { (text) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(left) = left { p class="soft" { (left) "." } }
    }
}

/// The text of a cell, with the digits of a whole number in groups.
fn shown(cell: &crate::report::Cell) -> String {
    match cell.text.parse() {
        Ok(number) if cell.number => thousands(number),
        _ => visible(&cell.text).into_owned(),
    }
}

fn class(number: bool, tone: Tone) -> Option<String> {
    let tone = match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Dim => "soft",
    };
    let class = [if number { "number" } else { "" }, tone].join(" ");
    let class = class.trim();
    (!class.is_empty()).then(|| class.to_owned())
}
