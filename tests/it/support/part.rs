//! Parts that this test binary plays when a test starts it again as a process of its own.

use std::process::Command;
use std::time::Duration;

use vital::server::{Cluster, Options};

use super::server::{self, binaries};

/// The variable that names the part.
const VARIABLE: &str = "VITAL_IT_PART";

/// A part to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Owns the server that all test processes of a run share.
    Keeper,
    /// Starts a server, tells its directory, port and user, and sleeps until it is killed.
    Owner,
    /// Starts a server, and stops it again.
    Visitor,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Keeper => "keeper",
            Self::Owner => "owner",
            Self::Visitor => "visitor",
        }
    }
}

/// Returns the command that starts this binary again to play `part`.
pub fn respawn(part: Part) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test binary has a path"));
    command
        .args([
            "support::part::plays_its_part",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(VARIABLE, part.name());
    command
}

/// The entry of a process with a part; without one there is nothing to do.
#[test]
fn plays_its_part() {
    let Ok(name) = std::env::var(VARIABLE) else {
        return;
    };
    match name.as_str() {
        "keeper" => server::keep(),
        "owner" => {
            let cluster = Cluster::start(&Options::new(binaries())).unwrap();
            println!("\ndirectory {}", cluster.socket_dir().display());
            std::thread::sleep(Duration::from_secs(600));
        }
        "visitor" => {
            let cluster = Cluster::start(&Options::new(binaries())).unwrap();
            let mut client = postgres::Client::connect(&cluster.url("postgres"), postgres::NoTls).unwrap();
            let row = client.query_one("select current_user::text", &[]).unwrap();
            drop(client);
            println!(
                "\nuser {} in {}",
                row.get::<_, &str>(0),
                cluster.socket_dir().display()
            );
            cluster.stop().unwrap();
        }
        other => panic!("there is no part `{other}`"),
    }
}
