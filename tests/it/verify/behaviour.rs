//! The checks that act as users: what they find, and that they leave nothing.

use super::{Case, found, show, verify};
use crate::support::{Database, Template};

#[test]
fn each_way_past_the_rules_is_found_by_acting() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter policy agents_insert_own_tenant on public.agents with check (true)",
                found: &[
                    ("shape-policies", "public.agents.agents_insert_own_tenant"),
                    ("behaviour-foreign-author", "*"),
                    ("behaviour-foreign-insert", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter policy agents_update_own_tenant on public.agents \
                         using (tenant_id = any ((select vital_private.writable_tenants())::uuid[])) \
                         with check (tenant_id = any ((select vital_private.writable_tenants())::uuid[]))",
                found: &[
                    ("shape-policies", "public.agents.agents_update_own_tenant"),
                    ("behaviour-shared-change", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents disable trigger agents_15_keep_counters",
                found: &[
                    ("behaviour-ordering", "*"),
                    ("disabled-triggers", "public.agents.agents_15_keep_counters"),
                ],
                cleanup: "",
            },
            Case {
                damage: "drop trigger agents_05_settle_id on public.agents",
                found: &[
                    ("behaviour-own-insert", "*"),
                    ("shape-triggers", "public.agents.agents_05_settle_id"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create or replace function vital_private.settle_agent_id() returns trigger \
                         language plpgsql security definer set search_path = pg_catalog, pg_temp as \
                         'begin new.created_by_user_id := coalesce(new.created_by_user_id, vital_private.caller_id()); \
                         return new; end'",
                found: &[
                    ("behaviour-upsert", "*"),
                    ("shape-functions", "vital_private.settle_agent_id()"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create or replace function vital_private.requested_tenant(p_user text) returns text \
                         language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp as \
                         'begin return nullif(current_setting(''app.tenant_id'', true), ''''); end'",
                found: &[
                    ("shape-functions", "vital_private.requested_tenant(text)"),
                    ("behaviour-leftover-context", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter policy agents_update_own_tenant on public.agents using (true) with check (true); \
                         alter policy agents_select_with_sharing on public.agents using (true); \
                         alter table public.agents disable trigger agents_10_guard",
                found: &[
                    ("shape-policies", "public.agents.agents_select_with_sharing"),
                    ("shape-policies", "public.agents.agents_update_own_tenant"),
                    ("behaviour-forged-context", "*"),
                    ("behaviour-visibility", "*"),
                    ("disabled-triggers", "public.agents.agents_10_guard"),
                    ("behaviour-foreign-update", "*"),
                    ("behaviour-global-sharing", "*"),
                    ("behaviour-member-shares", "*"),
                    ("behaviour-move", "*"),
                    ("behaviour-own-insert", "*"),
                    ("behaviour-shared-change", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter policy agents_delete_own_tenant on public.agents using (true)",
                found: &[
                    ("shape-policies", "public.agents.agents_delete_own_tenant"),
                    ("behaviour-foreign-delete", "*"),
                    ("behaviour-shared-change", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "grant insert on public.user_tenants to authenticated; \
                         create policy enter on public.user_tenants for insert to authenticated with check (true)",
                found: &[
                    ("shape-table-grants", "public.user_tenants"),
                    ("unknown-policies", "public.user_tenants.enter"),
                    ("behaviour-self-membership", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "grant delete on public.resource_sharing_audit to service_role; \
                         drop trigger refuse_audit_change on public.resource_sharing_audit",
                found: &[
                    ("shape-table-grants", "public.resource_sharing_audit"),
                    (
                        "shape-triggers",
                        "public.resource_sharing_audit.refuse_audit_change",
                    ),
                    ("behaviour-audit-erased", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create or replace function vital_private.guard_tenant() returns trigger language plpgsql \
                         set search_path = pg_catalog, pg_temp as 'begin return new; end'",
                found: &[
                    ("shape-functions", "vital_private.guard_tenant()"),
                    ("behaviour-tenant-fields", "*"),
                ],
                cleanup: "",
            },
        ],
    );
}

#[test]
fn acting_leaves_nothing_behind() {
    let db = Database::create(Template::Migrated);
    let mut client = db.superuser();
    let sql = "select \
        (select string_agg(md5(x::text), '' order by x::text) from public.tenants as x), \
        (select string_agg(md5(x::text), '' order by x::text) from public.user_tenants as x), \
        (select string_agg(md5(x::text), '' order by x::text) from public.user_roles as x), \
        (select string_agg(md5(x::text), '' order by x::text) from public.agents as x), \
        (select count(*)::text from public.resource_sharing_audit), \
        (select count(*)::text from vital_private.admin_audit), \
        (select string_agg(schemaname || sequencename || coalesce(last_value, 0), ',' order by 1) from pg_sequences \
         where sequencename <> 'admin_audit_id_seq'), \
        (select count(*)::text || max(oid) from pg_class)";
    let state = |client: &mut postgres::Client| {
        let row = client.query_one(sql, &[]).unwrap();
        (0..row.len())
            .map(|at| row.get::<_, Option<String>>(at))
            .collect::<Vec<_>>()
    };
    let before = state(&mut client);
    for _ in 0..2 {
        assert_eq!(found(&verify(&db, &["--only", "behaviour-*"])), Vec::new());
    }
    assert_eq!(state(&mut client), before);
}

#[test]
fn columns_of_others_that_must_be_filled_do_not_stop_the_probe() {
    let db = Database::create(Template::Migrated);
    let sql = "alter table public.agents \
        add column code text not null default '', add column kind integer not null default 0; \
        alter table public.agents alter column code drop default, alter column kind drop default";
    db.client().batch_execute(sql).unwrap();
    let report = verify(&db, &["--only", "behaviour-visibility,behaviour-own-insert"]);
    assert_eq!(report["verdict"], "passed", "{report:#}");
}

#[test]
fn a_lock_held_by_others_is_not_waited_for_long() {
    let db = Database::create(Template::Migrated);
    let mut holder = db.client();
    let mut transaction = holder.transaction().unwrap();
    transaction
        .batch_execute("lock table public.tenants in access exclusive mode")
        .unwrap();
    let started = std::time::Instant::now();
    let run = db
        .vital(&["verify", "--lock-timeout", "100ms", "--lock-wait", "1s"])
        .failure(6);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert!(run.stderr.contains("holds a lock on public.tenants"), "{run}");
    assert_eq!(run.stdout, "", "a verdict would be of half the checks");
}
