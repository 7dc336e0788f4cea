//! `vital tenant`.

use serde_json::{Value, json};

use crate::support::{Database, Template};

fn shown(db: &Database, slug: &str) -> Value {
    let run = db.vital(&["tenant", "show", slug, "-o", "json"]).success();
    serde_json::from_str(&run.stdout).unwrap()
}

fn created() -> Database {
    let db = Database::create(Template::Migrated);
    db.vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    db
}

#[test]
fn list_shows_the_platform_first() {
    let db = Database::create(Template::Migrated);
    insta::assert_snapshot!(db.vital(&["tenant", "list"]).success().stdout, @r"
    slug                    name                    type      status  tier      members  agents
    vital-platform          VITAL Platform          platform  active  standard        0     254
    digital-health-startup  Digital Health Startup  industry  active  standard        0       0
    ");
    let csv = db
        .vital(&["tenant", "list", "-o", "csv", "--type", "platform"])
        .success();
    assert_eq!(csv.stdout.lines().count(), 2, "{csv}");
    let none = db.vital(&["tenant", "list", "--status", "suspended"]).success();
    assert_eq!(none.stdout, "nothing to show\n");
}

#[test]
fn create_twice_changes_nothing_and_another_name_is_refused() {
    let db = created();
    let again = db
        .vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    assert_eq!(
        again.stdout,
        "nothing to do: tenant `acme` is already up to date\n"
    );
    let other = db
        .vital(&["tenant", "create", "acme", "--name", "Other"])
        .failure(1);
    assert!(other.stderr.contains("exists already and differs"), "{other}");
    assert_eq!(shown(&db, "acme")["tenant"]["name"], "Acme");
}

#[test]
fn every_column_can_be_set() {
    let db = created();
    let columns: Vec<(String, String)> = db
        .client()
        .query(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute \
             where attrelid = 'public.tenants'::regclass and attnum > 0",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    assert_eq!(columns.len(), 39);
    for (column, kind) in columns {
        let value = match (column.as_str(), kind.as_str()) {
            // The id stays, updated_at is the server's, and the status has commands of its own.
            ("id" | "updated_at", _) => continue,
            ("slug", _) => "acme".to_owned(),
            ("type", _) => "solution".to_owned(),
            ("status" | "subscription_status", _) => "suspended".to_owned(),
            ("subscription_tier", _) => "enterprise".to_owned(),
            ("parent_tenant_id", _) => "vital-platform".to_owned(),
            ("subscription_ends_at" | "trial_ends_at", _) => "2999-01-01T00:00:00Z".to_owned(),
            ("timezone", _) => "Europe/Berlin".to_owned(),
            (name, _) if name.ends_with("_email") => "a@b.example".to_owned(),
            (_, "uuid") => "a0000000-0000-4000-8000-000000000001".to_owned(),
            (_, "boolean") => "true".to_owned(),
            (_, "jsonb") => r#"{"a": [1, "x"]}"#.to_owned(),
            (_, "timestamp with time zone") => "2020-01-01T00:00:00Z".to_owned(),
            _ => "DE".to_owned(),
        };
        db.vital(&[
            "tenant",
            "update",
            "acme",
            "--yes",
            "--set",
            &format!("{column}={value}"),
        ])
        .success();
        let again = db
            .vital(&["tenant", "update", "acme", "--set", &format!("{column}={value}")])
            .success();
        assert!(again.stdout.starts_with("nothing to do"), "{column}: {again}");
        assert!(!shown(&db, "acme")["tenant"][&column].is_null(), "{column}");
    }
}

#[test]
fn json_columns_are_set_by_path_and_keep_their_neighbours() {
    let db = created();
    db.vital(&[
        "tenant",
        "update",
        "acme",
        "--set",
        r#"config={"big": 123456789012345678901234567890, "x": 1}"#,
    ])
    .success();
    db.vital(&[
        "tenant",
        "update",
        "acme",
        "--set",
        "branding.colors.primary=\"#fff\"",
        "--set",
        "branding.colors.dark=true",
        "--set",
        "config.limits.day=7",
        "--unset",
        "config.x",
    ])
    .success();
    let tenant = &shown(&db, "acme")["tenant"];
    assert_eq!(
        tenant["branding"],
        json!({"colors": {"primary": "#fff", "dark": true}})
    );
    let config: String = db
        .client()
        .query_one("select config::text from tenants where slug = 'acme'", &[])
        .unwrap()
        .get(0);
    assert_eq!(
        config,
        r#"{"big": 123456789012345678901234567890, "limits": {"day": 7}}"#
    );
    for (setting, said) in [
        (
            "branding.colors.primary.x=1",
            "`branding.colors.primary` is a string, not an object",
        ),
        ("branding.x=fff", "a text needs its quotes"),
        (
            "name.x=1",
            "column `name` holds a character varying, not a document",
        ),
        ("nme=x", "did you mean `name`?"),
        ("hipaa_compliant=maybe", "invalid input syntax for type boolean"),
        ("country_code=DEU", "it holds 2 characters, and the value has 3"),
        ("type=boss", "the rule is CHECK"),
        ("type=platform", "only one may be"),
        ("slug=vital-platform", "another tenant has this slug"),
        ("parent_tenant_id=vital-platfrm", "did you mean `vital-platform`?"),
        ("id=a0000000-0000-4000-8000-000000000001", "keeps its id"),
        ("name=a\u{1b}]0;b'; drop table tenants; --", ""),
    ] {
        let run = db.vital(&["tenant", "update", "acme", "--set", setting]);
        assert!(run.stderr.contains(said), "{setting}\n{run}");
        assert_eq!(run.code == 0, said.is_empty(), "{setting}\n{run}");
        assert!(!run.stdout.contains('\u{1b}'), "{run}");
    }
}

#[test]
fn status_and_its_moments_change_together() {
    let db = created();
    let moments = |db: &Database| {
        let tenant = shown(db, "acme")["tenant"].clone();
        ["activated_at", "suspended_at", "archived_at", "deleted_at"].map(|column| !tenant[column].is_null())
    };
    assert_eq!(moments(&db), [true, false, false, false]);
    db.vital(&["tenant", "suspend", "acme", "--yes"]).success();
    assert_eq!(moments(&db), [true, true, false, false]);
    db.vital(&["tenant", "archive", "acme", "--yes"]).success();
    assert_eq!(moments(&db), [true, false, true, false]);
    let again = db.vital(&["tenant", "archive", "acme"]).success();
    assert_eq!(
        again.stdout,
        "nothing to do: tenant `acme` is already up to date\n"
    );
    db.vital(&["tenant", "activate", "acme"]).success();
    assert_eq!(moments(&db), [true, false, false, false]);
}

#[test]
fn archive_says_what_it_takes_from_whom() {
    let db = Database::create(Template::World);
    let run = db.vital(&["tenant", "archive", "north", "--dry-run"]).success();
    assert!(run.stdout.contains("access ends for "), "{run}");
    assert!(run.stdout.contains("shared with other tenants (south"), "{run}");
    assert!(
        run.stdout
            .contains("would change tenant `north`; nothing was changed"),
        "{run}"
    );
    assert_eq!(shown(&db, "north")["tenant"]["status"], "active");
}

#[test]
fn the_platform_tenant_stays_active() {
    let db = Database::create(Template::Migrated);
    for arguments in [
        &["tenant", "suspend", "vital-platform", "--yes"][..],
        &[
            "tenant",
            "archive",
            "00000000-0000-0000-0000-000000000001",
            "--yes",
        ],
        &["tenant", "update", "vital-platform", "--set", "status=deleted"],
        &["tenant", "update", "vital-platform", "--set", "type=client"],
    ] {
        let run = db.vital(arguments).failure(1);
        assert!(run.stderr.contains("platform tenant"), "{run}");
    }
    assert_eq!(shown(&db, "vital-platform")["tenant"]["status"], "active");
}

#[test]
fn an_unknown_tenant_names_the_nearest() {
    let db = Database::create(Template::Migrated);
    let run = db.vital(&["tenant", "show", "digital-health-startp"]).failure(1);
    insta::assert_snapshot!(run.stderr, @r"
    error: tenant `digital-health-startp` does not exist
    hint: did you mean `digital-health-startup`? nothing was changed
    ");
}

#[test]
fn a_database_that_is_not_migrated_says_so() {
    let db = Database::create(Template::PreState);
    let run = db.vital(&["tenant", "list"]).failure(1);
    assert!(run.stderr.contains("run `vital migrate up` first"), "{run}");
}
