//! Writes of a member beside the same by the owner without a trigger of the tenancy.

use vital::server::Cluster;

use super::measure::{Sides, median};
use super::reads::{Subject, hash};

/// Rows that each statement writes.
const ROWS: usize = 1_000;

/// Measures and prints each write; nothing of it is kept.
pub fn measure(cluster: &Cluster, subject: &Subject, pairs: usize, by_processor: bool) {
    let mut sides = Sides::connect(cluster, subject, by_processor);
    let tenant = hash(sides.owner(), &format!("tenant {}", subject.tenant));
    let user = hash(sides.owner(), subject.seed);
    let writes = [
        (
            "update of 1,000",
            format!(
                "update public.agents set description = 'changed' where id in \
                 (select id from public.agents where tenant_id = '{tenant}' and sharing_mode = 'private' limit {ROWS})"
            ),
        ),
        (
            "insert of 1,000",
            format!(
                "insert into public.agents (name, description, tenant_id, created_by_user_id) \
                 select 'new', 'as a client would', '{tenant}', '{user}' from generate_series(1, {ROWS})"
            ),
        ),
    ];
    println!(
        "\n{:<11} {:<18} {:>12} {:>12} {:>10} {:>7}",
        "user", "write", "no triggers", "trusted ms", "user ms", "ratio"
    );
    for (name, sql) in writes {
        let mut taken = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..pairs {
            taken[0].push(sides.write_as_owner(&sql, false));
            taken[1].push(sides.write_as_owner(&sql, true));
            taken[2].push(sides.write_as_user(&sql));
        }
        let [bare, trusted, user] = taken.map(median);
        println!(
            "{:<11} {name:<18} {bare:>12.1} {trusted:>12.1} {user:>10.1} {:>7.2}",
            subject.name,
            user / bare
        );
        println!("{}", sides.explain_write(&sql));
    }
}
