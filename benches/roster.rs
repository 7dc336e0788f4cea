//! How long `vital assign-user --file` takes for many users, beside one function call a user as psql would send them.
//!
//! ```text
//! cargo bench --bench roster -- [--users 10000] [--pg-bin DIR]
//! ```
//!
//! The file is assigned three times: all new, all there already, and all with another role.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

const SUPABASE: &str = include_str!("../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../fixtures/pre-state.sql");

fn main() {
    let users: u32 = option("--users").map_or(10_000, |text| text.parse().expect("--users takes a number"));
    let pg_bin = option("--pg-bin");
    let binaries =
        Binaries::find_or_fetch(pg_bin.as_deref().map(Path::new), &mut |said| eprintln!("{said}")).unwrap();
    eprintln!("PostgreSQL {}, {users} users", binaries.version());
    let mut options = Options::new(binaries);
    options.superuser = "supabase_admin".to_owned();
    options.durable = true;
    let cluster = Cluster::start(&options).unwrap();
    let url = load(&cluster, users);
    let directory = std::env::temp_dir();
    let file = directory.join(format!("vital-bench-{}.csv", std::process::id()));
    let lines: String = (1..=users).map(|n| format!("u{n}@bulk.example\n")).collect();
    std::fs::write(&file, format!("user\n{lines}")).unwrap();

    let vital = |role: &str| {
        let started = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_vital"))
            .args(["assign-user", "--yes", "--quiet", "--role", role, "--file"])
            .arg(&file)
            .env("DATABASE_URL", &url)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        started.elapsed().as_secs_f64()
    };
    let (added, repeated, changed) = (vital("member"), vital("member"), vital("guest"));
    let one_by_one = one_by_one(&url);
    std::fs::remove_file(&file).unwrap();
    println!("users                                {users}");
    println!("all new                              {added:>8.2} s");
    println!("all there already                    {repeated:>8.2} s");
    println!("all with another role                {changed:>8.2} s");
    println!("a call a user, in one transaction    {one_by_one:>8.2} s");
    println!("  ratio of all new to that           {:>8.2}", added / one_by_one);
    cluster.stop().unwrap();
}

/// Migrates a database with so many users, and returns its URL for the owner.
fn load(cluster: &Cluster, users: u32) -> String {
    let mut admin = Client::connect(&cluster.url("postgres"), NoTls).unwrap();
    admin.batch_execute("create database bench").unwrap();
    Client::connect(&cluster.url("bench"), NoTls)
        .unwrap()
        .batch_execute(SUPABASE)
        .unwrap();
    let url = cluster.url("bench").replace("supabase_admin", "postgres");
    let mut owner = Client::connect(&url, NoTls).unwrap();
    owner.batch_execute(PRE_STATE).unwrap();
    let insert = format!(
        "insert into auth.users (id, email) select gen_random_uuid(), 'u' || n || '@bulk.example' \
         from generate_series(1, {users}) as n"
    );
    owner.batch_execute(&insert).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_vital"))
        .args(["migrate", "up", "--replace-policies", "--quiet"])
        .env("DATABASE_URL", &url)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    url
}

/// Makes everybody a member of the other tenant with one statement each.
fn one_by_one(url: &str) -> f64 {
    let mut client = Client::connect(url, NoTls).unwrap();
    let emails = client
        .query(
            "select email::text from auth.users where email like '%@bulk.example'",
            &[],
        )
        .unwrap();
    let started = Instant::now();
    let mut transaction = client.transaction().unwrap();
    let sql = "select vital_private.assign_member(u.id, '00000000-0000-0000-0000-000000000001', 'member') \
               from auth.users as u where u.email = $1";
    let statement = transaction.prepare(sql).unwrap();
    for row in &emails {
        transaction.query(&statement, &[&row.get::<_, &str>(0)]).unwrap();
    }
    transaction.commit().unwrap();
    started.elapsed().as_secs_f64()
}

/// The value after a flag of this bench.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}
