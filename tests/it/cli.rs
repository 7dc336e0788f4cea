//! What every command has in common: exit codes, help, streams.

use std::fs::File;
use std::process::Stdio;

use assert_cmd::Command;
use clap::CommandFactory;
use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};
use vital::commands::Cli;

fn vital() -> Command {
    let mut command = Command::cargo_bin("vital").unwrap();
    command.env_remove("DATABASE_URL");
    command
}

/// The same binary, for streams that assert_cmd cannot wire.
fn process() -> std::process::Command {
    std::process::Command::new(assert_cmd::cargo::cargo_bin!("vital"))
}

#[test]
fn wrong_arguments_exit_2_and_leave_stdout_empty() {
    for arguments in [
        vec!["--nope"],
        vec![],
        vec!["completions"],
        vec!["completions", "tcsh"],
        vec!["man", "--output", "pdf"],
        vec!["man", "--wait", "5 parsecs"],
        vec!["man", "--wait", ""],
        vec!["man", "--wait", "99999999999999999999h"],
        vec!["man", "--database-url", "postgresql://h/d", "--target", "eu"],
    ] {
        vital()
            .args(&arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(is_empty().not());
    }
}

#[test]
fn an_unknown_command_names_the_nearest() {
    vital()
        .arg("compltions")
        .assert()
        .code(2)
        .stderr(starts_with("error: unrecognized subcommand 'compltions'").and(contains("'completions'")));
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_utf_8_exits_2() {
    use std::os::unix::ffi::OsStringExt;

    let argument = std::ffi::OsString::from_vec(vec![b'b', 0xff]);
    vital().arg(&argument).assert().code(2);
    vital()
        .args(["man", "--database-url"])
        .arg(&argument)
        .assert()
        .code(2);
}

#[test]
fn help_and_version_go_to_stdout_and_exit_0() {
    vital()
        .arg("--version")
        .assert()
        .code(0)
        .stderr("")
        .stdout(starts_with("vital "));
    for arguments in [
        vec!["--help"],
        vec!["-h"],
        vec!["help"],
        vec!["man", "--help"],
        vec!["help", "man"],
    ] {
        vital()
            .args(&arguments)
            .assert()
            .code(0)
            .stderr("")
            .stdout(contains("Usage: vital"));
    }
}

#[test]
fn help_begins_with_what_the_command_does() {
    let output = vital().args(["completions", "-h"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let head: Vec<_> = help
        .lines()
        .take_while(|line| !line.starts_with("Options:"))
        .collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    Write the completion script of a shell

    Usage: vital completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  The shell; for bash try `source <(vital completions bash)` [possible values: bash,
               elvish, fish, powershell, zsh]
    ");
}

#[test]
fn every_command_names_its_exit_codes() {
    fn visit(command: &clap::Command, path: &str, missing: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        if !command.has_subcommands() && !help.starts_with("Exit codes:\n  0 ") {
            missing.push(path.trim().to_owned());
        }
        for subcommand in command.get_subcommands() {
            visit(subcommand, &path, missing);
        }
    }
    let mut missing = Vec::new();
    visit(&Cli::command(), "", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_closed_pipe_is_quiet() {
    for arguments in [
        vec!["completions", "bash"],
        vec!["man"],
        vec!["--help"],
        vec!["--version"],
    ] {
        let mut child = process()
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr),
            (Some(0), Vec::new()),
            "{arguments:?}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_exits_1() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let output = process()
        .args(["completions", "bash"])
        .stdout(full())
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.starts_with("error: could not write the result\n  cause: No space left"),
        "{message}"
    );
    assert_eq!(
        process().arg("--help").stdout(full()).status().unwrap().code(),
        Some(1)
    );
}

#[test]
fn completions_of_every_shell_name_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        vital()
            .args(["completions", shell])
            .assert()
            .code(0)
            .stderr("")
            .stdout(contains("completions"));
    }
}

#[cfg(unix)]
#[test]
fn bash_accepts_its_completions() {
    let script = vital().args(["completions", "bash"]).output().unwrap().stdout;
    Command::new("bash")
        .arg("-n")
        .write_stdin(script)
        .assert()
        .success()
        .stderr("");
}

#[test]
fn man_writes_the_page_or_one_page_a_command() {
    vital()
        .arg("man")
        .assert()
        .code(0)
        .stderr("")
        .stdout(contains(".TH vital 1").and(contains("Exit codes")));
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man1");
    vital()
        .args(["man", "--dir"])
        .arg(&pages)
        .assert()
        .code(0)
        .stdout("")
        .stderr(contains("note: wrote"));
    for page in ["vital.1", "vital-man.1", "vital-completions.1"] {
        assert!(pages.join(page).is_file(), "{page}");
    }
    vital()
        .args(["--quiet", "man", "--dir"])
        .arg(&pages)
        .assert()
        .code(0)
        .stdout("")
        .stderr("");
}

#[test]
fn a_directory_that_cannot_be_made_exits_1() {
    let file = tempfile::NamedTempFile::new().unwrap();
    vital()
        .args(["man", "--dir"])
        .arg(file.path().join("man1"))
        .assert()
        .code(1)
        .stdout("")
        .stderr(starts_with("error: could not write the manual to `").and(contains("\n  cause: ")));
}
