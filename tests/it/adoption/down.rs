//! What was adopted can be undone: the earlier form's own objects are not foreign.

use super::{change, database};
use crate::support::Template;

fn undone(changes: &[&str]) {
    let db = database(Template::Legacy, changes);
    db.vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    db.vital(&["migrate", "down", "--to", "0", "--yes"]).success();
    let agents: i64 = db
        .client()
        .query_one("select count(*) from public.agents", &[])
        .unwrap()
        .get(0);
    assert_eq!(agents, 254);
    let left = "select to_regclass('public.tenants') is null and to_regclass('public.resource_sharing_audit') is null";
    assert!(db.client().query_one(left, &[]).unwrap().get::<_, bool>(0));
    db.vital(&["migrate", "up", "--restore", "--yes"]).success();
    db.vital(&["verify"]).success();
}

#[test]
fn an_adopted_database_goes_back_and_forth() {
    undone(&[]);
}

#[test]
fn checks_and_indexes_that_the_earlier_form_named_otherwise_go_with_its_columns() {
    undone(&[
        "alter table public.agents rename constraint agents_sharing_mode_check to agents_check_sharing;
         alter table public.agents rename constraint agents_resource_type_check to chk_agents_resource_type;
         create index idx_agents_category on public.agents (category);
         create index idx_agents_tenant on public.agents (tenant_id);
         create index idx_agents_is_shared on public.agents (is_shared) where is_shared;
         create index idx_tenants_industry on public.tenants (industry);
         create index idx_audit_action on public.resource_sharing_audit (action);
         alter table public.tenants add constraint tenants_tier_known check (subscription_tier <> 'free');
         alter table public.user_tenants add constraint user_tenants_joined check (joined_at > '2000-01-01')",
    ]);
}

#[test]
fn what_others_built_is_still_in_the_way() {
    let db = database(Template::Legacy, &[]);
    db.vital(&["migrate", "up", "--replace-policies", "--yes"])
        .success();
    change(
        &db,
        "create table public.invoices (tenant_id uuid references public.tenants)",
    );
    let run = db.vital(&["migrate", "down", "--to", "0", "--yes"]).failure(1);
    assert!(run.stderr.contains("invoices_tenant_id_fkey"), "{run}");
}
