//! Questions to a person at a terminal; the only user of dialoguer.

use std::io::IsTerminal;

use dialoguer::console::Term;
use dialoguer::{Confirm, FuzzySelect, Input, Select};

use crate::error::{Error, Result};
use crate::interrupt::{self, Interrupt};
use crate::progress::Progress;
use crate::render::Screen as _;
use crate::render::escape::{visible, visible_lines};

/// Asks on stderr. Without a terminal a question is a usage error that names the flag to give instead.
#[derive(Clone)]
pub struct Prompt {
    yes: bool,
    terminal: bool,
    progress: Progress,
    interrupt: Interrupt,
}

impl Prompt {
    /// Creates the prompt; with `yes` every yes-or-no question is answered without being asked.
    #[must_use]
    pub fn new(yes: bool, progress: Progress, interrupt: Interrupt) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self {
            yes,
            terminal,
            progress,
            interrupt,
        }
    }

    /// Tells whether a question would be answered, by a person or by `--yes`.
    #[must_use]
    pub fn can_answer(&self) -> bool {
        self.yes || self.terminal
    }

    /// Tells whether there is a person who can choose something.
    #[must_use]
    pub fn has_terminal(&self) -> bool {
        self.terminal
    }

    /// Asks a yes-or-no question whose default is no; `flag` is what a script gives instead, such as `--yes`.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] without a terminal, [`crate::Kind::Interrupted`] for Ctrl-C.
    pub fn confirm(&self, question: &str, flag: &str) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        self.ask(question, flag, |question| {
            Confirm::new().with_prompt(question).default(false).interact()
        })
    }

    /// Goes on only after a yes to [`confirm`](Self::confirm).
    ///
    /// # Errors
    /// Those of `confirm`, and [`crate::Kind::Failed`] after a no.
    pub fn require(&self, question: &str, flag: &str) -> Result<()> {
        match self.confirm(question, flag)? {
            true => Ok(()),
            false => Err(declined("not confirmed")),
        }
    }

    /// Goes on only after `expected`, such as the database's name, was typed.
    ///
    /// # Errors
    /// Those of [`confirm`](Self::confirm), and [`crate::Kind::Failed`] if something else was typed.
    pub fn require_typed(&self, question: &str, expected: &str, flag: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        let question = format!("{question}\nType `{expected}` to go on");
        let typed: String = self.ask(&question, flag, |question| {
            Input::new()
                .with_prompt(question)
                .allow_empty(true)
                .interact_text()
        })?;
        if typed == expected {
            return Ok(());
        }
        Err(declined(&format!(
            "`{}` is not `{}`",
            visible(&typed),
            visible(expected)
        )))
    }

    /// Has one of `items` chosen and returns its index; `--yes` is no answer here.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] without a terminal, [`crate::Kind::Interrupted`] for Ctrl-C.
    pub fn select(&self, question: &str, items: &[String], flag: &str) -> Result<usize> {
        let items: Vec<_> = items.iter().map(|item| visible(item)).collect();
        self.ask(question, flag, |question| {
            Select::new()
                .with_prompt(question)
                .items(&items)
                .default(0)
                .interact()
        })
    }

    /// Has one of many `items` chosen from a list that narrows as one types, and returns its index.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn pick(&self, question: &str, items: &[String], flag: &str) -> Result<usize> {
        let items: Vec<_> = items.iter().map(|item| visible(item)).collect();
        self.ask(question, flag, |question| {
            FuzzySelect::new()
                .with_prompt(question)
                .items(&items)
                .default(0)
                .max_length(12)
                .interact()
        })
    }

    fn ask<T>(
        &self,
        question: &str,
        flag: &str,
        ask: impl FnOnce(String) -> dialoguer::Result<T>,
    ) -> Result<T> {
        if !self.terminal {
            return Err(unanswerable(question, flag));
        }
        self.progress.clear();
        terminal::remember();
        let _asking = self.interrupt.asking();
        ask(visible_lines(question, "")).map_err(|dialoguer::Error::IO(error)| {
            restore_terminal();
            let stopped = interrupt::abandoned(true);
            match error.kind() {
                std::io::ErrorKind::Interrupted => stopped,
                _ => stopped.with_cause(error.to_string()),
            }
        })
    }
}

/// Shows the cursor again and takes back the terminal's raw mode, after a question or a bar was left in the middle.
pub fn restore_terminal() {
    terminal::restore();
    let term = Term::stderr();
    if term.is_term() {
        let _ = term.show_cursor();
        let _ = term.write_line("");
    }
}

#[cfg(unix)]
mod terminal {
    use std::io::stdin;
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The terminal's modes before the first question; reading a key switches to raw mode meanwhile.
    static MODES: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn remember() {
        let mut modes = MODES.lock().unwrap_or_else(PoisonError::into_inner);
        *modes = modes.take().or_else(|| tcgetattr(stdin()).ok());
    }

    pub fn restore() {
        let modes = MODES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(modes) = modes.as_ref() {
            let _ = tcsetattr(stdin(), OptionalActions::Now, modes);
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    pub fn remember() {}
    pub fn restore() {}
}

fn declined(reason: &str) -> Error {
    Error::failed(reason).with_hint("nothing was changed")
}

fn unanswerable(question: &str, flag: &str) -> Error {
    let question = question.lines().next().unwrap_or_default();
    Error::usage("there is no terminal to ask for a confirmation on")
        .with_detail(question)
        .with_hint(format!(
            "nothing was changed; pass `{flag}` to go on without the question"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::progress::Format;

    fn prompt(yes: bool) -> Prompt {
        let progress = Progress::new(Format::Human, true, false);
        Prompt {
            terminal: false,
            ..Prompt::new(yes, progress, Interrupt::new())
        }
    }

    #[test]
    fn without_a_terminal_the_flag_is_named() {
        let Err(error) = prompt(false).require("replace 2 policies of db on host?", "--replace-policies")
        else {
            panic!("asked without a terminal")
        };
        assert_eq!(error.kind, Kind::Usage);
        assert!(
            error
                .hint
                .is_some_and(|hint| hint.contains("`--replace-policies`"))
        );
        assert_eq!(error.details, ["replace 2 policies of db on host?"]);
    }

    #[test]
    fn yes_answers_every_yes_or_no_question_but_no_choice() {
        let prompt = prompt(true);
        assert_eq!(prompt.confirm("really?", "--yes"), Ok(true));
        assert_eq!(prompt.require_typed("really?", "db", "--yes"), Ok(()));
        let chosen = prompt.select("which?", &["a".into()], "--tenant");
        assert_eq!(chosen.map_err(|e| e.kind), Err(Kind::Usage));
    }
}
