//! A report as an HTML table.

use maud::{Markup, html};

use crate::render::escape::visible;
use crate::report::{Report, Table, Tone};

/// More rows than this make a page slow; CSV has them all.
const MOST: usize = 2_000;

/// Writes the table in a region that scrolls by itself, and by keyboard.
pub fn table(caption: &str, report: &impl Report) -> Markup {
    let Table { header, rows } = report.table();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
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
                                @let text = visible(&cell.text);
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
        @if rows.len() > MOST {
            p class="soft" { "The first " (MOST) " of " (rows.len()) " rows; --output csv has them all." }
        }
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
