//! Every exit code that the help of a command names, and the situation in which the command ends with it.

mod stage;

use std::collections::BTreeSet;

use crate::support::{Run, vital};
use stage::Stage;

/// A command, and arguments with which it does something in [`Template::World`](crate::support::Template::World).
type Command = (&'static str, &'static [&'static str]);

const COMMANDS: [Command; 35] = [
    ("migrate up", &[]),
    ("migrate down", &["--to=0", "--yes"]),
    ("migrate status", &[]),
    ("migrate plan", &[]),
    ("tenant list", &[]),
    ("tenant show", &["north"]),
    ("tenant create", &["fresh", "--name=Fresh"]),
    ("tenant update", &["north", "--set=name=True North"]),
    ("tenant suspend", &["east", "--yes"]),
    ("tenant activate", &["frozen"]),
    ("tenant archive", &["south", "--yes"]),
    ("user show", &["11@world.example"]),
    ("user list", &[]),
    ("assign-user", &["95@world.example", "--tenant=north"]),
    ("remove-user", &["13@world.example", "--tenant=north", "--yes"]),
    ("suspend-user", &["14@world.example", "--tenant=north", "--yes"]),
    ("grant-admin", &["11@world.example", "--yes"]),
    ("revoke-admin", &["1@world.example", "--yes", "--allow-no-admin"]),
    ("list-admins", &[]),
    ("seed", &["SEED", "--yes"]),
    ("audit", &[]),
    ("bootstrap", &[]),
    ("doctor", &[]),
    ("demo", &[]),
    ("verify", &[]),
    ("schema dump", &["--live"]),
    ("sharing report", &[]),
    ("sharing matrix", &[]),
    ("sharing explain", &["--user=11@world.example"]),
    ("sharing set", &["--name=north *", "--mode=private", "--yes"]),
    ("sharing share", &["south private", "--with=east", "--yes"]),
    ("sharing unshare", &["south selective", "--with=east", "--yes"]),
    ("sharing audit", &[]),
    ("completions", &["bash"]),
    ("man", &[]),
];

/// What makes a command end with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    /// The database of many tenants, as its owner.
    World,
    /// The same, as a role that was granted nothing.
    FewRights,
    /// Nobody reads what is printed: the disk is full.
    FullDisk,
    /// An option that there is not.
    UnknownOption,
    /// The database before the first migration.
    Pending,
    /// A policy that is not vital's.
    ForeignPolicy,
    /// A migration that is missing in the history.
    Diverged,
    /// Somebody else has locked the tables.
    Locked,
    /// Nobody listens.
    NobodyThere,
    /// The connection breaks at COMMIT, and the server is gone.
    CutAtCommit,
    /// Ctrl-C while the server does not answer.
    Interrupted,
    /// Server programs that do not work.
    BrokenServer,
    /// Proven by the test of this name.
    Elsewhere(&'static str),
}

/// The row of a command and a code.
fn situation(command: &str, code: i32) -> Option<Situation> {
    let is_offline = ["completions", "man"].contains(&command);
    Some(match (command, code) {
        ("demo", 0) => Situation::Elsewhere("demo_shows_what_the_readme_shows"),
        ("demo", 1) => Situation::BrokenServer,
        ("demo", 130) => Situation::Elsewhere("interrupted_demo_leaves_no_server"),
        // A server whose release lacks a fix ends it with 1, which is not this test's concern.
        ("doctor", 0) => Situation::Elsewhere("a_healthy_database_has_no_problem_but_the_servers_release"),
        ("verify" | "schema dump", 1) => Situation::FullDisk,
        ("migrate status" | "verify", 3) => Situation::Pending,
        ("verify", 4) => Situation::ForeignPolicy,
        ("migrate up" | "migrate down" | "migrate plan" | "migrate status", 5) => Situation::Diverged,
        (_, 1) if is_offline => Situation::FullDisk,
        (_, 0) => Situation::World,
        (_, 1) => Situation::FewRights,
        (_, 2) => Situation::UnknownOption,
        (_, 6) => Situation::Locked,
        (_, 7) => Situation::NobodyThere,
        (_, 8) => Situation::CutAtCommit,
        (_, 130) => Situation::Interrupted,
        _ => return None,
    })
}

fn help(words: &[&str]) -> String {
    Run::of(vital().args(words).arg("--help")).success().stdout
}

/// The first words of a list, whose entries are indented by two blanks and their further lines by more.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map_while(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
}

/// The codes that a help names.
fn codes(help: &str) -> BTreeSet<i32> {
    let (_, list) = help
        .split_once("Exit codes:\n")
        .expect("the help names exit codes");
    list.lines()
        .map_while(|line| line.strip_prefix("  ")?.split_whitespace().next()?.parse().ok())
        .collect()
}

/// The commands without subcommands of their own, as their parents list them.
fn leaves(words: &[&str]) -> Vec<String> {
    let help = help(words);
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return vec![words.join(" ")];
    };
    names(list)
        .filter(|name| *name != "help")
        .flat_map(|name| leaves(&[words, &[name]].concat()))
        .collect()
}

#[test]
fn every_command_and_every_code_of_its_help_has_a_row() {
    let mut listed: Vec<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    let mut known = leaves(&[]);
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, listed);
    let mut of_all = BTreeSet::new();
    for (command, _) in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let codes = codes(&help(&words));
        for code in &codes {
            assert!(situation(command, *code).is_some(), "{command}: {code}");
        }
        of_all.extend(codes);
    }
    assert_eq!(codes(&help(&[])), of_all);
}

#[test]
fn what_is_proven_elsewhere_is_a_test() {
    let files = [include_str!("demo.rs"), include_str!("doctor.rs")];
    for (command, _) in COMMANDS {
        for code in [0, 130] {
            if let Some(Situation::Elsewhere(test)) = situation(command, code) {
                let test = format!("#[test]\nfn {test}()");
                assert!(files.iter().any(|file| file.contains(&test)), "{test}");
            }
        }
    }
}

/// Brings about a code with every command whose help names it.
#[track_caller]
fn prove(code: i32) {
    let mut stage = Stage::new();
    for (command, arguments) in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        if !codes(&help(&words)).contains(&code) {
            continue;
        }
        let situation = situation(command, code).unwrap();
        if let Some(run) = stage.run(&words, arguments, situation) {
            assert_eq!(run.code, code, "{command}, {situation:?}: {run}");
            assert!(code == 0 || !run.stderr.contains("a bug of its own"), "{run}");
        }
    }
}

#[test]
fn code_0_is_for_what_was_done() {
    prove(0);
}

#[test]
fn code_1_is_for_what_failed() {
    prove(1);
}

#[test]
fn code_2_is_for_wrong_arguments() {
    prove(2);
}

#[test]
fn code_3_is_for_pending_migrations() {
    prove(3);
}

#[test]
fn code_4_is_for_findings() {
    prove(4);
}

#[test]
fn code_5_is_for_a_history_that_diverges() {
    prove(5);
}

#[test]
fn code_6_is_for_locks() {
    prove(6);
}

#[test]
fn code_7_is_for_servers_out_of_reach() {
    prove(7);
}

#[test]
fn code_8_is_for_unknown_outcomes() {
    prove(8);
}

#[test]
fn code_130_is_for_interrupts() {
    prove(130);
}
