//! `vital seed`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Database, Run, Template};

const NASTY: &str = r##"
tenants:
- slug: acme-eu
  name: "Acme: 'EU' # \u001b[31m\n- second line"
  parent: acme
  status: suspended
  timezone: "no"
  country_code: "NO"
  suspended_at: 2025-03-01T00:00:00.123456Z
  metadata: {"1e3": "true", nested: [1, 2.5, null, {a: "~"}], text: "2025-01-01"}
- slug: acme
  name: Acme
  type: solution
  trial_ends_at: 2020-01-01T00:00:00Z
  created_at: 2019-01-01T00:00:00Z
  subscription_tier: null
  activated_at: null
  quotas: {max_users: 3}
  members:
  - user: Nora.Owner@meridian.example
    role: owner
  - user: mia.member@dhstartup.example
    status: invited
  - user: a0000000-0000-4000-8000-000000000007
    role: guest
    status: removed
platform_admins: [ada.admin@vital.example]
"##;

fn file(directory: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn seed(db: &Database, path: &Path, flags: &[&str]) -> Run {
    Run::of(db.command(&["seed"]).arg(path).args(flags))
}

fn export(db: &Database) -> String {
    db.vital(&["seed", "--export"]).success().stdout
}

#[test]
fn without_a_file_the_two_tenants_are_there_already() {
    let db = Database::create(Template::Migrated);
    let run = db.vital(&["seed"]).success();
    assert!(
        run.stdout
            .ends_with("nothing to do: all 2 are already up to date\n"),
        "{run}"
    );
    db.client()
        .batch_execute("delete from public.tenants where slug = 'digital-health-startup'")
        .unwrap();
    db.vital(&["seed", "--yes"]).success();
    assert!(export(&db).contains("digital-health-startup"));
}

#[test]
fn an_export_seeds_an_empty_database_to_the_same_export() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (
        Database::create(Template::Migrated),
        Database::create(Template::Migrated),
    );
    seed(&one, &file(directory.path(), "nasty.yaml", NASTY), &["--yes"]).success();
    one.client()
        .batch_execute("update public.tenants set metadata = '{\"x\": \"\\u001b[1m\"}' where slug = 'acme'")
        .unwrap();
    let exported = export(&one);
    assert!(!exported.contains('\u{1b}'), "{exported}");
    assert!(
        exported.contains("parent: acme\n") && exported.contains("activated_at: null\n"),
        "{exported}"
    );
    let path = file(directory.path(), "export.yaml", &exported);
    let again = seed(&one, &path, &[]).success();
    assert!(again.stdout.contains("nothing to do"), "{again}");
    assert_ne!(export(&other), exported);
    seed(&other, &path, &["--yes"]).success();
    assert_eq!(export(&other), exported);
    let json = one.vital(&["seed", "--export", "-o", "json"]).success().stdout;
    let json = seed(&other, &file(directory.path(), "export.json", json), &[]).success();
    assert!(json.stdout.contains("nothing to do"), "{json}");
}

#[test]
fn the_legacy_database_survives_the_round_trip() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (
        Database::create(Template::Legacy),
        Database::create(Template::Migrated),
    );
    one.vital(&["migrate", "up", "--replace-policies"]).success();
    let path = file(directory.path(), "legacy.yaml", export(&one));
    seed(&other, &path, &["--yes"]).success();
    assert_eq!(export(&other), export(&one));
}

#[test]
fn the_plan_says_what_would_change_and_nothing_is_ever_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let db = Database::create(Template::Migrated);
    seed(&db, &file(directory.path(), "a.yaml", NASTY), &["--yes"]).success();
    let less = "tenants:\n- slug: acme\n  name: Acme Inc\n  members:\n  - {user: mia.member@dhstartup.example, role: admin}\n";
    let path = file(directory.path(), "b.yaml", less);
    let before = export(&db);
    insta::assert_snapshot!(seed(&db, &path, &["--dry-run"]).success().stdout, @r"
    kind    tenant  user                          action  details
    tenant  acme                                  change  name: Acme -> Acme Inc
    member  acme    mia.member@dhstartup.example  change  member invited -> admin active

    would create 0 and change 2, 0 unchanged; nothing was changed
    ");
    assert_eq!(export(&db), before);
    let unasked = seed(&db, &path, &[]).failure(2);
    assert!(
        unasked
            .stderr
            .contains("change tenant acme: name: Acme -> Acme Inc"),
        "{unasked}"
    );
    seed(&db, &path, &["--yes"]).success();
    let after = export(&db);
    assert!(
        after.contains("nora.owner@meridian.example") && after.contains("max_users: 3"),
        "{after}"
    );
}

#[test]
fn all_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let db = Database::create(Template::Migrated);
    let before = export(&db);
    for (text, code, said) in [
        (
            "tenants:\n- {slug: a, name: A}\n- {slug: b, name: B, members: [{user: nobody@x.example}]}\n",
            1,
            "`nobody@x.example` does not exist",
        ),
        (
            "tenants:\n- {slug: a, name: A}\n- {slug: b}\n",
            2,
            "tenant `b` is new and needs a name",
        ),
        (
            "tenants:\n- {slug: a, name: A, parent: b}\n- {slug: b, name: B, parent: a}\n",
            2,
            "go round in a circle",
        ),
        (
            "tenants:\n- {slug: a, name: A, parent: vital-platfrm}\n",
            1,
            "did you mean `vital-platform`",
        ),
        (
            "tenants:\n- {slug: a, name: A, country_code: DEU}\n",
            1,
            "it holds 2 characters",
        ),
        (
            "tenants:\n- {slug: vital-platform, status: archived}\n",
            1,
            "the platform tenant stays active",
        ),
        (
            "tenants:\n- {slug: digital-health-startup, id: a0000000-0000-4000-8000-000000000007}\n",
            1,
            "has another id",
        ),
        (
            "tenants:\n- slug: a\n  nam: A\n",
            2,
            "bad.yaml:3:3: tenants[0]: unknown field `nam`",
        ),
        ("tenants:\n  - slug: a\n name: x\n", 2, "bad.yaml:3:2: "),
        ("tenants: [[[[\n", 2, "bad.yaml:"),
        (
            "tenants:\n- {slug: a, name: \"a\\0b\"}\n",
            1,
            "nothing was changed",
        ),
    ] {
        let run = seed(&db, &file(directory.path(), "bad.yaml", text), &["--yes"]);
        assert_eq!(run.code, code, "{text}{run}");
        assert!(run.stderr.contains(said), "{text}{said}\n{run}");
    }
    assert_eq!(export(&db), before);
}
