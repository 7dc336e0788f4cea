//! Connection service files: `~/.pg_service.conf` and the system's `pg_service.conf`.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::params::{Origin, Params};
use crate::error::{Error, Result};

/// Where packages of PostgreSQL put the system's file when `PGSYSCONFDIR` does not say.
const SYSTEM_DIRECTORIES: &[&str] = &[
    "/etc/postgresql-common",
    "/etc/sysconfig/pgsql",
    "/opt/homebrew/etc",
    "/usr/local/etc",
    "/etc",
];

/// Finds the service in the user's file, else in the system's.
///
/// # Errors
/// [`crate::Kind::Usage`] for an unknown service, a file that was named and is missing, or a malformed line.
pub(super) fn load(name: &str, named_file: Option<&str>, environment: &Environment) -> Result<Params> {
    let user_file = match named_file {
        Some(file) => Some(PathBuf::from(file)),
        None => environment.user_file(".pg_service.conf", "postgresql/.pg_service.conf")?,
    };
    if let Some(file) = &user_file {
        match read(file)? {
            Some(text) => {
                if let Some(params) = section(&text, name, file)? {
                    return Ok(params);
                }
            }
            None if named_file.is_some() => {
                return Err(Error::usage(format!(
                    "service file {} does not exist",
                    file.display()
                )));
            }
            None => {}
        }
    }
    for file in system_files(environment)? {
        if let Some(text) = read(&file)? {
            return section(&text, name, &file)?.ok_or_else(|| unknown(name));
        }
    }
    Err(unknown(name))
}

fn unknown(name: &str) -> Error {
    Error::usage(format!("service `{name}` is not defined"))
        .with_hint("add a section of that name to ~/.pg_service.conf, or check PGSERVICE and PGSERVICEFILE")
}

fn system_files(environment: &Environment) -> Result<Vec<PathBuf>> {
    let directories = match environment.non_empty("PGSYSCONFDIR")? {
        Some(directory) => vec![directory],
        None => SYSTEM_DIRECTORIES.to_vec(),
    };
    Ok(directories
        .into_iter()
        .map(|directory| Path::new(directory).join("pg_service.conf"))
        .collect())
}

/// Reads a file; `None` if there is none.
pub(super) fn read(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Error::usage(format!("could not read {}", file.display())).with_cause(error.to_string()))
        }
    }
}

/// Parses one section; `None` if the file has no such section.
fn section(text: &str, name: &str, file: &Path) -> Result<Option<Params>> {
    let origin = Origin::Service(name.to_owned(), file.to_owned());
    let mut found: Option<Params> = None;
    for (index, line) in text.lines().enumerate() {
        let wrong = |what: &str| Error::usage(format!("{}:{}: {what}", file.display(), index + 1));
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            let header = header.split(']').next().unwrap_or(header);
            found = (header == name).then(Params::default);
            continue;
        }
        let Some(params) = &mut found else { continue };
        if line.starts_with("ldap") {
            return Err(wrong("a service looked up by LDAP is not supported"));
        }
        let (keyword, value) = line
            .split_once('=')
            .ok_or_else(|| wrong("the line lacks a `=`"))?;
        if keyword == "service" || keyword == "servicefile" {
            return Err(wrong("a service cannot refer to another service"));
        }
        // The first line of a keyword counts, as in libpq.
        if params.get(keyword).is_none() {
            params
                .set(keyword, value.to_owned(), &origin)
                .map_err(|error| wrong(&error.message))?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\n[a]\nhost=one\n\n  port=1  \n[b]\nhost=two\nhost=three\n[b]\nhost=four\n";

    fn host(name: &str) -> Option<String> {
        let params = section(TEXT, name, Path::new("f")).unwrap()?;
        params.get("host").map(str::to_owned)
    }

    #[test]
    fn section_ends_where_the_next_begins_and_the_first_line_counts() {
        assert_eq!(host("a").as_deref(), Some("one"));
        assert_eq!(host("b").as_deref(), Some("two"));
        assert_eq!(host("c"), None);
    }

    #[test]
    fn malformed_line_is_named_by_file_and_line() {
        for (line, part) in [
            ("host", "f:2: the line lacks"),
            ("service=b", "f:2: a service cannot"),
            ("hots=b", "f:2: "),
            ("ldap://x", "f:2: a service looked up"),
        ] {
            let error = section(&format!("[a]\n{line}\n"), "a", Path::new("f"))
                .err()
                .unwrap();
            assert!(error.message.contains(part), "{error:?}");
        }
    }

    #[test]
    fn named_file_must_exist_and_the_user_file_need_not() {
        let home = tempfile::tempdir().unwrap();
        let home_path = home.path().to_str().unwrap();
        let environment = Environment::of(&[("HOME", home_path), ("PGSYSCONFDIR", home_path)]);
        let missing = load("a", Some("/nonexistent/f"), &environment).err().unwrap();
        assert!(missing.message.contains("does not exist"), "{missing:?}");
        let unknown = load("a", None, &environment).err().unwrap();
        assert_eq!(unknown.message, "service `a` is not defined");
        std::fs::write(home.path().join("pg_service.conf"), TEXT).unwrap();
        assert_eq!(load("a", None, &environment).unwrap().get("host"), Some("one"));
        std::fs::write(home.path().join(".pg_service.conf"), "[a]\nhost=mine\n").unwrap();
        assert_eq!(load("a", None, &environment).unwrap().get("host"), Some("mine"));
        assert_eq!(load("b", None, &environment).unwrap().get("host"), Some("two"));
    }
}
