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

#[test]
fn where_the_change_came_from_is_recorded_for_the_owner_only() {
    let mut scene = Scene::open();
    let headers = r#"{"x-forwarded-for": "203.0.113.7, 10.0.0.1", "user-agent": "robot/1.0"}"#;
    let sql = share();
    scene
        .user(users::NORTH_OWNER)
        .set("request.headers", headers)
        .ok(&sql);
    let source = "select concat_ws(' ', affected_tenant_id is null, host(ip_address), user_agent) \
                  from public.resource_sharing_audit where created_at = now() order by 1 desc";
    assert_eq!(scene.owner().column(source), ["t 203.0.113.7 robot/1.0", "f"]);
}

#[test]
fn forged_source_is_no_obstacle() {
    for (headers, expected) in [
        (r#"{"x-forwarded-for": "999.1.1.1"}"#, "null"),
        (r#"{"x-forwarded-for": ":::::"}"#, "null"),
        (r#"{"x-forwarded-for": "'; drop table x"}"#, "null"),
        ("{", "null"),
        (r#"{"x-forwarded-for": "2001:db8::1"}"#, "2001:db8::1"),
    ] {
        let mut scene = Scene::open();
        let sql = share();
        scene
            .user(users::NORTH_OWNER)
            .set("request.headers", headers)
            .ok(&sql);
        let source = "select host(ip_address) from public.resource_sharing_audit \
                      where created_at = now() and affected_tenant_id is null";
        assert_eq!(scene.owner().one(source), expected, "{headers}");
    }
}
