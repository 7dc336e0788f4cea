//! Ids of agents: clients name their own, and learn nothing about those that they do not see.

use uuid::Uuid;

use super::scenario::Scene;
use super::world::{agents, tenants, users};

const HIDDEN: [Uuid; 3] = [
    agents::SOUTH_PRIVATE,
    agents::EAST_PRIVATE,
    agents::FROZEN_PRIVATE,
];

fn insert(id: &str) -> String {
    format!("insert into public.agents (id, name) values ({id}, 'mine') returning id")
}

#[test]
fn default_and_new_ids_are_accepted() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER] {
        scene.user(user);
        let made: Uuid = scene.one(&insert("default")).parse().unwrap();
        assert_ne!(made, agents::NOWHERE);
        let named = Uuid::new_v4();
        assert_eq!(scene.one(&insert(&format!("'{named}'"))), named.to_string());
        let sql = format!(
            "select concat_ws(' ', tenant_id, created_by_user_id) from public.agents where id = '{named}'"
        );
        assert_eq!(scene.one(&sql), format!("{} {user}", tenants::NORTH));
    }
}

#[test]
fn id_of_a_hidden_agent_is_replaced_and_the_agent_left_alone() {
    let mut scene = Scene::open();
    for hidden in HIDDEN {
        for end in [
            "",
            " on conflict do nothing",
            " on conflict (id) do nothing",
            " on conflict (id) do update set name = 'taken'",
            " on conflict (id) do update set id = excluded.id, name = excluded.name",
        ] {
            let sql =
                format!("insert into public.agents (id, name) values ('{hidden}', 'mine'){end} returning id");
            let made = scene.user(users::NORTH_MEMBER).one(&sql);
            assert_ne!(made, hidden.to_string());
            assert_eq!(
                scene.one(&format!("select name from public.agents where id = '{made}'")),
                "mine"
            );
        }
        let name = scene
            .owner()
            .one(&format!("select name from public.agents where id = '{hidden}'"));
        assert!(name.ends_with(" private"), "{name}");
    }
}

#[test]
fn hidden_agent_of_ones_own_other_tenant_is_hidden_here_too() {
    let mut scene = Scene::open();
    scene.user(users::BOTH).acting_for(tenants::NORTH);
    let made = scene.one(&insert(&format!("'{}'", agents::SOUTH_PRIVATE)));
    assert_ne!(made, agents::SOUTH_PRIVATE.to_string());
}

#[test]
fn agent_that_one_sees_is_a_conflict_and_no_more() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    for seen in [agents::NORTH_PRIVATE, agents::SOUTH_GLOBAL] {
        scene.refused(&insert(&format!("'{seen}'")), "23505");
    }
    let sql = format!(
        "insert into public.agents (id, name) values ('{}', 'x') on conflict (id) do update set name = 'taken'",
        agents::SOUTH_GLOBAL
    );
    scene.refused(&sql, "42501");
}

#[test]
fn upsert_by_id_updates_ones_own_row() {
    let mut scene = Scene::open();
    let upsert = |id: Uuid, set: &str| {
        format!(
            "insert into public.agents (id, name) values ('{id}', 'again') on conflict (id) do update set {set} \
             returning concat_ws(' ', id, name, tenant_id)"
        )
    };
    // A colleague's row, too, but not one that is shared.
    for user in [users::NORTH_MEMBER, users::NORTH_ADMIN] {
        for set in ["name = excluded.name", "id = excluded.id, name = excluded.name"] {
            let answer = scene.user(user).one(&upsert(agents::NORTH_PRIVATE, set));
            assert_eq!(
                answer,
                format!("{} again {}", agents::NORTH_PRIVATE, tenants::NORTH)
            );
        }
    }
    let shared = upsert(agents::NORTH_SELECTIVE, "name = excluded.name");
    scene.user(users::NORTH_MEMBER).refused(&shared, "42501");
    assert_eq!(scene.user(users::NORTH_ADMIN).column(&shared).len(), 1);
    // A new one first, then the same again.
    let id = Uuid::new_v4();
    for _ in 0..2 {
        let answer = scene
            .user(users::NORTH_MEMBER)
            .one(&upsert(id, "name = excluded.name"));
        assert_eq!(answer, format!("{id} again {}", tenants::NORTH));
    }
}

