//! What `vital verify` prints and writes, its options, and `--fix`.

use serde_json::Value;

use super::{found, parsed, run_as_superuser, verify};
use crate::support::{Database, Run, Template};

/// Damage with an error that can be mended, one that cannot, and a warning.
const DAMAGE: &str = "drop policy user_roles_select_own on public.user_roles; \
    create policy open on public.user_roles for select to authenticated using (user_id is not null); \
    create publication everything for table public.agents";

fn damaged() -> Database {
    let db = Database::create(Template::Migrated);
    run_as_superuser(&db, DAMAGE);
    db
}

#[test]
fn the_table_is_short_and_tells_what_mends() {
    let db = damaged();
    let run = db.vital(&["verify", "--skip", "behaviour-*"]).failure(4);
    let place = run
        .stdout
        .lines()
        .last()
        .unwrap_or_default()
        .split(": ")
        .next()
        .unwrap_or_default();
    insta::assert_snapshot!(run.stdout.replace(place, "PLACE"));
}

#[test]
fn levels_decide_the_exit_code() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(&db, "create publication everything for table public.agents");
    db.vital(&["verify"]).success();
    db.vital(&["verify", "--fail-on", "warning"]).failure(4);
    db.vital(&["verify", "--fail-on", "warning", "--skip", "publications"])
        .success();
    db.vital(&["verify", "--fail-on", "warning", "--only", "shape-*,seeds"])
        .success();
    let run = db.vital(&["verify", "--only", "publication"]).failure(2);
    assert!(run.stderr.contains("did you mean `publications`?"), "{run}");
}

#[test]
fn csv_yaml_and_json_hold_the_same_findings() {
    let db = damaged();
    let json = verify(&db, &["--skip", "behaviour-*"]);
    let ids: Vec<&str> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|f| f["check_id"].as_str())
        .collect();
    assert_eq!(ids, ["shape-policies", "unknown-policies", "publications"]);
    let yaml = db
        .vital(&["verify", "--skip", "behaviour-*", "-o", "yaml"])
        .failure(4);
    assert!(yaml.stdout.starts_with("schema: vital.verify/1\n"), "{yaml}");
    let csv = db
        .vital(&["verify", "--skip", "behaviour-*", "-o", "csv"])
        .failure(4);
    assert!(
        csv.stdout
            .starts_with("check_id,level,object,expected,actual,explanation,fix\n"),
        "{csv}"
    );
    for id in ids {
        assert!(yaml.stdout.contains(id) && csv.stdout.contains(id), "{id}");
    }
}

#[test]
fn reports_for_machines_are_written() {
    let db = damaged();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (junit, sarif) = (
        format!("junit={}", path("v.xml")),
        format!("sarif={}", path("v.sarif")),
    );
    let arguments = [
        "verify",
        "--skip",
        "behaviour-*",
        "--report",
        &junit,
        "--report",
        &sarif,
        "--report",
        "github",
    ];
    let run = db.vital(&arguments).failure(4);
    assert!(run.stderr.starts_with("::error title=shape-policies::"), "{run}");
    assert!(run.stderr.contains("\n::warning title=publications::"), "{run}");
    assert!(
        run.stderr.contains("%0Acreate policy user_roles_select_own"),
        "{run}"
    );

    let xml = std::fs::read_to_string(path("v.xml")).unwrap();
    assert!(xml.contains("failures=\"3\""), "{xml}");
    assert!(
        xml.contains("<testcase name=\"shape-tables\" classname=\"vital.verify\" time=\"0.000\"/>"),
        "{xml}"
    );

    let log: Value = serde_json::from_str(&std::fs::read_to_string(path("v.sarif")).unwrap()).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
    }
    let run = db.vital(&["verify", "--report", "html"]).failure(2);
    assert!(
        run.stderr
            .contains("expected junit=PATH, sarif=PATH, html=PATH, metrics=PATH or github"),
        "{run}"
    );
}

