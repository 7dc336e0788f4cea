//! Runs a read under the policy and with its filter spelt out, in turn.

use std::fs;
use std::time::{Duration, Instant};

use postgres::{Client, SimpleQueryMessage};
use vital::server::Cluster;

use super::data::connect;
use super::reads::{Read, Subject, hash};

/// Runs of each side before the first that counts: plpgsql plans anew for its first five calls in a session.
const WARM_UP: usize = 8;

/// Two sessions: the owner's, which row security does not bind, and the user's.
pub struct Sides {
    owner: Client,
    user: Client,
    clocks: [Clock; 2],
}

/// What time is measured by.
enum Clock {
    /// The wall's.
    Wall,
    /// The processor time of the process with this id.
    Processor(i32),
}

/// What a read took.
pub struct Measurement {
    /// The median of the filter spelt out, in milliseconds.
    pub filter_ms: f64,
    /// The median under the policy, in milliseconds.
    pub policy_ms: f64,
    /// The median of the pairs' ratios.
    pub ratio: f64,
}

impl Sides {
    /// Opens both sessions, the user's as the API does.
    pub fn connect(cluster: &Cluster, subject: &Subject, by_processor: bool) -> Self {
        let mut owner = connect(cluster, "postgres");
        let mut user = connect(cluster, "authenticator");
        let id = hash(&mut owner, subject.seed);
        let claims = format!(r#"{{"sub": "{id}", "role": "authenticated"}}"#);
        let headers = subject.header.map_or_else(String::new, |number| {
            let tenant = hash(&mut owner, &format!("tenant {number}"));
            format!(r#"{{"accept": "application/json", "x-tenant-id": "{tenant}"}}"#)
        });
        user.batch_execute(&format!(
            "set role authenticated;
             set request.jwt.claims = '{claims}';
             set request.headers = '{headers}'"
        ))
        .expect("the session can be set up");
        let clocks = [&mut owner, &mut user].map(|client| match by_processor {
            true => Clock::Processor(backend(client)),
            false => Clock::Wall,
        });
        Self { owner, user, clocks }
    }

    /// The owner's session.
    pub fn owner(&mut self) -> &mut Client {
        &mut self.owner
    }

    /// Times `pairs` pairs of `read`.
    ///
    /// # Panics
    /// If the two answers differ.
    pub fn measure(&mut self, read: &Read, pairs: usize) -> Measurement {
        for _ in 0..WARM_UP.min(pairs) {
            let expected = rows(&mut self.owner, &read.filter);
            let answer = rows(&mut self.user, &read.policy);
            assert!(!answer.is_empty(), "{} finds nothing", read.policy);
            assert_eq!(answer, expected, "{} and {} differ", read.policy, read.filter);
        }
        let (mut filter, mut policy, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for pair in 0..pairs {
            // Neither side is always the second, which finds warmer caches.
            let (by_hand, under_policy) = if pair % 2 == 0 {
                let by_hand = self.clocks[0].time(&mut self.owner, &read.filter);
                (by_hand, self.clocks[1].time(&mut self.user, &read.policy))
            } else {
                let under_policy = self.clocks[1].time(&mut self.user, &read.policy);
                (self.clocks[0].time(&mut self.owner, &read.filter), under_policy)
            };
            filter.push(by_hand);
            policy.push(under_policy);
            ratios.push(under_policy / by_hand);
        }
        Measurement {
            filter_ms: median(filter),
            policy_ms: median(policy),
            ratio: median(ratios),
        }
    }

    /// How long the statement takes for the owner, in milliseconds, with the table's triggers or without; it is undone.
    pub fn write_as_owner(&mut self, sql: &str, with_triggers: bool) -> f64 {
        let triggers = if with_triggers {
            ""
        } else {
            "alter table public.agents disable trigger user"
        };
        self.owner
            .batch_execute(&format!("begin; {triggers}"))
            .expect("the triggers are the owner's");
        let taken = self.clocks[0].time(&mut self.owner, sql);
        self.owner.batch_execute("rollback").expect("the session goes on");
        taken
    }

    /// How long the statement takes for the user, in milliseconds; it is undone.
    pub fn write_as_user(&mut self, sql: &str) -> f64 {
        self.user.batch_execute("begin").expect("the session goes on");
        let taken = self.clocks[1].time(&mut self.user, sql);
        self.user.batch_execute("rollback").expect("the session goes on");
        taken
    }

    /// What each trigger takes of the statement, as the server says.
    pub fn explain_write(&mut self, sql: &str) -> String {
        self.user.batch_execute("begin").expect("the session goes on");
        let plan = rows(&mut self.user, &format!("explain (analyze, costs off) {sql}"));
        self.user.batch_execute("rollback").expect("the session goes on");
        let lines = plan.into_iter().flatten().flatten();
        lines
            .filter(|line| line.starts_with("Trigger") || line.contains("Time:"))
            .map(|line| format!("    {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The plan of `read` under the policy.
    pub fn explain(&mut self, read: &Read) -> String {
        let sql = format!("explain (analyze, buffers) {}", read.policy);
        rows(&mut self.user, &sql)
            .into_iter()
            .flatten()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The answer as text.
fn rows(client: &mut Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages = client
        .simple_query(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

impl Clock {
    /// How long the statement takes, from sending it to its last row, in milliseconds.
    fn time(&self, client: &mut Client, sql: &str) -> f64 {
        let start = self.now();
        let messages = client.simple_query(sql).expect("the read succeeds");
        let taken = self.now() - start;
        drop(messages);
        taken.as_secs_f64() * 1e3
    }

    /// The time since some moment in the past.
    fn now(&self) -> Duration {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        match self {
            Self::Wall => START.get_or_init(Instant::now).elapsed(),
            Self::Processor(process) => {
                let path = format!("/proc/{process}/schedstat");
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
                let nanoseconds = text
                    .split_whitespace()
                    .next()
                    .expect("schedstat has three numbers");
                Duration::from_nanos(nanoseconds.parse().expect("schedstat holds numbers"))
            }
        }
    }
}

/// The process that serves `client`.
fn backend(client: &mut Client) -> i32 {
    client
        .query_one("select pg_backend_pid()", &[])
        .expect("the session answers")
        .get(0)
}

/// The middle of the values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
