//! The directory of a private server: short, 0700, locked while in use, and swept when its users are dead.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::account::Account;
use super::supervisor::POLL;
use crate::error::Result;

/// How the names of the directories begin.
const PREFIX: &str = "vital-pg-";

/// The longest directory whose sockets still fit in `sockaddr_un` of Linux (108 bytes) and macOS (104).
const LONGEST: usize = 85;

/// Creates the directory at `place` or under the directory for temporary files, and locks it.
///
/// The lock lasts until the last copy of the returned file is closed.
///
/// # Errors
/// If it cannot be created, `place` has something in it already or is too long for a socket.
pub(super) fn create(place: Option<&Path>, account: Option<&Account>) -> Result<(PathBuf, File)> {
    let directory = match place {
        Some(place) => make(place),
        None => make_new(&parent(account)),
    };
    let created = directory.and_then(|directory| match lock(&directory) {
        Ok(lock) => Ok((directory, lock)),
        Err(error) => {
            let _ = fs::remove_dir_all(&directory);
            Err(error)
        }
    });
    Ok(created.context("could not create a directory for the private server")?)
}

/// Removes directories whose supervisor is dead, ending a server that still runs in one.
///
/// Only directories of this user and of the account that runs the servers are looked at, and only if nobody holds their
/// lock.
pub(super) fn sweep(account: Option<&Account>) {
    let Ok(entries) = fs::read_dir(parent(account)) else {
        return;
    };
    for entry in entries.flatten() {
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if named && belongs_to(&entry.path(), account) {
            remove_if_dead(&entry.path());
        }
    }
}

/// Removes one directory if its lock is free; the lock is held meanwhile, so two sweepers never meet.
fn remove_if_dead(directory: &Path) {
    let path = directory.join("lock");
    if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        return;
    }
    let Ok(file) = File::open(&path) else {
        return;
    };
    if file.try_lock().is_ok() {
        quit_server(&directory.join("data"));
        let _ = fs::remove_dir_all(directory);
    }
}

/// Ends the server of `data` if it still runs there.
///
/// Its process id may belong to somebody else by now, so its working directory has to be `data`. Where /proc does not
/// tell, the server ends by itself within a minute after its directory is gone.
#[cfg(unix)]
fn quit_server(data: &Path) {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    // The number is negative while initdb fills the directory.
    let number = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse::<i32>().ok());
    let Some(pid) = number
        .filter(|number| *number > 0)
        .and_then(rustix::process::Pid::from_raw)
    else {
        return;
    };
    let link = PathBuf::from(format!("/proc/{}/cwd", pid.as_raw_nonzero()));
    let runs = || fs::read_link(&link).is_ok_and(|cwd| cwd == data);
    let deadline = Instant::now() + Duration::from_secs(10);
    while runs() && Instant::now() < deadline {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        std::thread::sleep(POLL);
    }
}

#[cfg(not(unix))]
fn quit_server(_data: &Path) {}

/// Creates and locks the lock file; it gets its name only once it is locked, so a sweeper never sees it free.
fn lock(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join("lock.new");
    let file = File::create(&unnamed)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => io::ErrorKind::ResourceBusy.into(),
    })?;
    fs::rename(&unnamed, directory.join("lock"))?;
    Ok(file)
}

/// Creates a directory of a new name in `parent`.
fn make_new(parent: &Path) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent).map(tempfile::TempDir::keep)
}

/// Creates `place`, or accepts it if it is an empty directory.
fn make(place: &Path) -> io::Result<PathBuf> {
    if place.as_os_str().len() > LONGEST {
        return Err(io::Error::other(format!(
            "`{}` is too long for the path of a socket",
            place.display()
        )));
    }
    fs::create_dir_all(place)?;
    if fs::read_dir(place)?.next().is_some() {
        return Err(io::Error::other(format!("`{}` is not empty", place.display())));
    }
    restrict(place)?;
    place.canonicalize()
}

/// The directory for temporary files if its path is short and the account may remove a directory there, else /tmp.
fn parent(account: Option<&Account>) -> PathBuf {
    let usual = std::env::temp_dir();
    let short = usual.as_os_str().len() + PREFIX.len() + 6 < LONGEST;
    if short && (account.is_none() || open_to_all(&usual)) {
        return usual;
    }
    PathBuf::from("/tmp")
}

/// Allows `place` to its owner only.
#[cfg(unix)]
fn restrict(place: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_place: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether everybody may enter `directory` and write to it.
#[cfg(unix)]
fn open_to_all(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let allows = |directory: &Path, bits: u32| {
        fs::metadata(directory).is_ok_and(|metadata| metadata.permissions().mode() & bits == bits)
    };
    allows(directory, 0o003) && directory.ancestors().all(|ancestor| allows(ancestor, 0o001))
}

#[cfg(not(unix))]
fn open_to_all(_directory: &Path) -> bool {
    true
}

/// Whether `directory` is a directory, no link, of this user or of the account that runs the servers.
#[cfg(unix)]
fn belongs_to(directory: &Path, account: Option<&Account>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let ours =
        |uid| uid == rustix::process::geteuid().as_raw() || account.is_some_and(|account| account.uid == uid);
    fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir() && ours(metadata.uid()))
}

#[cfg(not(unix))]
fn belongs_to(_directory: &Path, _account: Option<&Account>) -> bool {
    false
}
