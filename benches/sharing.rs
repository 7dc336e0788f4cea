//! What `vital sharing` costs on a large `agents`, beside counting the table.
//!
//! ```text
//! cargo bench --bench sharing -- [--agents 1000000] [--tenants 1000] [--pg-bin DIR]
//! ```
//!
//! One agent of a hundred is global, one is shared with one to five tenants, the others are private; rows lie in the order in
//! which they were created. Medians of five runs: of the count with and without parallel workers, and of the whole commands.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs
)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

const SUPABASE: &str = include_str!("../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../fixtures/pre-state.sql");
const SEQUENTIAL: &str =
    "set enable_indexonlyscan = off; set enable_indexscan = off; set enable_bitmapscan = off;";
const COUNT: &str = "select count(*) from public.agents";

fn main() {
    let number = |name: &str, default: u64| -> u64 {
        option(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let (agents, tenants) = (number("--agents", 1_000_000), number("--tenants", 1_000));
    let pg_bin = option("--pg-bin");
    let binaries =
        Binaries::find_or_fetch(pg_bin.as_deref().map(Path::new), &mut |said| eprintln!("{said}")).unwrap();
    eprintln!(
        "PostgreSQL {}, {agents} agents, {tenants} tenants",
        binaries.version()
    );
    let mut options = Options::new(binaries);
    options.superuser = "supabase_admin".to_owned();
    options.settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "16GB"),
        ("maintenance_work_mem", "512MB"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let cluster = Cluster::start(&options).unwrap();
    load(&cluster, agents, tenants);
    let url = cluster.url_as("postgres", "large");

    let mut client = Client::connect(&url, NoTls).unwrap();
    client.batch_execute(SEQUENTIAL).unwrap();
    client
        .batch_execute("set max_parallel_workers_per_gather = 0")
        .unwrap();
    let plain = median(|| client.batch_execute(COUNT).unwrap());
    client
        .batch_execute("reset max_parallel_workers_per_gather")
        .unwrap();
    let parallel = median(|| client.batch_execute(COUNT).unwrap());
    println!(
        "{:<34}{:>10}{:>16}{:>18}",
        "", "ms", "of plain count", "of parallel count"
    );
    let show = |name: &str, took: f64| {
        println!(
            "{name:<34}{:>10.1}{:>16.2}{:>18.2}",
            took * 1e3,
            took / plain,
            took / parallel
        );
    };
    show("count(*), one process", plain);
    show("count(*), parallel workers", parallel);
    let agent: String = client.query_one("select md5('large:70')", &[]).unwrap().get(0);
    let user = "a0000000-0000-4000-8000-000000000005";
    for (name, arguments) in [
        ("sharing report (goal 1.5)", &["report"][..]),
        ("sharing matrix (goal 3)", &["matrix"]),
        ("sharing report --by category", &["report", "--by", "category"]),
        ("sharing explain --tenant", &["explain", "--tenant", "tenant-7"]),
        ("sharing explain --user", &["explain", "--user", user]),
        (
            "sharing explain --agent",
            &["explain", "--user", user, "--agent", &agent],
        ),
    ] {
        show(name, median(|| vital(&url, arguments)));
    }
    cluster.stop().unwrap();
}

/// Creates the migrated database `large`.
fn load(cluster: &Cluster, agents: u64, tenants: u64) {
    let connect = |url: String| Client::connect(&url, NoTls).unwrap();
    connect(cluster.url("postgres"))
        .batch_execute("create database large")
        .unwrap();
    connect(cluster.url("large")).batch_execute(SUPABASE).unwrap();
    connect(cluster.url_as("postgres", "large"))
        .batch_execute(PRE_STATE)
        .unwrap();
    let url = cluster.url_as("postgres", "large");
    let up = [
        "migrate",
        "up",
        "--replace-policies",
        "--yes",
        "-q",
        "--database-url",
        &url,
    ];
    assert!(
        Command::new(env!("CARGO_BIN_EXE_vital"))
            .args(up)
            .output()
            .unwrap()
            .status
            .success()
    );
    // Without triggers and checks, which would take hours; the indexes are built afterwards.
    let statement = format!(
        "set session_replication_role = replica;
        create temporary table definition as
            select pg_get_indexdef(i.indexrelid) as sql, i.indexrelid::regclass::text as name
            from pg_index as i where i.indrelid = 'public.agents'::regclass and not i.indisprimary;
        do $$ begin execute (select string_agg('drop index public.' || name, ';') from definition); end $$;
        insert into public.tenants (id, name, slug, type)
        select md5('tenant:' || n)::uuid, 'Tenant ' || n, 'tenant-' || n, 'client' from generate_series(1, {tenants} - 2) as n;
        insert into public.agents (id, name, description, model, system_prompt, capabilities, created_at, slug, tenant_id,
            is_shared, sharing_mode, shared_with, resource_type, category)
        select md5('large:' || n)::uuid, 'Agent ' || n, a.description, a.model, left(a.system_prompt, 60), a.capabilities,
            timestamptz '2025-11-01' + n * interval '1 second', a.slug || '-' || n,
            md5('tenant:' || 1 + (n * 7919 % ({tenants} - 2)))::uuid, n % 100 < 2,
            case n % 100 when 0 then 'global' when 1 then 'selective' else 'private' end,
            case n % 100 when 1 then array(
                select md5('tenant:' || 1 + ((n * 31 + i * 17) % ({tenants} - 2)))::uuid
                from generate_series(1, 1 + n / 100 % 5) as i
            ) end,
            'custom', 'category ' || n % 10
        from generate_series(1::bigint, {agents}) as n
        join (select *, row_number() over (order by id) as place from public.agents) as a on a.place = 1 + n % 254;
        do $$ declare one record; begin for one in select sql from definition loop execute one.sql; end loop; end $$;"
    );
    let mut client = connect(cluster.url("large"));
    client.batch_execute(&statement).unwrap();
    let member = "insert into auth.users (id, email) values ('a0000000-0000-4000-8000-000000000005', 'mia@large.example');
        insert into public.user_tenants (user_id, tenant_id)
        values ('a0000000-0000-4000-8000-000000000005', md5('tenant:7')::uuid)";
    client.batch_execute(member).unwrap();
    client.batch_execute("vacuum (analyze) public.agents").unwrap();
    client.batch_execute("vacuum (analyze) public.tenants").unwrap();
    client.batch_execute("checkpoint").unwrap();
}

fn vital(url: &str, arguments: &[&str]) {
    let run = Command::new(env!("CARGO_BIN_EXE_vital"))
        .args(["sharing", "-q", "-o", "json", "--database-url", url])
        .args(arguments)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// The median of five runs in seconds, after one that warms up.
fn median(mut work: impl FnMut()) -> f64 {
    work();
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

/// The value after `name` on the command line.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next()?;
    arguments.next()
}
