//! Every value on the command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::inputs::NASTY;
use crate::support::catalog::state;
use crate::support::{CANARY, Database, Run, Template};

/// Commands with a place for a value; none of them may change anything when the value means nothing.
const PLACES: [&[&str]; 24] = [
    &["user", "show", "{}"],
    &["user", "list", "--tenant={}"],
    &["tenant", "show", "{}"],
    &["tenant", "list", "--status={}"],
    &["tenant", "create", "{}", "--name=x", "--dry-run"],
    &["tenant", "create", "fuzz", "--name={}", "--dry-run"],
    &["tenant", "create", "fuzz", "--name=x", "--set={}", "--dry-run"],
    &[
        "tenant",
        "create",
        "fuzz",
        "--name=x",
        "--set=metadata.{}=1",
        "--dry-run",
    ],
    &["tenant", "archive", "{}", "--yes", "--dry-run"],
    &["sharing", "explain", "--agent={}"],
    &["sharing", "explain", "--user={}"],
    &["sharing", "report", "--by={}"],
    &["sharing", "set", "{}", "--mode=private", "--yes"],
    &["sharing", "set", "--name={}", "--mode=private", "--dry-run"],
    &["sharing", "set", "--category={}", "--mode=private", "--dry-run"],
    &["assign-user", "{}", "--yes", "--dry-run"],
    &[
        "assign-user",
        "mia.member@dhstartup.example",
        "--tenant={}",
        "--yes",
        "--dry-run",
    ],
    &["grant-admin", "{}", "--yes", "--dry-run"],
    &["audit", "--since={}"],
    &["audit", "--action={}"],
    &["verify", "--only={}"],
    &["migrate", "up", "--to={}"],
    &["migrate", "status", "--target={}"],
    &["migrate", "status", "--lock-timeout={}"],
];

fn filled(place: &[&str], value: &[u8]) -> Vec<OsString> {
    let fill = |word: &&str| match word.split_once("{}") {
        None => OsString::from(word),
        Some((before, after)) => OsString::from_vec([before.as_bytes(), value, after.as_bytes()].concat()),
    };
    place.iter().map(fill).collect()
}

#[track_caller]
fn assert_tame(run: &Run, what: &[OsString]) {
    assert!((0..=7).contains(&run.code), "{what:?}: {run}");
    for stream in [&run.stdout, &run.stderr] {
        for bad in ["a bug of its own", "panicked", CANARY] {
            assert!(!stream.contains(bad), "{what:?}: {run}");
        }
        let control = |c: char| c.is_control() && c != '\n' && c != '\t';
        let control = stream
            .chars()
            .find(|c| control(*c) || ('\u{202a}'..='\u{202e}').contains(c));
        assert_eq!(control, None, "{what:?}: {stream:?}");
    }
}

#[test]
fn no_value_panics_injects_or_reaches_the_terminal_raw() {
    let database = Database::create(Template::Migrated);
    let before = state(&mut database.client());
    let mut values: Vec<Vec<u8>> = NASTY.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.push(b"\xff\xfe".to_vec());
    values.push(vec![b'x'; 100_000]);
    let step = if std::env::var_os("VITAL_FUZZ_CASES").is_some() {
        1
    } else {
        7
    };
    let pairs = PLACES.iter().enumerate().flat_map(|(at, place)| {
        let values = values.iter().enumerate();
        values
            .filter(move |(n, _)| (n + at) % step == 0)
            .map(move |(_, value)| (*place, value))
    });
    let pairs: Vec<_> = pairs.collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((place, value)) =
                    pairs.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    let arguments = filled(place, value);
                    let run = Run::of(database.command(&[]).args(&arguments));
                    assert_tame(&run, &arguments);
                }
            });
        }
    });
    println!("{} command lines tried", pairs.len());
    assert_eq!(before, state(&mut database.client()));
}

#[test]
fn names_on_the_command_line_are_data() {
    let database = Database::create(Template::Migrated);
    for (at, text) in NASTY.iter().enumerate() {
        let slug = format!("fuzz-{at}");
        let name = format!("--name={text}");
        let run = database.vital(&["tenant", "create", &slug, &name]);
        let sql = "select name from public.tenants where slug = $1";
        match database.client().query_opt(sql, &[&slug]).unwrap() {
            Some(row) => assert_eq!((run.code, row.get::<_, &str>(0)), (0, *text), "{run}"),
            None => assert!([1, 2].contains(&run.code), "{text:?}: {run}"),
        }
    }
}

#[test]
fn the_password_is_in_no_log_however_verbose() {
    let database = Database::create(Template::PreState);
    for arguments in [
        &["migrate", "up", "--replace-policies", "-vvv"][..],
        &[
            "migrate",
            "up",
            "--replace-policies",
            "-vvv",
            "--progress",
            "json",
        ],
        &["migrate", "plan", "-vvv"],
        &["migrate", "status", "-vvv", "-o", "yaml"],
        &["verify", "-vvv"],
        &["sharing", "report", "-vvv"],
        &[
            "migrate",
            "status",
            "-vvv",
            "--wait",
            "100ms",
            "--progress",
            "json",
        ],
        &["audit", "-vvv"],
        &["tenant", "list", "-vvv"],
        &["seed", "--export", "-vvv"],
    ] {
        let url = database
            .url()
            .replace("user=", &format!("password={CANARY}&user="));
        // Making a `Run` asserts it.
        Run::of(database.command(arguments).env("DATABASE_URL", &url)).success();
        Run::of(
            database
                .command(arguments)
                .env_remove("DATABASE_URL")
                .arg("--database-url")
                .arg(&url),
        )
        .success();
        let dead = format!("postgresql://me:{CANARY}@127.0.0.1:1/d?sslmode=disable");
        Run::of(database.command(arguments).env("DATABASE_URL", &dead)).failure(7);
    }
}

#[test]
fn the_password_is_in_no_file_that_is_written() {
    let database = Database::create(Template::World);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).display().to_string();
    let url = database
        .url()
        .replace("user=", &format!("password={CANARY}&user="));
    for arguments in [
        &[
            "verify",
            "--report",
            &format!("junit={}", at("junit.xml")),
            "--report",
            &format!("sarif={}", at("sarif.json")),
        ][..],
        &[
            "sharing",
            "report",
            "--html",
            &at("report.html"),
            "--svg",
            &at("report.svg"),
        ],
        &["sharing", "matrix", "--html", &at("matrix.html")],
        &["sharing", "audit", "--html", &at("audit.html")],
    ] {
        Run::of(database.command(arguments).env("DATABASE_URL", &url)).success();
    }
    // A doctor may have problems with the server's release.
    Run::of(database.command(&["doctor", "-vvv"]).env("DATABASE_URL", &url));
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().flatten().collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(CANARY), "{file:?}");
    }
}
