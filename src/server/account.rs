//! The account that a server runs as: PostgreSQL refuses to run as root.

use std::process::Command;

use crate::error::{Error, Result};

/// Accounts to drop to, the better one first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An unprivileged account to run a child process as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The name, for messages.
    pub name: &'static str,
    /// The user id.
    pub uid: u32,
    /// The primary group id; the child has no other group.
    pub gid: u32,
}

impl Account {
    /// Returns the account to drop to, or `None` if this process is not root and needs none.
    ///
    /// # Errors
    /// If this is root and the system has neither `postgres` nor `nobody`.
    pub fn unprivileged() -> Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        CANDIDATES.into_iter().find_map(look_up).map(Some).ok_or_else(|| {
            Error::failed(
                "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as",
            )
            .with_hint("run this command as an ordinary user")
        })
    }

    /// Makes `command` run as this account; the standard library drops all supplementary groups as well.
    #[cfg(unix)]
    pub fn apply(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.uid(self.uid).gid(self.gid);
    }

    /// Does nothing: there is no account to drop to.
    #[cfg(not(unix))]
    pub fn apply(&self, _command: &mut Command) {}
}

/// Whether this process is root.
#[cfg(unix)]
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this process is root.
#[cfg(not(unix))]
pub(super) fn is_root() -> bool {
    false
}

/// Looks up an account with `id`, which also knows accounts that are not in /etc/passwd.
fn look_up(name: &'static str) -> Option<Account> {
    let number = |option: &str| {
        let output = Command::new("id").args([option, name]).output().ok()?;
        String::from_utf8(output.stdout)
            .ok()?
            .trim()
            .parse()
            .ok()
            .filter(|id| *id != 0)
    };
    Some(Account {
        name,
        uid: number("-u")?,
        gid: number("-g")?,
    })
}

#[cfg(test)]
mod tests {
    use super::look_up;

    #[test]
    fn unknown_account_is_none() {
        assert_eq!(look_up("vital-no-such-account"), None);
    }

    #[test]
    fn root_is_never_a_candidate() {
        assert_eq!(look_up("root"), None);
    }
}
