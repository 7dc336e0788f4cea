//! A private server: initialised, running, and gone with its owner.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::account::Account;
use super::directory;
use super::options::{Options, programs};
use super::supervisor::{POLL, Supervisor};
use crate::error::{Error, Result};

/// How long initdb or the start of the server may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A signal for the server as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A fast shutdown: sessions are ended, and everything is written.
    Fast,
    /// An immediate shutdown: recovery follows at the next start.
    Immediate,
    /// A crash of the main process.
    Kill,
}

/// A running private server; dropping it ends the server and removes its directory.
pub struct Cluster {
    supervisor: Supervisor,
    directory: PathBuf,
    superuser: String,
    password: String,
    port: u16,
    kept: bool,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("directory", &self.directory)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Initialises and starts a server, which takes about a second.
    ///
    /// As root the server runs as `postgres` or `nobody`. Servers of dead owners are removed first.
    ///
    /// # Errors
    /// If the directory cannot be made or PostgreSQL does not start; the details are the end of its log.
    pub fn start(options: &Options) -> Result<Self> {
        let account = Account::unprivileged()?;
        directory::sweep(account.as_ref());
        let (directory, lock) = directory::create(options.directory.as_deref(), account.as_ref())?;
        let programs = programs(options, &directory);
        let supervisor =
            Supervisor::spawn(&directory, lock, &programs, account.as_ref()).inspect_err(|_| {
                let _ = fs::remove_dir_all(&directory);
            })?;
        let mut cluster = Self {
            supervisor,
            directory,
            superuser: options.superuser.clone(),
            password: format!(
                "{}{}",
                uuid::Uuid::new_v4().simple(),
                uuid::Uuid::new_v4().simple()
            ),
            port: 0,
            kept: false,
        };
        cluster.initialise()?;
        cluster.resume()?;
        if options.keep {
            cluster.supervisor.send("keep yes")?;
            cluster.kept = true;
        }
        Ok(cluster)
    }

    /// The directory of the unix socket, which only the server's account may enter.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.directory
    }

    /// The port, also part of the socket's name.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The bootstrap superuser.
    #[must_use]
    pub fn superuser(&self) -> &str {
        &self.superuser
    }

    /// The superuser's password, needed over TCP only.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The URL of `database` for the superuser over the unix socket, without a password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let superuser = &self.superuser;
        self.url_as(superuser, database)
    }

    /// The URL of `database` for `user` over the unix socket, which trusts every user of the server.
    #[must_use]
    pub fn url_as(&self, user: &str, database: &str) -> String {
        format!(
            "postgresql:///{}?host={}&port={}&user={}",
            encode(database),
            encode(&self.directory.display().to_string()),
            self.port,
            encode(user),
        )
    }

    /// The URL of `database` for the superuser over TCP; it holds the password.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> String {
        format!(
            "postgresql://{}:{}@127.0.0.1:{}/{}",
            encode(&self.superuser),
            self.password,
            self.port,
            encode(database),
        )
    }

    /// The command, for a person to copy, that ends a kept server; its directory goes with it.
    #[must_use]
    pub fn stop_command(&self) -> String {
        format!(
            "kill -INT $(head -n 1 {})",
            self.directory.join("data/postmaster.pid").display()
        )
    }

    /// The end of the server's log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.directory.join("log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Ends the server and keeps its data, for [`Cluster::resume`].
    ///
    /// # Errors
    /// If the server does not end in time.
    pub fn halt(&mut self, signal: Signal) -> Result<()> {
        let name = match signal {
            Signal::Fast => "INT",
            Signal::Immediate => "QUIT",
            Signal::Kill => "KILL",
        };
        self.supervisor.send(&format!("signal {name}"))?;
        self.wait(|_| false).map(drop)
    }

    /// Starts the halted server again, on the same port if that is still free.
    ///
    /// # Errors
    /// If it does not start; the details are the end of its log.
    pub fn resume(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.port == 0 {
                self.port = free_port()?;
            }
            let before = self.log().len();
            let last = pid_file(&self.directory).map(|(pid, _)| pid);
            self.supervisor.start(&format!("start {}", self.port))?;
            let status = self.wait(|directory| {
                pid_file(directory).is_some_and(|(pid, ready)| ready && last.as_ref() != Some(&pid))
            })?;
            let Some(status) = status else {
                return Ok(());
            };
            let log = self.log();
            let said = log.get(before..).unwrap_or_default();
            if said.contains("could not bind") {
                self.port = 0;
            } else if !said.contains("is still in use") {
                return Err(self.failed(&format!("postgres ended with status {status}")));
            }
            // After a crash, sessions of the killed server may need a moment to notice.
            if Instant::now() > deadline {
                return Err(self.failed("the port or the shared memory stayed in use"));
            }
            std::thread::sleep(10 * POLL);
        }
    }

    /// Ends the server, also a kept one, and removes its directory.
    ///
    /// # Errors
    /// If the directory cannot be removed.
    pub fn stop(mut self) -> Result<()> {
        if self.kept {
            self.supervisor.send("keep no")?;
        }
        self.supervisor.stop()
    }

    fn initialise(&mut self) -> Result<()> {
        let line = format!("init {}", self.password);
        self.supervisor.start(&line)?;
        match self.wait(|_| false)? {
            Some(0) => Ok(()),
            _ => Err(self.failed("initdb did not succeed")),
        }
    }

    /// Waits until `ready` holds for the directory, or the running program has ended and left its exit status.
    fn wait(&mut self, ready: impl Fn(&Path) -> bool) -> Result<Option<i32>> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if ready(&self.directory) {
                return Ok(None);
            }
            match self.supervisor.exit_status()? {
                None => std::thread::sleep(POLL),
                status => return Ok(status),
            }
        }
        Err(self.failed(&format!("it took longer than {} s", PATIENCE.as_secs())))
    }

    fn failed(&self, cause: &str) -> Error {
        let error = Error::failed("could not run the private PostgreSQL server").with_cause(cause);
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(8))
            .fold(error, |error, line| error.with_detail(*line))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.supervisor.stop();
        }
    }
}

/// Finds a port that is free now.
fn free_port() -> Result<u16> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(address.context("found no free port on 127.0.0.1")?.port())
}

/// Reads the process id in postmaster.pid, and whether its server accepts connections.
fn pid_file(directory: &Path) -> Option<(String, bool)> {
    let text = fs::read_to_string(directory.join("data/postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.to_owned();
    Some((pid, lines.nth(6).is_some_and(|status| status.trim() == "ready")))
}

/// Percent-encodes `text` for a URL; slashes stay, as a query may hold them.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
