//! Earlier forms that differ from the one imagined: each ends as promised.

use super::{change, converges, database};
use crate::support::Template;

/// Fills what is null, so that a column may be declared not null.
const FILLED: &str = "
    update public.agents set tenant_id = '00000000-0000-0000-0000-000000000001' where tenant_id is null;
    update public.agents set is_shared = false where is_shared is null;
    update public.agents set sharing_mode = 'private' where sharing_mode is null;
    update public.agents set category = 'none' where category is null";

#[test]
fn columns_that_are_not_null() {
    converges(&database(
        Template::Legacy,
        &[
            FILLED,
            "alter table public.agents alter is_shared set not null, alter tenant_id set not null,
                alter category set not null, alter sharing_mode set not null;
             update public.resource_sharing_audit set resource_name = 'x' where resource_name is null;
             alter table public.resource_sharing_audit alter resource_name set not null;
             alter table public.tenants alter status set not null, alter subscription_tier set not null",
        ],
    ));
}

#[test]
fn lengths_and_integers_of_other_widths() {
    converges(&database(
        Template::Legacy,
        &["retype:alter table public.agents alter category type varchar(50), alter access_count type bigint,
             alter sharing_mode type varchar(20);
           alter table public.tenants alter name type varchar(500), alter country_code type varchar(10), alter timezone type text;
           alter table public.resource_sharing_audit alter resource_name type text, alter action type varchar(30)"],
    ));
}

#[test]
fn small_counters_and_moments_without_a_zone() {
    converges(&database(
        Template::Legacy,
        &["retype:update public.agents set access_count = access_count % 1000;
           alter table public.agents alter access_count type smallint, alter last_accessed_at type timestamp(3);
           alter table public.tenants alter created_at type timestamp, alter deleted_at type timestamp(3)"],
    ));
}

#[test]
fn tags_in_json() {
    let db = database(
        Template::Legacy,
        &["drop index public.idx_agents_tags;
           alter table public.agents alter tags drop default;
           alter table public.agents alter tags type jsonb using to_jsonb(tags);
           alter table public.agents alter tags set default '[]'"],
    );
    converges(&db);
    let popular = "select count(*) from public.agents where tags @> array['popular']";
    let count: i64 = db.client().query_one(popular, &[]).unwrap().get(0);
    assert!(count > 50, "{count}");
}

#[test]
fn text_instead_of_varchar() {
    converges(&database(
        Template::Legacy,
        &["retype:alter table public.tenants alter slug type text, alter type type text, alter name type text, alter status type text;
           alter table public.agents alter category type text, alter resource_type type text, alter sharing_mode type text;
           alter table public.user_roles alter role type text;
           alter table public.user_tenants alter role type text, alter status type varchar(20)"],
    ));
}

#[test]
fn columns_that_are_missing() {
    converges(&database(
        Template::Legacy,
        &["alter table public.user_roles drop column granted_by;
           alter table public.tenants drop column updated_by, drop column encryption_enabled;
           alter table public.user_tenants drop column invited_at;
           alter table public.resource_sharing_audit drop column user_agent, drop column ip_address;
           alter table public.agents drop column category, drop column last_accessed_at"],
    ));
}

#[test]
fn an_enum_of_the_promised_values() {
    converges(&database(
        Template::PreState,
        &[
            "create type public.sharing as enum ('private', 'global', 'selective');
           alter table public.agents add sharing_mode public.sharing default 'private'",
        ],
    ));
}

#[test]
fn keys_and_indexes_of_other_names() {
    converges(&database(
        Template::Legacy,
        &[
            "alter table public.tenants rename constraint tenants_pkey to tenants_pk;
           create index idx_tenants_parent on public.tenants (parent_tenant_id);
           create index idx_user_roles_user on public.user_roles (user_id);
           create index agents_by_category on public.agents (category)",
        ],
    ));
}

#[test]
fn an_earlier_form_in_part() {
    converges(&database(
        Template::Legacy,
        &["drop table public.resource_sharing_audit;
           drop function public.grant_platform_admin(uuid), public.get_tenant_by_domain(varchar);
           drop index public.idx_agents_sharing;
           alter table public.agents drop constraint agents_resource_type_check;
           alter table public.user_tenants drop constraint user_tenants_role_check"],
    ));
}

#[test]
fn a_role_whose_name_needs_quotes() {
    for role in ["first.last", "UPPER", "My Role"] {
        let db = database(Template::PreState, &[]);
        let sql = format!(
            "revoke create on schema public from public;
             create role \"{role}\" login bypassrls;
             grant anon, authenticated, service_role to \"{role}\";
             grant create, usage on schema public to \"{role}\";
             alter table public.agents owner to \"{role}\";
             alter table public.profiles owner to \"{role}\";
             grant usage on schema auth to \"{role}\";
             grant select on auth.users to \"{role}\";
             do $$ begin execute format('grant create on database %I to %I', current_database(), '{role}'); end $$"
        );
        change(&db, &format!("superuser:{sql}"));
        let url = db.url_as(&role.replace(' ', "%20"));
        let vital = |arguments: &[&str]| {
            crate::support::Run::of(crate::support::vital().env("DATABASE_URL", &url).args(arguments))
        };
        let up = vital(&["migrate", "up", "--replace-policies", "--yes"]);
        let verify = vital(&["verify"]);
        change(
            &db,
            &format!(
                "superuser:reassign owned by \"{role}\" to postgres; drop owned by \"{role}\"; drop role \"{role}\""
            ),
        );
        assert_eq!((up.code, verify.code), (0, 0), "{role}: {up}\n{verify}");
    }
}
