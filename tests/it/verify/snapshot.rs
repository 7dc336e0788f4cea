//! The committed promise and the committed pages are what a fresh migration and the checks give.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use vital::ops::migrate::embedded;
use vital::ops::verify::catalog::Catalog;
use vital::ops::verify::{Check, checks};
use vital::render::yaml;

use crate::support::{Database, Template};

/// Compares a committed file with what it should be; `UPDATE_SNAPSHOTS=1` writes it.
#[track_caller]
fn assert_committed(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, wanted).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differs = committed.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    let at = differs.unwrap_or_else(|| committed.lines().count().min(wanted.lines().count()));
    assert!(
        committed == wanted,
        "{path}:{}: is `{}`, should be `{}`; UPDATE_SNAPSHOTS=1 rewrites it",
        at + 1,
        committed.lines().nth(at).unwrap_or_default(),
        wanted.lines().nth(at).unwrap_or_default()
    );
}

#[test]
fn promise_is_what_a_fresh_migration_leaves() {
    let dump = |db: &Database| -> Catalog {
        let run = db.vital(&["schema", "dump", "--live", "-o", "json"]).success();
        serde_json::from_str(&run.stdout).unwrap()
    };
    let db = Database::create(Template::PreState);
    let before = dump(&db);
    let mut steps = Vec::new();
    let mut client = db.client();
    // A person would consent to replacing them.
    let policies = "do $$ declare p record; begin for p in select polname from pg_policy \
        where polrelid = 'public.agents'::regclass loop \
        execute format('drop policy %I on public.agents', p.polname); end loop; end $$";
    client.batch_execute(policies).unwrap();
    for migration in embedded::migrations() {
        // `vital migrate up` compares what it finds with the committed promise, which may be the one to be rewritten.
        let sql = format!(
            "begin; set local search_path = pg_catalog, pg_temp; {}; commit",
            migration.up()
        );
        client.batch_execute(&sql).unwrap();
        steps.push((migration.version(), dump(&db)));
    }
    name_what_is_new(&mut client, &steps);
    let mut promise = steps.last().unwrap().1.clone();
    for (kind, objects) in &mut promise.catalog {
        for (name, facts) in objects {
            let is_there = |catalog: &Catalog| catalog.catalog[kind].contains_key(name);
            let first = steps.iter().find(|(_, catalog)| is_there(catalog));
            match first.filter(|_| !is_there(&before)) {
                Some((version, _)) => facts.insert("since".to_owned(), (*version).into()),
                None => facts.remove("since"),
            };
        }
    }
    let mut text = Vec::new();
    yaml::write(&promise, &mut text).unwrap();
    assert_committed("sql/catalog/promise.yaml", &String::from_utf8(text).unwrap());
}

/// What a migration creates in schema public belongs to the tenancy once the promise names it, and is compared from then on.
fn name_what_is_new(client: &mut postgres::Client, steps: &[(i64, Catalog)]) {
    let created = "select 'tables' as kind, c.oid::regclass::text as name from pg_class as c \
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
        and c.relname not in ('agents', 'profiles') \
        union all \
        select 'functions', p.oid::regprocedure::text from pg_proc as p where p.pronamespace = 'public'::regnamespace";
    client.batch_execute("set search_path = pg_catalog").unwrap();
    let mut promise = Catalog::promised().unwrap();
    let mut named = Vec::new();
    for row in client.query(created, &[]).unwrap() {
        let (kind, name): (&str, String) = (row.get("kind"), row.get("name"));
        let objects = promise.catalog.get_mut(kind).unwrap();
        if !objects.contains_key(&name) {
            let since = steps.last().map(|(version, _)| *version);
            objects
                .entry(name.clone())
                .or_default()
                .insert("since".to_owned(), since.into());
            named.push(name);
        }
    }
    if named.is_empty() {
        return;
    }
    let mut text = Vec::new();
    yaml::write(&promise, &mut text).unwrap();
    assert_committed("sql/catalog/promise.yaml", &String::from_utf8(text).unwrap());
    panic!("{named:?} are new and named now; run this once more");
}

#[test]
fn dump_prints_the_promise_without_a_database() {
    let committed =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/catalog/promise.yaml"));
    let mut command = crate::support::vital();
    let run = crate::support::Run::of(command.args(["schema", "dump"])).success();
    assert_eq!(run.stdout, committed.unwrap());
    let mut command = crate::support::vital();
    let run = crate::support::Run::of(command.args(["schema", "dump", "-o", "json"])).success();
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["schema"], "vital.catalog/1");
    assert!(json["catalog"]["policies"]["public.agents.agents_select_with_sharing"].is_object());
}

#[test]
fn promise_names_every_table_and_function_that_the_migrations_create() {
    let db = Database::create(Template::Migrated);
    let mut client = db.client();
    let sql = "select c.oid::regclass::text as object from pg_class as c \
        where c.relnamespace in ('public'::regnamespace, 'vital_private'::regnamespace) and c.relkind in ('r', 'p') \
        and c.relname not in ('profiles', 'refinery_schema_history') \
        union all \
        select p.oid::regprocedure::text from pg_proc as p \
        where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)";
    client.batch_execute("set search_path = pg_catalog").unwrap();
    let catalog = Catalog::promised().unwrap().catalog;
    for row in client.query(sql, &[]).unwrap() {
        let object: &str = row.get("object");
        let promised = catalog["tables"].contains_key(object) || catalog["functions"].contains_key(object);
        assert!(promised, "{object}");
    }
}

#[test]
fn every_check_has_its_page() {
    assert_committed("docs/checks.md", &document(&checks()));
}

fn document(checks: &[Check]) -> String {
    let mut text = String::from(
        "# The checks of `vital verify`\n\n\
         Generated from the heads of the files in `sql/verify`; `UPDATE_SNAPSHOTS=1 cargo test` rewrites it.\n\n\
         A check that was made and found nothing passes. One that could not be made, because the role's privileges or the\n\
         tables do not allow it, is listed as not checked and ends the run with 4, like an error. `--only` and `--skip` take\n\
         ids, with `*` for any text. A finding that is accepted goes into `vital.yaml`, with a reason and a last day; so does\n\
         a check that cannot be made here, with the object `not checked`. `--allow-not-checked[=CHECK,...]` accepts that for\n\
         one run.\n\n\
         ```yaml\n\
         verify:\n  exceptions:\n    - check: publications\n      object: publication analytics\n      \
         reason: the warehouse may see every tenant (DPO, 2026-01-12)\n      until: 2026-12-31\n    \
         - check: behaviour-audit-erased\n      object: not checked\n      \
         reason: this role may not become service_role (DPO, 2026-01-12)\n      until: 2026-12-31\n\
         ```\n\n\
         | check | level | what it finds |\n|---|---|---|\n",
    );
    for check in checks {
        let (id, level, title) = (&check.id, check.level.word(), &check.title);
        writeln!(text, "| [{id}](#{id}) | {level} | {title} |").unwrap();
    }
    for check in checks {
        let Check {
            id,
            title,
            explanation,
            fix,
            ..
        } = check;
        write!(
            text,
            "\n## {id}\n\n**{}: {title}.** {explanation}\n\n{fix}\n",
            check.level.word()
        )
        .unwrap();
        if let Some(mends) = &check.mends {
            write!(text, "\n`vital verify --fix` mends: {mends}.\n").unwrap();
        }
        if check.acts() {
            write!(text, "\nActs as: {}.\n", check.actors.join(", ")).unwrap();
        }
        if let Some(relation) = &check.requires {
            write!(text, "\nIs made where `{relation}` exists.\n").unwrap();
        }
    }
    text
}
