//! A database for one test, cloned from a template and dropped with its value.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::Client;
use uuid::Uuid;

use super::command::{Run, vital};
use super::server::{Address, Server};
use super::template::Template;

/// A database of a test's own.
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// Clones `template`, on the shared server except for [`Template::Plain`].
    #[track_caller]
    pub fn create(template: Template) -> Self {
        let server = match template {
            Template::Plain => Server::private(),
            _ => Server::shared(),
        };
        Self::on(server, template)
    }

    /// Clones `template` on `server`, for tests that halt the server or set it up differently.
    #[track_caller]
    pub fn on(server: Server, template: Template) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        template.ensure(&server);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("vital_{}_{number}", std::process::id());
        let mut admin = server.client(&server.superuser, "postgres");
        let version: i32 = admin
            .query_one("select current_setting('server_version_num')::integer", &[])
            .unwrap()
            .get(0);
        // Copies the files instead of logging every block, which only 15 and later let one choose.
        let strategy = if version >= 150_000 {
            "strategy file_copy"
        } else {
            ""
        };
        let from = template.database();
        let create = format!("create database {name} template {from} owner postgres {strategy}");
        admin.batch_execute(&create).unwrap();
        Self { server, name }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that holds it.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// Where its server listens.
    pub fn address(&self) -> &Address {
        self.server.address()
    }

    /// The URL for the owner, `postgres`.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// The URL for a role that may log in.
    pub fn url_as(&self, role: &str) -> String {
        self.server.url(role, &self.name)
    }

    /// Connects as the owner, `postgres`.
    #[track_caller]
    pub fn client(&self) -> Client {
        self.server.client("postgres", &self.name)
    }

    /// Connects as the superuser.
    #[track_caller]
    pub fn superuser(&self) -> Client {
        self.server.client(&self.server.superuser, &self.name)
    }

    /// Connects as a role that may log in.
    #[track_caller]
    pub fn server_client(&self, role: &str) -> Client {
        self.server.client(role, &self.name)
    }

    /// Connects as `role`: itself if it may log in, otherwise as `authenticator`, which sets the role as Supabase's API
    /// does.
    #[track_caller]
    pub fn client_as(&self, role: &str) -> Client {
        let sql = "select rolcanlogin from pg_catalog.pg_roles where rolname = $1";
        let row = self.superuser().query_opt(sql, &[&role]).unwrap();
        if row.unwrap_or_else(|| panic!("there is no role `{role}`")).get(0) {
            return self.server.client(role, &self.name);
        }
        let mut client = self.server.client("authenticator", &self.name);
        client.batch_execute(&format!("set role \"{role}\"")).unwrap();
        client
    }

    /// Connects as the API does for a signed-in user: role `authenticated`, and the user's claims in the session.
    #[track_caller]
    pub fn acting_as(&self, user: Uuid) -> Client {
        let mut client = self.client_as("authenticated");
        let claims = serde_json::json!({"sub": user, "role": "authenticated"}).to_string();
        let sql = "select set_config('request.jwt.claims', $1, false)";
        client.execute(sql, &[&claims]).unwrap();
        client
    }

    /// Connects as the API does for a visitor who is not signed in.
    #[track_caller]
    pub fn anonymous(&self) -> Client {
        let mut client = self.client_as("anon");
        client
            .batch_execute("set request.jwt.claims = '{\"role\": \"anon\"}'")
            .unwrap();
        client
    }

    /// The binary with this database in `DATABASE_URL`, to change before it runs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = vital();
        command.env("DATABASE_URL", self.url()).args(arguments);
        command
    }

    /// Runs the binary against this database as the owner.
    pub fn vital(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.server.is_own() {
            return;
        }
        let url = self.server.url(&self.server.superuser, "postgres");
        if let Ok(mut admin) = Client::connect(&url, postgres::NoTls) {
            let _ = admin.batch_execute(&format!("drop database if exists {} with (force)", self.name));
        }
    }
}
