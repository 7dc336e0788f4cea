//! `vital.yaml`: named targets, and the accepted findings of `vital verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::conninfo;
use super::environment::Environment;
use super::params::{Origin, Params};
use super::service::read;
use super::text::{Hidden, day, expand, sentence, strict_map, without_values};
use crate::error::{Error, Result};
use crate::model::nearest;

/// The name of the file in the working directory.
const NAME: &str = "vital.yaml";
/// Files above this size are refused unread.
const MAX_BYTES: u64 = 1 << 20;

/// The parsed file.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default, deserialize_with = "strict_map")]
    targets: BTreeMap<String, Target>,
    #[serde(default)]
    verify: Verify,
}

/// What `vital verify` takes from the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// A finding of `vital verify` that somebody has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The check's id; `*` stands for any text.
    pub check: String,
    /// The object's name as the finding gives it, `*` for any text; or `not checked`, if the check cannot be made here.
    pub object: String,
    /// Why it is accepted.
    #[serde(deserialize_with = "sentence")]
    pub reason: String,
    /// The last day on which it is, as `2027-01-31`.
    #[serde(deserialize_with = "day")]
    pub until: time::Date,
}

/// One database of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: Hidden,
    password: Option<Hidden>,
}

impl ConfigFile {
    /// Reads the file that `--config` names, else `./vital.yaml`; without either it is empty.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] with line and column, or if a named file is missing.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        Self::load_in(named, Path::new("."))
    }

    pub(super) fn load_in(named: Option<&Path>, directory: &Path) -> Result<Self> {
        let path = named.map_or_else(|| directory.join(NAME), Path::to_owned);
        if std::fs::metadata(&path).is_ok_and(|data| data.len() > MAX_BYTES) {
            return Err(Error::usage(format!("{} is larger than 1 MiB", path.display())));
        }
        match read(&path)? {
            Some(text) => Self::parse(&text, path),
            None if named.is_some() => Err(Error::usage(format!("{} does not exist", path.display()))),
            None => Ok(Self {
                path,
                ..Self::default()
            }),
        }
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self> {
        if deeply_nested(text) {
            return Err(Error::usage(format!(
                "{}: too many brackets are open",
                path.display()
            )));
        }
        let parsed: Result<Option<Content>, _> = serde_yaml::from_str(text);
        match parsed {
            Ok(content) => Ok(Self {
                path,
                content: content.unwrap_or_default(),
            }),
            Err(error) => {
                let place = error.location().map_or_else(
                    || path.display().to_string(),
                    |at| format!("{}:{}:{}", path.display(), at.line(), at.column()),
                );
                let text = error.to_string();
                let text = text.split(" at line ").next().unwrap_or(&text);
                Err(Error::usage(format!("{place}: {}", without_values(text)))
                    .with_hint("the keys are targets (url, password) and verify (exceptions: check, object, reason, until)"))
            }
        }
    }

    /// The names of all targets, sorted.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.content.targets.keys().map(String::as_str)
    }

    /// The accepted findings.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.content.verify.exceptions
    }

    /// The parameters of target `name`, with its variables filled in.
    pub(super) fn params(&self, name: &str, environment: &Environment) -> Result<Params> {
        let target = self.content.targets.get(name).ok_or_else(|| self.unknown(name))?;
        let origin = Origin::Target(name.to_owned());
        let expand = |text: &str| {
            expand(text, environment).map_err(|error| {
                Error::usage(format!("{}: {origin}: {}", self.path.display(), error.message))
            })
        };
        // A URL that is one variable is parsed after filling it in; in any other, a variable stands for a whole
        // part, so that a password with an @ needs no encoding.
        let url = target.url.expose();
        let whole = url.starts_with("${") && url.find('}') == Some(url.len() - 1);
        let mut params = if whole {
            conninfo::parse(&expand(url)?, &origin)?
        } else {
            conninfo::parse(url, &origin)?.try_map(expand)?
        };
        if let Some(password) = &target.password {
            params.set("password", expand(password.expose())?, &origin)?;
        }
        Ok(params)
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::usage(format!("target `{name}` is not in {}", self.path.display()));
        let known: Vec<&str> = self.targets().collect();
        match nearest(name, self.targets().map(str::to_owned)).first() {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => {
                error.with_hint("the file has no targets or does not exist; --config names another")
            }
            None => error.with_hint(format!("its targets are {}", known.join(", "))),
        }
    }
}

/// Whether more brackets are open than the file could need; the parser's time grows with their square.
fn deeply_nested(text: &str) -> bool {
    let mut open = 0_u32;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > 64
    })
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
