//! The binary under test, as a child process with a clean environment.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The password in the environment of every run of [`vital`]; a server that trusts its users never asks for it.
pub const CANARY: &str = "kAnArIe7Qx93fLsT";

/// What a run of the binary left behind. Making one asserts that nothing printed the [`CANARY`].
#[derive(Debug)]
pub struct Run {
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
    /// The exit code, or -1 if a signal ended it.
    pub code: i32,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit code {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

impl Run {
    /// Runs `command` to its end.
    pub fn of(command: &mut Command) -> Self {
        command.output().expect("the binary runs").into()
    }

    /// Asserts that it exited with 0, and returns it.
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// Asserts that it exited with `code`, and returns it.
    #[track_caller]
    pub fn failure(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let run = Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        };
        for stream in [&run.stdout, &run.stderr] {
            assert!(!stream.contains(CANARY), "the password is shown: {run}");
        }
        run
    }
}

/// The binary in an empty home, without any variable that the user's environment sets for it or for libpq.
pub fn vital() -> Command {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(&home).expect("the home for tests can be created");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vital"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let foreign = ["PG", "VITAL_", "CLICOLOR", "XDG_"];
        if foreign.iter().any(|prefix| name.starts_with(prefix)) || name == "DATABASE_URL" {
            command.env_remove(name.as_ref());
        }
    }
    command
        .env("HOME", &home)
        .env("NO_COLOR", "1")
        .env("PGPASSWORD", CANARY)
        .current_dir(home);
    command
}
