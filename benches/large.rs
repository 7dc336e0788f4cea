//! How long `vital migrate up` makes others wait on a large `agents`, what WAL it writes and how long it takes.
//!
//! ```text
//! cargo bench --bench large -- [--agents 3000000] [--pg-bin DIR]
//! ```
//!
//! On copies of one database with the given number of agents: building the four indexes concurrently by hand (the floor)
//! and `migrate up`, each alone and beside a reader and a writer that ask for one random agent at a time.
//! The server flushes to disk as in production.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

const SUPABASE: &str = include_str!("../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../fixtures/pre-state.sql");

/// The statements of the online preparation, run by hand.
const BY_HAND: [&str; 5] = [
    include_str!("../sql/online/V20251026000002__10_columns.sql"),
    include_str!("../sql/online/V20251026000002__20_idx_agents_tenant_id.sql"),
    include_str!("../sql/online/V20251026000002__30_idx_agents_sharing.sql"),
    include_str!("../sql/online/V20251026000002__40_idx_agents_shared_with.sql"),
    include_str!("../sql/online/V20251026000002__50_idx_agents_created_at.sql"),
];

fn main() {
    let agents: u64 =
        option("--agents").map_or(3_000_000, |text| text.parse().expect("--agents takes a number"));
    let pg_bin = option("--pg-bin");
    let binaries =
        Binaries::find_or_fetch(pg_bin.as_deref().map(Path::new), &mut |said| eprintln!("{said}")).unwrap();
    eprintln!("PostgreSQL {}, {agents} agents", binaries.version());
    let mut options = Options::new(binaries);
    options.superuser = "supabase_admin".to_owned();
    options.durable = true;
    options.settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "16GB"),
        ("autovacuum", "off"),
        ("maintenance_work_mem", "512MB"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let cluster = Cluster::start(&options).unwrap();
    load(&cluster, agents);

    let alone_by_hand = measure(&cluster, "by_hand", by_hand);
    let alone = measure(&cluster, "alone", migrate);
    let mut floor = [Waits::default(), Waits::default()];
    measure(&cluster, "floor", |url| floor = beside(url, by_hand));
    let mut waits = [Waits::default(), Waits::default()];
    measure(&cluster, "beside", |url| waits = beside(url, migrate));

    let mb = |bytes: i64| {
        format!(
            "{:.1} MB",
            f64::from(i32::try_from(bytes / 1024).unwrap()) / 1024.0
        )
    };
    println!("agents                                   {agents}");
    println!(
        "four indexes concurrently, by hand       {:>8.1} s   WAL {:>9}",
        alone_by_hand.seconds,
        mb(alone_by_hand.wal)
    );
    println!(
        "migrate up                               {:>8.1} s   WAL {:>9}",
        alone.seconds,
        mb(alone.wal)
    );
    println!(
        "  ratio of total time (goal 1.2)         {:>8.2}",
        alone.seconds / alone_by_hand.seconds
    );
    println!(
        "  WAL apart from the indexes (goal 1 MB) {:>8}",
        mb(alone.wal - alone_by_hand.wal)
    );
    println!("longest wait of others, in ms           by hand   migrate up (goal 250)");
    for ((who, by_hand), migrate) in ["reader", "writer"].iter().zip(&floor).zip(&waits) {
        println!(
            "  {who}                                {:>9.0} {:>12.0}   of {} statements",
            by_hand.longest, migrate.longest, migrate.count
        );
    }
    cluster.stop().unwrap();
}

/// What one way cost.
struct Cost {
    seconds: f64,
    wal: i64,
}

/// What a bystander waited.
#[derive(Default)]
struct Waits {
    /// In milliseconds.
    longest: f64,
    count: u64,
}

/// Creates database `large` with the pre-state and that many agents.
fn load(cluster: &Cluster, agents: u64) {
    let mut admin = connect(&cluster.url("postgres"));
    admin.batch_execute("create database large").unwrap();
    connect(&cluster.url("large")).batch_execute(SUPABASE).unwrap();
    let mut owner = connect(&cluster.url_as("postgres", "large"));
    owner.batch_execute(PRE_STATE).unwrap();
    let statement = format!(
        "insert into public.agents (id, name, description, model, system_prompt, capabilities, created_at, slug)
        select md5('large:' || n)::uuid, 'Agent ' || n, a.description, a.model, left(a.system_prompt, 60),
            a.capabilities, a.created_at + n * interval '1 second', a.slug || '-' || n
        from generate_series(1, {agents}) as n
        join (select *, row_number() over (order by id) as position from public.agents) as a on a.position = 1 + n % 254;
        analyze public.agents"
    );
    owner.batch_execute(&statement).unwrap();
}

/// Runs `way` on a fresh copy of the large database.
fn measure(cluster: &Cluster, copy: &str, way: impl FnOnce(&str)) -> Cost {
    let mut admin = connect(&cluster.url("postgres"));
    admin
        .batch_execute(&format!("create database {copy} template large owner postgres"))
        .unwrap();
    admin.batch_execute("checkpoint").unwrap();
    let wal = |admin: &mut Client| -> i64 {
        let row = admin.query_one("select (pg_current_wal_lsn() - '0/0')::bigint", &[]);
        row.unwrap().get(0)
    };
    let before = wal(&mut admin);
    let start = Instant::now();
    way(&cluster.url_as("postgres", copy));
    let cost = Cost {
        seconds: start.elapsed().as_secs_f64(),
        wal: wal(&mut admin) - before,
    };
    admin
        .batch_execute(&format!("drop database {copy} with (force)"))
        .unwrap();
    cost
}

fn by_hand(url: &str) {
    let mut client = connect(url);
    for statement in BY_HAND {
        client.batch_execute(statement).unwrap();
    }
}

fn migrate(url: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_vital"))
        .args([
            "migrate",
            "up",
            "--replace-policies",
            "--yes",
            "--database-url",
            url,
        ])
        .status()
        .unwrap();
    assert!(status.success(), "migrate up failed");
}

/// Runs `way` beside a reader and a writer, and returns what each waited.
fn beside(url: &str, way: impl FnOnce(&str)) -> [Waits; 2] {
    let done = Arc::new(AtomicBool::new(false));
    let others = [
        "select name from public.agents where id = md5('large:' || $1::bigint)::uuid",
        "update public.agents set total_consultations = 1 where id = md5('large:' || $1::bigint)::uuid",
    ]
    .map(|statement| {
        let (url, done) = (url.to_owned(), Arc::clone(&done));
        thread::spawn(move || bystander(&url, statement, &done))
    });
    thread::sleep(Duration::from_secs(1));
    way(url);
    thread::sleep(Duration::from_secs(1));
    done.store(true, Ordering::Relaxed);
    others.map(|other| other.join().unwrap())
}

/// Repeats `statement` on random agents until `done`.
fn bystander(url: &str, statement: &str, done: &AtomicBool) -> Waits {
    let mut client = connect(url);
    let statement = client.prepare(statement).unwrap();
    let mut waits = Waits::default();
    let mut number: i64 = 1;
    while !done.load(Ordering::Relaxed) {
        number = (number * 48_271) % 2_147_483_647;
        let start = Instant::now();
        client.execute(&statement, &[&(number % 1_000_000)]).unwrap();
        waits.longest = waits.longest.max(start.elapsed().as_secs_f64() * 1000.0);
        waits.count += 1;
        thread::sleep(Duration::from_millis(2));
    }
    waits
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

/// The value after `name` on the command line.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}
