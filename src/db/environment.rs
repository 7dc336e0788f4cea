//! The process's surroundings as plain values, so that resolution is a pure function of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::params::{KEYWORDS, Origin, Params};
use crate::error::{Error, Result};

/// Variables, the OS user and the places where sockets lie.
#[derive(Clone, Default)]
pub(super) struct Environment {
    variables: BTreeMap<String, Option<String>>,
    /// The name of the OS user, which is the default database user.
    pub os_user: Option<String>,
    /// Directories where a server on this machine puts its socket, most usual first.
    pub socket_directories: Vec<PathBuf>,
    /// The directory of `vital.yaml`.
    pub working_directory: PathBuf,
}

impl Environment {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
            .collect();
        let socket_directories = if cfg!(unix) {
            vec![PathBuf::from("/var/run/postgresql"), PathBuf::from("/tmp")]
        } else {
            Vec::new()
        };
        Self {
            variables,
            os_user: whoami::username().ok(),
            socket_directories,
            working_directory: PathBuf::from("."),
        }
    }

    /// Replaces all variables.
    pub fn with_variables<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let variables = variables.into_iter();
        self.variables = variables
            .map(|(name, value)| (name.into(), Some(value.into())))
            .collect();
        self
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] if the value is not UTF-8.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        match self.variables.get(name) {
            Some(Some(value)) => Ok(Some(value)),
            Some(None) => Err(Error::usage(format!("environment variable {name} is not UTF-8"))),
            None => Ok(None),
        }
    }

    /// The value of a variable, unless it is empty.
    pub fn non_empty(&self, name: &str) -> Result<Option<&str>> {
        Ok(self.get(name)?.filter(|value| !value.is_empty()))
    }

    /// The parameters that libpq's variables give.
    pub fn params(&self) -> Result<Params> {
        let mut params = Params::default();
        if let Some(flag) = self.non_empty("PGREQUIRESSL")? {
            let mode = if flag.starts_with('1') {
                "require"
            } else {
                "prefer"
            };
            params.set("sslmode", mode.to_owned(), &Origin::Variable("PGREQUIRESSL"))?;
        }
        for (keyword, variable) in KEYWORDS {
            let Some(variable) = *variable else { continue };
            if let Some(value) = self.get(variable)? {
                params.set(keyword, value.to_owned(), &Origin::Variable(variable))?;
            }
        }
        Ok(params)
    }

    /// A file of the user: `unix` under the home directory, `windows` under the application data.
    pub fn user_file(&self, unix: &str, windows: &str) -> Result<Option<PathBuf>> {
        let (base, name) = if cfg!(windows) {
            ("APPDATA", windows)
        } else {
            ("HOME", unix)
        };
        Ok(self.non_empty(base)?.map(|base| PathBuf::from(base).join(name)))
    }
}

#[cfg(test)]
impl Environment {
    /// Surroundings that hold just `variables`, and a user named `os`.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let surroundings = Self {
            os_user: Some("os".to_owned()),
            working_directory: PathBuf::from("/nonexistent"),
            ..Self::default()
        };
        surroundings.with_variables(variables.iter().copied())
    }

    /// Adds a variable that is not UTF-8.
    pub fn with_garbage(mut self, name: &str) -> Self {
        self.variables.insert(name.to_owned(), None);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_libpq_fills_its_keyword() {
        for (keyword, variable) in KEYWORDS {
            if let Some(variable) = variable {
                let params = Environment::of(&[(variable, "x")]).params().unwrap();
                assert_eq!(params.get(keyword), Some("x"), "{variable}");
            }
        }
    }

    #[test]
    fn pgsslmode_beats_the_old_pgrequiressl() {
        let environment = Environment::of(&[("PGREQUIRESSL", "1")]);
        assert_eq!(environment.params().unwrap().get("sslmode"), Some("require"));
        let environment = Environment::of(&[("PGREQUIRESSL", "1"), ("PGSSLMODE", "disable")]);
        assert_eq!(environment.params().unwrap().get("sslmode"), Some("disable"));
    }

    #[test]
    fn variable_that_is_not_utf8_is_named_and_not_shown() {
        let error = Environment::of(&[])
            .with_garbage("PGPASSWORD")
            .params()
            .err()
            .unwrap();
        assert_eq!(error.message, "environment variable PGPASSWORD is not UTF-8");
    }
}
