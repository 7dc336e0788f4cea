//! Recipients: few, each once, open to being shared with; and none of them learns of the others from the audit.

use std::time::Instant;

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use crate::support::{Database, Template};

const LIMIT: usize = 200;

/// Makes so many tenants and returns how to name them all in an array.
fn many(scene: &mut Scene, count: usize) -> &'static str {
    scene.owner().ok(&format!(
        "insert into public.tenants (name, slug, type) select 'T', 'many-' || n, 'client' from generate_series(1, {count}) as n"
    ));
    scene.ok(
        "create temp table many as select array_agg(id) as ids from public.tenants where slug like 'many-%'",
    );
    scene.ok("grant select on many to authenticated, service_role");
    "(select ids from pg_temp.many)"
}

fn share(with: &str) -> String {
    format!(
        "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = {with} where id = '{}'",
        agents::NORTH_PRIVATE
    )
}

fn insert(with: &str) -> String {
    format!(
        "insert into public.agents (name, tenant_id, is_shared, sharing_mode, shared_with) \
         values ('x', '{}', true, 'selective', {with})",
        tenants::NORTH
    )
}

#[test]
fn nobody_shares_with_more_tenants_than_readers_bear() {
    let mut scene = Scene::open();
    let all = many(&mut scene, LIMIT + 1);
    for actor in [
        (|scene| scene.user(users::NORTH_OWNER)) as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        Scene::owner,
    ] {
        actor(&mut scene);
        for sql in [share(all), insert(all)] {
            let said = scene.refused(&sql, "23514");
            assert!(
                said.starts_with("an agent is shared with at most 200 tenants, not 201"),
                "{said}"
            );
        }
        let repeated = format!("array_fill('{}'::uuid, array[200000])", tenants::SOUTH);
        for sql in [share(&repeated), insert(&repeated)] {
            scene.refused(&sql, "23514");
        }
        let most = format!("({all})[1:{LIMIT}]");
        assert_eq!(scene.ok(&share(&most)), 1);
    }
}

#[test]
fn recipient_is_named_once_whoever_writes_it() {
    let mut scene = Scene::open();
    let twice = format!(
        "array['{1}', '{0}', '{1}', '{0}', '{0}']::uuid[]",
        tenants::SOUTH,
        tenants::EAST
    );
    let once = format!("{{{},{}}}", tenants::EAST, tenants::SOUTH);
    for actor in [
        (|scene| scene.user(users::NORTH_OWNER)) as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        Scene::owner,
    ] {
        actor(&mut scene);
        for sql in [share(&twice), insert(&twice)] {
            assert_eq!(scene.one(&format!("{sql} returning shared_with")), once);
        }
        // Naming them again is no change, and leaves nothing in the audit.
        let count = "select count(*) from public.resource_sharing_audit";
        let before = scene.owner().one(count);
        actor(&mut scene).ok(&share("shared_with || shared_with"));
        assert_eq!(scene.owner().one(count), before);
        scene.ok(&format!(
            "update public.agents set is_shared = false, sharing_mode = 'private', shared_with = null where id = '{}'",
            agents::NORTH_PRIVATE
        ));
    }
}

#[test]
fn constraint_alone_refuses_too_many_and_the_same_twice() {
    let mut scene = Scene::open();
    let all = many(&mut scene, LIMIT + 1);
    scene.ok("alter table public.agents disable trigger user");
    for with in [
        all.to_owned(),
        format!("array_fill('{}'::uuid, array[2])", tenants::SOUTH),
    ] {
        let said = scene.refused(&share(&with), "23514");
        assert!(said.ends_with("agents_sharing_check"), "{said}");
    }
    assert_eq!(scene.ok(&share(&format!("({all})[1:{LIMIT}]"))), 1);
}

