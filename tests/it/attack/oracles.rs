//! Oracles: what functions, errors and leaky conditions tell about rows, tenants and users that one may not see.

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
    let about_hidden = answer(scene, &sql(hidden)).replace(&hidden.to_string(), "?");
    let about_nothing = answer(scene, &sql(nowhere)).replace(&nowhere.to_string(), "?");
    assert_eq!(about_hidden, about_nothing, "{}", sql(hidden));
}

#[test]
fn functions_tell_a_user_nothing_about_another() {
    let mut scene = Scene::open();
    for asker in [users::NORTH_OWNER, users::OUTSIDER, users::SUPPORT, users::STRAY] {
        scene.user(asker);
        for other in [users::ADMIN, users::SOUTH_OWNER, users::NORTH_ADMIN, users::BOTH] {
            for (sql, expected) in [
                (format!("select public.is_platform_admin('{other}')"), "f"),
                (
                    format!("select public.has_tenant_access('{other}', '{}')", tenants::NORTH),
                    "f",
                ),
                (
                    format!("select public.has_tenant_access('{other}', '{}')", tenants::SOUTH),
                    "f",
                ),
                (
                    format!("select count(*) from public.get_user_tenants('{other}')"),
                    "0",
                ),
            ] {
                assert_eq!(scene.one(&sql), expected, "{asker}: {sql}");
            }
        }
    }
}

#[test]
fn functions_answer_a_user_about_themselves() {
    let mut scene = Scene::open();
    let user = users::BOTH;
    scene.user(user);
    for tenant in [tenants::NORTH, tenants::SOUTH] {
        assert_eq!(
            scene.one(&format!("select public.has_tenant_access('{user}', '{tenant}')")),
            "t"
        );
    }
    for tenant in [tenants::EAST, tenants::FROZEN, tenants::NOWHERE] {
        assert_eq!(
            scene.one(&format!("select public.has_tenant_access('{user}', '{tenant}')")),
            "f"
        );
    }
    let sql = format!("select tenant_slug || ' ' || role from public.get_user_tenants('{user}')");
    assert_eq!(scene.column(&sql), ["north owner", "south owner"]);
    let admin = users::ADMIN;
    scene.user(admin);
    assert_eq!(
        scene.one(&format!("select public.is_platform_admin('{admin}')")),
        "t"
    );
    let sql = format!(
        "select public.has_tenant_access('{admin}', '{}')",
        tenants::FROZEN
    );
    assert_eq!(scene.one(&sql), "t");
    let sql = format!(
        "select public.has_tenant_access('{admin}', '{}')",
        tenants::NOWHERE
    );
    assert_eq!(scene.one(&sql), "f");
}

#[test]
fn platform_admins_and_trusted_roles_ask_about_anybody() {
    let mut scene = Scene::open();
    let questions = [
        (
            format!("select public.is_platform_admin('{}')", users::ADMIN),
            "t",
        ),
        (
            format!("select public.is_platform_admin('{}')", users::SUPPORT),
            "f",
        ),
        (
            format!(
                "select public.has_tenant_access('{}', '{}')",
                users::SOUTH_OWNER,
                tenants::SOUTH
            ),
            "t",
        ),
        (
            format!(
                "select public.has_tenant_access('{}', '{}')",
                users::SOUTH_OWNER,
                tenants::NORTH
            ),
            "f",
        ),
        (
            format!(
                "select public.has_tenant_access('{}', '{}')",
                users::NORTH_REMOVED,
                tenants::NORTH
            ),
            "f",
        ),
        (
            format!("select count(*) from public.get_user_tenants('{}')", users::BOTH),
            "2",
        ),
    ];
    for actor in [
        Scene::owner as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        |scene| scene.user(users::ADMIN),
    ] {
        actor(&mut scene);
        for (sql, expected) in &questions {
            assert_eq!(scene.one(sql), *expected, "{sql}");
        }
    }
}

#[test]
fn lookups_find_only_tenants_that_the_caller_may_see() {
    let mut scene = Scene::open();
    scene.ok("update public.tenants set domain = slug || '.example' where slug <> 'vital-platform'");
    let by_slug = |slug: &str| format!("select slug from public.get_tenant_by_slug('{slug}')");
    let by_domain = |slug: &str| format!("select slug from public.get_tenant_by_domain('{slug}.example')");
    for sql in [by_slug, by_domain] {
        scene.user(users::NORTH_GUEST);
        assert_eq!(scene.column(&sql("north")), ["north"]);
        for hidden in ["south", "frozen", "ghost", "nowhere"] {
            assert_eq!(scene.column(&sql(hidden)), Vec::<String>::new());
        }
        for actor in [Scene::service as fn(&mut Scene) -> &mut Scene, |scene| {
            scene.user(users::ADMIN)
        }] {
            actor(&mut scene);
            assert_eq!(scene.column(&sql("south")), ["south"]);
            assert_eq!(scene.column(&sql("ghost")), Vec::<String>::new(), "deleted");
        }
    }
    assert_eq!(
        scene
            .user(users::OUTSIDER)
            .one("select public.get_super_admin_tenant_id()"),
        tenants::PLATFORM.to_string()
    );
}

#[test]
fn internals_answer_a_user_about_themselves_only() {
    let mut scene = Scene::open();
    let expected = |list: &[Uuid]| {
        let mut list: Vec<String> = list.iter().map(Uuid::to_string).collect();
        list.sort();
        list
    };
    for (user, members, administered) in [
        (users::NORTH_MEMBER, vec![tenants::NORTH], vec![]),
        (
            users::MIXED,
            vec![tenants::NORTH, tenants::SOUTH],
            vec![tenants::SOUTH],
        ),
        (users::OUTSIDER, vec![], vec![]),
        (users::FROZEN_OWNER, vec![], vec![]),
        (users::SUPPORT, vec![], vec![]),
    ] {
        scene.user(user);
        let all =
            "select unnest(vital_private.member_tenants('{owner,admin,member,guest,removed,x}')) order by 1";
        assert_eq!(scene.column(all), expected(&members));
        let some = "select unnest(vital_private.member_tenants('{owner,admin}')) order by 1";
        assert_eq!(scene.column(some), expected(&administered));
        let none = "select unnest(vital_private.platform_admin_tenants())";
        assert_eq!(scene.column(none), Vec::<String>::new());
        assert_eq!(
            scene.column("select unnest(vital_private.member_tenants(null))"),
            Vec::<String>::new()
        );
        // Asking on behalf of somebody else tells only what the session itself says.
        scene.set("app.tenant_user", &users::SOUTH_OWNER.to_string());
        let sql = format!("select vital_private.requested_tenant('{}')", users::SOUTH_OWNER);
        assert_eq!(scene.one(&sql), "null");
    }
}

#[test]
fn every_function_that_a_user_may_call_is_examined_here() {
    let mut scene = Scene::open();
    let sql = "select string_agg(p.proname, ' ' order by p.proname, p.pronargs) from pg_proc as p \
               where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace) \
               and has_function_privilege('authenticated', p.oid, 'execute')";
    assert_eq!(
        scene.one(sql),
        "caller_id can_access_resource get_current_tenant_id get_super_admin_tenant_id get_tenant_by_domain \
         get_tenant_by_slug get_user_tenants has_tenant_access is_platform_admin is_platform_admin member_tenants \
         platform_admin_tenants readable_tenants requested_tenant set_tenant_context writable_tenants"
    );
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
