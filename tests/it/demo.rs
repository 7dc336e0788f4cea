//! `vital demo`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Run, binaries, interrupt, wait_until};

fn demo(arguments: &[&str]) -> Command {
    let mut command = crate::support::vital();
    command
        .arg("demo")
        .args(arguments)
        .arg("--pg-bin")
        .arg(binaries().directory());
    command
}

#[test]
fn demo_shows_what_the_readme_shows() {
    let run = Run::of(&mut demo(&[])).success();
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let shown = run.stdout.trim_matches('\n');
    assert!(readme.contains(&format!("```text\n{shown}\n```")), "{run}");
}

#[test]
fn no_attack_of_the_demo_succeeds() {
    let run = Run::of(&mut demo(&["--output", "json", "--quiet"])).success();
    let tour: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(tour["open_to_anybody_before"], 244);
    assert_eq!(tour["open_to_anybody_after"], 0);
    assert_eq!(tour["distribution"]["globally_shared"], 254);
    let attacks = tour["attacks"].as_array().unwrap();
    assert_eq!(attacks.len(), 4);
    assert!(attacks.iter().all(|attack| attack["succeeded"] == false), "{run}");
    assert_eq!(run.stderr, "");
}

#[test]
fn kept_demo_goes_on_until_its_stop_command() {
    let run = Run::of(&mut demo(&["--keep"])).success();
    let after = |phrase: &str| {
        let mut lines = run.stderr.lines().skip_while(|line| !line.contains(phrase));
        lines.nth(1).unwrap().trim().to_owned()
    };
    let connect = after("connect with");
    let url = connect.trim_start_matches("psql ").trim_matches('"');
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    let agents: i64 = client
        .query_one("select count(*) from agents", &[])
        .unwrap()
        .get(0);
    assert_eq!(agents, 257);
    drop(client);

    let stop = after("stop it");
    let directory = stop.split_whitespace().last().unwrap();
    let directory = Path::new(directory.trim_end_matches(')'))
        .ancestors()
        .nth(2)
        .unwrap();
    assert!(directory.is_dir());
    let status = Command::new("sh")
        .args(["-c", &stop])
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    wait_until("the kept server is gone", || !directory.exists());
}

#[test]
fn interrupted_demo_leaves_no_server() {
    let files = tempfile::tempdir().unwrap();
    let mut command = demo(&["--keep"]);
    command
        .env("TMPDIR", files.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while !said.contains("loading a database") {
        said.push_str(&lines.next().expect("the demo loads its database").unwrap());
    }
    interrupt(&child);
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said} {rest:?}");
    assert!(rest.iter().any(|line| line.contains("interrupted")), "{rest:?}");
    let left: Vec<_> = std::fs::read_dir(files.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
