//! Policies that were there before: never dropped silently, never left silently, and kept for restoring.

use postgres::Client;

use crate::support::{Database, Template, migrations};

/// The last two fields of what the server says about a refused migration.
fn refusal(client: &mut Client, file: usize) -> (String, String, String) {
    let error = migrations::run(client, &migrations::files()[file]).expect_err("the migration must stop");
    let error = error.as_db_error().unwrap_or_else(|| panic!("{error:?}")).clone();
    assert_eq!(error.code().code(), "55000", "{error:?}");
    (
        error.message().to_owned(),
        error.detail().unwrap_or_default().to_owned(),
        error.hint().unwrap_or_default().to_owned(),
    )
}

fn policies(client: &mut Client) -> Vec<String> {
    let sql = "select policyname::text from pg_policies where tablename = 'agents' order by 1";
    client
        .query(sql, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// A consent to replace the policies on agents, as a person would have given it after reading them.
fn consent(client: &mut Client) -> String {
    client.batch_execute("set search_path = pg_catalog").unwrap();
    let sql = "select jsonb_agg(jsonb_build_object('table', polrelid::regclass::text, 'name', polname, 'fingerprint', \
               md5(concat_ws('|', polcmd, polpermissive, polroles::text, polqual::text, polwithcheck::text))))::text \
               from pg_policy where polrelid = 'public.agents'::regclass and polpermissive";
    let consent = client.query_one(sql, &[]).unwrap().get(0);
    client.batch_execute("reset search_path").unwrap();
    consent
}

fn agree(client: &mut Client, consent: &str) {
    let sql = "select set_config('vital.replace_policies', $1, false)";
    client.execute(sql, &[&consent]).unwrap();
}

#[test]
fn migration_stops_at_a_policy_that_nobody_agreed_to_replace() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    for file in &migrations::files()[..2] {
        migrations::run(&mut client, file).unwrap();
    }
    let before = policies(&mut client);
    assert_eq!(before.len(), 2);
    let (message, detail, hint) = refusal(&mut client, 2);
    assert_eq!(
        message,
        "policy \"Admins can manage agents\" on public.agents widens access and was not approved for replacement"
    );
    assert!(
        detail
            .starts_with("create policy \"Admins can manage agents\" on public.agents as permissive for all")
    );
    assert!(hint.contains("--replace-policies"), "{hint}");
    assert_eq!(policies(&mut client), before);
    // Nor is consent to one consent to the other, nor an empty or malformed one to any.
    let whole: serde_json::Value = serde_json::from_str(&consent(&mut client)).unwrap();
    for entry in whole.as_array().unwrap() {
        agree(&mut client, &serde_json::json!([entry]).to_string());
        refusal(&mut client, 2);
    }
    for nothing in ["", "[]", "{}", "[{}]", "true"] {
        agree(&mut client, nothing);
        refusal(&mut client, 2);
    }
}

#[test]
fn consent_is_void_when_the_policy_has_changed() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    for file in &migrations::files()[..2] {
        migrations::run(&mut client, file).unwrap();
    }
    let given = consent(&mut client);
    agree(&mut client, &given);
    for change in [
        "alter policy \"Anyone can view active agents\" on public.agents using (true)",
        "alter policy \"Anyone can view active agents\" on public.agents using (is_active = true) ; \
         alter policy \"Anyone can view active agents\" on public.agents to authenticated",
        "alter policy \"Anyone can view active agents\" on public.agents to public; \
         create policy \"New\" on public.agents using (true)",
    ] {
        client.batch_execute(change).unwrap();
        refusal(&mut client, 2);
    }
    let renewed = consent(&mut client);
    agree(&mut client, &renewed);
    migrations::run(&mut client, &migrations::files()[2]).unwrap();
}

#[test]
fn consent_for_another_table_is_none() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    for file in &migrations::files()[..2] {
        migrations::run(&mut client, file).unwrap();
    }
    let elsewhere = consent(&mut client).replace("public.agents", "public.tenants");
    agree(&mut client, &elsewhere);
    refusal(&mut client, 2);
}

#[test]
fn leftover_on_tenants_stops_the_first_migration() {
    for table in ["tenants", "user_tenants", "user_roles"] {
        let database = Database::create(Template::PreState);
        let mut client = database.client();
        migrations::run(&mut client, &migrations::files()[0]).unwrap();
        let sql = format!("create policy open on public.{table} for select to anon using (true)");
        client.batch_execute(&sql).unwrap();
        let (message, ..) = refusal(&mut client, 0);
        assert!(
            message.starts_with(&format!("policy \"open\" on public.{table} ")),
            "{message}"
        );
    }
}

#[test]
fn leftover_on_the_audit_stops_the_third_migration() {
    let database = Database::create(Template::World);
    let mut client = database.client();
    let sql = "create policy open on public.resource_sharing_audit for select to authenticated using (true)";
    client.batch_execute(sql).unwrap();
    let (message, ..) = refusal(&mut client, 2);
    assert!(
        message.starts_with("policy \"open\" on public.resource_sharing_audit "),
        "{message}"
    );
}

#[test]
fn replaced_policies_are_kept_and_can_be_restored() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    let definitions = "select policyname::text, permissive, roles::text, cmd, qual, with_check \
                       from pg_policies where tablename = 'agents' order by 1";
    let shape = |client: &mut Client| -> Vec<Vec<Option<String>>> {
        let rows = client.query(definitions, &[]).unwrap();
        rows.iter()
            .map(|row| (0..6).map(|column| row.get(column)).collect())
            .collect()
    };
    client
        .batch_execute(
            "create policy \"odd \"\"name\"\"; drop table x\" on public.agents for update to anon, service_role \
             using (name = 'it''s') with check (is_active)",
        )
        .unwrap();
    let before = shape(&mut client);
    migrations::apply(&mut client);
    let kept = "select definition from vital_private.replaced_policies where table_name = 'public.agents' order by id";
    let statements: Vec<String> = client
        .query(kept, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(statements.len(), before.len());
    let ours = policies(&mut client);
    assert_eq!(ours.len(), 4);
    for policy in ours {
        client
            .batch_execute(&format!("drop policy {policy} on public.agents"))
            .unwrap();
    }
    for statement in statements {
        client.batch_execute(&statement).unwrap();
    }
    assert_eq!(shape(&mut client), before);
}

#[test]
fn restrictive_policy_is_left_alone_and_keeps_narrowing() {
    let database = Database::create(Template::PreState);
    let mut client = database.client();
    client
        .batch_execute(
            "create policy only_active on public.agents as restrictive to authenticated using (is_active)",
        )
        .unwrap();
    let consent = consent(&mut client);
    for file in &migrations::files()[..2] {
        migrations::run(&mut client, file).unwrap();
    }
    agree(&mut client, &consent);
    migrations::run(&mut client, &migrations::files()[2]).unwrap();
    assert!(policies(&mut client).contains(&"only_active".to_owned()));
}

#[test]
fn migrating_again_changes_nothing_and_asks_nothing() {
    let database = Database::create(Template::World);
    let mut client = database.client();
    let kept = "select count(*) from vital_private.replaced_policies where table_name = 'public.agents' and \
                policy_name not like 'agents\\_%'";
    let before: i64 = client.query_one(kept, &[]).unwrap().get(0);
    for file in migrations::files() {
        migrations::run(&mut client, &file).unwrap();
    }
    assert_eq!(policies(&mut client).len(), 4);
    assert_eq!(client.query_one(kept, &[]).unwrap().get::<_, i64>(0), before);
}
