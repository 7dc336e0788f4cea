//! The database to measure: the fixture, migrated, with its rows replaced by many.

use std::fs;
use std::path::Path;

use postgres::{Client, NoTls};
use vital::server::Cluster;

/// The name of the database.
pub const DATABASE: &str = "bench";

/// Connects to the database as `role`.
pub fn connect(cluster: &Cluster, role: &str) -> Client {
    Client::connect(&cluster.url_as(role, DATABASE), NoTls).expect("the server answers")
}

/// Creates the database with so many agents and tenants, and runs `extra` after the migrations.
pub fn load(cluster: &Cluster, agents: u32, tenants: u32, extra: Option<&Path>) {
    let mut admin = Client::connect(&cluster.url("postgres"), NoTls).expect("the server answers");
    admin
        .batch_execute(&format!("create database {DATABASE}"))
        .expect("the database can be created");
    let mut superuser = connect(cluster, cluster.superuser());
    run(&mut superuser, &root().join("fixtures/supabase.sql"));
    let mut owner = connect(cluster, "postgres");
    run(&mut owner, &root().join("fixtures/pre-state.sql"));
    owner
        .batch_execute(
            r#"drop policy "Anyone can view active agents" on public.agents;
               drop policy "Admins can manage agents" on public.agents"#,
        )
        .expect("the fixture has these policies");
    for file in migrations() {
        run(&mut owner, &file);
    }
    if let Some(file) = extra {
        run(&mut owner, file);
    }
    superuser
        .batch_execute(&format!(
            "set bench.agents = {agents}; set bench.tenants = {tenants}"
        ))
        .expect("settings can be set");
    run(&mut superuser, &root().join("benches/rls/load.sql"));
    superuser
        .batch_execute("vacuum analyze")
        .expect("the database can be vacuumed");
}

/// The migrations in their order.
fn migrations() -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(root().join("sql/migrations"))
        .expect("the migrations are there")
        .map(|entry| entry.expect("the directory can be read").path())
        .collect();
    files.sort();
    files
}

/// Runs a file in one transaction.
fn run(client: &mut Client, file: &Path) {
    let sql = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    client
        .batch_execute(&sql)
        .unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
