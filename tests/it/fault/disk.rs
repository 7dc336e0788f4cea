//! The disk is full while vital runs.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;
use vital::server::Signal;

use super::check::prepare;
use super::subject::Subject;
use super::{is_long, survive};
use crate::support::{Database, Run, Server, open_directory, shared_options};

/// How much of the disk is left when the run begins.
#[derive(Debug, Clone, Copy)]
pub enum Left {
    /// So many KiB for tables, and an open end for the log.
    Tables(u64),
    /// Nothing once the log has written so many KiB.
    Log(u64),
}

/// A file system of its own; only root may make one.
struct Disk {
    directory: TempDir,
}

impl Disk {
    fn mount() -> Option<Self> {
        let directory = open_directory();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=400m,mode=1777", "tmpfs"])
            .arg(directory.path())
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self { directory })
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.directory.path().join("ballast")
    }

    /// Fills it but for `left` KiB.
    fn fill(&self, left: u64) {
        let mut file = File::create(self.ballast()).unwrap();
        let block = vec![0; 16 << 10];
        loop {
            let disk = rustix::fs::statvfs(self.directory.path()).unwrap();
            if disk.f_bavail * disk.f_frsize <= left << 10 || file.write_all(&block).is_err() {
                return;
            }
        }
    }

    fn empty(&self) {
        let _ = fs::remove_file(self.ballast());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.directory.path())
            .output();
    }
}

fn server(directory: &Path) -> Server {
    let mut options = shared_options();
    options.durable = true;
    options.directory = Some(directory.join("pg"));
    for (name, value) in [
        ("listen_addresses", ""),
        ("checkpoint_timeout", "1h"),
        ("min_wal_size", "32MB"),
        ("max_wal_size", "1GB"),
    ] {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
    Server::with(&options)
}

/// Writes the log up to `left` KiB before the end of the last file that is there.
fn use_up_log(database: &Database, left: u64) {
    let mut admin = database.superuser();
    let room = "select (count(*) filter (where name > pg_walfile_name(pg_current_wal_lsn())) + 1) * 16384
            - (pg_walfile_name_offset(pg_current_wal_lsn())).file_offset / 1024
        from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'";
    // A message of a transaction is written out by its commit, so that what is written is what is used up.
    let write = "select pg_logical_emit_message(true, 'fill', repeat('x', 65536))";
    while admin.query_one(room, &[]).unwrap().get::<_, i64>(0) > i64::try_from(left).unwrap() + 80 {
        admin.execute(write, &[]).unwrap();
    }
}

/// Fills the disk before a run, for each of `lefts`.
pub fn fill_up(subjects: &[Subject<'_>], lefts: &[Left]) {
    // The log of a long run fills a disk of its own.
    for some in subjects.chunks(if is_long() { 1 } else { subjects.len() }) {
        let Some(disk) = Disk::mount() else {
            println!("full disk: skipped, because only root may mount a small file system");
            return;
        };
        let server = Mutex::new(server(disk.directory.path()));
        for subject in some {
            fill_up_on(&server, &disk, subject, lefts);
        }
    }
}

fn fill_up_on(server: &Mutex<Server>, disk: &Disk, subject: &Subject<'_>, lefts: &[Left]) {
    let address = server.lock().unwrap().address().clone();
    survive(&subject.kind("full disk"), lefts, 1, |left| {
        let database = subject.database_on(Server::at(&address));
        match *left {
            Left::Tables(left) => disk.fill(left),
            Left::Log(left) => {
                use_up_log(&database, left);
                disk.fill(0);
            }
        }
        let run = Run::of(subject.command(&database).args(["--migration-lock-wait", "2s"]));
        println!("{left:?}: exit code {}", run.code);
        disk.empty();
        assert!([0, 1, 7, 8].contains(&run.code), "{run}");
        {
            let mut server = server.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // The server may have ended itself; a crash is what that comes to.
            let _ = server.cluster().halt(Signal::Kill);
            server.cluster().resume().unwrap();
        }
        (subject.check)(&database, &run);
    });
}

/// Many amounts that leave a run more or less far.
pub fn all_lefts() -> Vec<Left> {
    let tables = (0..24).map(|n| Left::Tables(n * 64));
    tables.chain((0..8).map(|n| Left::Log(n * 128))).collect()
}

#[test]
fn a_full_disk_leaves_whole_migrations() {
    prepare();
    let lefts = if is_long() {
        all_lefts()
    } else {
        vec![
            Left::Tables(0),
            Left::Tables(128),
            Left::Tables(512),
            Left::Log(100),
        ]
    };
    fill_up(&[Subject::up()], &lefts);
}
