//! Parts that this test binary plays when a test starts it again as a process of its own.

use std::fmt::Display;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use postgres::{Client, NoTls};
use vital::server::{Binaries, Options};

use super::server::{self, binaries, start};

/// The variable that names the part.
const VARIABLE: &str = "VITAL_IT_PART";

/// A part to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Owns the server that all test processes of a run share.
    Keeper,
    /// Starts a server, tells its directory, and sleeps until it is killed.
    Owner,
    /// Starts a server that is to be kept, tells how to stop it, and ends.
    Leaver,
    /// Starts a server, tells its directory and the account it runs as, and stops it again.
    Visitor,
    /// Finds the programs of PostgreSQL, and tells where.
    Finder,
    /// Downloads the programs of PostgreSQL, and tells where and what it was told meanwhile.
    Fetcher,
}

const PARTS: [(&str, Part, fn()); 6] = [
    ("keeper", Part::Keeper, server::keep),
    ("owner", Part::Owner, own),
    ("leaver", Part::Leaver, leave),
    ("visitor", Part::Visitor, visit),
    ("finder", Part::Finder, find),
    ("fetcher", Part::Fetcher, fetch),
];

/// Returns the command that starts this binary again to play `part`.
pub fn respawn(part: Part) -> Command {
    respawn_at(
        &std::env::current_exe().expect("the test binary has a path"),
        part,
    )
}

/// Returns the command that starts the copy of this binary at `path` to play `part`.
pub fn respawn_at(path: &Path, part: Part) -> Command {
    let (name, ..) = PARTS.iter().find(|(_, other, _)| *other == part).unwrap();
    let mut command = Command::new(path);
    command
        .args([
            "support::part::plays_its_part",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(VARIABLE, name);
    command
}

/// The entry of a process with a part; without one there is nothing to do.
#[test]
fn plays_its_part() {
    let Ok(name) = std::env::var(VARIABLE) else {
        return;
    };
    let (_, _, play) = PARTS.iter().find(|(other, ..)| *other == name).unwrap();
    play();
}

/// Tells the process that gave this part `value`, on a line that [`told`] finds.
fn tell(key: &str, value: impl Display) {
    println!("\n{key}={value}");
}

/// Reads what a part told under `key`.
pub fn told<'a>(output: &'a str, key: &str) -> Option<&'a str> {
    output
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

fn own() {
    let cluster = start(&Options::new(binaries()));
    tell("directory", cluster.socket_dir().display());
    std::thread::sleep(Duration::from_secs(600));
}

fn leave() {
    let mut options = Options::new(binaries());
    options.keep = true;
    let cluster = start(&options);
    tell("url", cluster.url("postgres"));
    tell("directory", cluster.socket_dir().display());
    tell("stop", cluster.stop_command());
}

fn visit() {
    let cluster = start(&Options::new(binaries()));
    let mut client = Client::connect(&cluster.url("postgres"), NoTls).unwrap();
    client.execute("select 1", &[]).unwrap();
    drop(client);
    tell("directory", cluster.socket_dir().display());
    tell(
        "uid",
        std::fs::metadata(cluster.socket_dir().join("data"))
            .unwrap()
            .uid(),
    );
    cluster.stop().unwrap();
}

fn find() {
    match Binaries::find(None) {
        Ok(Some(found)) => tell("found", found.directory().display()),
        Ok(None) => tell("found", "nothing"),
        Err(error) => tell("error", error),
    }
}

fn fetch() {
    let result = Binaries::fetch(&mut |line| tell("progress", line));
    match result {
        Ok(found) => tell("found", found.directory().display()),
        Err(error) => {
            tell("error", &error.message);
            tell("details", error.details.join("; "));
            tell("hint", error.hint.unwrap_or_default());
        }
    }
}
