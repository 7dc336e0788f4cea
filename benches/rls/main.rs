//! Measures what row-level security costs: reads of `agents` under its policy beside the same filter hand-written by the
//! owner.
//!
//! ```text
//! cargo bench --bench rls -- --pg-bin "$(tests/pg-bin 18)"
//! ```
//!
//! Both sides run in turn on warm caches, and their answers must be equal. A ratio is the median over the pairs.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program to look at, not a part of the product"
)]

mod data;
mod measure;
mod reads;

use std::path::PathBuf;

use clap::Parser;
use vital::server::{Binaries, Cluster, Options};

/// Measures what row-level security costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// Agents in the table.
    #[arg(long, default_value_t = 1_000_000)]
    agents: u32,
    /// Tenants that own them.
    #[arg(long, default_value_t = 1_000)]
    tenants: u32,
    /// Pairs of a fast read; a count of the table takes a tenth of them.
    #[arg(long, default_value_t = 400)]
    pairs: usize,
    /// The directory of the server programs to measure.
    #[arg(long, env = "VITAL_TEST_PG_BIN")]
    pg_bin: Option<PathBuf>,
    /// Compares processor time of the sessions, for a busy machine; parallel workers are left out. Linux only.
    #[arg(long)]
    cpu: bool,
    /// A file to run as the owner after the migrations, such as another form of the policy.
    #[arg(long)]
    sql: Option<PathBuf>,
    /// Also prints the plan of each read under the policy.
    #[arg(long)]
    explain: bool,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let binaries = Binaries::find_or_fetch(arguments.pg_bin.as_deref(), &mut |line| println!("{line}"))
        .unwrap_or_else(|error| panic!("{error:?}"));
    let mut options = Options::new(binaries.clone());
    // As on Supabase, where the owner `postgres` is no superuser.
    options.superuser = "supabase_admin".to_owned();
    options.settings = vec![("shared_buffers".to_owned(), "1GB".to_owned())];
    let cluster = Cluster::start(&options).unwrap_or_else(|error| panic!("{error:?}"));
    data::load(
        &cluster,
        arguments.agents,
        arguments.tenants,
        arguments.sql.as_deref(),
    );

    println!(
        "PostgreSQL {}: {} agents, {} tenants\n",
        binaries.version(),
        arguments.agents,
        arguments.tenants
    );
    println!(
        "{:<11} {:<26} {:>10} {:>10} {:>7} {:>6}",
        "user", "read", "filter ms", "policy ms", "ratio", "goal"
    );
    for subject in reads::subjects() {
        let mut sides = measure::Sides::connect(&cluster, &subject, arguments.cpu);
        for read in reads::reads(&subject, sides.owner()) {
            let pairs = if read.is_slow {
                arguments.pairs.div_ceil(10)
            } else {
                arguments.pairs
            };
            let result = sides.measure(&read, pairs);
            let verdict = if result.ratio > read.goal { "missed" } else { "" };
            println!(
                "{:<11} {:<26} {:>10.3} {:>10.3} {:>7.2} {:>6.2} {verdict}",
                subject.name, read.name, result.filter_ms, result.policy_ms, result.ratio, read.goal
            );
            if arguments.explain {
                println!("\n{}\n", sides.explain(&read));
            }
        }
    }
}
