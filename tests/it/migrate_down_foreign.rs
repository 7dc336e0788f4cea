//! `vital migrate down` beside what is not vital's: objects of others, and the policies of before.

use crate::migrate_down::{applied, count, down, has};
use crate::support::catalog::catalog;
use crate::support::{Database, Template, progress, total};

#[test]
fn what_others_built_on_it_is_named_and_kept() {
    let database = Database::create(Template::Migrated);
    let mut client = database.client();
    client
        .batch_execute(
            "create view public.shared_agents as select id, sharing_mode from public.agents;
             create table public.invoices (tenant_id uuid references public.tenants, owner uuid default public.get_super_admin_tenant_id());
             alter table public.invoices enable row level security;
             create policy own on public.invoices using (tenant_id = public.get_current_tenant_id());
             create index tenants_by_city on public.tenants (industry);
             create function public.all_tenants() returns setof public.tenants language sql as 'select * from public.tenants';
             create function public.look() returns trigger language plpgsql as 'begin return new; end';
             create trigger look after insert on public.user_tenants execute function public.look();
             create policy narrow on public.user_roles as restrictive for select using (true)",
        )
        .unwrap();
    let before = catalog(&mut client);
    let run = down(&database, "0", &["--yes"]).failure(1);
    let fixes = [
        "drop view public.shared_agents",
        "alter table public.invoices drop constraint invoices_tenant_id_fkey",
        "alter table public.invoices alter column owner drop default",
        "drop policy own on public.invoices",
        "drop index public.tenants_by_city",
        "drop routine public.all_tenants()",
        "drop trigger look on public.user_tenants",
        "drop policy narrow on public.user_roles",
    ];
    has(&run, &fixes);
    has(
        &run,
        &[
            "8 objects that are not vital's",
            "view public.shared_agents depends on column sharing_mode",
            "nothing was changed",
        ],
    );
    assert_eq!((before, applied(&database)), (catalog(&mut client), total()));
    has(
        &down(&database, "0", &["--dry-run"]).success(),
        &["in the way: view public.shared_agents"],
    );

    // Migration 4 is under none of them.
    down(&database, "3", &["--yes"]).success();
    client.batch_execute(&fixes.join(";")).unwrap();
    down(&database, "0", &["--yes"]).success();
}

#[test]
fn functions_that_name_what_goes_are_mentioned() {
    let database = Database::create(Template::Migrated);
    let create = "create function public.mine() returns bigint language plpgsql as
        'begin return (select count(*) from user_tenants); end'";
    database.client().batch_execute(create).unwrap();
    let run = down(&database, "0", &["--dry-run"]).success();
    has(&run, &["function public.mine() names something that goes"]);
}

#[test]
fn a_column_that_was_there_before_stays() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    client
        .batch_execute(
            "alter table public.agents add column tags text[]; update public.agents set tags = '{a}'",
        )
        .unwrap();
    database.vital(&["migrate", "up", "--replace-policies"]).success();
    down(&database, "0", &["--yes"]).success();
    let kept = "select count(*) from public.agents where tags = '{a}'";
    assert_eq!(count(&mut client, kept), 254);
    let run = database.vital(&["migrate", "up", "--restore"]).success();
    has(&run, &[&progress(total())]);
    assert_eq!(count(&mut client, kept), 254);
}

#[test]
fn agents_are_closed_afterwards_unless_the_old_policies_are_asked_for() {
    let database = Database::create(Template::Migrated);
    let seen = |database: &Database| {
        let user = "a0000000-0000-4000-8000-000000000003".parse().unwrap();
        count(
            &mut database.acting_as(user),
            "select count(*) from public.agents",
        )
    };
    let run = down(&database, "2", &["--yes"]).success();
    has(
        &run,
        &[
            "no user of the API reads or writes an agent",
            "the 2 policies that the migrations replaced stay away",
        ],
    );
    assert_eq!(seen(&database), 0);

    let database = Database::create(Template::Migrated);
    let run = down(&database, "0", &["--yes", "--restore-policies"]).success();
    has(
        &run,
        &[
            "policy \"Anyone can view active agents\" opens public.agents again",
            "created again: create policy \"Anyone can view active agents\" on public.agents",
            "created again: create policy \"Admins can manage agents\"",
        ],
    );
    assert_eq!(seen(&database), 244);
}

#[test]
fn a_policy_that_no_longer_works_is_told() {
    let database = Database::create(Template::Legacy);
    database.vital(&["migrate", "up", "--replace-policies"]).success();
    let run = down(&database, "0", &["--yes", "--restore-policies"]).success();
    has(
        &run,
        &[
            "could not create policy \"tenant_isolation_agents\" again: column \"tenant_id\" does not exist",
            "created again: create policy \"Anyone can view active agents\"",
        ],
    );
}
