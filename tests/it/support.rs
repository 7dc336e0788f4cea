//! What the tests share: a private server for the whole run, databases cloned from templates, and the binary.
//!
//! ```ignore
//! let db = Database::create(Template::Migrated);
//! let run = db.vital(&["verify"]);
//! assert_eq!(run.code, 0, "{run}");
//! db.acting_as(MEMBER).query("select 1 from public.agents", &[]).unwrap();
//! ```
//!
//! `VITAL_TEST_PG_BIN` runs everything against the server programs in that directory, and `VITAL_TEST_MIGRATIONS` builds
//! [`Template::World`] from the migration files in that directory instead of this crate's.

#![allow(
    dead_code,
    unused_imports,
    reason = "which of these are used changes with the tests"
)]

pub mod catalog;
mod command;
mod database;
pub mod migrations;
mod part;
pub mod pooler;
mod process;
pub mod proxy;
mod request;
mod server;
mod template;
mod terminal;

pub use command::{CANARY, Run, vital};
pub use database::Database;
pub use part::{Part, respawn, respawn_at, told};
pub use process::{interrupt, is_root, open_directory, ordinary_user, processes_of, wait_until};
pub use request::Request;
pub use server::{Address, Server, binaries, shared_options, start};
pub use template::{Template, fixture, run_file};
pub use terminal::Terminal;

/// How many migrations there are.
#[must_use]
pub fn total() -> i64 {
    vital::ops::migrate::embedded::migrations()
        .len()
        .try_into()
        .unwrap()
}

/// How far a run says that the database is.
#[must_use]
pub fn progress(applied: i64) -> String {
    let total = total();
    match applied {
        1 => format!("1 of {total} migrations is applied"),
        _ => format!("{applied} of {total} migrations are applied"),
    }
}

/// A client program of PostgreSQL of the version of the server: its own, or the one that is installed.
#[must_use]
pub fn program(name: &str) -> Option<std::path::PathBuf> {
    let own = binaries().directory().join(name);
    if own.exists() {
        return Some(own);
    }
    let told = std::process::Command::new(name).arg("--version").output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut words = told
        .split(|c: char| !c.is_ascii_digit())
        .filter(|word| !word.is_empty());
    let major: u32 = words.next()?.parse().ok()?;
    (major == binaries().major()).then(|| name.into())
}

/// Says that a test was not run because there is no `pg_dump` for the server.
#[must_use]
pub fn lacks_dump() -> bool {
    let lacks = program("pg_dump").is_none();
    if lacks {
        eprintln!(
            "not run: there is no pg_dump for PostgreSQL {}",
            binaries().major()
        );
    }
    lacks
}
