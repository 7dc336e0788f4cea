//! The supervisor: a shell that runs initdb and the server, and outlives its owner just long enough to clean up.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::account::Account;
use crate::error::{Error, Result};

/// How long an immediate shutdown and the removal of the directory may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often files that the supervisor writes are looked at.
pub(super) const POLL: Duration = Duration::from_millis(10);

const GONE: &str = "the supervisor of the private server is gone";

/// A running supervisor.
#[derive(Debug)]
pub(super) struct Supervisor {
    child: Child,
    directory: PathBuf,
}

/// The two programs that a supervisor runs, each with its arguments.
pub(super) struct Programs {
    /// initdb; reads the superuser's password from its standard input.
    pub initialise: Vec<String>,
    /// The server; `--port` is appended.
    pub serve: Vec<String>,
}

impl Supervisor {
    /// Spawns the supervisor for `directory`, whose `lock` it holds as long as it lives.
    pub fn spawn(
        directory: &Path,
        lock: File,
        programs: &Programs,
        account: Option<&Account>,
    ) -> Result<Self> {
        let script = directory.join("supervise");
        fs::write(&script, text(directory, programs))
            .with_context(|| format!("could not write `{}`", script.display()))?;
        if let Some(account) = account {
            give(&script, account)?;
            give(directory, account)?;
        }
        let mut command = Command::new("/bin/sh");
        command
            .arg(&script)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "LD_LIBRARY_PATH"))
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(Stdio::null());
        own_process_group(&mut command);
        if let Some(account) = account {
            account.apply(&mut command);
        }
        let child = command.spawn().context("could not start `/bin/sh`")?;
        Ok(Self {
            child,
            directory: directory.to_owned(),
        })
    }

    /// Sends one command line.
    pub fn send(&mut self, line: &str) -> Result<()> {
        let pipe = self.child.stdin.as_mut().context(GONE)?;
        pipe.write_all(format!("{line}\n").as_bytes()).context(GONE)?;
        Ok(())
    }

    /// Sends a command line that runs a program, after forgetting the exit status of the last one.
    pub fn start(&mut self, line: &str) -> Result<()> {
        let _ = fs::remove_file(self.directory.join("exit"));
        self.send(line)
    }

    /// The exit status of the program that was run last, or `None` while it runs.
    ///
    /// # Errors
    /// If the supervisor itself has ended.
    pub fn exit_status(&mut self) -> Result<Option<i32>> {
        if let Ok(text) = fs::read_to_string(self.directory.join("exit")) {
            return Ok(Some(text.trim().parse().unwrap_or(-1)));
        }
        match self.child.try_wait() {
            Ok(None) => Ok(None),
            _ => Err(Error::failed(GONE)),
        }
    }

    /// Ends the server, waits for it, and removes the directory.
    pub fn stop(&mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            std::thread::sleep(POLL);
        }
        // Left only by a supervisor that was killed, or in a parent directory that the account may not write.
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => {
                Ok(removed.with_context(|| format!("could not remove `{}`", self.directory.display()))?)
            }
        }
    }
}

/// Puts the programs in front of the script, quoted for the shell.
fn text(directory: &Path, programs: &Programs) -> String {
    let words = |words: &[String]| words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    format!(
        "dir={}\ninitialise() {{\n    printf '%s\\n' \"$password\" | {}\n}}\nserve() {{\n    {} -p \"$port\"\n}}\n{}",
        quote(&directory.display().to_string()),
        words(&programs.initialise),
        words(&programs.serve),
        include_str!("supervisor.sh"),
    )
}

/// Quotes one word for a POSIX shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Keeps the terminal's signals, such as that of Ctrl-C, away from the supervisor and the server.
#[cfg(unix)]
fn own_process_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_process_group(_command: &mut Command) {}

/// Makes `account` the owner of `path`.
#[cfg(unix)]
fn give(path: &Path, account: &Account) -> Result<()> {
    let given = std::os::unix::fs::lchown(path, Some(account.uid), Some(account.gid));
    Ok(given.with_context(|| format!("could not give `{}` to user `{}`", path.display(), account.name))?)
}

#[cfg(not(unix))]
fn give(_path: &Path, _account: &Account) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quoted_words_are_inert() {
        assert_eq!(quote("a b$(c)"), "'a b$(c)'");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
