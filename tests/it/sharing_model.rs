//! Report, matrix and explanation say what the read policy does: compared over random states with can_access_resource and
//! with what each user reads.

mod world;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use postgres::{Client, SimpleQueryMessage};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;
use vital::db::{ConnectOptions, Connection, Settings, connect};
use vital::ops::sharing;
use vital::ops::sharing::explain::{Explanation, Question, explain};
use vital::ops::sharing::matrix::{Matrix, matrix};
use vital::ops::sharing::report::{By, Sharing, report};

use crate::support::{Database, Template};
use world::{MEMBERSHIPS, USERS, World, agent, build, tenant, user, worlds};

fn ids(rows: &[postgres::Row]) -> BTreeSet<Uuid> {
    rows.iter().map(|row| row.get(0)).collect()
}

const STATEMENTS: [&str; 2] = [
    include_str!("../../sql/report/sharing_by_tenant.sql"),
    include_str!("../../sql/report/sharing_by_tenant_sparse.sql"),
];

struct Bench {
    runtime: Runtime,
    connection: Connection,
    superuser: Client,
    api: Client,
}

impl Bench {
    fn new(db: &Database) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let arguments = ConnectOptions {
            database_url: Some(db.url()),
            ..ConnectOptions::default()
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

    /// Both statements of the report answer alike; which of them runs depends on the statistics.
    fn both_statements_agree(&mut self) {
        let answers = STATEMENTS.map(|sql| {
            let rows = self.superuser.simple_query(sql).unwrap();
            let text = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => {
                    (0..row.len()).map(|at| format!("{:?} ", row.get(at))).collect()
                }
                _ => String::new(),
            };
            rows.iter().map(text).collect::<Vec<String>>()
        });
        assert_eq!(answers[0], answers[1]);
    }

    fn explain(&mut self, question: Question<'_>) -> Explanation {
        self.runtime
            .block_on(explain(&mut self.connection, question))
            .unwrap()
    }

    fn report(&mut self) -> Sharing {
        self.runtime
            .block_on(sharing::read(&mut self.connection, "report", async |tx| {
                report(tx, By::Tenant).await
            }))
            .unwrap()
    }

    fn matrix(&mut self) -> Matrix {
        self.runtime
            .block_on(sharing::read(&mut self.connection, "matrix", async |tx| {
                matrix(tx, &[], &[]).await
            }))
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
            limit: Some(1000),
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
    bench.both_statements_agree();
    for (viewer, tenant) in matrix.tenants.iter().enumerate() {
        let Some(id) = tenant.id else { continue };
        let reported = report.tenants.iter().find(|row| row.id == Some(id)).unwrap();
        let cells: i64 = matrix
            .owners()
            .map(|owner| matrix.access(owner, viewer).visible)
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
                matrix.access(owner, viewer).visible,
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
