//! What can be said of our functions without running them.

use postgres::Client;

use crate::support::{Database, Template};

/// Every plpgsql function of ours with each table that it is a trigger of.
const FUNCTIONS: &str = "
    select distinct p.oid, coalesce(t.tgrelid, 0) as relation, p.prorettype = 'trigger'::regtype and t.oid is null as is_idle,
        p.oid::regprocedure::text
    from pg_proc as p
    join pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'
    left join pg_trigger as t on t.tgfoid = p.oid
    where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
      and not exists (
          select
          from pg_depend as d
          where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
      )
    order by 4";

const FINDINGS: &str = "
    select concat_ws(' ', $3::text, 'line', lineno, level, sqlstate, message, detail, hint, query)
    from plpgsql_check_function_tb(
        $1::oid::regprocedure,
        $2::oid::regclass,
        fatal_errors => false,
        extra_warnings => true,
        performance_warnings => true,
        security_warnings => true
    )";

/// Where the server offers plpgsql_check (Debian: postgresql-15-plpgsql-check, which `.ci/run` installs).
#[test]
fn plpgsql_check_finds_nothing_in_our_functions() {
    let database = Database::create(Template::World);
    let mut client = database.superuser();
    let offered = "select from pg_available_extensions where name = 'plpgsql_check'";
    if client.query(offered, &[]).unwrap().is_empty() {
        eprintln!("this server does not offer plpgsql_check; `apt-get install postgresql-15-plpgsql-check`");
        return;
    }
    client
        .batch_execute("create schema checker; create extension plpgsql_check schema checker; set search_path = checker, public")
        .unwrap();
    let mut found = findings(&mut client);
    // What the checker cannot know: a branch that only one of its tables reaches, texts that the catalog wrote, and the types
    // of columns that are not ours.
    let known = [
        "vital_private.audit_admin() line 16 error 42883 function vital_private.audited_tenant(",
        "vital_private.audit_admin() line 17 error 42883 function vital_private.audited_tenant(",
        "format('revoke all on %s from %s cascade', v_grant.object, v_grant.grantee)",
        "vital_private.adopt(bigint) line 12 security",
        "vital_private.drop_retired_functions() line 32 security",
        "vital_private.keep_counters() line 42 warning 42804",
        "vital_private.keep_counters() line 47 warning 42804",
        "vital_private.keep_counters() line 52 warning 42804",
        "vital_private.initial_count(regclass,name) line 5 security",
    ];
    found.retain(|finding| !known.iter().any(|known| finding.contains(known)));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn findings(client: &mut Client) -> Vec<String> {
    let functions = client.query(FUNCTIONS, &[]).unwrap();
    assert!(
        functions.len() > 20,
        "only {} functions are there",
        functions.len()
    );
    let mut found = Vec::new();
    for row in functions {
        let (function, relation): (u32, u32) = (row.get(0), row.get(1));
        let name: String = row.get(3);
        if row.get(2) {
            found.push(format!("{name} is a trigger function without a trigger"));
            continue;
        }
        let rows = client.query(FINDINGS, &[&function, &relation, &name]).unwrap();
        found.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    found
}
