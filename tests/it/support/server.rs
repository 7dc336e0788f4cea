//! The private servers of the tests: one shared by the run, others for a test alone.

use std::fs::{self, File};
use std::ops::Deref;
use std::os::unix::process::{CommandExt, parent_id};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use vital::server::{Binaries, Cluster, Options};

use super::part::{Part, respawn};

/// The superuser of the shared server; `postgres` is an ordinary role there, as on Supabase.
const SUPERUSER: &str = "supabase_admin";

/// How long a test process waits for the shared server of its run.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The directory of the unix socket.
    pub directory: PathBuf,
    /// The port.
    pub port: u16,
    /// The superuser.
    pub superuser: String,
}

impl Address {
    /// The URL of `database` for `user`.
    pub fn url(&self, user: &str, database: &str) -> String {
        let Self { directory, port, .. } = self;
        format!(
            "postgresql:///{database}?host={}&port={port}&user={user}",
            directory.display()
        )
    }

    /// Connects to `database` as `user`.
    #[track_caller]
    pub fn client(&self, user: &str, database: &str) -> Client {
        Client::connect(&self.url(user, database), NoTls)
            .unwrap_or_else(|error| panic!("cannot connect to `{database}` as `{user}`: {error:?}"))
    }
}

/// A server: the shared one, or one that a test has for itself.
pub struct Server {
    address: Address,
    own: Option<Cluster>,
}

impl Deref for Server {
    type Target = Address;

    fn deref(&self) -> &Address {
        &self.address
    }
}

impl Server {
    /// The server that all tests of this run share, started by the first that asks.
    ///
    /// Under nextest, which runs each test in a process of its own, a keeper process owns it until nextest ends.
    pub fn shared() -> Self {
        static ADDRESS: OnceLock<Address> = OnceLock::new();
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        let address = ADDRESS.get_or_init(|| match std::env::var("NEXTEST_RUN_ID") {
            Ok(run) => join(&run_directory(&run)),
            Err(_) => address_of(CLUSTER.get_or_init(|| start(&shared_options()))),
        });
        Self {
            address: address.clone(),
            own: None,
        }
    }

    /// A server of its own for one test, with superuser `postgres`.
    pub fn private() -> Self {
        Self::with(&Options::new(binaries()))
    }

    /// A server of its own for one test, as `options` say.
    pub fn with(options: &Options) -> Self {
        let cluster = start(options);
        Self {
            address: address_of(&cluster),
            own: Some(cluster),
        }
    }

    /// A server that another value owns.
    pub fn at(address: &Address) -> Self {
        Self {
            address: address.clone(),
            own: None,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it goes with this value.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The cluster of a server of one's own, to halt and resume it.
    pub fn cluster(&mut self) -> &mut Cluster {
        self.own.as_mut().expect("the shared server must not be halted")
    }
}

/// The installation under test: `VITAL_TEST_PG_BIN`, else what a user would get.
pub fn binaries() -> Binaries {
    let explicit = std::env::var_os("VITAL_TEST_PG_BIN").map(PathBuf::from);
    Binaries::find_or_fetch(explicit.as_deref(), &mut |line| eprintln!("{line}"))
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// Options of the shared server, and of others that are to be like it.
pub fn shared_options() -> Options {
    let mut options = Options::new(binaries());
    options.superuser = SUPERUSER.to_owned();
    // Clones need their template at rest.
    options.settings = vec![("autovacuum".to_owned(), "off".to_owned())];
    options
}

/// Starts a server, or fails with everything that is known.
pub fn start(options: &Options) -> Cluster {
    Cluster::start(options).unwrap_or_else(|error| panic!("{error:?}"))
}

fn address_of(cluster: &Cluster) -> Address {
    Address {
        directory: cluster.socket_dir().to_owned(),
        port: cluster.port(),
        superuser: cluster.superuser().to_owned(),
    }
}

/// The directory through which the test processes of a run meet.
fn run_directory(run: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("runs").join(run)
}

/// Waits for the shared server of the run, and starts its keeper if nobody has yet.
#[allow(clippy::zombie_processes, reason = "the keeper outlives this process")]
fn join(meeting: &Path) -> Address {
    fs::create_dir_all(meeting).expect("the run's directory can be created");
    let keeper = meeting.join("keeper");
    if File::create_new(&keeper).is_ok() {
        let log = File::create(meeting.join("log")).expect("the keeper's log can be created");
        respawn(Part::Keeper)
            .env("VITAL_IT_MEETING", meeting)
            .env("VITAL_IT_RUNNER", parent_id().to_string())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be duplicated"))
            .stderr(log)
            .spawn()
            .expect("the keeper starts");
    }
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(address) = fs::read_to_string(meeting.join("address"))
            .ok()
            .and_then(|text| parse(&text))
        {
            return address;
        }
        let failed = meeting.join("failed").exists();
        assert!(
            !failed,
            "{}",
            fs::read_to_string(meeting.join("log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the shared server did not start; see {}", meeting.display());
}

fn parse(text: &str) -> Option<Address> {
    let mut lines = text.lines();
    Some(Address {
        directory: lines.next()?.into(),
        port: lines.next()?.parse().ok()?,
        superuser: lines.next()?.to_owned(),
    })
}

/// Plays the keeper: owns the shared server until the runner has ended.
///
/// When the keeper itself is killed, the server's supervisor ends the server.
pub fn keep() {
    let meeting =
        PathBuf::from(std::env::var_os("VITAL_IT_MEETING").expect("the keeper is told the directory"));
    let runner = std::env::var("VITAL_IT_RUNNER").expect("the keeper is told the runner");
    let born = birth(&runner);
    let failed = Marker(meeting.join("failed"));
    let cluster = start(&shared_options());
    let address = address_of(&cluster);
    let Address {
        directory,
        port,
        superuser,
    } = &address;
    fs::write(
        meeting.join("address.new"),
        format!("{}\n{port}\n{superuser}\n", directory.display()),
    )
    .expect("the address can be written");
    fs::rename(meeting.join("address.new"), meeting.join("address")).expect("the address can be renamed");
    std::mem::forget(failed);
    while born.is_some() && birth(&runner) == born {
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(cluster);
    let _ = fs::remove_dir_all(&meeting);
}

/// Creates its file when a panic unwinds past it.
struct Marker(PathBuf);

impl Drop for Marker {
    fn drop(&mut self) {
        let _ = File::create(&self.0);
    }
}

/// When the process started, as a text to compare, or `None` if there is none or it is a zombie.
fn birth(pid: &str) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        return (*fields.first()? != "Z").then(|| fields.get(19).map(ToString::to_string))?;
    }
    let output = std::process::Command::new("ps")
        .args(["-o", "lstart=", "-p", pid])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
