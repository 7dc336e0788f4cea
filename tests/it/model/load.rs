//! Puts a random database into a real one.

use std::fmt::Write;

use postgres::Transaction;

use super::state::{Sharing, State, agent_id, tenant_id, user_id};

/// Replaces all rows, with the triggers off while it does, in one round trip.
pub fn load(transaction: &mut Transaction<'_>, state: &State) {
    let tables = ["agents", "tenants", "resource_sharing_audit"];
    let mut sql = String::new();
    for table in tables {
        writeln!(sql, "alter table public.{table} disable trigger user;").unwrap();
    }
    sql.push_str(
        "truncate public.agents, public.user_tenants, public.user_roles, public.resource_sharing_audit, \
         public.tenants, vital_private.stand_ins;\n",
    );
    tenants(&mut sql, state);
    users(&mut sql, state);
    agents(&mut sql, state);
    for table in tables {
        writeln!(sql, "alter table public.{table} enable trigger user;").unwrap();
    }
    transaction.batch_execute(&sql).unwrap();
}

fn insert(sql: &mut String, target: &str, rows: &[String]) {
    if !rows.is_empty() {
        writeln!(sql, "insert into public.{target} values {};", rows.join(", ")).unwrap();
    }
}

fn tenants(sql: &mut String, state: &State) {
    let rows: Vec<String> = state
        .tenants
        .iter()
        .enumerate()
        .map(|(number, tenant)| {
            let kind = if number == 0 { "platform" } else { "client" };
            let deleted = if tenant.deleted { "now()" } else { "null" };
            format!(
                "('{}', 'T{number}', 't{number}', '{kind}', '{}', {deleted})",
                tenant_id(number),
                tenant.status
            )
        })
        .collect();
    insert(sql, "tenants (id, name, slug, type, status, deleted_at)", &rows);
}

fn users(sql: &mut String, state: &State) {
    let mut memberships = Vec::new();
    let mut roles = Vec::new();
    let ids: Vec<String> = (0..state.users.len())
        .map(|number| format!("('{}')", user_id(number)))
        .collect();
    if !ids.is_empty() {
        // None of them has an account.
        writeln!(
            sql,
            "insert into vital_private.stand_ins values {};",
            ids.join(", ")
        )
        .unwrap();
    }
    for (number, user) in state.users.iter().enumerate() {
        let id = user_id(number);
        for (tenant, membership) in user.memberships.iter().enumerate() {
            if let Some(membership) = membership {
                let tenant = tenant_id(tenant);
                memberships.push(format!(
                    "('{id}', '{tenant}', '{}', '{}')",
                    membership.role, membership.status
                ));
            }
        }
        if user.platform_admin {
            roles.push(format!("('{id}', 'platform_admin', null)"));
        }
        if let Some((role, tenant)) = user.idle_role {
            let tenant = tenant.map_or("null".to_owned(), |tenant| format!("'{}'", tenant_id(tenant)));
            roles.push(format!("('{id}', '{role}', {tenant})"));
        }
    }
    insert(
        sql,
        "user_tenants (user_id, tenant_id, role, status)",
        &memberships,
    );
    insert(sql, "user_roles (user_id, role, tenant_id)", &roles);
}

fn agents(sql: &mut String, state: &State) {
    let rows: Vec<String> = state
        .agents
        .iter()
        .enumerate()
        .map(|(number, agent)| {
            let (mode, recipients) = match &agent.sharing {
                Sharing::Private => ("private", "null".to_owned()),
                Sharing::Global => ("global", "null".to_owned()),
                Sharing::Selective(recipients) => {
                    let list: Vec<String> = recipients.iter().map(|&it| tenant_id(it).to_string()).collect();
                    ("selective", format!("'{{{}}}'", list.join(",")))
                }
            };
            format!(
                "('{}', 'A{number}', '{}', '{mode}', {}, {recipients})",
                agent_id(number),
                tenant_id(agent.tenant),
                mode != "private"
            )
        })
        .collect();
    let target = "agents (id, name, tenant_id, sharing_mode, is_shared, shared_with)";
    insert(sql, target, &rows);
}