#[test]
fn upsert_of_every_column_leaves_the_author() {
    let mut scene = Scene::open();
    let orphan = Uuid::new_v4();
    scene.ok(&format!(
        "insert into public.agents (id, name, tenant_id) values ('{orphan}', 'orphan', '{}')",
        tenants::NORTH
    ));
    let columns = scene.column(
        "select attname from pg_attribute where attrelid = 'public.agents'::regclass and attnum > 0 and not attisdropped",
    );
    let named = columns.join(", ");
    let excluded = columns.iter().map(|it| format!("{it} = excluded.{it}"));
    let set = excluded.collect::<Vec<_>>().join(", ");
    let given = named.replace("title", "'sent back'");
    let upsert = |id: Uuid, given: &str| {
        format!(
            "insert into public.agents ({named}) select {given} from public.agents where id = '{id}' \
             on conflict (id) do update set {set}
             returning concat_ws(' ', title, coalesce(created_by_user_id::text, 'nobody'), tenant_id)"
        )
    };
    for (id, author) in [
        (agents::NORTH_PRIVATE, users::NORTH_OWNER.to_string()),
        (orphan, "nobody".to_owned()),
    ] {
        for user in [users::NORTH_MEMBER, users::NORTH_OWNER, users::NORTH_ADMIN] {
            let answer = scene.user(user).one(&upsert(id, &given));
            assert_eq!(answer, format!("sent back {author} {}", tenants::NORTH));
        }
        // Another author than the one that is there is nobody's to name.
        for forged in [users::NORTH_ADMIN, users::OUTSIDER] {
            let given = given.replace("created_by_user_id", &format!("'{forged}'"));
            scene
                .user(users::NORTH_MEMBER)
                .refused(&upsert(id, &given), "42501");
        }
        scene
            .user(users::NORTH_GUEST)
            .refused(&upsert(id, &given), "42501");
    }
    let shared = upsert(agents::NORTH_SELECTIVE, &given);
    scene.user(users::NORTH_MEMBER).refused(&shared, "42501");
    assert_eq!(scene.user(users::NORTH_ADMIN).column(&shared).len(), 1);
    let others = upsert(agents::SOUTH_GLOBAL, &given);
    scene.user(users::NORTH_ADMIN).refused(&others, "42501");
}

#[test]
fn who_wrote_a_shared_agent_cannot_be_guessed() {
    let mut scene = Scene::open();
    for guess in [users::NORTH_OWNER, users::OUTSIDER] {
        for user in [users::SOUTH_MEMBER, users::SOUTH_OWNER] {
            let sql = format!(
                "insert into public.agents (id, name, created_by_user_id) values ('{}', 'x', '{guess}') \
                 on conflict do nothing",
                agents::NORTH_SELECTIVE
            );
            scene.user(user).refused(&sql, "42501");
            let sql = format!(
                "select vital_private.is_author('{}', '{guess}')",
                agents::NORTH_SELECTIVE
            );
            assert_eq!(scene.one(&sql), "f");
        }
    }
}

/// Prisma knows no null for a list, and sends an empty one.
#[test]
fn no_recipients_are_none_however_they_are_written() {
    let mut scene = Scene::open();
    for (there, sent) in [("null", "'{}'"), ("'{}'", "null")] {
        let id = Uuid::new_v4();
        scene.owner().ok(&format!(
            "insert into public.agents (id, name, tenant_id, shared_with) values ('{id}', 'x', '{}', {there})",
            tenants::NORTH
        ));
        let sql = format!("update public.agents set title = 'whole', shared_with = {sent} where id = '{id}'");
        assert_eq!(scene.user(users::NORTH_MEMBER).ok(&sql), 1);
        let kept =
            format!("select shared_with is not distinct from {there} from public.agents where id = '{id}'");
        assert_eq!(scene.one(&kept), "t");
        let audited =
            format!("select count(*) from public.resource_sharing_audit where resource_id = '{id}'");
        assert_eq!(scene.owner().one(&audited), "0");
    }
}

#[test]
fn trusted_role_names_any_id_and_meets_conflicts() {
    let mut scene = Scene::open();
    for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
        let sql = insert(&format!("'{}'", agents::SOUTH_PRIVATE));
        trusted(&mut scene).refused(&sql, "23505");
    }
}

