//! Template databases, built once per server and cloned for each test.

use std::fs;
use std::path::{Path, PathBuf};

use postgres::Client;

use super::command::{self, Run};
use super::migrations;
use super::server::Address;

/// What a database holds when a test begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// Nothing, on a server with Supabase's roles.
    Empty,
    /// A new Supabase project: roles, `auth`, `extensions`.
    Supabase,
    /// The same with `agents`, `profiles` and users, before the first migration.
    PreState,
    /// The same as somebody migrated it by hand.
    Legacy,
    /// A database as real ones are before the first migration: 92 columns with rules of their own, and what hangs on them.
    RealShaped,
    /// The same, migrated by this binary.
    RealMigrated,
    /// The state before, migrated by this binary.
    Migrated,
    /// The state before, migrated, with tenants, users and agents of every kind.
    World,
    /// The same after tenants, users and administrators have used it for a while.
    Used,
    /// The same with every migration undone.
    Undone,
    /// Nothing, on a PostgreSQL of its own that knows no role but the superuser `postgres`.
    Plain,
}

/// How a template is made from another one.
enum Step {
    /// Runs a file of fixtures as a role.
    File(&'static str, &'static str),
    /// Runs the migration files as a role.
    Migrations(&'static str),
    /// Runs the binary as a role.
    Vital(&'static str, &'static [&'static str]),
}

impl Template {
    /// The name of the template's database.
    pub fn database(self) -> &'static str {
        match self {
            Self::Empty => "template_empty",
            Self::Supabase => "template_supabase",
            Self::PreState => "template_pre_state",
            Self::Legacy => "template_legacy",
            Self::RealShaped => "template_real_shaped",
            Self::RealMigrated => "template_real_migrated",
            Self::Migrated => "template_migrated",
            Self::World => "template_world",
            Self::Used => "template_used",
            Self::Undone => "template_undone",
            Self::Plain => "template0",
        }
    }

    /// The template that it builds on, and the steps from there.
    fn recipe(self) -> (Option<Self>, Vec<Step>) {
        match self {
            // After Supabase's, so that the roles exist.
            Self::Empty | Self::Plain => (None, vec![]),
            Self::Supabase => (None, vec![Step::File("supabase.sql", "supabase_admin")]),
            Self::PreState => (
                Some(Self::Supabase),
                vec![
                    Step::File("pre-state.sql", "postgres"),
                    Step::File("users.sql", "postgres"),
                ],
            ),
            Self::Legacy => (Some(Self::PreState), vec![Step::File("legacy.sql", "postgres")]),
            Self::World if migrations::are_elsewhere() => (
                Some(Self::PreState),
                vec![Step::Migrations("postgres"), Step::File("world.sql", "postgres")],
            ),
            Self::World => (Some(Self::Migrated), vec![Step::File("world.sql", "postgres")]),
            Self::Used => (
                Some(Self::Migrated),
                vec![
                    Step::File("world.sql", "postgres"),
                    Step::File("used.sql", "postgres"),
                    Step::File("used-by-owner.sql", "authenticator"),
                ],
            ),
            Self::Undone => (
                Some(Self::Used),
                vec![Step::Vital(
                    "postgres",
                    &["migrate", "down", "--to", "0", "--yes"],
                )],
            ),
            Self::RealShaped => (
                Some(Self::Supabase),
                vec![
                    Step::File("users.sql", "postgres"),
                    Step::File("real-shaped.sql", "supabase_admin"),
                ],
            ),
            Self::RealMigrated => (
                Some(Self::RealShaped),
                vec![Step::Vital(
                    "postgres",
                    &["migrate", "up", "--replace-policies", "--yes"],
                )],
            ),
            Self::Migrated => (
                Some(Self::PreState),
                vec![Step::Vital(
                    "postgres",
                    &["migrate", "up", "--replace-policies", "--yes"],
                )],
            ),
        }
    }

    /// Builds the template on the server at `address` unless it is there; of several processes one builds it.
    pub fn ensure(self, address: &Address) {
        if self == Self::Plain {
            return;
        }
        if self == Self::Empty {
            Self::Supabase.ensure(address);
        }
        let (base, steps) = self.recipe();
        let mut admin = address.client(&address.superuser, "postgres");
        if exists(&mut admin, self.database()) {
            return;
        }
        if let Some(base) = base {
            base.ensure(address);
        }
        let name = self.database();
        lock(&mut admin, name);
        if exists(&mut admin, name) {
            return;
        }
        let work = format!("{name}_new");
        let owner = if base.is_some() || self == Self::Empty {
            "postgres"
        } else {
            &address.superuser
        };
        let from = base.map_or("template0", Self::database);
        let create = format!("create database {work} template {from} owner {owner}");
        admin
            .batch_execute(&format!("drop database if exists {work} with (force)"))
            .unwrap();
        admin.batch_execute(&create).unwrap();
        for step in steps {
            step.run(address, &work);
        }
        let finish = format!("alter database {work} with allow_connections false");
        admin.batch_execute(&finish).unwrap();
        admin
            .batch_execute(&format!("alter database {work} rename to {name}"))
            .unwrap();
    }
}

impl Step {
    fn run(&self, address: &Address, database: &str) {
        match self {
            Self::File(name, role) => run_file(&mut address.client(role, database), &fixture(name)),
            Self::Migrations(role) => migrations::apply(&mut address.client(role, database)),
            Self::Vital(role, arguments) => {
                let url = address.url(role, database);
                Run::of(command::vital().env("DATABASE_URL", url).args(*arguments)).success();
            }
        }
    }
}

/// The path of a file of fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Runs a file of SQL.
#[track_caller]
pub fn run_file(client: &mut Client, path: &Path) {
    let sql = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let result = client.batch_execute(&sql);
    result.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
}

/// Whether there is a database of this name.
fn exists(admin: &mut Client, name: &str) -> bool {
    let sql = "select 1 from pg_catalog.pg_database where datname = $1";
    admin.query_opt(sql, &[&name]).unwrap().is_some()
}

/// Takes the lock of one template until `admin` disconnects.
fn lock(admin: &mut Client, name: &str) {
    let sql = "select pg_catalog.pg_advisory_lock(pg_catalog.hashtext($1))";
    admin.execute(sql, &[&name]).unwrap();
}
