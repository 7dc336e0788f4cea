//! What writes, under faults: `vital migrate up` and `down` leave a whole number of migrations, other commands all of
//! their change or nothing, and a rerun completes.
//!
//! Each kind of fault runs a sample. `VITAL_FAULTS=long` runs them all: every boundary between two messages, every
//! message from within, and hundreds of kills at random moments. `VITAL_FAULTS_SEED` repeats the random moments of a
//! run that failed; each test prints it with the number of faults that were injected and survived.

mod check;
mod connections;
mod contention;
mod crash;
mod cut;
mod disk;
pub mod kill;
mod statements;
mod subject;
mod undo;
mod writers;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Database, Run};

/// How a run begins that is to be disturbed.
pub const UP: [&str; 3] = ["migrate", "up", "--replace-policies"];

/// Whether to inject every fault instead of a sample.
pub fn is_long() -> bool {
    std::env::var("VITAL_FAULTS").is_ok_and(|value| value == "long")
}

/// Random numbers that a later run can repeat.
pub fn random() -> fastrand::Rng {
    let seed = std::env::var("VITAL_FAULTS_SEED").ok();
    let seed = seed
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("VITAL_FAULTS_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Injects each fault, `workers` at a time, and tells how many were survived.
#[track_caller]
pub fn survive<T: Debug + Sync>(kind: &str, faults: &[T], workers: usize, inject: impl Fn(&T) + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if catch_unwind(AssertUnwindSafe(|| inject(fault))).is_err() {
                        failures.lock().unwrap().push(format!("{fault:?}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let survived = faults.len() - failures.len();
    println!("{kind}: {} injected, {survived} survived", faults.len());
    assert!(failures.is_empty(), "{kind}: not survived: {failures:#?}");
}

/// Starts a command with its output kept.
pub fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for its end.
pub fn finish(child: Child) -> Run {
    child.wait_with_output().unwrap().into()
}

/// The runner with further arguments.
pub fn up(database: &Database, more: &[&str]) -> Command {
    let mut command = database.command(&UP);
    command.args(more);
    command
}