/// What the clients of an application send, to the letter but for the parameters.
#[test]
fn statements_of_common_clients_insert_and_upsert() {
    let mut scene = Scene::open();
    let id = Uuid::new_v4();
    let row = format!("'{id}', 'made', 'by a client', '2031-01-01 00:00:00+00', '2031-01-01 00:00:00+00'");
    let statements = [
        // Drizzle: every column that the schema knows.
        "insert into \"agents\" (\"id\", \"name\", \"description\", \"model\", \"created_at\", \"updated_at\", \
         \"tenant_id\", \"is_shared\", \"sharing_mode\", \"shared_with\", \"resource_type\", \"access_count\", \
         \"created_by_user_id\", \"rating\", \"popularity_score\") values (default, 'made', default, default, default, \
         default, default, default, default, default, default, default, default, default, default) \
         returning \"id\", \"name\", \"created_at\""
            .to_owned(),
        // TypeORM.
        "INSERT INTO \"agents\"(\"id\", \"name\", \"description\", \"created_at\", \"updated_at\", \"tenant_id\") \
         VALUES (DEFAULT, 'made', DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING \"id\", \"created_at\", \"updated_at\""
            .to_owned(),
        // Sequelize: create, then upsert.
        format!(
            "INSERT INTO \"agents\" (\"id\",\"name\",\"description\",\"created_at\",\"updated_at\") VALUES ({row}) \
             RETURNING \"id\",\"name\",\"description\",\"created_at\",\"updated_at\""
        ),
        format!(
            "INSERT INTO \"agents\" (\"id\",\"name\",\"description\",\"created_at\",\"updated_at\") VALUES ({row}) \
             ON CONFLICT (\"id\") DO UPDATE SET \"id\"=EXCLUDED.\"id\",\"name\"=EXCLUDED.\"name\",\
             \"description\"=EXCLUDED.\"description\",\"updated_at\"=EXCLUDED.\"updated_at\" RETURNING \"id\",\"name\""
        ),
        // Prisma: create is the same as Sequelize's, upsert is native.
        format!(
            "INSERT INTO \"public\".\"agents\" (\"id\",\"name\",\"description\",\"created_at\",\"updated_at\") \
             VALUES ({row}) ON CONFLICT (\"id\") DO UPDATE SET \"name\" = 'again' \
             WHERE (\"public\".\"agents\".\"id\" = '{id}' AND 1=1) \
             RETURNING \"public\".\"agents\".\"id\", \"public\".\"agents\".\"name\""
        ),
        // SQLAlchemy: one insert for many.
        format!(
            "INSERT INTO agents (id, name, description) SELECT p0::UUID, p1::VARCHAR, p2::VARCHAR FROM (VALUES \
             ('{}', 'a', 'b', 0), ('{}', 'c', 'd', 1)) AS imp_sen(p0, p1, p2, sen_counter) ORDER BY sen_counter \
             RETURNING agents.id, agents.created_at",
            Uuid::new_v4(),
            Uuid::new_v4()
        ),
        // PostgREST: an upsert of a whole payload.
        format!(
            "WITH pgrst_source AS (INSERT INTO \"public\".\"agents\"(\"id\", \"name\") \
             SELECT \"pgrst_body\".\"id\", \"pgrst_body\".\"name\" FROM \
             (SELECT '[{{\"id\": \"{id}\", \"name\": \"again\"}}]'::json AS json_data) AS pgrst_payload, \
             LATERAL (SELECT * FROM json_to_recordset(pgrst_payload.json_data) AS _(\"id\" uuid, \"name\" varchar)) \
             AS pgrst_body ON CONFLICT(\"id\") DO UPDATE SET \"id\" = EXCLUDED.\"id\", \"name\" = EXCLUDED.\"name\" \
             RETURNING \"public\".\"agents\".*) SELECT id FROM pgrst_source"
        ),
    ];
    scene.user(users::NORTH_MEMBER);
    for sql in statements {
        assert!(!scene.column(&sql).is_empty(), "{sql}");
    }
    let made = scene.one(&format!(
        "select concat_ws(' ', name, tenant_id, created_by_user_id, created_at = now(), updated_at = now()) \
         from public.agents where id = '{id}'"
    ));
    assert_eq!(
        made,
        format!("again {} {} t t", tenants::NORTH, users::NORTH_MEMBER)
    );
}
