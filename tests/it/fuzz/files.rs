//! Files of tenants and of memberships.

use std::fs;
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy, ValueTree};
use vital::model::Role;
use vital::ops::roster::{Defaults, from_csv, from_yaml};
use vital::ops::seed::SeedFile;

use super::inputs::{NASTY, bytes, soup};
use super::{assert_told, try_all};
use crate::support::catalog::state;
use crate::support::{Database, Run, Template};

const SEED: [&str; 30] = [
    "schema: vital.seed/1\n",
    "tenants:\n",
    "- slug: a\n",
    "  name: x\n",
    "  parent: a\n",
    "  type: client\n",
    "  status: active\n",
    "  members:\n",
    "  - user: a@b.example\n",
    "    role: owner\n",
    "platform_admins: [",
    "]",
    "{",
    "}",
    ":",
    "\n",
    "- ",
    "  ",
    "&x ",
    "*x",
    "!!set ",
    "\"",
    "'",
    "|\n",
    "  quotas: {max_users: 1e999}\n",
    "  created_at: 0000-00-00\n",
    "  suspended_at: 9999-12-31T23:59:60Z\n",
    "  metadata: ",
    "null",
    "\t",
];

#[test]
fn no_seed_file_panics() {
    try_all(&soup(&SEED), 4000, |text| {
        let begun = Instant::now();
        let parsed = SeedFile::parse(text, "seed.yaml");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        if let Err(error) = parsed {
            assert_told(&error);
        }
    });
}

#[test]
fn no_file_of_memberships_panics() {
    const TOKENS: [&str; 18] = [
        "user",
        "tenant",
        "role",
        ",",
        "\n",
        "\r\n",
        "\"",
        "a@b.example",
        "owner",
        "member",
        "- user: ",
        "  role: ",
        ";",
        "\u{feff}",
        "user,tenant,role\n",
        "vital-platform",
        "[",
        "{",
    ];
    let defaults = Defaults {
        tenant: "vital-platform".parse().ok(),
        role: Some(Role::Member),
    };
    try_all(&soup(&TOKENS), 4000, |text| {
        let parsed = [
            from_csv(text, "f.csv", &defaults),
            from_yaml(text, "f.yaml", &defaults),
        ];
        for error in parsed.into_iter().filter_map(Result::err) {
            assert_told(&error);
        }
    });
}

/// YAML that grows, nests or refers to itself.
fn bombs() -> Vec<String> {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..20 {
        let before = format!("*a{}, ", n - 1).repeat(9);
        laughs.push_str(&format!("a{n}: &a{n} [{before}]\n"));
    }
    vec![
        laughs.clone(),
        format!("{laughs}tenants: *a19\n"),
        "tenants: &a [*a]\n".to_owned(),
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
        "{a: ".repeat(50_000),
        "&a ".repeat(50_000),
        format!("tenants:\n- slug: {}\n", "a".repeat(1_000_000)),
        format!("tenants:\n- slug: a\n  name: \"{}\"\n", "\\u0000".repeat(10)),
    ]
}

#[test]
fn files_that_bring_the_program_down_change_nothing() {
    let database = Database::create(Template::Migrated);
    let directory = tempfile::tempdir().unwrap();
    let before = state(&mut database.client());
    let random = bytes(&SEED);
    let mut contents: Vec<Vec<u8>> = bombs().into_iter().map(String::into_bytes).collect();
    contents.extend([
        b"\xff\xfe\x00t".to_vec(),
        b"user\n\xff@b.example\n".to_vec(),
        b"\0".to_vec(),
        b"user,tenant,role\n"
            .iter()
            .copied()
            .chain([b'"'; 100_000])
            .collect(),
    ]);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    contents.extend((0..6).map(|_| random.new_tree(&mut runner).unwrap().current()));
    for (at, content) in contents.iter().enumerate() {
        for (extension, command) in [
            ("yaml", &["seed"][..]),
            ("yaml", &["assign-user", "--yes", "--file"]),
            ("csv", &["assign-user", "--yes", "--file"]),
        ] {
            let path = directory.path().join(format!("{at}.{extension}"));
            fs::write(&path, content).unwrap();
            let begun = Instant::now();
            let run = Run::of(database.command(command).arg(&path));
            assert!([0, 1, 2].contains(&run.code), "{command:?} {at}: {run}");
            assert!(
                !run.stderr.contains("a bug of its own"),
                "{command:?} {at}: {run}"
            );
            assert!(
                run.stderr.len() < 100_000,
                "{command:?} {at}: {} bytes",
                run.stderr.len()
            );
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{command:?} {at}: {:?}",
                begun.elapsed()
            );
        }
    }
    assert_eq!(before, state(&mut database.client()));
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let database = Database::create(Template::Migrated);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.yaml");
    let file = fs::File::create(&path).unwrap();
    for (bytes, arguments, said) in [
        (
            (1 << 20) + 1,
            &["migrate", "status", "--target", "a", "--config"][..],
            "1 MiB",
        ),
        ((32 << 20) + 1, &["seed"][..], "32 MiB"),
        ((32 << 20) + 1, &["assign-user", "--yes", "--file"], "32 MiB"),
    ] {
        file.set_len(bytes).unwrap();
        let run = Run::of(database.command(arguments).arg(&path)).failure(2);
        assert!(run.stderr.contains(&format!("larger than {said}")), "{run}");
    }
}

#[test]
fn texts_of_a_seed_file_are_data() {
    let database = Database::create(Template::Migrated);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seed.yaml");
    for (at, text) in NASTY.iter().enumerate() {
        let name = serde_json::to_string(text).unwrap();
        let slug = format!("fuzz-{at}");
        fs::write(
            &path,
            format!("tenants:\n- {{slug: {slug}, name: {name}, metadata: {{x: {name}}}}}\n"),
        )
        .unwrap();
        let run = Run::of(database.command(&["seed"]).arg(&path));
        let sql = "select name, metadata ->> 'x' from public.tenants where slug = $1";
        match database.client().query_opt(sql, &[&slug]).unwrap() {
            Some(row) => {
                assert_eq!(run.code, 0, "{run}");
                let stored: (String, String) = (row.get(0), row.get(1));
                assert_eq!(stored, ((*text).to_owned(), (*text).to_owned()));
            }
            None => assert!([1, 2].contains(&run.code), "{text:?}: {run}"),
        }
    }
}
