//! Privileges that nobody meant to give: default privileges of whatever role, and single columns.

use postgres::Client;

use super::databases::lines;
use crate::support::{Database, Template, migrations};

/// What a role holds on anything of ours: schemas, tables, columns, sequences, functions.
const HELD: &str = "
    with ours as (
        select c.oid, c.relname, c.relacl, c.relkind
        from pg_class as c
        where c.relnamespace in (select oid from pg_namespace where nspname ~ '^vital_')
           or c.oid in (
               to_regclass('public.tenants'), to_regclass('public.user_tenants'), to_regclass('public.user_roles'),
               to_regclass('public.resource_sharing_audit')
           )
    )
    select format('%s %s', relname, a.privilege_type) from ours, aclexplode(relacl) as a
    where a.grantee = to_regrole($1)
    union all
    select format('%s.%s %s', o.relname, t.attname, a.privilege_type)
    from ours as o join pg_attribute as t on t.attrelid = o.oid, aclexplode(t.attacl) as a
    where a.grantee = to_regrole($1)
    union all
    select format('%s %s', p.oid::regprocedure, a.privilege_type)
    from pg_proc as p, aclexplode(p.proacl) as a
    where a.grantee = to_regrole($1)
      and (
          p.pronamespace in (select oid from pg_namespace where nspname ~ '^vital_')
          or p.proname in ('grant_platform_admin', 'is_platform_admin', 'assign_user_to_dh_startup', 'get_tenant_by_slug')
      )
    union all
    select format('%s %s', n.nspname, a.privilege_type) from pg_namespace as n, aclexplode(n.nspacl) as a
    where n.nspname ~ '^vital_' and a.grantee = to_regrole($1)
    order by 1";

/// A database of which a role has been promised everything that is to come.
struct Promised {
    database: Database,
    role: String,
}

impl Promised {
    fn on(template: Template) -> Self {
        let database = Database::create(template);
        let role = format!("reporting_{}", database.name());
        let promise = format!(
            "create role {role};
             alter default privileges for role postgres grant execute on functions to {role};
             alter default privileges for role postgres grant all on tables to {role};
             alter default privileges for role postgres grant all on sequences to {role} with grant option;
             alter default privileges for role postgres grant all on schemas to {role};
             alter default privileges for role postgres in schema public grant all on tables to {role};
             alter default privileges for role postgres in schema public grant all on functions to {role}"
        );
        database.superuser().batch_execute(&promise).unwrap();
        Self { database, role }
    }

    fn holds(&self) -> Vec<String> {
        let mut client: Client = self.database.superuser();
        lines(&mut client, &HELD.replace("$1", &format!("'{}'", self.role)))
    }
}

impl Drop for Promised {
    fn drop(&mut self) {
        let clean = format!("drop owned by {0} cascade; drop role {0}", self.role);
        let _ = self.database.superuser().batch_execute(&clean);
    }
}

#[test]
fn default_privileges_open_nothing_of_ours() {
    let promised = Promised::on(Template::PreState);
    migrations::apply(&mut promised.database.client());
    assert_eq!(promised.holds(), Vec::<String>::new());
}

#[test]
fn default_privileges_open_neither_history_nor_archive() {
    let promised = Promised::on(Template::PreState);
    let up = ["migrate", "up", "--replace-policies", "--yes"];
    promised.database.vital(&up).success();
    assert_eq!(promised.holds(), Vec::<String>::new());
    promised
        .database
        .vital(&["migrate", "down", "--to", "0", "--yes"])
        .success();
    assert_eq!(promised.holds(), Vec::<String>::new());
    promised
        .database
        .vital(&[&up[..], &["--restore"]].concat())
        .success();
    assert_eq!(promised.holds(), Vec::<String>::new());
}

#[test]
fn what_an_earlier_form_granted_to_others_is_taken_back_from_columns_too() {
    let promised = Promised::on(Template::Legacy);
    let role = &promised.role;
    let grant = format!(
        "grant update (role) on public.user_roles to {role};
         grant select (billing_email), insert (name) on public.tenants to {role} with grant option;
         grant all on public.user_tenants to {role} with grant option;
         set role {role};
         grant select on public.user_tenants to authenticator;
         reset role"
    );
    promised.database.superuser().batch_execute(&grant).unwrap();
    migrations::apply(&mut promised.database.client());
    assert_eq!(promised.holds(), Vec::<String>::new());
    let sql = HELD.replace("$1", "'authenticator'");
    assert_eq!(
        lines(&mut promised.database.superuser(), &sql),
        Vec::<String>::new()
    );
}
