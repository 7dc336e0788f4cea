//! Oracles: what errors, counts and leaky conditions tell about rows, tenants and users that one may not see.

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use uuid::Uuid;

/// The answer of a statement, whatever it is.
fn answer(scene: &mut Scene, sql: &str) -> String {
    match scene.attempt(sql) {
        Ok((rows, count)) => format!("{rows:?} {count}"),
        Err(error) => {
            let error = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
            format!("{} {} {:?}", error.code().code(), error.message(), error.detail())
        }
    }
}

/// Asserts that the answer to `sql` is the same about a hidden object and about one that does not exist.
#[track_caller]
fn tells_nothing(scene: &mut Scene, sql: impl Fn(Uuid) -> String, hidden: Uuid, nowhere: Uuid) {
    let mut about = |id: Uuid| {
        scene.client().batch_execute("savepoint before").unwrap();
        let said = answer(scene, &sql(id)).replace(&id.to_string(), "?");
        scene
            .client()
            .batch_execute("rollback to before; release before")
            .unwrap();
        said
    };
    assert_eq!(about(hidden), about(nowhere), "{}", sql(hidden));
}

#[test]
fn statements_say_the_same_about_hidden_and_missing_agents() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER, users::OUTSIDER] {
        for hidden in [
            agents::SOUTH_PRIVATE,
            agents::EAST_PRIVATE,
            agents::FROZEN_PRIVATE,
        ] {
            scene.user(user);
            for sql in [
                "select name from public.agents where id = '?'",
                "update public.agents set name = 'x' where id = '?'",
                "delete from public.agents where id = '?'",
                "select name from public.agents where id = '?' for update",
                "select name from public.agents where id = '?' for key share",
                "insert into public.agents (id, name) values ('?', 'x')",
                "insert into public.agents (id, name) values ('?', 'x') on conflict do nothing",
                "insert into public.agents (id, name) values ('?', 'x') on conflict (id) do update set name = 'y'",
                "update public.agents set id = '?' where name = 'north private'",
            ] {
                let sql = |id: Uuid| sql.replace('?', &id.to_string());
                tells_nothing(&mut scene, sql, hidden, agents::NOWHERE);
            }
        }
    }
}

#[test]
fn statements_say_the_same_about_hidden_and_missing_tenants() {
    let mut scene = Scene::open();
    for user in [
        users::NORTH_MEMBER,
        users::NORTH_OWNER,
        users::OUTSIDER,
        users::NORTH_GUEST,
    ] {
        for hidden in [tenants::SOUTH, tenants::FROZEN, tenants::PLATFORM] {
            scene.user(user);
            for sql in [
                "select name from public.tenants where id = '?'",
                "update public.tenants set name = 'x' where id = '?'",
                "delete from public.tenants where id = '?'",
                "insert into public.tenants (id, name, slug, type) values ('?', 'x', 'x', 'client')",
                "insert into public.agents (name, tenant_id) values ('x', '?')",
                "insert into public.agents (name, tenant_id, resource_type) values ('x', '?', 'platform')",
                "update public.agents set tenant_id = '?' where name = 'north private'",
                "update public.tenants set parent_tenant_id = '?'",
                "select public.set_tenant_context('?')",
                "select * from public.user_tenants where tenant_id = '?'",
            ] {
                let sql = |id: Uuid| sql.replace('?', &id.to_string());
                tells_nothing(&mut scene, sql, hidden, tenants::NOWHERE);
            }
        }
    }
}

#[test]
fn who_may_not_share_learns_no_recipient() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_GUEST, users::OUTSIDER] {
        scene.user(user);
        let sql =
            |id: Uuid| format!("insert into public.agents (name, shared_with) values ('x', '{{{id}}}')");
        tells_nothing(&mut scene, sql, tenants::SOUTH, tenants::NOWHERE);
        let sql = |id: Uuid| {
            format!(
                "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = '{{{id}}}' \
                 where name = 'north private'"
            )
        };
        tells_nothing(&mut scene, sql, tenants::SOUTH, tenants::NOWHERE);
    }
}

#[test]
fn taken_slug_is_not_told_to_who_may_not_create_tenants() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    let mut tells = |slug: &str| {
        let sql = format!("insert into public.tenants (name, slug, type) values ('x', '{slug}', 'client')");
        let insert = answer(&mut scene, &sql);
        let sql = format!("update public.tenants set slug = '{slug}'");
        insert + &answer(&mut scene, &sql)
    };
    assert_eq!(tells("south"), tells("nowhere"));
}

#[test]
fn leaky_function_of_the_user_meets_no_hidden_row() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    scene.ok("create temp table seen (what text)");
    scene.ok(
        "create function pg_temp.leak(text) returns boolean language plpgsql cost 0.0000001 \
              as $$ begin insert into pg_temp.seen values ($1); return true; end $$",
    );
    for sql in [
        "select count(*) from public.agents where pg_temp.leak(name)",
        "select count(*) from public.agents where name like '% private' and pg_temp.leak(name)",
        "select count(*) from public.agents as a join public.agents as b on pg_temp.leak(a.name) and a.id = b.id",
        "select count(*) from public.tenants where pg_temp.leak(slug)",
        "select count(*) from public.user_tenants where pg_temp.leak(user_id::text)",
        "select count(*) from public.user_roles where pg_temp.leak(user_id::text)",
        "select count(*) from public.resource_sharing_audit where pg_temp.leak(resource_name)",
        "update public.agents set description = 'x' where pg_temp.leak(name)",
        "delete from public.agents where pg_temp.leak(name) and false",
    ] {
        scene.ok(sql);
    }
    let seen = scene.column("select distinct what from pg_temp.seen");
    assert!(seen.contains(&"north private".to_owned()));
    for hidden in [
        "south private",
        "east private",
        "platform private",
        "frozen private",
        "south",
        "vital-platform",
    ] {
        assert!(!seen.contains(&hidden.to_owned()), "{hidden}");
    }
    for hidden in [users::NORTH_OWNER, users::ADMIN, users::SOUTH_OWNER] {
        assert!(!seen.contains(&hidden.to_string()), "{hidden}");
    }
}

#[test]
fn error_in_a_condition_tells_no_hidden_value() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    for (column, value) in [
        ("name", "south private"),
        ("tenant_id::text", &tenants::EAST.to_string()),
    ] {
        let sql = format!(
            "select count(*) from public.agents where 1 / (case when {column} = '{value}' then 0 else 1 end) = 1"
        );
        assert_ne!(scene.one(&sql), "0");
    }
    let own =
        "select 1 from public.agents where 1 / (case when name = 'north private' then 0 else 1 end) = 1";
    scene.refused(own, "22012");
}

#[test]
fn statistics_show_no_hidden_value() {
    let mut scene = Scene::open();
    scene.ok("analyze public.agents; analyze public.tenants; analyze public.user_tenants");
    for user in [users::NORTH_OWNER, users::OUTSIDER] {
        let sql = "select count(*) from pg_stats where schemaname = 'public' \
                   and tablename in ('agents', 'tenants', 'user_tenants', 'user_roles')";
        assert_eq!(scene.user(user).one(sql), "0");
    }
    assert_eq!(
        scene
            .anon()
            .one("select count(*) from pg_stats where tablename = 'agents'"),
        "0"
    );
}
