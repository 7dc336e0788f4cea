//! `vital assign-user --file`.

use std::fs;
use std::path::PathBuf;

use crate::support::{Database, Run, Template};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn assign(db: &Database, path: &PathBuf, flags: &[&str]) -> Run {
    Run::of(
        db.command(&["assign-user", "--yes"])
            .args(flags)
            .arg("--file")
            .arg(path),
    )
}

fn members(db: &Database) -> i64 {
    db.client()
        .query_one("select count(*) from public.user_tenants", &[])
        .unwrap()
        .get(0)
}

#[test]
fn csv_and_yaml_are_summed_up_by_tenant_and_role() {
    let (db, files) = (Database::create(Template::Migrated), Files::new());
    let csv = files.write(
        "users.csv",
        "user,tenant,role\nDana.Owner@dhstartup.example,,owner\nmia.member@dhstartup.example,,\n\
         a0000000-0000-4000-8000-000000000010,vital-platform,guest\n",
    );
    insta::assert_snapshot!(assign(&db, &csv, &[]).success().stdout, @r"
    tenant                  role    added  changed  unchanged
    digital-health-startup  member      1        0          0
    digital-health-startup  owner       1        0          0
    vital-platform          guest       1        0          0

    changed 3 of 3
    ");
    let yaml = files.write(
        "users.yaml",
        "- user: mia.member@dhstartup.example\n  role: admin\n- user: dana.owner@dhstartup.example\n  role: owner\n",
    );
    insta::assert_snapshot!(assign(&db, &yaml, &[]).success().stdout, @r"
    tenant                  role   added  changed  unchanged
    digital-health-startup  admin      0        1          0
    digital-health-startup  owner      0        0          1

    changed 1 of 2
    ");
    assert!(
        assign(&db, &yaml, &[])
            .success()
            .stdout
            .ends_with("nothing to do: all 2 are already up to date\n")
    );
}

#[test]
fn faulty_lines_are_named_and_nothing_is_assigned() {
    let (db, files) = (Database::create(Template::Migrated), Files::new());
    let csv = files.write(
        "users.csv",
        "user,role\nmia.member@dhstartup.example,member\nnobody,member\ndana.owner@dhstartup.example,boss\n\
         MIA.member@dhstartup.example,admin\n",
    );
    let run = assign(&db, &csv, &[]).failure(2);
    for said in [
        "users.csv:3: `nobody` is neither",
        "users.csv:4: `boss` is none of owner",
        "users.csv:5: `MIA.member",
    ] {
        assert!(run.stderr.contains(said), "{said}\n{run}");
    }
    let csv = files.write(
        "users.csv",
        "user,tenant\nmia.member@dhstartup.example,\nmia.membr@dhstartup.example,acme\n",
    );
    let run = assign(&db, &csv, &[]).failure(2);
    assert!(
        run.stderr.contains("users.csv:3: tenant `acme` does not exist"),
        "{run}"
    );
    let yaml = files.write(
        "users.yaml",
        "- user: mia.member@dhstartup.example\n- user: dana.ownr@dhstartup.example\n- user: a0000000-0000-4000-8000-000000000005\n",
    );
    let run = assign(&db, &yaml, &[]).failure(2);
    assert!(
        run.stderr
            .contains("users.yaml:2: user `dana.ownr@dhstartup.example` does not exist; did you mean"),
        "{run}"
    );
    assert!(
        run.stderr.contains("users.yaml:3: ") && run.stderr.contains("users.yaml:1 already"),
        "{run}"
    );
    assert_eq!(members(&db), 0);
}

#[test]
fn no_file_makes_it_panic() {
    let (db, files) = (Database::create(Template::Migrated), Files::new());
    let huge = "x".repeat(1 << 20);
    for (name, text) in [
        ("a.csv", b"".to_vec()),
        ("b.csv", b"\0\0\n\0".to_vec()),
        ("c.csv", b"user\n\xff\xfe\n".to_vec()),
        ("d.csv", b"user,user\na@b,c@d\n".to_vec()),
        ("e.csv", b"user,colour\na@b,red\n".to_vec()),
        ("f.csv", format!("user\n{huge}\n").into_bytes()),
        ("g.csv", b"user\n\"a@b\n".to_vec()),
        ("h.yaml", b"user: a@b\n".to_vec()),
        ("i.yaml", b"- user: a@b\n  colour: red\n".to_vec()),
        ("j.yaml", "[".repeat(200_000).into_bytes()),
        ("k.yaml", b"- &a [*a, *a]\n".to_vec()),
        ("l.csv", b"user\n'; drop table tenants; --@x\n".to_vec()),
    ] {
        let run = assign(&db, &files.write(name, text), &[]);
        // A file without a line has nothing to assign.
        let expected = if name == "a.csv" { 0 } else { 2 };
        assert_eq!(run.code, expected, "{name}\n{run}");
        assert!(run.stderr.len() < 5_000, "{name}: {} bytes", run.stderr.len());
    }
    assert_eq!(members(&db), 0);
    let run = assign(&db, &PathBuf::from("/nowhere/users.csv"), &[]).failure(2);
    assert!(
        run.stderr.contains("could not read `/nowhere/users.csv`"),
        "{run}"
    );
}

#[test]
fn owners_may_change_places_in_one_file() {
    let (db, files) = (Database::create(Template::Migrated), Files::new());
    db.vital(&["assign-user", "dana.owner@dhstartup.example", "--role", "owner"])
        .success();
    let swap = files.write(
        "swap.csv",
        "user,role\ndana.owner@dhstartup.example,member\nmia.member@dhstartup.example,owner\n",
    );
    assign(&db, &swap, &[]).success();
    let none = files.write("none.csv", "user,role\nmia.member@dhstartup.example,member\n");
    let run = assign(&db, &none, &[]).failure(1);
    assert!(run.stderr.contains("left without an owner"), "{run}");
    assign(&db, &none, &["--allow-no-owner"]).success();
}

#[test]
fn a_thousand_users_are_assigned_at_once_with_progress() {
    let (db, files) = (Database::create(Template::Migrated), Files::new());
    let mut client = db.client();
    let sql = "insert into auth.users (id, email) select gen_random_uuid(), 'u' || n || '@bulk.example' \
               from generate_series(1, 3000) as n";
    client.batch_execute(sql).unwrap();
    let lines: String = (1..=3000).map(|n| format!("u{n}@bulk.example\n")).collect();
    let csv = files.write("bulk.csv", format!("user\n{lines}"));
    let run = assign(&db, &csv, &["--progress", "json"]).success();
    assert!(run.stderr.contains("\"event\":\"rows_done\""), "{run}");
    assert_eq!(members(&db), 3000);
}
