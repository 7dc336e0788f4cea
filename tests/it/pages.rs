//! Pages: what they say of themselves, what a browser may run of them, and what they do not claim.

use std::fs;

use serde_json::Value;

use crate::support::{Database, Run, Template};

const FIXTURE: &str = include_str!("../../fixtures/sharing.sql");

fn database() -> Database {
    let db = Database::create(Template::Migrated);
    db.client().batch_execute(FIXTURE).unwrap();
    db
}

/// The page that a command writes with `--html`.
fn page(db: &Database, arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("page.html");
    db.vital(&[arguments, &["--html", path.to_str().unwrap()]].concat())
        .success();
    fs::read_to_string(path).unwrap()
}

/// The text between two marks, the first time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap().0
}

/// What the scripts of a page read.
fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "id=\"data\">", "</script>")).unwrap()
}

#[test]
fn a_browser_runs_the_style_and_the_script_of_the_page_and_nothing_else() {
    let db = database();
    let page = page(&db, &["sharing", "report"]);
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let mut client = db.client();
    for (directive, text) in [
        ("style-src", between(&page, "<style>", "</style>")),
        ("script-src", between(&page, "<script>", "</script>")),
    ] {
        let hash: String = client
            .query_one(
                "select encode(sha256(convert_to($1, 'UTF8')), 'base64')",
                &[&text],
            )
            .unwrap()
            .get(0);
        let allowed = between(policy, &format!("{directive} "), ";");
        assert_eq!(
            allowed.replace("&#39;", "'"),
            format!("'sha256-{hash}'"),
            "src/render/page/mod.rs"
        );
    }
}

#[test]
fn a_page_tells_its_date_database_version_and_filter() {
    let db = database();
    let page = page(&db, &["sharing", "matrix", "--owner", "north"]);
    assert_eq!(between(&page, "<h1>", "</h1>"), "Who sees what");
    let facts = between(&page, "<dl class=\"facts\">", "</dl>");
    assert!(facts.contains(" UTC"), "{facts}");
    for fact in [db.name(), "owner north", env!("CARGO_PKG_VERSION")] {
        assert!(facts.contains(fact), "{fact}: {facts}");
    }
}

#[test]
fn the_same_state_makes_the_same_page() {
    let db = database();
    // The date of the page is then none of those on its timeline.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let undated = || {
        let page = page(&db, &["sharing", "report"]);
        let date = between(&page, "<dt>As of</dt><dd><bdi>", "</bdi>").to_owned();
        page.replace(&date, "")
    };
    assert_eq!(undated(), undated());
}

#[test]
fn a_page_of_some_owners_holds_no_agent_of_others() {
    let db = database();
    let page = page(&db, &["sharing", "matrix", "--owner", "north"]);
    let data = data(&page);
    let names: Vec<&str> = data["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| agent[1].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("north")), "{names:?}");
    assert!(!page.contains("south private"));
}

#[test]
fn a_page_says_how_many_agents_it_does_not_hold() {
    let db = database();
    let more = "insert into public.agents (name, slug, tenant_id, is_shared, sharing_mode)
        select 'many ' || n, 'many-' || n, t.id, false, 'private'
        from public.tenants as t, generate_series(1, 5000) as n where t.slug = 'east'";
    db.client().batch_execute(more).unwrap();
    let page = page(&db, &["sharing", "report"]);
    let data = data(&page);
    assert_eq!(data["agents"].as_array().unwrap().len(), 5000);
    assert_eq!(data["total"], 5009);
    assert!(page.contains("This page knows 5,000 of 5,009 agents"), "{page}");
    // Those whose viewers a reader could not guess are there.
    assert!(page.contains("south selective") && page.contains("north selective"));
}

#[test]
fn global_agents_do_not_cover_the_selective_ones() {
    let db = database();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("heat.svg");
    db.vital(&["sharing", "matrix", "--svg", path.to_str().unwrap()])
        .success();
    let picture = fs::read_to_string(path).unwrap();
    // One global cell an owner that has some, however many see it.
    assert_eq!(
        picture.matches("<rect class=\"global step").count(),
        1,
        "{picture}"
    );
    assert!(
        picture.matches("<rect class=\"selective step").count() >= 3,
        "{picture}"
    );
}

#[test]
fn the_page_of_a_verification_leads_with_causes() {
    let db = Database::create(Template::Migrated);
    db.client()
        .batch_execute("alter table public.agents disable row level security")
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("verify.html");
    let report = format!("html={}", path.display());
    let run = db
        .vital(&["verify", "--report", &report, "-o", "json"])
        .failure(4);
    let result: Value = serde_json::from_str(&run.stdout).unwrap();
    let page = fs::read_to_string(path).unwrap();
    let causes = result["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["cause"].is_null())
        .count();
    assert_eq!(page.matches("<article").count(), causes);
    assert!(
        page.contains("Failed: ") && page.contains("follow from it"),
        "{page}"
    );
}

#[test]
fn a_filter_that_matches_nothing_fails_unless_it_may() {
    let db = database();
    for filter in [
        &["matrix", "--owner", "frozen", "--viewer", "east"][..],
        &["audit", "--until", "2001-01-01"],
    ] {
        let arguments = [&["sharing"], filter].concat();
        let run = db.vital(&arguments).failure(1);
        assert!(run.stderr.contains("--allow-empty"), "{run}");
        db.vital(&[&arguments[..], &["--allow-empty"]].concat()).success();
    }
    let _: Run = db.vital(&["sharing", "matrix", "--owner", "north"]).success();
}
