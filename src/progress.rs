//! Progress of long operations on stderr; the only user of indicatif.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::event::{Event, Observer};
use crate::render::event::sentence;
use crate::render::{Screen, json, stderr, text};

/// The least time between two lines of a repeated event where there is no bar.
const PACE: Duration = Duration::from_secs(5);

/// The format of progress events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// A bar on a terminal, plain lines elsewhere
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

/// Shows events: a bar on a terminal, plain lines elsewhere, or newline-delimited JSON. Clones show on the same
/// screen.
#[derive(Clone)]
pub struct Progress {
    style: Style,
    target: Option<Arc<str>>,
    screen: Arc<Mutex<Bar>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Nothing,
    Json,
    Lines,
    Bar,
}

#[derive(Default)]
struct Bar {
    bar: Option<ProgressBar>,
    last_repeated: Option<Instant>,
}

/// An event as one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    at: Option<String>,
    target: Option<&'a str>,
    #[serde(flatten)]
    event: &'a Event,
}

impl Progress {
    /// Chooses how to show events: not at all if `quiet`, and without a bar where a log shares stderr.
    #[must_use]
    pub fn new(format: Format, quiet: bool, logs: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let style = match format {
            _ if quiet => Style::Nothing,
            Format::Json => Style::Json,
            Format::Human if terminal && !logs => Style::Bar,
            Format::Human => Style::Lines,
        };
        Self {
            style,
            target: None,
            screen: Arc::default(),
        }
    }

    /// The same screen, with every event marked as one of `target`, for a run over several databases.
    #[must_use]
    pub fn for_target(&self, target: &str) -> Self {
        let target = Some(Arc::from(target));
        Self {
            target,
            ..self.clone()
        }
    }

    fn screen(&self) -> MutexGuard<'_, Bar> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn json(&self, event: &Event) {
        let line = json::line(&Line {
            schema: "vital.event/1",
            at: OffsetDateTime::now_utc().format(&Rfc3339).ok(),
            target: self.target.as_deref(),
            event,
        });
        if let Ok(line) = line {
            let _ = writeln!(stderr(), "{line}");
        }
    }

    fn line(&self, event: &Event) {
        if is_repeated(event) && !self.is_due() {
            return;
        }
        self.say(&sentence(event));
    }

    fn say(&self, sentence: &str) {
        let sentence = text::excerpt(sentence, 1_000);
        let line = match &self.target {
            Some(target) => format!("{}: {sentence}", text::excerpt(target, 100)),
            None => sentence,
        };
        self.suspend(&mut || {
            let _ = writeln!(stderr(), "{line}");
        });
    }

    fn is_due(&self) -> bool {
        let mut screen = self.screen();
        let due = screen.last_repeated.is_none_or(|last| last.elapsed() >= PACE);
        if due {
            screen.last_repeated = Some(Instant::now());
        }
        due
    }

    fn bar(&self, event: &Event) {
        let bar = self.screen().bar.get_or_insert_with(spinner).clone();
        match event {
            Event::RunStarted { total, .. } if self.target.is_none() => count_to(&bar, *total),
            Event::MigrationApplied { .. } | Event::MigrationUndone { .. } => {
                self.say(&sentence(event));
                bar.inc(1);
            }
            Event::RowsDone { what, done, total } => {
                if bar.length() != Some(*total) {
                    count_to(&bar, usize::try_from(*total).unwrap_or(usize::MAX));
                }
                bar.set_position(*done);
                bar.set_message(*what);
            }
            Event::Notice { .. } | Event::Interrupting => self.say(&sentence(event)),
            _ => bar.set_message(text::excerpt(&sentence(event), 200)),
        }
    }
}

impl Screen for Progress {
    /// Removes the bar; the next event brings it back.
    fn clear(&self) {
        if let Some(bar) = self.screen().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn suspend(&self, print: &mut dyn FnMut()) {
        let bar = self.screen().bar.clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        match self.style {
            Style::Nothing => {}
            Style::Json => self.json(event),
            Style::Lines => self.line(event),
            Style::Bar => self.bar(event),
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_style(style("{spinner} {wide_msg}"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn count_to(bar: &ProgressBar, total: usize) {
    bar.set_style(style("{spinner} [{bar:20}] {pos}/{len} {wide_msg}"));
    bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
    bar.set_position(0);
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn is_repeated(event: &Event) -> bool {
    matches!(
        event,
        Event::Waiting { .. }
            | Event::IndexProgress { .. }
            | Event::BatchDone { .. }
            | Event::RowsDone { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lines_carry_schema_target_and_event() {
        let event = Event::Step {
            message: "x\u{1b}".into(),
        };
        let line = Line {
            schema: "vital.event/1",
            at: None,
            target: Some("eu"),
            event: &event,
        };
        assert_eq!(
            json::line(&line).ok().as_deref(),
            Some(r#"{"schema":"vital.event/1","at":null,"target":"eu","event":"step","message":"x\u001b"}"#)
        );
    }
}