#[test]
fn user_shares_with_open_tenants_only() {
    let mut scene = Scene::open();
    for closed in [
        tenants::FROZEN,
        tenants::SHELF,
        tenants::GONE,
        tenants::GHOST,
        tenants::NOWHERE,
    ] {
        for user in [users::NORTH_OWNER, users::ADMIN] {
            scene.user(user);
            let with = format!("array['{closed}', '{}']::uuid[]", tenants::SOUTH);
            for sql in [share(&with), insert(&with)] {
                let said = scene.refused(&sql, "23503");
                let expected =
                    format!("cannot share with tenant {closed}, which does not exist or is closed");
                assert!(said.starts_with(&expected), "{said}");
            }
        }
    }
    for open in [tenants::SOUTH, tenants::EARLY] {
        let sql = share(&format!("array['{open}']::uuid[]"));
        assert_eq!(scene.user(users::NORTH_OWNER).ok(&sql), 1);
    }
    // A recipient that was closed meanwhile is no obstacle.
    scene.owner().ok(&format!(
        "update public.tenants set status = 'suspended' where id = '{}'",
        tenants::EARLY
    ));
    let sql = share(&format!("shared_with || '{}'::uuid", tenants::SOUTH));
    assert_eq!(scene.user(users::NORTH_OWNER).ok(&sql), 1);
    assert_eq!(
        scene
            .service()
            .ok(&share(&format!("array['{}']::uuid[]", tenants::FROZEN))),
        1
    );
}

/// What an outsider pays for other tenants' recipients must stay within what reading as many agents costs.
#[test]
fn outsiders_read_as_fast_as_before_however_many_recipients_there_are() {
    let mut scene = Scene::open();
    let all = many(&mut scene, LIMIT);
    let count = "select count(*) from public.agents";
    let time = |scene: &mut Scene| {
        scene.user(users::OUTSIDER);
        let run = |scene: &mut Scene| {
            let start = Instant::now();
            scene.ok(count);
            start.elapsed()
        };
        (0..20).map(|_| run(scene)).min().unwrap()
    };
    scene.ok(&format!(
        "insert into public.agents (name, tenant_id) select 'plain', '{}' from generate_series(1, 50)",
        tenants::NORTH
    ));
    let before = time(&mut scene);
    scene.owner().ok(&format!(
        "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = {all} where name = 'plain'"
    ));
    let after = time(&mut scene);
    println!("{before:?} before, {after:?} after");
    assert!(
        after < before * 5 + std::time::Duration::from_millis(2),
        "{before:?} before, {after:?} after"
    );
}

#[test]
fn recipient_learns_from_the_audit_neither_who_else_nor_who() {
    let mut scene = Scene::open();
    let both = format!("array['{}', '{}']::uuid[]", tenants::SOUTH, tenants::EAST);
    scene.user(users::NORTH_OWNER).ok(&share(&both));
    for user in [users::SOUTH_OWNER, users::SOUTH_ADMIN] {
        let rows = scene.user(user).column(
            "select to_jsonb(e)::text from public.resource_sharing_audit as e where created_at = now()",
        );
        assert_eq!(rows.len(), 1);
        for secret in [tenants::EAST, users::NORTH_OWNER] {
            assert!(!rows[0].contains(&secret.to_string()), "{rows:?}");
        }
    }
}

#[test]
fn holder_of_a_recipients_row_delays_no_change_of_sharing() {
    let database = Database::create(Template::World);
    let mut holder = database.acting_as(users::SOUTH_ADMIN);
    let hold = format!(
        "begin; select 1 from public.tenants where id = '{}' for update",
        tenants::SOUTH
    );
    holder.batch_execute(&hold).unwrap();
    let mut owner = database.acting_as(users::NORTH_OWNER);
    owner.batch_execute("set lock_timeout = '2s'").unwrap();
    let with = format!("array['{}']::uuid[]", tenants::SOUTH);
    for sql in [
        share(&with),
        format!(
            "update public.agents set is_shared = false, sharing_mode = 'private', shared_with = null where id = '{}'",
            agents::NORTH_SELECTIVE
        ),
        insert(&with),
        format!("delete from public.agents where id = '{}'", agents::NORTH_PRIVATE),
    ] {
        owner
            .batch_execute(&sql)
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

#[test]
fn reports_end_quickly_however_many_recipients_there_are() {
    let database = Database::create(Template::World);
    let sql = format!(
        "insert into public.tenants (name, slug, type) select 'T', 'many-' || n, 'client' from generate_series(1, {LIMIT}) as n; \
         insert into public.agents (name, tenant_id, is_shared, sharing_mode, shared_with) \
         select 'wide', '{}', true, 'selective', many.ids \
         from (select array_agg(id) as ids from public.tenants where slug like 'many-%') as many, generate_series(1, 200)",
        tenants::NORTH
    );
    database.client().batch_execute(&sql).unwrap();
    for report in ["report", "matrix"] {
        let started = Instant::now();
        database.vital(&["sharing", report, "-o", "json"]).success();
        assert!(
            started.elapsed().as_secs() < 30,
            "{report}: {:?}",
            started.elapsed()
        );
    }
}
