//! What vital itself costs, beside psql on the same server: start, doing nothing, and applying everything.
//!
//! ```text
//! cargo bench --bench tool -- [--rounds 21] [--pg-bin DIR]
//! ```
//!
//! Whole processes, run alternately; medians and their ratios. Debian's `/usr/bin/psql` is a Perl script around psql, so
//! the one beside the server's programs is run where there is one. Peak memory needs Linux and `/usr/bin/time`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

const SUPABASE: &str = include_str!("../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../fixtures/pre-state.sql");
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/migrations");

fn main() {
    let rounds: usize = option("--rounds").map_or(21, |text| text.parse().expect("--rounds takes a number"));
    let pg_bin = option("--pg-bin");
    let binaries = Binaries::find_or_fetch(pg_bin.as_deref().map(Path::new), &mut |said| eprintln!("{said}"));
    let binaries = binaries.unwrap();
    let beside = binaries.directory().join("psql");
    let program = if beside.exists() { beside } else { "psql".into() };
    let psql = |url: &str| psql(&program, url);
    let mut options = Options::new(binaries);
    options.superuser = "supabase_admin".to_owned();
    let cluster = Cluster::start(&options).unwrap();
    let mut admin = Client::connect(&cluster.url("postgres"), NoTls).unwrap();
    admin.batch_execute("create database fresh").unwrap();
    connect(&cluster, "supabase_admin", "fresh")
        .batch_execute(SUPABASE)
        .unwrap();
    let mut owner = connect(&cluster, "postgres", "fresh");
    owner.batch_execute(PRE_STATE).unwrap();
    // Leftover policies need consent, which psql has no way to give.
    owner
        .batch_execute(
            "drop policy \"Anyone can view active agents\" on public.agents;
            drop policy \"Admins can manage agents\" on public.agents",
        )
        .unwrap();
    drop(owner);
    admin
        .batch_execute("create database done template fresh owner postgres")
        .unwrap();
    let done = cluster.url_as("postgres", "done");
    run(&mut vital(&["migrate", "up"], &done));

    let mut times: [Vec<Duration>; 6] = Default::default();
    for _ in 0..rounds {
        times[0].push(run(psql(&done).args(["-c", "select 1"])));
        times[1].push(run(&mut vital(&["migrate", "up"], &done)));
        times[2].push(run(&mut vital(&["migrate", "status"], &done)));
        times[3].push(run(&mut vital(&["--version"], &done)));
        let copy = |admin: &mut Client| {
            admin.batch_execute("drop database if exists copy").unwrap();
            admin
                .batch_execute("create database copy template fresh owner postgres")
                .unwrap();
            cluster.url_as("postgres", "copy")
        };
        times[4].push(run(&mut apply(psql(&copy(&mut admin)))));
        times[5].push(run(&mut vital(&["migrate", "up"], &copy(&mut admin))));
    }
    let [psql_one, noop, status, version, psql_all, all] = times.map(median);
    println!("psql, one trivial query                  {psql_one:>7.1} ms");
    println!(
        "migrate up with nothing to do (goal 1.0) {noop:>7.1} ms   ratio {:.2}",
        noop / psql_one
    );
    println!(
        "migrate status (goal 1.0)                {status:>7.1} ms   ratio {:.2}",
        status / psql_one
    );
    println!("--version (goal 5 ms)                    {version:>7.1} ms");
    println!("psql -1 -f, the four migrations          {psql_all:>7.1} ms");
    println!(
        "migrate up, all four (goal 1.1)          {all:>7.1} ms   ratio {:.2}",
        all / psql_all
    );
    if let Some(kilobytes) = peak_memory(&done) {
        println!(
            "peak memory of migrate up (goal 14 MB)   {:>7.1} MB",
            kilobytes / 1024.0
        );
    }
    drop(admin);
    cluster.stop().unwrap();
}

fn vital(arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vital"));
    command.args(arguments).env("DATABASE_URL", url);
    command
}

fn psql(program: &Path, url: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--no-psqlrc", "--quiet", "--dbname", url]);
    command
}

/// Has psql apply the migration files.
fn apply(mut command: Command) -> Command {
    command.args(["-1", "-v", "ON_ERROR_STOP=1"]);
    let mut files: Vec<_> = std::fs::read_dir(MIGRATIONS)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        command.arg("-f").arg(file);
    }
    command
}

fn run(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let time = start.elapsed();
    assert!(status.success(), "{command:?} failed");
    time
}

/// The median in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// The peak resident size of a run with nothing to do, in kilobytes.
fn peak_memory(url: &str) -> Option<f64> {
    let output = Command::new("/usr/bin/time")
        .args([
            "-f",
            "%M",
            env!("CARGO_BIN_EXE_vital"),
            "migrate",
            "up",
            "--quiet",
        ])
        .env("DATABASE_URL", url)
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stderr).trim().parse().ok()
}

fn connect(cluster: &Cluster, user: &str, database: &str) -> Client {
    Client::connect(&cluster.url_as(user, database), NoTls).unwrap()
}

/// The value after `name` on the command line.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}
