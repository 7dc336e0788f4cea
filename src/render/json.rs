//! JSON: one object, `schema` first, then the report's own fields.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::is_hazardous;
use crate::report::Report;

/// A report with the name and version of its shape.
#[derive(Serialize)]
pub(super) struct Envelope<'a, R> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a R,
}

impl<'a, R: Report> Envelope<'a, R> {
    pub(super) fn new(report: &'a R) -> Self {
        Self {
            schema: R::SCHEMA,
            report,
        }
    }
}

/// Writes the report, indented.
///
/// # Errors
/// Those of `out`, and a report that does not serialize as an object.
pub fn write(report: &impl Report, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Safe(PrettyFormatter::new()));
    Envelope::new(report).serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Serializes a value on one line, for newline-delimited JSON.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn line(value: &impl Serialize) -> io::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(
        &mut bytes,
        Safe(CompactFormatter),
    ))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Writes characters that a terminal would act upon as `\uXXXX`, which reads back as the same text.
struct Safe<F>(F);

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_hazardous(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, rendered};
    use super::*;

    #[test]
    fn one_object_with_schema_first_and_nulls() {
        insta::assert_snapshot!(rendered(write, &Sample::tenants()), @r#"
        {
          "schema": "vital.sample/1",
          "tenants": [
            {
              "slug": "acme",
              "agents": 12,
              "note": null
            },
            {
              "slug": "=cmd|' /C calc'!A0",
              "agents": -3,
              "note": "a\u001b[31m\u202eb, \"c\"\n"
            }
          ]
        }
        "#);
    }

    #[test]
    fn escaped_characters_read_back_as_they_were() {
        let text = "\u{1b}\u{9b}\u{202e}\u{e0041}\"\\\n ü";
        let read = line(&text).map(|json| serde_json::from_str::<String>(&json).ok());
        assert_eq!(read.ok().flatten().as_deref(), Some(text));
    }
}
