//! `vital sharing audit --follow`: what comes later, and a quiet end.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Database, Template};

const FIXTURE: &str = include_str!("../../fixtures/sharing.sql");

#[test]
fn follow_shows_what_comes_and_ends_quietly() {
    let db = Database::create(Template::Migrated);
    db.client().batch_execute(FIXTURE).unwrap();
    let follow = [
        "sharing",
        "audit",
        "--follow",
        "--interval",
        "100ms",
        "-o",
        "json",
        "--agent",
        "north-private",
    ];
    let mut child = db
        .command(&follow)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // An entry bears the time of its transaction's begin, so this one comes late and with an old time.
    let mut slow = db.client();
    let mut slow = slow.transaction().unwrap();
    slow.execute("select now()", &[]).unwrap();
    db.vital(&["sharing", "share", "north-private", "--with", "south", "--yes"])
        .success();
    let mut entries: Vec<String> = (0..2).map(|_| lines.next().unwrap().unwrap()).collect();
    entries.sort();
    assert!(
        entries.iter().any(|line| line.contains("\"action\":\"shared\"")),
        "{entries:?}"
    );
    assert!(
        entries
            .iter()
            .any(|line| line.contains("\"action\":\"access_granted\"")),
        "{entries:?}"
    );
    slow.execute(
        "update public.agents set sharing_mode = 'global', shared_with = null where name = 'north private'",
        &[],
    )
    .unwrap();
    slow.commit().unwrap();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .contains("\"mode_after\":\"global\"")
    );
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let end = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&end.stderr);
    assert_eq!(end.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}
