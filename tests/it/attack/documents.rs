//! Documents that a tenant's people write: bounded for them, and never in the way of who has to end it.

use std::time::Instant;

use super::scenario::Scene;
use super::world::{tenants, users};
use crate::support::{Database, Template};

/// What nobody may write, as SQL expressions of type jsonb.
const REFUSED: [&str; 9] = [
    r#"'{"a": 1e1000}'"#,
    r#"'[-1e400]'"#,
    r#"'{"a": {"b": [1, 1e-5000]}}'"#,
    "(repeat('[', 300) || repeat(']', 300))::jsonb",
    r#"(repeat('{"a":', 40) || '1' || repeat('}', 40))::jsonb"#,
    "to_jsonb(repeat('x', 70000))",
    "jsonb_build_object('a', repeat('ü', 40000))",
    "(select jsonb_agg(1e300) from generate_series(1, 1000))",
    "(select jsonb_object_agg('k' || i, i) from generate_series(1, 10000) as i)",
];

/// What a tenant may well have.
const ACCEPTED: [&str; 5] = [
    r#"'{"colors": {"primary": "blue"}, "ratio": 1.618, "big": 1e300, "small": 1e-200, "zero": 0.0}'"#,
    "(repeat('[', 31) || '1' || repeat(']', 31))::jsonb",
    "jsonb_build_object('logo', repeat('x', 60000))",
    "'null'",
    "null",
];

#[test]
fn a_user_writes_no_document_that_is_too_large_too_deep_or_beyond_numbers() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN, users::ADMIN] {
        for value in REFUSED {
            let sql = format!(
                "update public.tenants set branding = {value} where id = '{}'",
                tenants::NORTH
            );
            let said = scene.user(user).refused(&sql, "54000");
            assert!(
                said.starts_with("the document in column branding of a tenant "),
                "{said}"
            );
        }
    }
    for column in [
        "resource_access_config",
        "branding",
        "features",
        "config",
        "quotas",
        "metadata",
    ] {
        for value in REFUSED {
            let sql = format!(
                "insert into public.tenants (name, slug, type, {column}) values ('x', 'x', 'client', {value})"
            );
            scene.user(users::ADMIN).refused(&sql, "54000");
            let sql = format!("update public.tenants set {column} = {value} where slug = 'north'");
            scene.user(users::ADMIN).refused(&sql, "54000");
        }
    }
}

#[test]
fn what_a_tenant_may_well_have_is_accepted() {
    let mut scene = Scene::open();
    for value in ACCEPTED {
        let sql = format!(
            "update public.tenants set branding = {value} where id = '{}'",
            tenants::NORTH
        );
        assert_eq!(scene.user(users::NORTH_OWNER).ok(&sql), 1, "{value}");
    }
}

#[test]
fn a_document_that_is_there_already_does_not_keep_its_tenant_from_changing_another_column() {
    let mut scene = Scene::open();
    for value in REFUSED {
        scene.owner();
        let sql = format!(
            "update public.tenants set branding = {value}, quotas = {value} where id = '{}'",
            tenants::NORTH
        );
        scene.ok(&sql);
        scene.user(users::NORTH_OWNER);
        assert_eq!(
            scene.ok("update public.tenants set primary_contact_name = 'N'"),
            1
        );
        assert_eq!(scene.ok("update public.tenants set branding = '{}'"), 1);
    }
}

#[test]
fn a_text_without_a_length_of_its_own_is_bounded_too() {
    let mut scene = Scene::open();
    scene.ok("alter table public.tenants alter column primary_contact_name type text");
    scene.user(users::NORTH_OWNER).refused(
        "update public.tenants set primary_contact_name = repeat('x', 1000000)",
        "22001",
    );
}

