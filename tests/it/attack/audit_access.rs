//! The audit itself: who reads it, and that nobody writes it.

use super::scenario::Scene;
use super::world::{agents, tenants, users};

/// Shares north's private agent with south.
fn share(scene: &mut Scene) {
    let sql = format!(
        "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = '{{{}}}' \
         where id = '{}'",
        tenants::SOUTH,
        agents::NORTH_PRIVATE
    );
    scene.user(users::NORTH_OWNER).ok(&sql);
}

const SEEN: &str = "select action || ' ' || coalesce(right(affected_tenant_id::text, 2), '-') \
                    from public.resource_sharing_audit where created_at = now() order by 1";

#[test]
fn owners_and_admins_of_both_tenants_and_platform_admins_read_the_audit() {
    let mut scene = Scene::open();
    share(&mut scene);
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN, users::BOTH, users::ADMIN] {
        assert_eq!(
            scene.user(user).column(SEEN),
            ["access_granted 02", "shared -"],
            "{user}"
        );
    }
    for user in [users::SOUTH_OWNER, users::SOUTH_ADMIN, users::MIXED] {
        assert_eq!(scene.user(user).column(SEEN), ["access_granted 02"], "{user}");
    }
}

#[test]
fn nobody_else_reads_the_audit() {
    let mut scene = Scene::open();
    share(&mut scene);
    for user in [
        users::NORTH_MEMBER,
        users::NORTH_GUEST,
        users::SOUTH_MEMBER,
        users::EAST_OWNER,
        users::HALF,
    ]
    .into_iter()
    .chain(users::LOCKED_OUT)
    {
        assert_eq!(scene.user(user).column(SEEN), Vec::<String>::new(), "{user}");
    }
    assert_eq!(scene.nobody().column(SEEN), Vec::<String>::new());
    scene.anon().refused(SEEN, "42501");
    assert_eq!(scene.service().column(SEEN).len(), 2);
}

#[test]
fn recipient_learns_of_no_other_recipient() {
    let mut scene = Scene::open();
    let sql = format!(
        "update public.agents set shared_with = '{{{},{}}}' where id = '{}'",
        tenants::SOUTH,
        tenants::EAST,
        agents::NORTH_SELECTIVE
    );
    scene.user(users::NORTH_OWNER).ok(&sql);
    let named = "select t from public.resource_sharing_audit, \
                 unnest(coalesce(previous_shared_with, '{}') || coalesce(new_shared_with, '{}') || affected_tenant_id) as t \
                 where created_at = now() group by t";
    assert_eq!(
        scene.user(users::EAST_OWNER).column(named),
        [tenants::EAST.to_string()]
    );
    let sql = format!(
        "update public.agents set shared_with = '{{{}}}' where id = '{}'",
        tenants::EAST,
        agents::NORTH_SELECTIVE
    );
    scene.user(users::NORTH_OWNER).ok(&sql);
    assert_eq!(
        scene.user(users::SOUTH_OWNER).column(named),
        [tenants::SOUTH.to_string()]
    );
}

/// Statements that would change the audit, and need the right to.
fn forgeries() -> [String; 5] {
    [
        "update public.resource_sharing_audit set performed_by_user_id = null".to_owned(),
        "delete from public.resource_sharing_audit".to_owned(),
        "delete from public.resource_sharing_audit where false".to_owned(),
        "truncate public.resource_sharing_audit".to_owned(),
        format!(
            "insert into public.resource_sharing_audit as a select * from public.resource_sharing_audit limit 1 \
             on conflict (id) do update set owner_tenant_id = '{}'",
            tenants::SOUTH
        ),
    ]
}