/// The attributes of the first element of a name, with their values.
fn attributes<'a>(xml: &'a str, element: &str) -> Vec<(&'a str, &'a str)> {
    let (_, rest) = xml.split_once(&format!("<{element} ")).unwrap();
    let tag = rest.split_once('>').unwrap().0.trim_end_matches('/');
    let parts: Vec<&str> = tag.split('"').collect();
    parts
        .chunks_exact(2)
        .map(|pair| (pair[0].trim().trim_end_matches('='), pair[1]))
        .collect()
}

#[test]
fn junit_has_the_attributes_that_the_schema_of_jenkins_allows() {
    let db = damaged();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("v.xml");
    let report = format!("junit={}", path.display());
    db.vital(&["verify", "--skip", "behaviour-*", "--report", &report])
        .failure(4);
    let xml = std::fs::read_to_string(path).unwrap();
    let allowed = [
        ("testsuites", &["name", "time", "tests", "failures", "errors"][..]),
        (
            "testsuite",
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "skipped",
                "time",
                "timestamp",
            ],
        ),
        ("testcase", &["name", "classname", "time"]),
    ];
    for (element, names) in allowed {
        for (name, _) in attributes(&xml, element) {
            assert!(names.contains(&name), "{element} {name}");
        }
    }
    let suite = attributes(&xml, "testsuite");
    let value = |name: &str| suite.iter().find(|(known, _)| *known == name).unwrap().1;
    assert!(value("time").parse::<f64>().unwrap() > 0.0);
    let timestamp = format!("{}Z", value("timestamp"));
    let well_known = &time::format_description::well_known::Rfc3339;
    assert!(
        time::OffsetDateTime::parse(&timestamp, well_known).is_ok(),
        "{timestamp}"
    );
}

#[test]
fn metrics_and_the_summary_of_a_job_are_written() {
    let db = damaged();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let metrics = format!("metrics={}", path("vital.prom"));
    std::fs::write(path("summary.md"), "before\n").unwrap();
    let mut command = db.command(&["verify", "--skip", "behaviour-*", "--report", &metrics]);
    command.env("GITHUB_STEP_SUMMARY", path("summary.md"));
    Run::of(&mut command).failure(4);
    let text = std::fs::read_to_string(path("vital.prom")).unwrap();
    assert!(
        text.contains("level=\"error\"} 2\n") || text.contains("level=\"error\"} 3\n"),
        "{text}"
    );
    assert!(text.contains("vital_verify_exit_code{database="), "{text}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    let summary = std::fs::read_to_string(path("summary.md")).unwrap();
    assert!(
        summary.starts_with("before\n## vital verify: ❌ failed\n"),
        "{summary}"
    );
    assert!(summary.contains("| error | shape-policies |"), "{summary}");
}

/// Runs with this `vital.yaml`.
fn with_config(db: &Database, text: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vital.yaml");
    std::fs::write(&path, text).unwrap();
    Run::of(db.command(&["verify", "-o", "json", "--config"]).arg(path))
}

#[test]
fn an_exception_covers_until_it_expires() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(
        &db,
        "create policy \"open house\" on public.tenants for select to anon using (true)",
    );
    let file = |until: &str| {
        format!(
            "verify:\n  exceptions:\n    - check: unknown-policies\n      object: 'public.tenants.*'\n      \
             reason: a trial\n      until: {until}\n"
        )
    };
    let report = parsed(&with_config(&db, &file("2999-12-31")).success());
    assert_eq!(found(&report), Vec::new());
    assert_eq!(report["excepted"][0]["reason"], "a trial");
    assert_eq!(report["counts"]["excepted"], 1);

    let report = parsed(&with_config(&db, &file("2020-01-01")).failure(4));
    assert_eq!(report["findings"][0]["check_id"], "unknown-policies");
    let expired = report["expired_exceptions"][0].as_str().unwrap_or_default();
    assert!(
        expired.contains("public.tenants.*") && expired.contains("2020-01-01"),
        "{expired}"
    );
}

