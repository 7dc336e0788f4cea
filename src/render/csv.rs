//! CSV: header and rows, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape::visible;
use crate::report::{Cell, Report, Table};

/// Writes header and rows, with `\n` between records.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &impl Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let Table { header, rows } = report.table();
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| field(cell).into_owned().into_bytes()))?;
    }
    writer.flush()
}

/// Escapes control characters, and puts an apostrophe before what a spreadsheet would run as a formula.
fn field(cell: &Cell) -> Cow<'_, str> {
    let text = visible(&cell.text);
    let formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%'])
        && !is_number(&text);
    if formula {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = digits.splitn(2, '.');
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.next().is_some_and(all_digits) && parts.next().is_none_or(all_digits)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, rendered};
    use super::*;

    #[test]
    fn formulas_and_control_characters_are_disarmed() {
        insta::assert_snapshot!(rendered(write, &Sample::tenants()), @r#"
        slug,agents,note
        acme,12,
        '=cmd|' /C calc'!A0,-3,"a\u{1b}[31m\u{202e}b, ""c""\n"
        "#);
    }

    #[test]
    fn only_plain_numbers_may_start_with_a_sign() {
        let shown = |text: &str| field(&Cell::text(text)).into_owned();
        for plain in ["-3", "+4.5", "0", "a=b", "", "-0.25"] {
            assert_eq!(shown(plain), plain);
        }
        for formula in [
            "=1",
            "+1+1",
            "-1+cmd",
            "@sum(a1)",
            " =1",
            "-",
            "-.5",
            "1".repeat(0).as_str(),
            "＝1",
        ] {
            let expected = if formula.is_empty() {
                String::new()
            } else {
                format!("'{formula}")
            };
            assert_eq!(shown(formula), expected);
        }
        assert_eq!(shown("\t=1"), "\\t=1");
        assert_eq!(shown("\r=1"), "\\r=1");
    }
}
