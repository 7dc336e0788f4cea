//! `vital sharing report` and `matrix`: numbers, formats, pages and pictures.

use std::fs;

use serde_json::Value;

use crate::support::{Database, Template};

const FIXTURE: &str = include_str!("../../fixtures/sharing.sql");

/// Names that a terminal, a spreadsheet or a browser could act upon.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "admin\u{202e}nimda",
    "\u{1b}[31mred\u{7}",
    "=cmd|' /C calc'!A0",
    "\u{1f469}\u{200d}\u{1f52c} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
];

fn database() -> Database {
    let db = Database::create(Template::Migrated);
    db.client().batch_execute(FIXTURE).unwrap();
    db
}

fn json(db: &Database, arguments: &[&str]) -> Value {
    let run = db
        .vital(&[&["sharing"], arguments, &["-o", "json"]].concat())
        .success();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_new_database_is_all_platform_and_global() {
    let db = Database::create(Template::Migrated);
    let run = db.vital(&["sharing", "report"]).success();
    insta::assert_snapshot!(run.stdout, @r"
    tenant                  type      status  owned  private  selective  global  shared out  received  visible  orphans
    vital-platform          platform  active    254        0          0     254         254         0      254        0
    digital-health-startup  industry  active      0        0          0       0           0         0      254        0

    Total Agents: 254
    ├─ Platform-Owned: 254 (100%)
    ├─ Globally Shared: 254 (100%)
    ├─ Selectively Shared: 0
    ├─ Private: 0
    └─ Orphans: 0
    ");
}

#[test]
fn each_grouping_adds_up_to_the_same() {
    let db = database();
    let by_tenant = json(&db, &["report"]);
    for by in ["category", "resource-type"] {
        let grouped = json(&db, &["report", "--by", by]);
        assert_eq!(grouped["distribution"], by_tenant["distribution"]);
        let sum: i64 = grouped["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["total"].as_i64().unwrap())
            .sum();
        assert_eq!(sum, 9);
    }
    assert_eq!(by_tenant["distribution"]["orphans"], 3);
}

#[test]
fn the_matrix_counts_pairs_and_can_be_narrowed() {
    let db = database();
    let matrix = json(&db, &["matrix", "--owner", "north,south", "--viewer", "east"]);
    let cells = matrix["cells"].as_array().unwrap();
    let cell = |at: usize, field: &str| cells[at][field].as_i64().unwrap();
    assert_eq!(cells.len(), 2, "{matrix}");
    assert_eq!((cell(0, "visible"), cell(0, "global")), (1, 1));
    assert_eq!((cell(1, "visible"), cell(1, "selective")), (1, 1));
}

#[test]
fn a_role_that_sees_only_a_part_is_refused() {
    let db = database();
    db.superuser()
        .batch_execute("create role reader login; grant authenticated to reader")
        .unwrap();
    let mut command = db.command(&["sharing", "report"]);
    command.env("DATABASE_URL", db.url_as("reader"));
    let run = crate::support::Run::of(&mut command).failure(1);
    assert!(run.stderr.contains("row security"), "{run}");
}

#[test]
fn a_database_that_is_not_migrated_says_what_to_do() {
    let db = Database::create(Template::PreState);
    let run = db.vital(&["sharing", "report"]).failure(1);
    assert!(run.stderr.contains("vital migrate up"), "{run}");
}

#[test]
fn hostile_names_are_harmless_in_table_csv_page_and_picture() {
    let db = database();
    let mut client = db.client();
    for (number, name) in HOSTILE.iter().enumerate() {
        client
            .execute(
                "insert into public.agents (name, slug, tenant_id, is_shared, sharing_mode, shared_with)
                select $1, $2, t.id, true, 'selective', array[(select r.id from public.tenants as r where r.slug = 'south')]
                from public.tenants as t where t.slug = 'north'",
                &[name, &format!("hostile-{number}")],
            )
            .unwrap();
        let category = "update public.agents set category = $1 where slug = $2";
        client
            .execute(category, &[name, &format!("hostile-{number}")])
            .unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    for (command, more) in [
        ("report", &["--by", "category"][..]),
        ("matrix", &[]),
        ("audit", &[]),
        ("explain", &["--tenant", "north", "--limit", "100"]),
    ] {
        for format in ["table", "csv"] {
            let run = db
                .vital(&[&["sharing", command, "-o", format], more].concat())
                .success();
            let wild = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!run.stdout.contains(wild), "{run}");
            let formula = |line: &str| line.split(',').any(|cell| cell.starts_with("=cmd"));
            assert!(format == "table" || !run.stdout.lines().any(formula), "{run}");
        }
        let page = file(&format!("{command}.html"));
        db.vital(&[&["sharing", command, "--html", &page], more].concat())
            .success();
        inert(&fs::read_to_string(&page).unwrap());
    }
    let picture = file("heat.svg");
    db.vital(&["sharing", "matrix", "--svg", &picture]).success();
    assert!(fs::read_to_string(&picture).unwrap().starts_with("<?xml"));
}

/// The page loads nothing, and has no element or text that came from a name.
fn inert(page: &str) {
    assert!(
        !page.contains("<script>alert") && !page.contains("<img"),
        "{page}"
    );
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
    assert!(page.matches("<script").count() <= 2);
    assert!(
        page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"),
        "{page}"
    );
    for loading in ["http://", "https://", "src=", "@import", "url("] {
        let own = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.replace("img src=x", "").contains(loading), "{loading}");
    }
    let wild = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!page.contains(wild));
}