#[test]
fn a_bad_exception_is_a_usage_error() {
    let db = Database::create(Template::Migrated);
    for (line, complaint) in [
        (
            "{ check: seeds, object: x, reason: y, until: soon }",
            "expected a day such as 2027-01-31",
        ),
        (
            "{ check: seeds, object: x, reason: ' ', until: 2027-01-31 }",
            "a reason is required",
        ),
        (
            "{ check: seeds, object: x, until: 2027-01-31 }",
            "missing field `reason`",
        ),
        (
            "{ check: seeds, object: x, reason: y, until: 2027-01-31, by: me }",
            "unknown field `by`",
        ),
        (
            "{ check: sead, object: x, reason: y, until: 2027-01-31 }",
            "there is no check `sead`",
        ),
    ] {
        let run = with_config(&db, &format!("verify:\n  exceptions:\n    - {line}\n")).failure(2);
        assert!(run.stderr.contains(complaint), "{line}: {run}");
    }
}

#[test]
fn a_trigger_that_fix_or_a_dump_makes_again_is_as_promised() {
    let db = Database::create(Template::Migrated);
    let remake = "do $$
        declare
            v_trigger record;
        begin
            for v_trigger in
                select t.tgname, t.tgrelid::regclass as relation, pg_get_triggerdef(t.oid) as definition
                from pg_trigger as t
                where t.tgrelid::regclass::text in ('public.agents', 'agents', 'tenants', 'user_tenants', 'user_roles')
                    and not t.tgisinternal
            loop
                execute format('drop trigger %I on %s', v_trigger.tgname, v_trigger.relation);
                execute v_trigger.definition;
            end loop;
        end $$";
    run_as_superuser(&db, remake);
    db.vital(&["verify"]).success();
    run_as_superuser(&db, "drop trigger agents_30_audit_update on public.agents");
    db.vital(&["verify"]).failure(4);
    let run = db.vital(&["verify", "--fix", "--yes"]).success();
    assert!(run.stderr.contains("1 finding was fixed"), "{run}");
    run_as_superuser(
        &db,
        "drop trigger agents_30_audit_update on public.agents;
        create trigger agents_30_audit_update after update on public.agents for each row
            when (new.tenant_id is distinct from old.tenant_id or new.is_shared is distinct from old.is_shared)
            execute function vital_private.audit_agent()",
    );
    db.vital(&["verify", "--only", "shape-triggers"]).failure(4);
}

#[test]
fn fix_restores_ours_and_leaves_what_others_made() {
    let db = damaged();
    let sql = "alter table public.tenants disable row level security; \
        alter table public.agents disable trigger agents_30_audit_update; \
        alter table public.agents alter column is_shared set default true; \
        drop function vital_private.check_recipients() cascade; \
        grant truncate on public.agents to authenticated; \
        grant execute on function public.grant_platform_admin(uuid) to public; \
        comment on table public.tenants is null; \
        drop policy agents_select_with_sharing on public.agents";
    run_as_superuser(&db, sql);
    let asked = db.vital(&["verify", "--fix"]).failure(2);
    assert!(
        asked
            .stderr
            .contains("alter table public.tenants enable row level security;"),
        "{asked}"
    );
    assert!(
        asked.stderr.contains("nothing was changed; pass `--yes`"),
        "{asked}"
    );
    let report = parsed(&db.vital(&["verify", "--fix", "--yes", "-o", "json"]).failure(4));
    let others = [
        ("publications", "publication everything"),
        ("unknown-policies", "public.user_roles.open"),
    ];
    let mut left = found(&report);
    left.retain(|(check, _)| !check.starts_with("behaviour-"));
    assert_eq!(
        left,
        others.map(|(check, object)| (check.to_owned(), object.to_owned()))
    );

    run_as_superuser(
        &db,
        "drop policy open on public.user_roles; drop publication everything",
    );
    let run = db.vital(&["verify", "--fix", "--yes"]).success();
    assert!(
        run.stderr.contains("nothing was found that can be fixed"),
        "{run}"
    );
}

#[test]
fn list_names_the_checks_without_a_database() {
    let mut command = crate::support::vital();
    let run = Run::of(command.args(["verify", "--list"])).success();
    assert!(run.stdout.lines().count() > 60, "{run}");
    assert!(run.stdout.contains("behaviour-visibility"), "{run}");
}