#[test]
fn a_closed_document_is_compared_as_it_is_written() {
    let mut scene = Scene::open();
    scene.ok(r#"update public.tenants set quotas = '{"users": 50}' where slug = 'north'"#);
    let said = scene.user(users::NORTH_OWNER).refused(
        r#"update public.tenants set quotas = '{"users": 50.000}'"#,
        "42501",
    );
    assert!(said.contains("contacts and branding"), "{said}");
    // What is sent back unchanged, as forms do, is no change.
    assert_eq!(
        scene.ok(r#"update public.tenants set quotas = '{"users": 50}'"#),
        1
    );
    scene.owner();
    scene.ok(r#"update public.tenants set quotas = '{"users": 50.000}' where slug = 'north'"#);
    let sql = "select after::text from vital_private.admin_audit order by id desc limit 1";
    assert_eq!(scene.one(sql), r#"{"quotas": {"users": 50.000}}"#);
}

#[test]
fn the_audit_keeps_size_and_hash_of_what_nobody_can_read() {
    let mut scene = Scene::open();
    for value in REFUSED {
        let sql = format!(
            "update public.tenants set branding = {value} where id = '{}'",
            tenants::NORTH
        );
        scene.ok(&sql);
        let sql = "select string_agg(k.key, ' ' order by k.key) from (select after -> 'branding' \
                   from vital_private.admin_audit order by id desc limit 1) as a (branding), \
                   jsonb_object_keys(a.branding) as k (key)";
        assert_eq!(scene.one(sql), "hash size", "{value}");
    }
    // What did not change is not told at all, and costs nothing.
    scene.ok("update public.tenants set status = 'suspended' where slug = 'north'");
    let sql = "select string_agg(k.key, ' ' order by k.key) from (select after from vital_private.admin_audit \
               order by id desc limit 1) as a (after), jsonb_object_keys(a.after) as k (key)";
    assert_eq!(scene.one(sql), "status suspended_at");
}

/// Has somebody whom nothing binds write documents that nobody should meet, the largest of 48 MB.
fn poisoned(keys: u32) -> Database {
    let database = Database::create(Template::World);
    let mut client = database.client();
    client
        .batch_execute(&format!(
            r#"update public.tenants set branding = '{{"a": 1e1000}}' where slug = 'north';
            update public.tenants set branding = (repeat('[', 300) || repeat(']', 300))::jsonb where slug = 'south';
            update public.tenants
            set branding = (select jsonb_object_agg('key' || i, 'v') from generate_series(1, {keys}) as i)
            where slug = 'east';
            update public.tenants set metadata = (select jsonb_agg(1e131071) from generate_series(1, 5000))
            where slug = 'early'"#
        ))
        .unwrap();
    database
}

#[test]
fn no_document_keeps_an_operator_from_anything() {
    let database = poisoned(2_000_000);
    let started = Instant::now();
    for slug in ["north", "south", "east", "early"] {
        database.vital(&["tenant", "show", slug]).success();
        let shown = database.vital(&["tenant", "show", slug, "-o", "json"]).success();
        assert!(shown.stdout.len() < 1_000_000, "{}", shown.stdout.len());
        database
            .vital(&["tenant", "update", slug, "--set", "industry=care"])
            .success();
        database.vital(&["tenant", "suspend", slug, "--yes"]).success();
        database.vital(&["tenant", "archive", slug, "--yes"]).success();
    }
    for format in ["table", "json"] {
        let audit = database.vital(&["audit", "-o", format]).success();
        assert!(audit.stdout.contains("tenant_suspended"), "{audit}");
        assert!(audit.stdout.len() < 1_000_000, "{}", audit.stdout.len());
    }
    let seconds = started.elapsed().as_secs();
    assert!(seconds < 120, "{seconds} s");
    for slug in ["north", "south", "east"] {
        let mend = ["tenant", "update", slug, "--set", "branding={}"];
        let run = database.vital(&mend).success();
        assert!(run.stdout.contains("branding"), "{run}");
    }
}

#[test]
fn an_export_leaves_out_what_cannot_be_read_and_can_be_seeded() {
    let database = poisoned(20_000);
    let export = database.vital(&["seed", "--export"]).success();
    for slug in ["north", "south", "east"] {
        let told = format!("branding of tenant `{slug}`");
        assert!(export.stderr.contains(&told), "{export}");
    }
    assert!(export.stdout.len() < 1_000_000, "{}", export.stdout.len());
    let other = Database::create(Template::World);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export.yaml");
    std::fs::write(&path, &export.stdout).unwrap();
    other.vital(&["seed", path.to_str().unwrap(), "--yes"]).success();
}
