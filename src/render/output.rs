//! The printer: results to stdout, everything else to stderr.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use serde::Serialize;

use super::escape::visible;
use super::text::{self, Label};
use super::{csv, json, table, yaml};
use crate::error::{Error, Result};
use crate::report::{Cell, Report};

const UNWRITTEN: &str = "could not write the result";

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// Aligned columns for a person
    #[default]
    Table,
    /// One JSON object
    Json,
    /// The same object as YAML
    Yaml,
    /// Header and rows
    Csv,
}

/// What else writes on the terminal, and makes way for what is printed.
pub trait Screen: Send + Sync {
    /// Takes it away until there is something new to show.
    fn clear(&self);

    /// Runs `print` while it is out of the way.
    fn suspend(&self, print: &mut dyn FnMut());
}

/// The one way to print. Clones print to the same streams.
#[derive(Clone)]
pub struct Output {
    format: Format,
    quiet: bool,
    screen: Arc<dyn Screen>,
}

impl Output {
    /// Creates the printer; `screen` makes way for what it prints.
    #[must_use]
    pub fn new(format: Format, quiet: bool, screen: Arc<dyn Screen>) -> Self {
        Self {
            format,
            quiet,
            screen,
        }
    }

    /// The format of results, for a command whose result is more than a report.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes the result to stdout in the chosen format.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if stdout cannot be written, such as on a full disk; a closed pipe is no error.
    pub fn report(&self, report: &impl Report) -> Result<()> {
        let mut text = Vec::new();
        let rendered = match self.format {
            Format::Table => table::write(report, table::terminal_width(), &mut text),
            Format::Json => json::write(report, &mut text),
            Format::Yaml => yaml::write(report, &mut text),
            Format::Csv => csv::write(report, &mut text),
        };
        self.screen.clear();
        finish(rendered.and_then(|()| write_all(&mut anstream::stdout().lock(), &text)))
    }

    /// Writes one row of a result that has no end: as a line of text, or as a line of JSON.
    ///
    /// # Errors
    /// As [`report`](Self::report), and a closed pipe: nobody is left to go on for.
    pub fn row(&self, cells: &[Cell], value: &impl Serialize) -> Result<()> {
        let line = match self.format {
            Format::Json => json::line(value),
            _ => Ok(cells
                .iter()
                .map(|cell| visible(&cell.text))
                .collect::<Vec<_>>()
                .join("  ")),
        };
        let line = line.context(UNWRITTEN)? + "\n";
        self.screen.clear();
        write_all(&mut io::stdout().lock(), line.as_bytes()).context(UNWRITTEN)?;
        Ok(())
    }

    /// Writes a document that is its own format, such as a completion script or a diagram, to stdout as it is.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub fn document(&self, document: &[u8]) -> Result<()> {
        self.screen.clear();
        finish(write_all(&mut io::stdout().lock(), document))
    }

    /// Writes a line to stderr, unless quiet.
    pub fn line(&self, message: &str) {
        self.tell(|out| writeln!(out, "{}", super::escape::visible_lines(message, "")));
    }

    /// Writes a line to stderr that a machine reads there, also when quiet.
    pub fn command(&self, line: &str) {
        self.screen.clear();
        let _ = writeln!(stderr(), "{line}");
    }

    /// Writes a line to stderr, also when quiet: something is done that nobody asked for by name.
    pub fn announce(&self, message: &str) {
        self.screen.clear();
        let _ = writeln!(stderr(), "{}", super::escape::visible_lines(message, ""));
    }

    /// Writes a `note:` to stderr, unless quiet.
    pub fn note(&self, message: &str) {
        self.tell(|out| text::labelled(Label::Note, message, out));
    }

    /// Writes a `warning:` to stderr, unless quiet.
    pub fn warn(&self, message: &str) {
        self.tell(|out| text::labelled(Label::Warning, message, out));
    }

    /// Writes an error to stderr, also when quiet.
    pub fn error(&self, error: &Error) {
        self.screen.clear();
        // Without stderr there is nobody left to tell.
        let _ = text::error(error, &mut stderr());
    }

    fn tell(&self, write: impl Fn(&mut dyn Write) -> io::Result<()>) {
        if !self.quiet {
            self.screen.suspend(&mut || {
                let _ = write(&mut stderr());
            });
        }
    }
}

fn write_all(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    out.write_all(text)?;
    out.flush()
}

fn finish(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.context(UNWRITTEN)?),
    }
}

/// Stderr, without colours where nobody sees them.
#[must_use]
pub fn stderr() -> anstream::AutoStream<io::Stderr> {
    anstream::stderr()
}
