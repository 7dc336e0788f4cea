//! Report, matrix and explanation say what the read policy does: compared over random states with can_access_resource and
//! with what each user reads.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;
use vital::cli::ConnectArgs;
use vital::db::{Connection, Settings, connect};
use vital::ops::sharing::explain::{Explanation, Question, explain};
use vital::ops::sharing::matrix::{Matrix, matrix};
use vital::ops::sharing::report::{By, Sharing, report};

use crate::support::{Database, Template};

const TENANTS: usize = 5;
const USERS: usize = 5;
const TENANT_STATES: [(&str, Option<&str>); 6] = [
    ("active", None),
    ("active", None),
    ("active", None),
    ("suspended", None),
    ("archived", None),
    ("active", Some("2025-01-01")),
];
const MEMBERSHIPS: [&str; 5] = ["active", "active", "invited", "suspended", "removed"];

/// A random state, in small numbers that stand for tenants, users and their states.
#[derive(Debug, Clone)]
struct World {
    /// Each tenant's state.
    tenants: Vec<usize>,
    /// User, tenant and state.
    members: BTreeMap<(usize, usize), usize>,
    admin: Option<usize>,
    /// The tenant that each user asks for by header, if any.
    choices: Vec<Option<usize>>,
    agents: Vec<Agent>,
}

#[derive(Debug, Clone)]
struct Agent {
    owner: Option<usize>,
    mode: usize,
    recipients: Vec<usize>,
}

fn worlds() -> impl Strategy<Value = World> {
    let agent = (
        prop::option::weighted(0.9, 0..TENANTS),
        0..3_usize,
        prop::collection::vec(0..=TENANTS, 1..4),
    )
        .prop_map(|(owner, mode, recipients)| Agent {
            owner,
            mode,
            recipients,
        });
    (
        prop::collection::vec(0..TENANT_STATES.len(), TENANTS),
        prop::collection::btree_map((0..USERS, 0..TENANTS), 0..MEMBERSHIPS.len(), 0..10),
        prop::option::weighted(0.4, 0..USERS),
        prop::collection::vec(prop::option::weighted(0.4, 0..TENANTS), USERS),
        prop::collection::vec(agent, 0..12),
    )
        .prop_map(|(tenants, members, admin, choices, agents)| World {
            tenants,
            members,
            admin,
            choices,
            agents,
        })
}

fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((kind << 96) + 0x4000_8000_0000_0000_0000 + number as u128)
}

fn tenant(number: usize) -> Uuid {
    id(0x1000_0000, number)
}

fn user(number: usize) -> Uuid {
    id(0xb000_0000, number)
}

fn agent(number: usize) -> Uuid {
    id(0xc000_0000, number)
}

/// Replaces everything by `world`. As superuser without triggers, so that states are possible which no API would make.
fn build(client: &mut Client, world: &World) {
    let mut sql = String::from(
        "set session_replication_role = replica;
        delete from public.agents; delete from public.user_tenants; delete from public.user_roles;
        delete from public.tenants where type <> 'platform';",
    );
    for (number, state) in world.tenants.iter().enumerate() {
        let (status, deleted) = TENANT_STATES[*state];
        let deleted = deleted.map_or("null".to_owned(), |at| format!("'{at}'"));
        sql += &format!(
            "insert into public.tenants (id, name, slug, type, status, deleted_at)
            values ('{}', 'T{number}', 't{number}', 'client', '{status}', {deleted});",
            tenant(number)
        );
    }
    for ((who, at), state) in &world.members {
        sql += &format!(
            "insert into public.user_tenants (user_id, tenant_id, status) values ('{}', '{}', '{}');",
            user(*who),
            tenant(*at),
            MEMBERSHIPS[*state]
        );
    }
    if let Some(admin) = world.admin {
        sql += &format!(
            "insert into public.user_roles (user_id, role) values ('{}', 'platform_admin');",
            user(admin)
        );
    }
    for (number, each) in world.agents.iter().enumerate() {
        let owner = each
            .owner
            .map_or("null".to_owned(), |owner| format!("'{}'", tenant(owner)));
        let recipients: Vec<_> = each.recipients.iter().map(|at| tenant(*at).to_string()).collect();
        let mode = ["private", "selective", "global"][each.mode];
        let shared_with = match mode {
            "selective" => format!("'{{{}}}'", recipients.join(",")),
            _ => "null".to_owned(),
        };
        sql += &format!(
            "insert into public.agents (id, name, tenant_id, is_shared, sharing_mode, shared_with)
            values ('{}', 'agent {number}', {owner}, {}, '{mode}', {shared_with});",
            agent(number),
            mode != "private"
        );
    }
    sql += "set session_replication_role = origin;";
    client.batch_execute(&sql).unwrap();
}

fn ids(rows: &[postgres::Row]) -> BTreeSet<Uuid> {
    rows.iter().map(|row| row.get(0)).collect()
}

struct Bench {
    runtime: Runtime,
    connection: Connection,
    superuser: Client,
    api: Client,
}

