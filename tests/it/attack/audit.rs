//! The audit of sharing: every change, by any path, with who, what, before and after.

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use std::io::Write;
use uuid::Uuid;

/// The audit rows of this transaction, each as one line; ids of tenants and users as their last two digits.
fn written(scene: &mut Scene) -> Vec<String> {
    let last = |column: &str| format!("coalesce(right({column}::text, 2), '-')");
    let list = |column: &str| {
        format!(
            "coalesce((select string_agg(right(t::text, 2), '+' order by t) from unnest({column}) as t), '-')"
        )
    };
    let sql = format!(
        "select concat_ws(' ', resource_type, replace(resource_name, ' ', '_'), action, \
             coalesce(previous_sharing_mode, '-') || '>' || coalesce(new_sharing_mode, '-'), \
             {} || '>' || {}, 'of', {}, 'by', {}, 'for', {}) \
         from public.resource_sharing_audit where created_at = now() \
         order by affected_tenant_id is not null, action desc, affected_tenant_id, resource_name",
        list("previous_shared_with"),
        list("new_shared_with"),
        last("owner_tenant_id"),
        last("performed_by_user_id"),
        last("affected_tenant_id"),
    );
    scene.owner().column(&sql)
}

fn update(id: Uuid, change: &str) -> String {
    format!("update public.agents set {change} where id = '{id}'")
}

fn selective(recipients: &[Uuid]) -> String {
    let list: Vec<String> = recipients.iter().map(Uuid::to_string).collect();
    format!(
        "is_shared = true, sharing_mode = 'selective', shared_with = '{{{}}}'",
        list.join(",")
    )
}

const PRIVATE: &str = "is_shared = false, sharing_mode = 'private', shared_with = null";

#[test]
fn sharing_by_an_owner_is_recorded_for_owner_and_recipient() {
    let mut scene = Scene::open();
    let sql = update(agents::NORTH_PRIVATE, &selective(&[tenants::SOUTH]));
    scene.user(users::NORTH_OWNER).ok(&sql);
    let expected = [
        "agent north_private shared private>selective ->02 of 01 by 11 for -",
        "agent north_private access_granted private>selective ->02 of 01 by - for 02",
    ];
    assert_eq!(written(&mut scene), expected);
    let sql = format!(
        "select count(distinct resource_id) = 1 and min(resource_id::text) = '{}' \
         from public.resource_sharing_audit where created_at = now()",
        agents::NORTH_PRIVATE
    );
    assert_eq!(scene.one(&sql), "t");
}

