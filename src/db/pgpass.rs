//! The password file: `host:port:database:user:password` lines with `*` for any.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::environment::Environment;
use super::params::{Origin, Params};
use super::service::read;
use crate::error::Result;

/// A password file that may be used, and what the log should know about one that may not.
pub(super) struct PassFile {
    path: PathBuf,
    lines: Vec<[String; 5]>,
    /// Why the file is ignored, as libpq warns.
    pub warning: Option<String>,
}

impl PassFile {
    /// Reads the file that the parameter or `PGPASSFILE` names, else `~/.pgpass`; a missing one is empty.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] if it exists and cannot be read.
    pub fn load(params: &Params, environment: &Environment) -> Result<Self> {
        let path = match params.get("passfile") {
            Some(path) => Some(PathBuf::from(path)),
            None => environment.user_file(".pgpass", "postgresql/pgpass.conf")?,
        };
        let mut file = Self {
            path: path.unwrap_or_default(),
            lines: Vec::new(),
            warning: None,
        };
        file.warning = refusal(&file.path);
        if file.warning.is_none()
            && let Some(text) = read(&file.path)?
        {
            file.lines = text.lines().filter_map(fields).collect();
        }
        Ok(file)
    }

    /// The password of the first line that matches.
    pub fn find(&self, host: &str, port: u16, database: &str, user: &str) -> Option<SecretString> {
        let port = port.to_string();
        let wanted = [host, &port, database, user];
        self.lines
            .iter()
            .find(|line| {
                line.iter()
                    .zip(wanted)
                    .all(|(field, value)| matches(field, value))
            })
            .map(|[.., password]| SecretString::from(unescape(password)))
    }

    /// The origin of passwords found here.
    pub fn origin(&self) -> Origin {
        Origin::PassFile(self.path.clone())
    }
}

/// Why a file must not be used, if so: others can read it, or it is a directory or a device.
fn refusal(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return Some(format!("password file {} is not a plain file", path.display()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Some(format!(
            "password file {} has group or world access; permissions should be u=rw (0600) or less",
            path.display()
        ));
    }
    None
}

/// Splits a line at its unescaped colons; `None` for a comment or a line with too few fields.
fn fields(line: &str) -> Option<[String; 5]> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields: [String; 5] = Default::default();
    let mut at = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                fields[at].push('\\');
                fields[at].extend(chars.next());
            }
            ':' if at == 4 => break,
            ':' => at += 1,
            c => fields[at].push(c),
        }
    }
    (at == 4 && !fields[4].is_empty()).then_some(fields)
}

/// Compares a still escaped field; only a bare `*` is the wildcard.
fn matches(field: &str, value: &str) -> bool {
    field == "*" || unescape(field) == value
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn file(text: &str) -> PassFile {
        PassFile {
            path: PathBuf::from("f"),
            lines: text.lines().filter_map(fields).collect(),
            warning: None,
        }
    }

    fn find(text: &str, host: &str) -> Option<String> {
        let found = file(text).find(host, 5432, "db", "me");
        found.map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn first_matching_line_wins_and_a_star_matches_all() {
        let text = "# a comment\nother:*:*:*:no\nh:5432:db:me:yes\n*:*:*:*:later\n";
        assert_eq!(find(text, "h").as_deref(), Some("yes"));
        assert_eq!(find(text, "x").as_deref(), Some("later"));
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        let text = "\\:\\:1:5432:db:me:a\\:b\\\\c\n";
        assert_eq!(find(text, "::1").as_deref(), Some("a:b\\c"));
    }

    #[test]
    fn escaped_star_is_no_wildcard_and_short_lines_do_not_count() {
        assert_eq!(find("\\*:*:*:*:no", "h"), None);
        assert_eq!(find("\\*:*:*:*:yes", "*").as_deref(), Some("yes"));
        assert_eq!(find("h:5432:db:me", "h"), None);
        assert_eq!(find("h:5432:db:me:", "h"), None);
        assert_eq!(find("h:5433:db:me:no", "h"), None);
    }

    #[test]
    #[cfg(unix)]
    fn file_that_others_can_read_is_ignored_with_a_warning() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pass");
        std::fs::write(&path, "*:*:*:*:secret\n").unwrap();
        let mut params = Params::default();
        let text = path.to_str().unwrap().to_owned();
        params.set("passfile", text, &Origin::Flag).unwrap();
        for (mode, usable) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let file = PassFile::load(&params, &Environment::of(&[])).unwrap();
            assert_eq!(file.find("h", 1, "d", "u").is_some(), usable, "{mode:o}");
            assert_eq!(file.warning.is_none(), usable, "{mode:o}");
        }
    }

    #[test]
    fn home_holds_the_default_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".pgpass");
        std::fs::write(&path, "*:*:*:*:secret\n").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let environment = Environment::of(&[("HOME", dir.path().to_str().unwrap())]);
        let file = PassFile::load(&Params::default(), &environment).unwrap();
        assert!(file.find("h", 1, "d", "u").is_some());
    }
}