impl Bench {
    fn new(db: &Database) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let arguments = ConnectArgs {
            database_url: Some(db.url()),
            ..ConnectArgs::default()
        };
        let settings = Settings::resolve(&arguments).unwrap();
        let mut superuser = db.superuser();
        for number in 0..USERS {
            let sql = "insert into auth.users (id, email) values ($1, $2)";
            let email = format!("u{number}@model.example");
            superuser.execute(sql, &[&user(number), &email]).unwrap();
        }
        Self {
            connection: runtime.block_on(connect(&settings)).unwrap(),
            runtime,
            superuser,
            api: db.client_as("authenticated"),
        }
    }

    /// What the user reads, acting for `choice`.
    fn read_as(&mut self, who: usize, choice: Option<usize>) -> BTreeSet<Uuid> {
        let claims = serde_json::json!({"sub": user(who), "role": "authenticated"}).to_string();
        let headers = choice.map_or("{}".to_owned(), |at| {
            serde_json::json!({"x-tenant-id": tenant(at)}).to_string()
        });
        let set =
            "select set_config('request.jwt.claims', $1, false), set_config('request.headers', $2, false)";
        self.api.execute(set, &[&claims, &headers]).unwrap();
        ids(&self.api.query("select id from public.agents", &[]).unwrap())
    }

    /// What can_access_resource opens to the tenant.
    fn opened_to(&mut self, tenant: Uuid) -> BTreeMap<Option<Uuid>, i64> {
        let sql = "select a.tenant_id, count(*) from public.agents as a
            where public.can_access_resource(a.tenant_id, a.is_shared, a.sharing_mode, a.shared_with, $1) group by 1";
        let rows = self.superuser.query(sql, &[&tenant]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    fn explain(&mut self, question: Question<'_>) -> Explanation {
        self.runtime
            .block_on(explain(&mut self.connection, question))
            .unwrap()
    }

    fn report(&mut self) -> Sharing {
        self.runtime
            .block_on(report(&mut self.connection, By::Tenant))
            .unwrap()
    }

    fn matrix(&mut self) -> Matrix {
        self.runtime
            .block_on(matrix(&mut self.connection, &[], &[]))
            .unwrap()
    }
}

#[test]
fn every_number_is_what_the_policies_let_each_user_read() {
    let db = Database::create(Template::Migrated);
    let bench = RefCell::new(Bench::new(&db));
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&worlds(), |world| {
        let bench = &mut *bench.borrow_mut();
        build(&mut bench.superuser, &world);
        users_agree(bench, &world)?;
        tenants_agree(bench, &world)
    });
    result.unwrap();
}

fn users_agree(bench: &mut Bench, world: &World) -> Result<(), TestCaseError> {
    for who in 0..USERS {
        let email = format!("u{who}@model.example");
        let slug = world.choices[who].map(|at| format!("t{at}"));
        let reads = bench.read_as(who, world.choices[who]);
        let question = Question {
            user: Some(&email),
            tenant: slug.as_deref(),
            limit: 1000,
            ..Question::default()
        };
        let sees = bench.explain(question).sees.unwrap();
        let listed: BTreeSet<Uuid> = sees.agents.iter().map(|agent| agent.id).collect();
        prop_assert_eq!(&listed, &reads, "user {}", who);
        for counted in &sees.rules {
            let by_rule = sees
                .agents
                .iter()
                .filter(|agent| agent.rule == counted.rule)
                .count();
            prop_assert_eq!(
                counted.agents,
                i64::try_from(by_rule).unwrap(),
                "user {} {:?}",
                who,
                counted.rule
            );
        }
        for number in 0..world.agents.len() {
            let id = agent(number).to_string();
            let asked = Question {
                agent: Some(&id),
                ..question
            };
            let verdict = bench.explain(asked).agent.unwrap();
            prop_assert_eq!(
                verdict.visible,
                reads.contains(&agent(number)),
                "user {} agent {}",
                who,
                number
            );
            prop_assert_eq!(verdict.visible, verdict.reasons.is_empty());
        }
    }
    Ok(())
}

fn tenants_agree(bench: &mut Bench, world: &World) -> Result<(), TestCaseError> {
    let (report, matrix) = (bench.report(), bench.matrix());
    let total = i64::try_from(world.agents.len()).unwrap();
    prop_assert_eq!(report.distribution.total, total);
    for (viewer, tenant) in matrix.tenants.iter().enumerate() {
        let Some(id) = tenant.id else { continue };
        let reported = report.tenants.iter().find(|row| row.id == Some(id)).unwrap();
        let cells: i64 = matrix
            .owners()
            .map(|owner| matrix.sight(owner, viewer).visible)
            .sum();
        prop_assert_eq!(cells, reported.visible, "{:?}", tenant.slug);
        if !tenant.is_active {
            prop_assert_eq!(reported.visible, report.distribution.globally_shared);
            continue;
        }
        let opened = bench.opened_to(id);
        for (owner, row) in matrix.tenants.iter().enumerate() {
            let expected = opened.get(&row.id).copied().unwrap_or(0);
            prop_assert_eq!(
                matrix.sight(owner, viewer).visible,
                expected,
                "{:?} {:?}",
                row.slug,
                tenant.slug
            );
        }
    }
    // A member of one tenant only reads what the report says that the tenant sees.
    for who in 0..USERS {
        let joined: Vec<_> = world
            .members
            .iter()
            .filter(|((member, _), _)| *member == who)
            .collect();
        if let [((_, at), state)] = joined[..]
            && MEMBERSHIPS[*state] == "active"
            && world.admin != Some(who)
        {
            let row = report
                .tenants
                .iter()
                .find(|row| row.id == Some(tenant(*at)))
                .unwrap();
            prop_assert_eq!(
                i64::try_from(bench.read_as(who, None).len()).unwrap(),
                row.visible
            );
        }
    }
    Ok(())
}
