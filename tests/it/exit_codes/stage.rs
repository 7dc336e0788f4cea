//! Brings about the situations in which commands end with their codes.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use postgres::Client;
use tempfile::TempDir;

use super::Situation;
use crate::support::proxy::{At, Cut, Passes, Proxy, Then};
use crate::support::{Database, Run, Template, interrupt, open_directory, vital, wait_until};

/// A tenant that is not there yet.
const SEED: &str = "schema: vital.seed/1\ntenants:\n- slug: sown\n  name: Sown\n  type: client\n";

/// The server never gets the COMMIT of a transaction in which something may be written, and is gone.
const AT_COMMIT: Cut = Cut {
    at: At::First(|message| {
        let text = message.to_lowercase();
        text.starts_with('q')
            && text.trim_end_matches('\0').ends_with("commit")
            && !text.contains("read only")
    }),
    passes: Passes::Bytes(0),
    then: Then::CloseForGood,
};

/// The databases of one test.
pub struct Stage {
    world: Database,
    files: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        fs::write(files.path().join("seed.yaml"), SEED).unwrap();
        Self {
            world: Database::create(Template::World),
            files,
        }
    }

    /// Runs the command in the situation; none if that is another test's.
    pub fn run(&mut self, words: &[&str], arguments: &[&str], situation: Situation) -> Option<Run> {
        let seed = self.files.path().join("seed.yaml").display().to_string();
        let arguments = arguments.iter().map(|word| match *word {
            "SEED" => seed.as_str(),
            word => word,
        });
        let arguments: Vec<&str> = words.iter().copied().chain(arguments).collect();
        Some(match situation {
            Situation::Elsewhere(_) => return None,
            Situation::World if arguments.starts_with(&["migrate", "down"]) => {
                Database::create(Template::Migrated).vital(&arguments)
            }
            Situation::World => self.world.vital(&arguments),
            Situation::FewRights => self.with_few_rights(&arguments),
            Situation::FullDisk => {
                let full = File::options().write(true).open("/dev/full").unwrap();
                Run::of(self.world.command(&arguments).stdout(full))
            }
            Situation::UnknownOption => {
                Run::of(self.world.command(&arguments).arg("--there-is-no-such-option"))
            }
            Situation::NobodyThere => at(&arguments, "postgresql://me@127.0.0.1:1/none?sslmode=disable"),
            Situation::BrokenServer => {
                let programs = broken_server();
                Run::of(vital().args(&arguments).arg("--pg-bin").arg(programs.path()))
            }
            Situation::Pending => {
                let more: &[&str] = match arguments[..] {
                    ["migrate", "status"] => &["--exit-code"],
                    _ => &[],
                };
                Database::create(Template::PreState).vital(&[&arguments, more].concat())
            }
            Situation::ForeignPolicy => {
                let database = Database::create(Template::Migrated);
                execute(
                    &database,
                    "create policy open on public.agents for select using (true)",
                );
                database.vital(&arguments)
            }
            Situation::Diverged => {
                let database = Database::create(Template::Migrated);
                execute(
                    &database,
                    "delete from vital_private.refinery_schema_history where version = 20251026000002",
                );
                let more: &[&str] = match arguments[..] {
                    ["migrate", "status"] => &["--exit-code"],
                    _ => &[],
                };
                database.vital(&[&arguments, more].concat())
            }
            Situation::Locked => {
                let (database, more) = self.with_something_to_do(&arguments);
                let database = database.as_ref().unwrap_or(&self.world);
                let _holder = lock(database);
                let limits = ["--lock-timeout=50ms", "--lock-wait=200ms"];
                database.vital(&[&arguments, more, &limits].concat())
            }
            Situation::CutAtCommit => {
                let (database, more) = self.with_something_to_do(&arguments);
                let database = database.as_ref().unwrap_or(&self.world);
                let proxy = Proxy::start(database, Some(AT_COMMIT));
                let briefly = ["--migration-lock-wait=100ms"];
                Run::of(&mut proxy.command(database, &[&arguments, more, &briefly].concat()))
            }
            Situation::Interrupted => interrupted(&arguments),
        })
    }

    fn with_few_rights(&self, arguments: &[&str]) -> Run {
        let role = format!("{}_few", self.world.name());
        let mut admin = self.world.superuser();
        admin.batch_execute(&format!("create role {role} login")).unwrap();
        let run = at(arguments, &self.world.url_as(&role));
        admin.batch_execute(&format!("drop role {role}")).unwrap();
        run
    }

    /// A database of its own, and the options, for a command that changes nothing in the world.
    fn with_something_to_do(&self, arguments: &[&str]) -> (Option<Database>, &'static [&'static str]) {
        match arguments {
            ["migrate", "up"] => (
                Some(Database::create(Template::PreState)),
                &["--replace-policies", "--online=never"],
            ),
            ["migrate", "down", ..] => (Some(Database::create(Template::Migrated)), &[]),
            ["bootstrap"] => (Some(Database::create(Template::Empty)), &[]),
            ["verify"] => {
                let database = Database::create(Template::Migrated);
                execute(
                    &database,
                    "alter table public.user_roles disable row level security",
                );
                (Some(database), &["--fix", "--yes"])
            }
            _ => (None, &[]),
        }
    }
}

/// Server programs that begin nothing.
fn broken_server() -> TempDir {
    let directory = open_directory();
    for (name, body) in [
        ("postgres", "echo 'postgres (PostgreSQL) 15.1'"),
        ("initdb", "echo broken >&2; exit 1"),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    directory
}

fn at(arguments: &[&str], url: &str) -> Run {
    Run::of(vital().args(arguments).env("DATABASE_URL", url))
}

fn execute(database: &Database, sql: &str) {
    database.client().batch_execute(sql).unwrap();
}

/// Locks the tables, against those who write them, until the client is dropped.
fn lock(database: &Database) -> Client {
    let mut client = database.client();
    client.batch_execute("begin").unwrap();
    let tables = "select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by c.oid)
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind = 'r'
          and (
              n.nspname = 'vital_private'
              or n.nspname = 'public'
                  and c.relname in ('agents', 'tenants', 'user_tenants', 'user_roles', 'resource_sharing_audit')
          )";
    let tables: String = client.query_one(tables, &[]).unwrap().get(0);
    let lock = format!("lock table {tables} in access exclusive mode");
    client.batch_execute(&lock).unwrap();
    client
}

/// Connects to somebody who never answers, and then presses Ctrl-C.
fn interrupted(arguments: &[&str]) -> Run {
    let directory = open_directory();
    let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
    let url = format!(
        "postgresql:///d?host={}&port=5432&user=me",
        directory.path().display()
    );
    let mut command = vital();
    command
        .args(arguments)
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut silent = None;
    wait_until("the command connects or ends", || {
        silent = listener.accept().ok();
        silent.is_some() || child.try_wait().unwrap().is_some()
    });
    interrupt(&child);
    child.wait_with_output().unwrap().into()
}
