//! What is disturbed.

use std::process::Command;

use super::UP;
use super::check::assert_sound;
use crate::support::proxy::Proxy;
use crate::support::{Database, Run, Server, Template};

/// A command on a database, and what must be true after it was disturbed.
pub struct Subject<'a> {
    /// What the tests call it, empty for `vital migrate up`.
    pub name: &'static str,
    /// What the database is cloned from.
    pub template: Template,
    /// What makes the clone ready.
    pub prepare: &'a (dyn Fn(&Database) + Sync),
    /// The command.
    pub arguments: Vec<String>,
    /// What its exit code may be when a connection is cut or the server goes away.
    pub codes: &'a [i32],
    /// Asserts that the run told the truth about the database, and that a rerun completes.
    pub check: &'a (dyn Fn(&Database, &Run) + Sync),
}

impl Subject<'_> {
    /// `vital migrate up` on the state before.
    pub fn up() -> Subject<'static> {
        Subject {
            name: "",
            template: Template::PreState,
            prepare: &|_| {},
            arguments: UP.map(str::to_owned).to_vec(),
            codes: &[0, 1, 7],
            check: &assert_sound,
        }
    }

    /// A database of its own on the shared server.
    pub fn database(&self) -> Database {
        self.ready(Database::create(self.template))
    }

    /// One on another server.
    pub fn database_on(&self, server: Server) -> Database {
        self.ready(Database::on(server, self.template))
    }

    fn ready(&self, database: Database) -> Database {
        (self.prepare)(&database);
        database
    }

    /// The command.
    pub fn command(&self, database: &Database) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        database.command(&arguments)
    }

    /// The command, connected through `proxy`.
    pub fn through(&self, proxy: &Proxy, database: &Database) -> Command {
        let mut command = self.command(database);
        command.env("DATABASE_URL", proxy.url(database));
        command
    }

    /// The name of a kind of fault for this subject.
    pub fn kind(&self, fault: &str) -> String {
        match self.name {
            "" => fault.to_owned(),
            name => format!("{fault}, {name}"),
        }
    }
}
