//! pgbouncer between a test and its database.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::{Database, is_root, open_directory, wait_until};

/// Part of the socket's name; the directory is the pooler's own, so it is always free.
const PORT: u16 = 6432;

/// When a client gives its server connection back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// After each transaction; nothing is reset.
    Transaction,
    /// When it disconnects; `discard all` follows.
    Session,
    /// When it disconnects; nothing is reset.
    SessionWithoutReset,
}

/// A running pgbouncer; dropping it ends it.
pub struct Pooler {
    child: Child,
    directory: TempDir,
    database: String,
}

impl Pooler {
    /// Starts pgbouncer before `database`, with one server connection for each role.
    ///
    /// # Panics
    /// If pgbouncer is not installed or does not start.
    #[track_caller]
    pub fn start(database: &Database, mode: Mode) -> Self {
        Self::with_connections(database, mode, 1)
    }

    /// The same with so many server connections for each role.
    #[track_caller]
    pub fn with_connections(database: &Database, mode: Mode, connections: usize) -> Self {
        let program = program();
        let directory = open_directory();
        let settings = configure(directory.path(), database, mode, connections);
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let mut command = Command::new(&program);
        command
            .arg(&settings)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if is_root() {
            // It refuses to run as root, and must be able to enter the server's directory.
            let server = fs::metadata(&database.address().directory).unwrap();
            command.uid(server.uid()).gid(server.gid());
        }
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut pooler = Self {
            child,
            directory,
            database: database.name().to_owned(),
        };
        wait_until("pgbouncer listens", || pooler.listens());
        pooler
    }

    /// The URL of the database for `role`.
    pub fn url(&self, role: &str) -> String {
        format!(
            "postgresql:///{}?host={}&port={PORT}&user={role}",
            self.database,
            self.directory.path().display()
        )
    }

    /// Connects as `role`. In transaction mode only the simple query protocol works: a prepared statement belongs to a
    /// server connection.
    #[track_caller]
    pub fn client(&self, role: &str) -> Client {
        Client::connect(&self.url(role), NoTls).unwrap_or_else(|error| panic!("{error:?}\n{}", self.log()))
    }

    /// Whether it is ready.
    fn listens(&mut self) -> bool {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("pgbouncer ended with {status}\n{}", self.log());
        }
        let socket = self.directory.path().join(format!(".s.PGSQL.{PORT}"));
        std::os::unix::net::UnixStream::connect(socket).is_ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the configuration and returns its path.
fn configure(directory: &Path, database: &Database, mode: Mode, connections: usize) -> PathBuf {
    let address = database.address();
    let (pool_mode, reset) = match mode {
        Mode::Transaction => ("transaction", "discard all"),
        Mode::Session => ("session", "discard all"),
        Mode::SessionWithoutReset => ("session", ""),
    };
    let users = directory.join("users");
    fs::write(&users, "\"postgres\" \"\"\n\"authenticator\" \"\"\n").unwrap();
    let settings = directory.join("pgbouncer.ini");
    let text = format!(
        "[databases]\n\
         {name} = host={host} port={port}\n\
         [pgbouncer]\n\
         unix_socket_dir = {directory}\n\
         unix_socket_mode = 0777\n\
         listen_port = {PORT}\n\
         auth_type = trust\n\
         auth_file = {users}\n\
         pool_mode = {pool_mode}\n\
         default_pool_size = {connections}\n\
         server_reset_query = {reset}\n",
        name = database.name(),
        host = address.directory.display(),
        port = address.port,
        directory = directory.display(),
        users = users.display(),
    );
    fs::write(&settings, text).unwrap();
    for file in [&users, &settings] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    settings
}

/// Finds pgbouncer, which Debian puts where only root's path leads.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from))
        .map(|directory| directory.join("pgbouncer"))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("pgbouncer is missing; install it with `apt-get install pgbouncer`"))
}
