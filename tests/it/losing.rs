//! Nothing is taken away without asking, and nothing by leaving an option out.

use tempfile::NamedTempFile;

use crate::support::{Database, Template, Terminal};

const DANA: &str = "dana.owner@dhstartup.example";
const MIA: &str = "mia.member@dhstartup.example";
const DHS: &str = "digital-health-startup";

/// The role and status of every membership of a user, by tenant.
fn state(db: &Database, user: &str) -> String {
    let sql = "select coalesce(string_agg(concat_ws(' ', t.slug, m.role, m.status), '; ' order by t.slug), '') \
               from public.user_tenants m join public.tenants t on t.id = m.tenant_id \
               join auth.users u on u.id = m.user_id where u.email = $1";
    db.client().query_one(sql, &[&user]).unwrap().get(0)
}

fn status(db: &Database, slug: &str) -> String {
    let sql = "select status::text from public.tenants where slug = $1";
    db.client().query_one(sql, &[&slug]).unwrap().get(0)
}

/// A file of this kind.
fn written(suffix: &str, text: &str) -> NamedTempFile {
    let file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// Two owners and an admin in the one tenant beside the platform.
fn database() -> Database {
    let db = Database::create(Template::Migrated);
    db.vital(&[
        "assign-user",
        DANA,
        "nora.owner@meridian.example",
        "--role",
        "owner",
    ])
    .success();
    db.vital(&["assign-user", MIA, "--role", "admin"]).success();
    db
}

#[test]
fn a_role_that_is_left_out_is_kept_by_whoever_is_not_removed() {
    let db = database();
    for arguments in [
        &["assign-user", DANA][..],
        &["assign-user", DANA, "--invite"],
        &["suspend-user", DANA, "--tenant", DHS, "--yes"],
        &["assign-user", DANA],
    ] {
        db.vital(arguments).success();
    }
    assert_eq!(state(&db, DANA), format!("{DHS} owner active"));
    db.vital(&["remove-user", DANA, "--tenant", DHS, "--yes"])
        .success();
    db.vital(&["assign-user", DANA]).success();
    assert_eq!(state(&db, DANA), format!("{DHS} member active"));
    let file = written(".csv", &format!("user\n{MIA}\n"));
    db.vital(&["assign-user", "--file", file.path().to_str().unwrap(), "--yes"])
        .success();
    assert_eq!(state(&db, MIA), format!("{DHS} admin active"));
}

#[test]
fn every_way_to_demote_asks() {
    let db = database();
    let owner = format!("{DHS} owner active");
    let file = written(".csv", &format!("user,role\n{DANA},guest\n"));
    let yaml = format!("tenants:\n- slug: {DHS}\n  members:\n  - {{user: {DANA}, role: admin}}\n");
    let seed = written(".yaml", &yaml);
    for arguments in [
        &["assign-user", DANA, "--role", "member"][..],
        &["assign-user", DANA, "--role", "admin", "--invite"],
        &["assign-user", "--file", file.path().to_str().unwrap()],
        &["seed", seed.path().to_str().unwrap()],
    ] {
        let run = db.vital(arguments).failure(2);
        let told = run.stderr.contains("pass `--yes`") && run.stderr.contains(DANA);
        assert!(told && run.stderr.contains("owner"), "{run}");
        assert_eq!(state(&db, DANA), owner, "{run}");
    }
    // Giving a suspended owner back as less is a demotion, too; as what they were it is not.
    db.vital(&["suspend-user", DANA, "--tenant", DHS, "--yes"])
        .success();
    db.vital(&["assign-user", DANA, "--role", "guest"]).failure(2);
    assert_eq!(state(&db, DANA), format!("{DHS} owner suspended"));
    db.vital(&["assign-user", DANA, "--role", "owner"]).success();
    db.vital(&["assign-user", DANA, "--role", "guest", "--yes"])
        .success();
    assert_eq!(state(&db, DANA), format!("{DHS} guest active"));
    db.vital(&["assign-user", DANA, "--role", "owner"]).success();
}

#[test]
fn a_demotion_says_what_becomes_of_whom() {
    let db = database();
    let terminal = Terminal::run(&db, &["assign-user", DANA, MIA, "--role", "member"]);
    let screen = terminal.wait_for("demote these 2 users in database");
    assert!(
        screen.contains(&format!("owner of `{DHS}`, becomes member")),
        "{screen}"
    );
    terminal.press(&["n"]);
    terminal.ends_with(1);
    assert_eq!(state(&db, MIA), format!("{DHS} admin active"));
}

#[test]
fn every_way_to_close_a_tenant_asks_and_says_for_whom() {
    let db = database();
    let seed = written(
        ".yaml",
        &format!("tenants:\n- slug: {DHS}\n  status: suspended\n"),
    );
    for arguments in [
        &["tenant", "suspend", DHS][..],
        &["tenant", "archive", DHS],
        &["tenant", "update", DHS, "--set", "status=suspended"],
        &[
            "tenant",
            "update",
            DHS,
            "--set",
            "name=x",
            "--set",
            "status=archived",
        ],
        &["tenant", "update", DHS, "--set", "status=pending"],
        &["tenant", "update", DHS, "--set", "status=deleted"],
        &["seed", seed.path().to_str().unwrap()],
    ] {
        let run = db.vital(arguments).failure(2);
        assert!(run.stderr.contains("access ends for 3 active members"), "{run}");
        assert!(run.stderr.contains("pass `--yes`"), "{run}");
        assert_eq!(status(&db, DHS), "active", "{run}");
    }
    db.vital(&["tenant", "update", DHS, "--set", "status=suspended", "--yes"])
        .success();
    assert_eq!(status(&db, DHS), "suspended");
    // Nothing is taken by giving back, or by what is so already.
    db.vital(&["tenant", "update", DHS, "--set", "status=suspended"])
        .success();
    db.vital(&["tenant", "update", DHS, "--set", "status=active"])
        .success();
    db.vital(&["tenant", "update", DHS, "--set", "industry=pharma"])
        .success();
}

#[test]
fn seeded_tenants_keep_their_slug() {
    let db = database();
    for slug in [DHS, "vital-platform"] {
        let run = db
            .vital(&["tenant", "update", slug, "--set", "slug=other", "--yes"])
            .failure(1);
        assert!(run.stderr.contains("keeps its slug"), "{run}");
        db.vital(&["tenant", "update", slug, "--set", &format!("slug={slug}")])
            .success();
        db.vital(&["tenant", "update", slug, "--set", "name=Other"])
            .success();
    }
    db.vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    db.vital(&["tenant", "update", "acme", "--set", "slug=acme-2"])
        .success();
}

#[test]
fn without_a_tenant_users_go_where_only_one_is() {
    let db = database();
    db.vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    let run = db
        .vital(&["assign-user", "otto.outsider@elsewhere.example"])
        .failure(2);
    assert!(run.stderr.contains("pass --tenant"), "{run}");
    assert_eq!(state(&db, "otto.outsider@elsewhere.example"), "");
    let file = written(".csv", "user\notto.outsider@elsewhere.example\n");
    let run = db
        .vital(&["assign-user", "--file", file.path().to_str().unwrap(), "--yes"])
        .failure(2);
    assert!(run.stderr.contains(":2: no tenant is named"), "{run}");
    std::fs::write(file.path(), "user,tenant\notto.outsider@elsewhere.example,acme\n").unwrap();
    db.vital(&["assign-user", "--file", file.path().to_str().unwrap(), "--yes"])
        .success();
    assert_eq!(
        state(&db, "otto.outsider@elsewhere.example"),
        "acme member active"
    );
    let terminal = Terminal::run(&db, &["assign-user", "ada.admin@vital.example"]);
    terminal.wait_for("acme  Acme");
    terminal.press(&["-l", "acme"]);
    terminal.press(&["Enter"]);
    terminal.ends_with(0);
    assert_eq!(state(&db, "ada.admin@vital.example"), "acme member active");
    db.vital(&["tenant", "archive", "acme", "--yes"]).success();
    db.vital(&["assign-user", "otto.outsider@elsewhere.example"])
        .success();
    assert_eq!(
        state(&db, "otto.outsider@elsewhere.example"),
        format!("acme member active; {DHS} member active")
    );
}

#[test]
fn a_quota_of_users_is_minded() {
    let db = Database::create(Template::Migrated);
    let quota = |value: &str| {
        let set = format!("quotas.max_users={value}");
        db.vital(&["tenant", "update", DHS, "--set", &set]).success();
    };
    quota("1");
    let run = db.vital(&["assign-user", DANA, "--role", "owner"]).success();
    assert!(!run.stdout.contains("quota"), "{run}");
    let run = db
        .vital(&["assign-user", MIA, "--invite", "--enforce"])
        .failure(1);
    assert!(
        run.stderr
            .contains("has 1 active member and 1 invited, more than its quota max_users of 1"),
        "{run}"
    );
    assert_eq!(state(&db, MIA), "");
    let run = db.vital(&["assign-user", MIA]).success();
    assert!(
        run.stdout
            .contains("warning: `digital-health-startup` has 2 active members, more than its quota"),
        "{run}"
    );
    // Whoever is there already is no news, and a larger quota is enough.
    let run = db
        .vital(&["assign-user", MIA, "--role", "admin", "--enforce"])
        .success();
    assert!(!run.stdout.contains("quota"), "{run}");
    quota("3");
    db.vital(&["assign-user", "otto.outsider@elsewhere.example", "--enforce"])
        .success();
}

#[test]
fn columns_hold_what_they_mean() {
    let db = Database::create(Template::Migrated);
    for (set, said) in [
        ("name= ", "a tenant needs a name"),
        ("name=", "a tenant needs a name"),
        ("timezone=Mars/Phobos", "knows no time zone `Mars/Phobos`"),
        ("timezone=Europe/Berln", "did you mean `Europe/Berlin`?"),
        ("billing_email=nobody", "is not a valid e-mail address"),
        ("primary_contact_email=a b@c", "is not a valid e-mail address"),
    ] {
        let run = db.vital(&["tenant", "update", DHS, "--set", set]).failure(1);
        assert!(run.stderr.contains(said), "{run}");
    }
    db.vital(&["tenant", "create", "acme", "--name", ""]).failure(1);
    db.vital(&["tenant", "create", "acme", "--name", "Acme"])
        .success();
    let run = db
        .vital(&["tenant", "update", "acme", "--set", "slug=No Slug"])
        .failure(1);
    assert!(run.stderr.contains("is not a valid slug"), "{run}");
    for set in ["timezone=Asia/Kolkata", "billing_email=a@b.example"] {
        db.vital(&["tenant", "update", DHS, "--set", set]).success();
    }
}
