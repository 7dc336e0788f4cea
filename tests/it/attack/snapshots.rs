//! A revocation against a transaction that began before it: what an old snapshot still shows must not be enough to write.

use postgres::Client;
use postgres::error::SqlState;
use uuid::Uuid;

use super::world::{agents, tenants, users};
use crate::support::{Database, Template, migrations};

const LEVELS: [&str; 2] = ["repeatable read", "serializable"];

/// A connection of `user` in a transaction whose snapshot is taken.
fn begun(database: &Database, user: Uuid, level: &str) -> Client {
    let mut client = database.acting_as(user);
    let begin = format!("begin isolation level {level}; select count(*) from public.tenants");
    client.batch_execute(&begin).unwrap();
    client
}

/// What gives the world's users rights on tenants, the statement that takes it away, and what they write.
fn revocations() -> Vec<(Uuid, String, String)> {
    let rebrand = format!(
        "update public.tenants set branding = '{{}}' where id = '{}'",
        tenants::NORTH
    );
    let create = "insert into public.tenants (name, slug, type) values ('x', 'grabbed', 'client')";
    let retype = format!(
        "update public.tenants set type = 'solution' where id = '{}'",
        tenants::NORTH
    );
    let erase = format!("delete from public.tenants where id = '{}'", tenants::NOWHERE);
    let of = |user: Uuid| format!("user_id = '{user}'");
    let owner = of(users::NORTH_OWNER);
    let admin = of(users::ADMIN);
    let mut revocations = vec![(
        users::NORTH_OWNER,
        format!("delete from public.user_tenants where {owner}"),
        rebrand.clone(),
    )];
    for change in ["status = 'suspended'", "status = 'removed'", "role = 'member'"] {
        let sql = format!("update public.user_tenants set {change} where {owner}");
        revocations.push((users::NORTH_OWNER, sql, rebrand.clone()));
    }
    for change in ["status = 'suspended'", "deleted_at = now()"] {
        let sql = format!(
            "update public.tenants set {change} where id = '{}'",
            tenants::NORTH
        );
        revocations.push((users::NORTH_OWNER, sql, rebrand.clone()));
    }
    for write in [create.to_owned(), retype, erase, rebrand] {
        let sql = format!("delete from public.user_roles where {admin}");
        revocations.push((users::ADMIN, sql, write));
    }
    revocations
}

#[test]
fn revocation_holds_against_a_transaction_that_began_before() {
    for level in LEVELS {
        for (user, revoke, write) in revocations() {
            let database = Database::create(Template::World);
            let mut attacker = begun(&database, user, level);
            database.client().batch_execute(&revoke).unwrap();
            let error = attacker.batch_execute(&write).unwrap_err();
            assert_eq!(
                migrations::state(&error),
                &SqlState::T_R_SERIALIZATION_FAILURE,
                "{revoke}"
            );
            let error = error.as_db_error().unwrap();
            assert_eq!(
                error.message(),
                "what you may do has changed since this transaction began"
            );
            assert!(!format!("{error:?}").contains("select"), "{error:?}");
        }
    }
}

#[test]
fn rights_that_stand_are_enough_in_every_isolation_level() {
    let database = Database::create(Template::World);
    for level in ["read committed", "repeatable read", "serializable"] {
        for (user, _, write) in revocations() {
            let mut client = begun(&database, user, level);
            client
                .batch_execute(&write)
                .unwrap_or_else(|error| panic!("{level}: {write}: {error:?}"));
            client.batch_execute("rollback").unwrap();
        }
    }
}

#[test]
fn rechecking_keeps_no_revocation_waiting_and_waits_for_none() {
    for (user, revoke, write) in revocations() {
        let database = Database::create(Template::World);
        let mut attacker = begun(&database, user, "repeatable read");
        // The rows that the write itself touches are another matter.
        if !write.starts_with("insert") && !revoke.contains("public.tenants") {
            attacker.batch_execute(&write).unwrap();
        }
        let mut operator = database.client();
        let now = format!("set lock_timeout = '2s'; begin; {revoke}");
        operator.batch_execute(&now).unwrap();
        // Not committed, so it does not hold yet; and the attacker is not made to wait to the operator's cost.
        attacker.batch_execute("rollback").unwrap();
        let mut attacker = begun(&database, user, "repeatable read");
        attacker.batch_execute("set lock_timeout = '2s'").unwrap();
        if !revoke.contains("public.tenants") {
            attacker.batch_execute(&write).unwrap();
        }
        operator.batch_execute("commit").unwrap();
    }
}

/// What members and platform admins write to agents, with what takes the right away.
fn revocations_on_agents() -> Vec<(Uuid, String, String)> {
    let member = format!("user_id = '{}'", users::NORTH_MEMBER);
    let closed = format!(
        "update public.tenants set status = 'suspended' where id = '{}'",
        tenants::NORTH
    );
    let rewrite = format!(
        "update public.agents set system_prompt = 'obey me' where id = '{}'",
        agents::NORTH_PRIVATE
    );
    let insert = "insert into public.agents (name) values ('late')".to_owned();
    let upsert = format!(
        "insert into public.agents (id, name) values ('{}', 'late') on conflict (id) do update set name = excluded.name",
        agents::NORTH_PRIVATE
    );
    let delete = format!("delete from public.agents where id = '{}'", agents::NORTH_PRIVATE);
    let removed = format!("update public.user_tenants set status = 'removed' where {member}");
    let erased = format!("delete from public.user_tenants where {member}");
    let guest = format!("update public.user_tenants set role = 'guest' where {member}");
    let publish = format!(
        "update public.agents set is_shared = true, sharing_mode = 'global' where id = '{}'",
        agents::NORTH_PRIVATE
    );
    let demoted = format!("delete from public.user_roles where user_id = '{}'", users::ADMIN);
    let mut found = Vec::new();
    for revoke in [removed, erased, guest, closed] {
        for write in [&rewrite, &insert, &upsert, &delete] {
            found.push((users::NORTH_MEMBER, revoke.clone(), write.clone()));
        }
    }
    found.push((users::ADMIN, demoted, publish));
    found
}

#[test]
fn revocation_holds_against_writing_agents() {
    for level in LEVELS {
        for (user, revoke, write) in revocations_on_agents() {
            let database = Database::create(Template::World);
            let mut attacker = begun(&database, user, level);
            database.client().batch_execute(&revoke).unwrap();
            let error = attacker.batch_execute(&write).unwrap_err();
            assert_eq!(
                migrations::state(&error),
                &SqlState::T_R_SERIALIZATION_FAILURE,
                "{revoke}; {write}"
            );
        }
    }
}

#[test]
fn members_whose_rights_stand_write_agents_in_every_isolation_level() {
    let database = Database::create(Template::World);
    for level in ["read committed", "repeatable read", "serializable"] {
        for (user, _, write) in revocations_on_agents() {
            let mut client = begun(&database, user, level);
            client
                .batch_execute(&write)
                .unwrap_or_else(|error| panic!("{level}: {write}: {error:?}"));
            client.batch_execute("rollback").unwrap();
        }
    }
}
