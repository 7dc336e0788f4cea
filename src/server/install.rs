//! The command that installs PostgreSQL on this system.

use std::path::PathBuf;

/// Package clients and their commands, the more specific client first.
const COMMANDS: [(&str, &str); 7] = [
    ("apt-get", "sudo apt-get install postgresql"),
    ("dnf", "sudo dnf install postgresql-server"),
    ("zypper", "sudo zypper install postgresql-server"),
    ("apk", "sudo apk add postgresql17"),
    ("pacman", "sudo pacman -S postgresql"),
    ("brew", "brew install postgresql@17"),
    ("winget", "winget install PostgreSQL.PostgreSQL.17"),
];

/// Says how to install PostgreSQL here.
pub(super) fn hint() -> String {
    let found = COMMANDS.iter().find(|(client, _)| on_path(client).is_some());
    match found {
        Some((_, command)) => format!("install it with `{command}`"),
        None => "install PostgreSQL 14 to 18 and name its programs with `--pg-bin DIRECTORY`".to_owned(),
    }
}

/// Finds a program on `PATH`.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let suffixes: &[&str] = if cfg!(windows) { &[".cmd", ".exe"] } else { &[""] };
    std::env::split_paths(&path)
        .flat_map(|directory| {
            suffixes
                .iter()
                .map(move |suffix| directory.join(format!("{name}{suffix}")))
        })
        .find(|program| program.is_file())
}
