//! Measures what row-level security costs: reads of `agents` under its policy beside the same filter hand-written by the
//! owner, and writes of a member beside the same without a trigger.
//!
//! ```text
//! cargo bench --bench rls -- --pg-bin "$(tests/pg-bin 18)"
//! ```
//!
//! Both sides run in turn on warm caches, and their answers must be equal. A ratio is the median over the pairs. The
//! statements are planned each time, and travel over a unix socket: a network would make every ratio look better.
//!
//! What the policy's form owes to measurements, and what was tried and left alone:
//!
//! - Own newest 50: the planner multiplies the tenant's share with the share of rows that pass the policy, expects fewer
//!   than 50 rows, and sorts all of the tenant's. Naming 'global' ten times in one array makes it expect ten times as many
//!   global rows. The array is a constant, so the partial index still answers it, at its own estimate, and the plans of
//!   the other reads stay; ten elements are looked up by hash, six one by one, which costs the newest 50 a tenth.
//! - Other ways to raise that estimate cost more than they bring: an arm with an inequality (a third of the table) turns the
//!   count into a parallel scan; `n_distinct` on tenant_id does so from a twentieth on; extended statistics do not look at
//!   parameters; an index with more columns changes no estimate of rows.
//! - `coalesce(is_shared, false) and ...` keeps private rows from the hash, but is not implied by the partial index, so the
//!   count has to look into each row: 1.07 to 1.15.
//! - The user's side of the newest 50: a tenant as a scalar instead of an array saves a tenth, because an array of one is
//!   stored packed and unpacked for every row. It needs an arm of its own for platform admins (`tenant_id between` the
//!   lowest and the highest id), and so two more functions.
//! - One call of readable_tenants() is 325,000 instructions, counted by callgrind in a single-user server, of the 1,080,000 of
//!   a point read, which takes 680,000 with its filter spelt out: 26,000 for entering it, 87,000 for who calls (30,000 of them
//!   for telling a malformed token without parsing it), 10,000 for seeing that no tenant is requested, 110,000 for the
//!   membership and its tenant, 30,000 for the admin's role, 89,000 for the account. A point read pays for one call, the
//!   others for two. Planning is 113,000 more than that of the filter, most of it for the selective arm.
//! - One statement for membership and admin's role is a tenth cheaper than two, an array of a sub-select than an aggregate,
//!   and looking at the settings before calling requested_tenant() than calling it. A literal array in the policy spares the
//!   planner 15,000.
//! - A membership look-up of one probe, in a table that triggers keep, would halve the call. It was left alone: rows written
//!   while triggers are off (a restore, replication, an operator's repair) would keep somebody's access or take it, and who is
//!   gone from auth.users must be looked up all the same.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program to look at, not a part of the product"
)]

mod data;
mod measure;
mod reads;
mod writes;

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
    let [member, ..] = reads::subjects();
    writes::measure(&cluster, &member, arguments.pairs.div_ceil(10), arguments.cpu);
}
