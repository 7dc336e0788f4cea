//! A terminal with a person at it, played by tmux.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::command::CANARY;
use super::database::Database;

/// How long the screen may take to show what is expected.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command and says how it ended and what it made of the terminal.
const SHOW_END: &str = r#""$@"; echo "[exit $?]"; stty -a | grep -q ' icanon' && stty -a | grep -q ' echo ' && echo '[sane]'; sleep 600"#;

/// The binary in a terminal of its own; ended with this value.
pub struct Terminal {
    directory: tempfile::TempDir,
}

impl Terminal {
    /// Runs the binary against `db`.
    #[track_caller]
    pub fn run(db: &Database, arguments: &[&str]) -> Self {
        let terminal = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("home");
        let output = terminal
            .tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "40"])
            .args(["env", "-i", "TERM=screen", "LC_ALL=C.UTF-8"])
            .arg(format!("PATH={}", std::env::var("PATH").unwrap()))
            .arg(format!("HOME={}", home.display()))
            .arg(format!("DATABASE_URL={}", db.url()))
            .arg(format!("PGPASSWORD={CANARY}"))
            .args(["sh", "-c", SHOW_END, "sh", env!("CARGO_BIN_EXE_vital")])
            .args(arguments)
            .output();
        match output {
            Ok(output) => assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(error) => panic!("these tests need tmux, to play a person at a terminal: {error}"),
        }
        terminal
    }

    /// Waits until the screen shows `text`, and returns the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(Instant::now() < deadline, "no `{text}` on the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Presses keys, in tmux's words.
    pub fn press(&self, keys: &[&str]) {
        let status = self.tmux(&["send-keys"]).args(keys).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end, and checks that the cursor shows and that the terminal is as it was.
    #[track_caller]
    pub fn ends_with(&self, code: i32) -> String {
        let screen = self.wait_for("[exit ");
        assert!(
            screen.contains(&format!("[exit {code}]")),
            "not exit {code}:\n{screen}"
        );
        self.wait_for("[sane]");
        let cursor = self
            .tmux(&["display-message", "-p", "#{cursor_flag}"])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&cursor.stdout).trim(),
            "1",
            "the cursor is hidden:\n{screen}"
        );
        screen
    }

    fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p", "-J"]).output().unwrap();
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!screen.contains(CANARY), "the password is shown:\n{screen}");
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .arg("-u")
            .arg("-S")
            .arg(self.directory.path().join("socket"))
            .args(arguments)
            .env_remove("TMUX");
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).output();
    }
}
