//! How to run a private server, as command lines of initdb and postgres.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Binaries;
use super::supervisor::Programs;

/// How to run a private server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The installation to run.
    pub binaries: Binaries,
    /// The name of the bootstrap superuser.
    pub superuser: String,
    /// Whether commits are flushed to disk; needed only to test or measure what a crash leaves.
    pub durable: bool,
    /// Further settings, such as `("log_statement", "all")`; they win over those of this module.
    pub settings: Vec<(String, String)>,
    /// Whether the server goes on after its owner has ended; see [`super::Cluster::stop_command`].
    pub keep: bool,
    /// The directory to create; by default a new one for temporary files.
    pub directory: Option<PathBuf>,
}

impl Options {
    /// Returns the usual options: superuser `postgres`, not durable, gone with its owner.
    #[must_use]
    pub fn new(binaries: Binaries) -> Self {
        Self {
            binaries,
            superuser: "postgres".to_owned(),
            durable: false,
            settings: Vec::new(),
            keep: false,
            directory: None,
        }
    }
}

/// The programs of a cluster in `directory` with their arguments.
pub(super) fn programs(options: &Options, directory: &Path) -> Programs {
    let path = |path: PathBuf| path.display().to_string();
    let data = path(directory.join("data"));
    let mut initialise = vec![path(options.binaries.program("initdb"))];
    initialise.extend(["-D".to_owned(), data.clone()]);
    initialise.push(format!("--username={}", options.superuser));
    initialise.extend(
        [
            "--pwfile=/dev/stdin",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--no-sync",
            "--no-instructions",
        ]
        .map(str::to_owned),
    );
    initialise.extend(locale(options.binaries.major()));
    let mut serve = vec![path(options.binaries.program("postgres"))];
    serve.extend(["-D".to_owned(), data]);
    for (name, value) in settings(options, directory) {
        serve.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    Programs { initialise, serve }
}

/// The settings of the server; a later one wins.
fn settings(options: &Options, directory: &Path) -> Vec<(String, String)> {
    let durable = if options.durable { "on" } else { "off" };
    let socket_directory = format!("\"{}\"", directory.display());
    let ours = [
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", socket_directory.as_str()),
        ("max_connections", "200"),
        ("shared_buffers", "64MB"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("fsync", durable),
        ("synchronous_commit", durable),
        ("full_page_writes", durable),
    ];
    ours.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(options.settings.iter().cloned())
        .collect()
}

/// Chooses C.UTF-8 where it exists: the server's own from 17 on, before that the system's.
fn locale(major: u32) -> Vec<String> {
    let words: &[&str] = if major >= 17 {
        &[
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
    } else if system_has_c_utf8() {
        &["--locale=C.UTF-8"]
    } else {
        &["--locale=C"]
    };
    words.iter().copied().map(str::to_owned).collect()
}

/// Whether the system has a locale C.UTF-8.
fn system_has_c_utf8() -> bool {
    Command::new("locale").arg("-a").output().is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| line.eq_ignore_ascii_case("C.utf8") || line.eq_ignore_ascii_case("C.UTF-8"))
    })
}
