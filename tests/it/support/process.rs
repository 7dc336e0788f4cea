//! Processes: other users, waiting, and what is still running.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::part::{Part, respawn, respawn_at};

/// The account `nobody` of Linux.
const NOBODY: u32 = 65534;

/// Whether the tests run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The command that plays `part` as an ordinary user, with `home` as its home and directory for temporary files.
///
/// As root it runs a copy of this binary as `nobody`, who may not be able to enter the directory of the original.
pub fn ordinary_user(part: Part, home: &Path) -> Command {
    let mut command = if is_root() {
        let copy = home.join("it");
        if !copy.exists() {
            fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        }
        std::os::unix::fs::chown(home, Some(NOBODY), Some(NOBODY)).unwrap();
        let mut command = respawn_at(&copy, part);
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        respawn(part)
    };
    command
        .env("HOME", home)
        .env("TMPDIR", home)
        .env_remove("XDG_CACHE_HOME")
        .current_dir("/");
    command
}

/// A new directory for temporary files like /tmp, with a path short enough for sockets below.
pub fn open_directory() -> TempDir {
    let directory = tempfile::Builder::new().prefix("vt-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    directory
}

/// Presses Ctrl-C.
pub fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::INT).unwrap();
}

/// Waits up to 20 s until `condition` holds.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes whose command line or working directory names `text`; Linux only, elsewhere empty.
pub fn processes_of(text: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(text) || cwd.to_string_lossy().contains(text)
        })
        .collect()
}
