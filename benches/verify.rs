//! How long `vital verify` takes on the migrated fixture and on a large catalog, and how much memory.
//!
//! ```text
//! cargo bench --bench verify -- [--tables 5000] [--policies 500] [--runs 15] [--pg-bin DIR]
//! ```
//!
//! Whole processes, medians. The goals are 150 ms on the fixture and 2 s on 5,000 tables and 500 policies.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs
)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

const SUPABASE: &str = include_str!("../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../fixtures/pre-state.sql");

fn main() {
    let number =
        |name: &str, default: u32| option(name).map_or(default, |text| text.parse().expect("a number"));
    let (tables, policies, runs) = (
        number("--tables", 5_000),
        number("--policies", 500),
        number("--runs", 15),
    );
    let pg_bin = option("--pg-bin");
    let binaries =
        Binaries::find_or_fetch(pg_bin.as_deref().map(Path::new), &mut |said| eprintln!("{said}")).unwrap();
    println!("PostgreSQL {}", binaries.version());
    let mut options = Options::new(binaries);
    options.superuser = "supabase_admin".to_owned();
    let cluster = Cluster::start(&options).unwrap();
    let url = |user: &str, database: &str| {
        let directory = cluster.socket_dir().display().to_string();
        format!(
            "postgresql:///{database}?host={directory}&port={}&user={user}",
            cluster.port()
        )
    };
    let connect = |user: &str| Client::connect(&url(user, "bench"), NoTls).unwrap();
    let mut admin = Client::connect(&url("supabase_admin", "postgres"), NoTls).unwrap();
    admin.batch_execute("create database bench").unwrap();
    connect("supabase_admin").batch_execute(SUPABASE).unwrap();
    connect("postgres").batch_execute(PRE_STATE).unwrap();
    let database = url("postgres", "bench");
    let migrated = vital(&database, &["migrate", "up", "--replace-policies", "--yes"])
        .status()
        .unwrap();
    assert!(migrated.success());

    measure("migrated fixture", &database, runs);
    let mut client = connect("postgres");
    // One table in ten belongs to tenants; each of those has its index, row security and a policy, as far as they go.
    for from in (1..=tables).step_by(200) {
        let sql = format!(
            "do $$ begin for i in {from}..{} loop
                execute format('create table public.t%s (id uuid primary key, %I uuid, note text)',
                    i, case when i % 10 = 0 then 'tenant_id' else 'parent_id' end);
                if i % 10 = 0 then
                    execute format('alter table public.t%s enable row level security', i);
                    execute format('create index on public.t%s (tenant_id)', i);
                    if i / 10 <= {policies} then
                        execute format('create policy p on public.t%s for select to authenticated using
                            (tenant_id = any ((select vital_private.readable_tenants())::uuid[]))', i);
                    end if;
                end if;
            end loop; end $$",
            (from + 199).min(tables)
        );
        client.batch_execute(&sql).unwrap();
    }
    client.batch_execute("analyze").unwrap();
    measure(&format!("{tables} tables, {policies} policies"), &database, runs);
}

fn measure(what: &str, database: &str, runs: u32) {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let started = Instant::now();
            let output = vital(database, &["verify", "-o", "json"]).output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            started.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "{what}: median {:?}, fastest {:?}, peak {}",
        times[times.len() / 2],
        times[0],
        peak(database)
    );
}

/// The peak resident memory of one run, where GNU time tells.
fn peak(database: &str) -> String {
    let mut command = Command::new("/usr/bin/time");
    command.args([
        "-f",
        "%M KiB",
        env!("CARGO_BIN_EXE_vital"),
        "verify",
        "-q",
        "-o",
        "json",
    ]);
    let output = command.env("DATABASE_URL", database).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| {
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .last()
                .unwrap_or("unknown")
                .to_owned()
        },
    )
}

fn vital(database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vital"));
    command.env("DATABASE_URL", database).args(arguments);
    command
}

/// The value of an option, as `--name value`.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}
