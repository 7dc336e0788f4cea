//! What a database holds, as lines that can be compared.

use std::collections::BTreeSet;

use postgres::Client;

/// Everything that the migrations define, a line each.
const CATALOG: &str = "
    select format('column %s.%s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid in (select oid from tables) and a.attnum > 0 and not a.attisdropped
    union all
    select format('constraint %s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    from pg_constraint where conrelid in (select oid from tables) and contype <> 'n'
    union all
    select format('index %s %s %s', indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid))
    from pg_index where indrelid in (select oid from tables)
    union all
    select format('trigger %s %s', tgenabled, pg_get_triggerdef(oid))
    from pg_trigger where tgrelid in (select oid from tables) and not tgisinternal
    union all
    select format('policy %s', to_jsonb(p)) from pg_policies p
    where schemaname = 'public' and tablename in (select relname from pg_class where oid in (select oid from tables))
    union all
    select format('table %s %s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity, relacl::text)
    from pg_class where oid in (select oid from tables)
    union all
    select format('column acl %s.%s %s', attrelid::regclass, attname, attacl::text)
    from pg_attribute where attrelid in (select oid from tables) and attacl is not null
    union all
    select format('function %s %s %s', oid::regprocedure, proacl::text, pg_get_functiondef(oid))
    from pg_proc
    where pronamespace in (to_regnamespace('public'), to_regnamespace('vital_private'), to_regnamespace('vital_retired'))
    union all
    select format('schema %s %s', nspname, nspacl::text) from pg_namespace where nspname ~ '^(public|vital_)'
    union all
    select format('comment %s %s %s', objoid::regclass, objsubid, description)
    from pg_description where classoid = 'pg_class'::regclass and objoid in (select oid from tables)";

/// The function of the earlier form that other tables of an application may share; it stays.
const FOREIGN: &str = "function update_updated_at_column()";

/// What the migrations define in the database, as far as it exists, a line each.
pub fn catalog(client: &mut Client) -> BTreeSet<String> {
    let tables = "with tables as (select c.oid from pg_class c where c.relkind = 'r' and (
            c.relnamespace = to_regnamespace('vital_private')
            or c.oid::regclass::text in ('agents', 'tenants', 'user_tenants', 'user_roles', 'resource_sharing_audit')
        ))";
    let rows = client.query(&format!("{tables} {CATALOG}"), &[]).unwrap();
    let lines = rows.iter().map(|row| row.get::<_, String>(0));
    lines.filter(|line| !line.starts_with(FOREIGN)).collect()
}

/// What the migrations put into tables, by table; random ids and times are left out.
const CONTENTS: [(&str, &str); 6] = [
    (
        "vital_private.refinery_schema_history",
        "select format('applied %s %s %s', version, name, checksum) from vital_private.refinery_schema_history",
    ),
    (
        "vital_private.replaced_policies",
        "select format('replaced %s', to_jsonb(p) - 'id' - 'replaced_at' - 'replaced_by')
         from vital_private.replaced_policies p",
    ),
    (
        "public.agents",
        "select format('agents %s, %s', to_jsonb(a) -> 'tenant_id', count(*)) from public.agents a
         group by to_jsonb(a) -> 'tenant_id'",
    ),
    (
        "public.tenants",
        "select format('tenant %s %s', slug, type) from public.tenants",
    ),
    (
        "public.user_tenants",
        "select format('members %s', count(*)) from public.user_tenants",
    ),
    (
        "public.resource_sharing_audit",
        "select format('audit rows %s', count(*)) from public.resource_sharing_audit",
    ),
];

/// The catalog and what the migrations put into tables. A row that is there twice has a number.
pub fn state(client: &mut Client) -> BTreeSet<String> {
    let mut lines = catalog(client);
    for (table, sql) in CONTENTS {
        let exists = "select to_regclass($1) is not null";
        if client.query_one(exists, &[&table]).unwrap().get(0) {
            for row in client.query(sql, &[]).unwrap() {
                let line: String = row.get(0);
                let again = (2..).map(|n| format!("{line} ({n})"));
                let mut names = std::iter::once(line.clone()).chain(again);
                let _ = names.find(|name| lines.insert(name.clone()));
            }
        }
    }
    lines
}
