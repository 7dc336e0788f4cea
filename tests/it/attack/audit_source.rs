//! Where a change of sharing came from, as far as the audit can know.

use super::scenario::Scene;
use super::world::{agents, tenants, users};

fn share() -> String {
    format!(
        "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = '{{{}}}' \
         where id = '{}'",
        tenants::SOUTH,
        agents::NORTH_PRIVATE
    )
}

const SOURCE: &str = "select concat_ws(' ', affected_tenant_id is null, host(ip_address), user_agent) \
                      from public.resource_sharing_audit where created_at = now() order by 1 desc";

#[test]
fn where_the_change_came_from_is_recorded_for_the_owner_only() {
    let mut scene = Scene::open();
    let headers = r#"{"x-forwarded-for": "203.0.113.7, 10.0.0.1", "user-agent": "robot/1.0"}"#;
    let sql = share();
    scene
        .user(users::NORTH_OWNER)
        .set("request.headers", headers)
        .ok(&sql);
    let own = "t robot/1.0 (says x-forwarded-for 203.0.113.7, 10.0.0.1)";
    assert_eq!(scene.owner().column(SOURCE), [own, "f"]);
    scene.user(users::NORTH_ADMIN);
    assert_eq!(scene.column(SOURCE), [own, "f"]);
}

#[test]
fn client_does_not_choose_the_address() {
    for headers in [
        r#"{"x-forwarded-for": "203.0.113.7"}"#,
        r#"{"x-forwarded-for": "999.1.1.1"}"#,
        r#"{"x-forwarded-for": "'; drop table x"}"#,
        r#"{"x-forwarded-for": 5}"#,
        "{",
    ] {
        let mut scene = Scene::open();
        let sql = share();
        scene
            .user(users::NORTH_OWNER)
            .set("request.headers", headers)
            .ok(&sql);
        let source = "select coalesce(ip_address, '0.0.0.0') = coalesce(inet_client_addr(), '0.0.0.0') \
                      from public.resource_sharing_audit where created_at = now() and affected_tenant_id is null";
        assert_eq!(scene.owner().one(source), "t", "{headers}");
    }
}

#[test]
fn tenants_do_not_read_where_platform_staff_are() {
    for act in [
        (|scene| scene.user(users::ADMIN)) as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        Scene::owner,
    ] {
        let mut scene = Scene::open();
        let sql = share();
        act(&mut scene)
            .set("request.headers", r#"{"user-agent": "staff/1.0"}"#)
            .ok(&sql);
        for reader in [users::NORTH_OWNER, users::SOUTH_OWNER, users::ADMIN] {
            assert!(
                !scene
                    .user(reader)
                    .column(SOURCE)
                    .iter()
                    .any(|line| line.contains("staff"))
            );
        }
        scene.refused("select 1 from vital_private.sharing_sources", "42501");
        // The platform's operators do.
        let kept = "select s.user_agent from vital_private.sharing_sources as s \
                    join public.resource_sharing_audit as e on e.id = s.audit_id where e.created_at = now()";
        assert_eq!(scene.owner().column(kept), ["staff/1.0"]);
        scene.refused("delete from vital_private.sharing_sources", "42501");
    }
}
