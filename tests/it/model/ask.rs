//! Lets a user of the real database try everything.

use postgres::Transaction;
use uuid::Uuid;

use super::state::{SessionOwner, State, user_id};

/// What the database lets one user do.
pub struct Answers {
    pub current: Option<Uuid>,
    pub readable: Vec<Uuid>,
    pub updatable: Vec<Uuid>,
    pub deletable: Vec<Uuid>,
    pub sharable: Vec<Uuid>,
    pub insertable: Vec<Uuid>,
    pub tenants: Vec<Uuid>,
    pub memberships: i64,
    pub accessible: Vec<Uuid>,
    pub others: i64,
    /// Agents that `can_access_resource` opens to the current tenant.
    pub can_access: Vec<Uuid>,
}

/// Creates what tries a statement for each of many rows in one round trip, undoing each; and a list of everything, which
/// the user would not see.
pub fn prepare(transaction: &mut Transaction<'_>) {
    // Nothing is analysed, so the planner expects millions of rows, and would compile for them.
    let sql = "
        set local jit = off;
        create temp table all_agents on commit drop as
            select id, tenant_id, is_shared, sharing_mode, shared_with from public.agents;
        create temp table all_tenants on commit drop as select id from public.tenants;
        create temp table all_users on commit drop as
            select distinct user_id as id
            from (select user_id from public.user_tenants union select user_id from public.user_roles) as known;
        grant select on all_agents, all_tenants, all_users to authenticated;

        create function pg_temp.reshares(p_id uuid, p_mode text) returns boolean language plpgsql as $$
        declare
            v_count bigint;
        begin
            update public.agents
            set
                is_shared = p_mode = 'private',
                sharing_mode = case when p_mode = 'private' then 'selective' else 'private' end,
                shared_with = case when p_mode = 'private' then array['00000000-0000-0000-0000-000000000001'::uuid] end
            where id = p_id;
            get diagnostics v_count = row_count;
            raise exception using errcode = 'UNDO1', message = v_count;
        exception
            when sqlstate 'UNDO1' then return sqlerrm = '1';
            when insufficient_privilege then return false;
        end
        $$;

        create function pg_temp.inserts(p_tenant uuid) returns boolean language plpgsql as $$
        begin
            insert into public.agents (name, tenant_id) values ('new', p_tenant);
            raise exception using errcode = 'UNDO1';
        exception
            when sqlstate 'UNDO1' then return true;
            when insufficient_privilege then return false;
        end
        $$;";
    transaction.batch_execute(sql).unwrap();
}

/// Puts the user and what they ask for into the session, as PostgREST and the user would.
fn become_user(transaction: &mut Transaction<'_>, state: &State, number: usize) {
    let user = &state.users[number];
    let id = user_id(number);
    let mut claims = serde_json::json!({"sub": id, "role": "authenticated"});
    for (place, request) in [
        ("app_metadata", &user.claim),
        ("user_metadata", &user.user_metadata),
    ] {
        if let Some(request) = request {
            claims[place] = serde_json::json!({"tenant_id": request.text()});
        }
    }
    let headers = match &user.header {
        Some(request) => serde_json::json!({"host": "x", "x-tenant-id": request.text()}).to_string(),
        None => String::new(),
    };
    let began: String = transaction
        .query_one("select extract(epoch from now())::text", &[])
        .unwrap()
        .get(0);
    let method = if user.method { "GET" } else { "" };
    let (tenant, owner) = match &user.session {
        None => (String::new(), String::new()),
        Some(session) => {
            let owner = match session.owner {
                SessionOwner::OneselfNow => format!("{id} {began}"),
                SessionOwner::OneselfBefore => format!("{id} 1"),
                SessionOwner::Another => user_id(number + 1).to_string(),
                SessionOwner::Nobody => String::new(),
            };
            (session.request.text(), owner)
        }
    };
    transaction
        .batch_execute("reset role; set local role authenticated")
        .unwrap();
    let sql = "select set_config('request.jwt.claims', $1, true), set_config('request.headers', $2, true), \
               set_config('app.tenant_id', $3, true), set_config('app.tenant_user', $4, true), \
               set_config('request.method', $5, true)";
    transaction
        .execute(sql, &[&claims.to_string(), &headers, &tenant, &owner, &method])
        .unwrap();
}

/// Becomes the user and tries everything.
pub fn ask(transaction: &mut Transaction<'_>, state: &State, number: usize) -> Answers {
    become_user(transaction, state, number);
    let id = user_id(number);
    let questions = "
        select
            public.get_current_tenant_id(),
            array(select id from public.agents order by id),
            array(select a.id from pg_temp.all_agents as a where pg_temp.reshares(a.id, a.sharing_mode) order by id),
            array(select t.id from pg_temp.all_tenants as t where pg_temp.inserts(t.id) order by id),
            array(select id from public.tenants order by id),
            (select count(*) from public.user_tenants),
            array(select t.id from pg_temp.all_tenants as t where public.has_tenant_access($1, t.id) order by id),
            (
                select count(*)
                from pg_temp.all_users as u, pg_temp.all_tenants as t
                where u.id <> $1 and public.has_tenant_access(u.id, t.id)
            ),
            array(
                select a.id
                from pg_temp.all_agents as a
                where public.can_access_resource(
                    a.tenant_id, a.is_shared, a.sharing_mode, a.shared_with, (select public.get_current_tenant_id())
                )
                order by id
            )";
    let row = transaction.query_one(questions, &[&id]).unwrap();
    let mut savepoint = transaction.transaction().unwrap();
    let mut touched = |statement: &str| -> Vec<Uuid> {
        let sql = format!(
            "with touched as ({statement} returning id) select array(select id from touched order by id)"
        );
        savepoint.query_one(&sql, &[]).unwrap().get(0)
    };
    let updatable = touched("update public.agents set description = 'touched'");
    let deletable = touched("delete from public.agents");
    savepoint.rollback().unwrap();
    Answers {
        current: row.get(0),
        readable: row.get(1),
        updatable,
        deletable,
        sharable: row.get(2),
        insertable: row.get(3),
        tenants: row.get(4),
        memberships: row.get(5),
        accessible: row.get(6),
        others: row.get(7),
        can_access: row.get(8),
    }
}
