//! Where PostgreSQL installations are found, in the order of preference.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{SUPPORTED, fetch};

/// Directories of each package's server programs; `{}` stands for the major version.
const PATTERNS: [&str; 10] = [
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/usr/lib/postgresql{}/bin",
    "/usr/libexec/postgresql{}",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@{}/bin",
    "/Applications/Postgres.app/Contents/Versions/{}/bin",
    "/Library/PostgreSQL/{}/bin",
    r"C:\Program Files\PostgreSQL\{}\bin",
];

/// Yields the existing candidates lazily: `pg_config`, `PATH`, package directories (newest first), the cache.
pub(super) fn candidates() -> impl Iterator<Item = PathBuf> {
    let lazily = |place: fn() -> Vec<PathBuf>| std::iter::once_with(place).flatten();
    lazily(from_pg_config)
        .chain(lazily(from_path))
        .chain(lazily(from_packages))
        .chain(lazily(|| fetch::cached().into_iter().collect()))
        .filter(|directory| directory.is_dir())
}

/// Asks `pg_config`, which may belong to a client-only installation.
fn from_pg_config() -> Vec<PathBuf> {
    let Ok(output) = Command::new("pg_config").arg("--bindir").output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let directory = text.trim();
    match output.status.success() && !directory.is_empty() {
        true => vec![PathBuf::from(directory)],
        false => Vec::new(),
    }
}

/// Looks for `postgres` on `PATH`, following links to where `initdb` and the libraries are.
fn from_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter_map(|directory| {
            real_directory(&directory.join(format!("postgres{}", std::env::consts::EXE_SUFFIX)))
        })
        .collect()
}

/// The directory that really holds `program`.
fn real_directory(program: &Path) -> Option<PathBuf> {
    program.canonicalize().ok()?.parent().map(Path::to_owned)
}

/// Lists the package directories of all supported versions, newest first.
fn from_packages() -> Vec<PathBuf> {
    SUPPORTED
        .rev()
        .flat_map(|major| {
            PATTERNS
                .iter()
                .map(move |pattern| PathBuf::from(pattern.replace("{}", &major.to_string())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::from_packages;

    #[test]
    fn newest_version_comes_first() {
        let all = from_packages();
        let position = |major: u32| {
            let debian = format!("/usr/lib/postgresql/{major}/bin");
            all.iter().position(|path| path.as_os_str() == debian.as_str())
        };
        assert!(position(18).is_some());
        assert!(position(18) < position(17));
        assert!(position(15) < position(14));
    }
}
