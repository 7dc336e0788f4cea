//! The private server at its end: nothing is left of it, whatever its owner died of.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use vital::server::Options;

use crate::support::{Part, Run, binaries, open_directory, processes_of, respawn, start, told, wait_until};

/// Starts a process that owns a server in `home`, and returns it with the server's directory once that runs.
fn owner(home: &Path) -> (Child, PathBuf) {
    let mut child = spawn(home);
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let directory = stdout
        .lines()
        .map_while(Result::ok)
        .find_map(|line| told(&line, "directory").map(PathBuf::from));
    (child, directory.expect("the owner tells its directory"))
}

fn spawn(home: &Path) -> Child {
    let mut command = respawn(Part::Owner);
    command
        .env("TMPDIR", home)
        .stdout(Stdio::piped())
        .process_group(0);
    command.spawn().unwrap()
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Starts and stops another server in `home`, which sweeps there.
fn sweep(home: &Path) {
    Run::of(respawn(Part::Visitor).env("TMPDIR", home)).success();
}

/// Waits until neither a file nor a process is left of what ran below `home`.
#[track_caller]
fn nothing_is_left(home: &Path) {
    wait_until("the directory is gone", || is_empty(home));
    let text = home.to_str().unwrap();
    wait_until("the processes are gone", || processes_of(text).is_empty());
}

fn is_empty(directory: &Path) -> bool {
    directory.read_dir().unwrap().next().is_none()
}

#[test]
fn stopped_server_leaves_nothing() {
    let cluster = start(&Options::new(binaries()));
    let (directory, port) = (cluster.socket_dir().to_owned(), cluster.port());
    let _open = Client::connect(&cluster.url("postgres"), NoTls).unwrap();
    cluster.stop().unwrap();
    assert!(!directory.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert_eq!(processes_of(directory.to_str().unwrap()), Vec::<u32>::new());
}

#[test]
fn dropped_server_leaves_nothing() {
    let cluster = start(&Options::new(binaries()));
    let directory = cluster.socket_dir().to_owned();
    drop(cluster);
    assert!(!directory.exists());
    assert_eq!(processes_of(directory.to_str().unwrap()), Vec::<u32>::new());
}

#[test]
fn killed_owner_leaves_nothing() {
    let home = open_directory();
    let (mut child, directory) = owner(home.path());
    assert!(directory.join("data/postmaster.pid").exists());
    kill_process(pid(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    nothing_is_left(home.path());
}

#[test]
fn owner_interrupted_from_the_terminal_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let home = open_directory();
        let (mut child, _) = owner(home.path());
        kill_process_group(pid(&child), signal).unwrap();
        child.wait().unwrap();
        nothing_is_left(home.path());
    }
}

#[test]
fn owner_killed_at_any_moment_of_the_start_leaves_nothing() {
    for stage in ["lock", "supervise", "data", "data/base", "data/postmaster.pid"] {
        let home = open_directory();
        let mut child = spawn(home.path());
        wait_until(stage, || {
            let mut entries = home.path().read_dir().unwrap().flatten();
            entries.any(|entry| entry.path().join(stage).exists())
        });
        kill_process(pid(&child), Signal::KILL).unwrap();
        child.wait().unwrap();
        let text = home.path().to_str().unwrap();
        wait_until("the processes are gone", || processes_of(text).is_empty());
        // Killed before it has a supervisor, an owner leaves a directory without data to the next start.
        if matches!(stage, "lock" | "supervise") && !is_empty(home.path()) {
            sweep(home.path());
        }
        nothing_is_left(home.path());
    }
}

#[test]
fn server_whose_supervisor_was_killed_too_is_swept_by_the_next_start() {
    let home = open_directory();
    let (mut child, directory) = owner(home.path());
    let script = directory.join("supervise");
    let supervisors = processes_of(script.to_str().unwrap());
    assert!(!supervisors.is_empty());
    for supervisor in supervisors {
        let supervisor = Pid::from_raw(supervisor.try_into().unwrap()).unwrap();
        kill_process(supervisor, Signal::KILL).unwrap();
    }
    kill_process(pid(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(directory.exists(), "nobody is there to remove it");
    sweep(home.path());
    nothing_is_left(home.path());
}

#[test]
fn dead_directory_is_swept_whatever_its_pid_file_holds() {
    for text in ["-4711\n", "0\n", "99999999999\n", "1\n", "nonsense", ""] {
        let home = open_directory();
        let dead = home.path().join("vital-pg-dead");
        fs::create_dir_all(dead.join("data")).unwrap();
        fs::write(dead.join("data/postmaster.pid"), text).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        sweep(home.path());
        assert!(is_empty(home.path()), "{text:?}");
    }
}

#[test]
fn server_in_use_is_not_swept() {
    let home = open_directory();
    let (mut child, directory) = owner(home.path());
    sweep(home.path());
    assert!(directory.join("data/postmaster.pid").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(home.path());
}

#[test]
fn foreign_directory_of_the_same_name_is_not_swept() {
    let home = open_directory();
    let foreign = home.path().join("vital-pg-notes");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("precious"), "").unwrap();
    sweep(home.path());
    assert!(foreign.join("precious").exists());
}

#[test]
fn kept_server_goes_on_until_the_command_for_it_is_given() {
    let home = open_directory();
    let run = Run::of(respawn(Part::Leaver).env("TMPDIR", home.path())).success();
    let url = told(&run.stdout, "url").unwrap();
    let mut client = Client::connect(url, NoTls).unwrap();
    client.execute("select 1", &[]).unwrap();
    sweep(home.path());
    client
        .execute("select 1", &[])
        .expect("a kept server is not swept");
    let stop = told(&run.stdout, "stop").unwrap();
    Run::of(Command::new("sh").args(["-c", stop])).success();
    nothing_is_left(home.path());
}

#[test]
fn kept_server_can_be_stopped_by_its_owner() {
    let mut options = Options::new(binaries());
    options.keep = true;
    let cluster = start(&options);
    let directory = cluster.socket_dir().to_owned();
    cluster.stop().unwrap();
    assert!(!directory.exists());
    assert_eq!(processes_of(directory.to_str().unwrap()), Vec::<u32>::new());
}