#[test]
fn nobody_edits_the_audit() {
    let mut scene = Scene::open();
    share(&mut scene);
    for sql in forgeries() {
        let said = scene.owner().refused(&sql, "42501");
        assert_eq!(said, "the sharing audit is append-only |  |  | ", "{sql}");
        for actor in [
            Scene::anon as fn(&mut Scene) -> &mut Scene,
            Scene::service,
            Scene::nobody,
            |scene| scene.user(users::NORTH_OWNER),
            |scene| scene.user(users::ADMIN),
        ] {
            let said = actor(&mut scene).refused(&sql, "42501");
            assert!(
                said.starts_with("permission denied for table resource_sharing_audit"),
                "{said}"
            );
        }
    }
}

#[test]
fn nobody_edits_the_audit_by_merge() {
    let mut scene = Scene::open();
    if !scene.has_merge() {
        return;
    }
    share(&mut scene);
    for action in ["delete", "update set resource_name = 'x'"] {
        let sql = format!(
            "merge into public.resource_sharing_audit as a using (select 1) as s on true when matched then {action}"
        );
        scene.owner().refused(&sql, "42501");
        scene.service().refused(&sql, "42501");
        scene.user(users::ADMIN).refused(&sql, "42501");
    }
}

#[test]
fn nobody_but_the_owner_adds_to_the_audit() {
    let mut scene = Scene::open();
    let sql = format!(
        "insert into public.resource_sharing_audit (resource_type, resource_id, action, owner_tenant_id) \
         values ('agent', '{}', 'shared', '{}')",
        agents::NORTH_PRIVATE,
        tenants::NORTH
    );
    for user in [users::NORTH_OWNER, users::ADMIN] {
        scene.user(user).refused(&sql, "42501");
    }
    scene.anon().refused(&sql, "42501");
    scene.service().refused(&sql, "42501");
}

#[test]
fn nobody_calls_the_writer_of_the_audit() {
    let mut scene = Scene::open();
    let signature = scene.one("select oid::regprocedure from pg_proc where proname = 'audit_sharing'");
    let arguments = signature
        .split_once('(')
        .unwrap()
        .1
        .trim_end_matches(')')
        .split(',')
        .map(|kind| format!("null::{kind}"))
        .collect::<Vec<_>>()
        .join(", ");
    let sql = format!("select vital_private.audit_sharing({arguments})");
    for user in [users::NORTH_OWNER, users::ADMIN] {
        let said = scene.user(user).refused(&sql, "42501");
        assert!(said.starts_with("permission denied for function"), "{said}");
    }
    scene.service().refused(&sql, "42501");
    scene.anon().refused(&sql, "42501");
}

#[test]
fn triggers_of_the_audit_cannot_be_switched_off_by_api_roles() {
    let mut scene = Scene::open();
    for sql in [
        "alter table public.agents disable trigger all",
        "alter table public.resource_sharing_audit disable trigger all",
        "drop trigger refuse_audit_change on public.resource_sharing_audit",
        "set session_replication_role = replica",
        "alter table public.agents disable row level security",
        "create policy open on public.agents using (true)",
        "alter policy agents_select_with_sharing on public.agents using (true)",
    ] {
        for user in [users::NORTH_OWNER, users::ADMIN] {
            scene.user(user).refused(sql, "42501");
        }
        scene.service().refused(sql, "42501");
    }
}

#[test]
fn trigger_functions_can_be_called_by_nobody() {
    let mut scene = Scene::open();
    let functions = scene.column(
        "select oid::regproc from pg_proc where prorettype = 'trigger'::regtype \
         and pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)",
    );
    assert_eq!(functions.len(), 13, "{functions:?}");
    for function in functions {
        for role in ["anon", "authenticated", "service_role"] {
            let sql = format!("select has_function_privilege('{role}', '{function}()', 'execute')");
            assert_eq!(scene.one(&sql), "f", "{role} {function}");
        }
        // Nor attached to a table of one's own, where it would run as its owner.
        scene
            .user(users::NORTH_OWNER)
            .ok("create temp table mine (id uuid)");
        let sql = format!("create trigger mine before insert on mine execute function {function}()");
        scene.refused(&sql, "42501");
        scene.owner().ok("drop table pg_temp.mine");
    }
}