#[test]
fn changing_recipients_is_recorded_for_who_gains_and_who_loses() {
    let mut scene = Scene::open();
    let sql = update(
        agents::NORTH_SELECTIVE,
        &selective(&[tenants::EAST, tenants::EARLY]),
    );
    scene.user(users::NORTH_ADMIN).ok(&sql);
    let expected = [
        "agent north_selective modified selective>selective 02>03+07 of 01 by 12 for -",
        "agent north_selective access_revoked selective>selective 02>- of 01 by - for 02",
        "agent north_selective access_granted selective>selective ->03 of 01 by - for 03",
        "agent north_selective access_granted selective>selective ->07 of 01 by - for 07",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn unsharing_is_recorded() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    scene.ok(&update(agents::NORTH_SELECTIVE, PRIVATE));
    scene.ok(&update(agents::NORTH_GLOBAL, PRIVATE));
    let expected = [
        "agent north_global unshared global>private ->- of 01 by 11 for -",
        "agent north_selective unshared selective>private 02>- of 01 by 11 for -",
        "agent north_selective access_revoked selective>private 02>- of 01 by - for 02",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn sharing_with_everybody_is_recorded_and_revokes_nothing() {
    let mut scene = Scene::open();
    let sql = update(
        agents::NORTH_SELECTIVE,
        "sharing_mode = 'global', shared_with = null",
    );
    scene.user(users::ADMIN).ok(&sql);
    let expected = ["agent north_selective modified selective>global 02>- of 01 by 01 for -"];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn shared_insert_is_recorded_by_every_path() {
    let row = format!(
        "'new', '{}', true, 'selective', '{{{}}}'",
        tenants::NORTH,
        tenants::SOUTH
    );
    let columns = "name, tenant_id, is_shared, sharing_mode, shared_with";
    let insert = format!("insert into public.agents ({columns}) values ({row})");
    let expected = |by: &str| {
        [
            format!("agent new shared ->selective ->02 of 01 by {by} for -"),
            "agent new access_granted ->selective ->02 of 01 by - for 02".to_owned(),
        ]
    };
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER).ok(&insert);
    assert_eq!(written(&mut scene), expected("11"));
    for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
        let mut scene = Scene::open();
        trusted(&mut scene).ok(&insert);
        assert_eq!(written(&mut scene), expected("-"));
    }
    let mut scene = Scene::open();
    scene.service();
    let line = format!("new\t{}\tt\tselective\t{{{}}}\n", tenants::NORTH, tenants::SOUTH);
    let mut copy = scene
        .client()
        .copy_in(&format!("copy public.agents ({columns}) from stdin"))
        .unwrap();
    copy.write_all(line.as_bytes()).unwrap();
    copy.finish().unwrap();
    assert_eq!(written(&mut scene), expected("-"));
    let mut scene = Scene::open();
    if scene.has_merge() {
        scene.service().ok(&format!(
            "merge into public.agents as a using (select 1) as s on false \
             when not matched then insert ({columns}) values ({row})"
        ));
        assert_eq!(written(&mut scene), expected("-"));
    }
}

#[test]
fn update_is_recorded_by_every_path_and_actor() {
    let change = "sharing_mode = 'selective', is_shared = true, shared_with";
    let (id, south) = (agents::NORTH_PRIVATE, tenants::SOUTH);
    let upsert = format!(
        "insert into public.agents (id, name) values ('{id}', 'x') \
         on conflict (id) do update set {change} = '{{{south}}}'"
    );
    let within = format!(
        "with changed as (update public.agents set {change} = '{{{south}}}' where id = '{id}' returning 1) \
         select 1"
    );
    let merge = format!(
        "merge into public.agents as a using (select 1) as s on a.id = '{id}' \
         when matched then update set {change} = '{{{south}}}'"
    );
    for sql in [upsert, within, merge] {
        for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
            let mut scene = Scene::open();
            if sql.starts_with("merge") && !scene.has_merge() {
                continue;
            }
            trusted(&mut scene).ok(&sql);
            let expected = [
                "agent north_private shared private>selective ->02 of 01 by - for -",
                "agent north_private access_granted private>selective ->02 of 01 by - for 02",
            ];
            assert_eq!(written(&mut scene), expected, "{sql}");
        }
    }
}

#[test]
fn deleting_a_shared_row_is_recorded() {
    let mut scene = Scene::open();
    let sql = format!("delete from public.agents where tenant_id = '{}'", tenants::NORTH);
    scene.user(users::NORTH_OWNER).ok(&sql);
    let expected = [
        "agent north_global unshared global>- ->- of 01 by 11 for -",
        "agent north_selective unshared selective>- 02>- of 01 by 11 for -",
        "agent north_selective access_revoked selective>- 02>- of 01 by - for 02",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn deleting_by_merge_is_recorded() {
    let mut scene = Scene::open();
    if !scene.has_merge() {
        return;
    }
    scene.service().ok(&format!(
        "merge into public.agents as a using (select 1) as s on a.id = '{}' when matched then delete",
        agents::NORTH_GLOBAL
    ));
    let expected = ["agent north_global unshared global>- ->- of 01 by - for -"];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn truncating_records_every_shared_row() {
    let mut scene = Scene::open();
    let shared = scene.one("select count(*) from public.agents where sharing_mode <> 'private'");
    scene.ok("truncate public.agents");
    let lines = written(&mut scene);
    let (main, affected): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.ends_with("for -"));
    assert_eq!(main.len().to_string(), shared);
    assert!(main.iter().all(|line| line.contains(" unshared ")));
    let expected = [
        "agent frozen_selective access_revoked selective>- 01>- of 04 by - for 01",
        "agent north_selective access_revoked selective>- 02>- of 01 by - for 02",
        "agent south_selective access_revoked selective>- 03>- of 02 by - for 03",
    ];
    assert_eq!(affected, expected);
}

#[test]
fn moving_an_agent_is_recorded_for_both_tenants() {
    let mut scene = Scene::open();
    let sql = update(
        agents::NORTH_PRIVATE,
        &format!("tenant_id = '{}'", tenants::SOUTH),
    );
    scene.user(users::ADMIN).ok(&sql);
    let expected = [
        "agent north_private modified private>private ->- of 02 by 01 for -",
        "agent north_private access_revoked private>private 01>- of 02 by - for 01",
        "agent north_private access_granted private>private ->02 of 02 by - for 02",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn what_changes_no_sharing_is_not_recorded() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    scene.ok("insert into public.agents (name) values ('new')");
    scene.ok(&update(
        agents::NORTH_SELECTIVE,
        "name = 'other', access_count = 5",
    ));
    scene.ok(&update(agents::NORTH_SELECTIVE, "shared_with = shared_with"));
    scene.ok(&format!(
        "delete from public.agents where id = '{}'",
        agents::NORTH_PRIVATE
    ));
    assert_eq!(written(&mut scene), Vec::<String>::new());
}

#[test]
fn change_that_is_refused_or_rolled_back_is_not_recorded() {
    let mut scene = Scene::open();
    let sql = update(agents::NORTH_PRIVATE, &selective(&[tenants::SOUTH]));
    scene.user(users::NORTH_MEMBER).refused(&sql, "42501");
    scene
        .user(users::NORTH_OWNER)
        .ok(&format!("savepoint undo; {sql}; rollback to undo"));
    assert_eq!(written(&mut scene), Vec::<String>::new());
}

#[test]
fn who_loses_an_agent_reads_its_former_name() {
    let mut scene = Scene::open();
    let sql = update(agents::NORTH_SELECTIVE, &format!("{PRIVATE}, name = 'secret'"));
    scene.user(users::NORTH_OWNER).ok(&sql);
    let expected = [
        "agent secret unshared selective>private 02>- of 01 by 11 for -",
        "agent north_selective access_revoked selective>private 02>- of 01 by - for 02",
    ];
    assert_eq!(written(&mut scene), expected);
}
