//! What is there already of what the migrations create: of an earlier form, which they bring to theirs, or of others,
//! which stops them before anything is changed.
//!
//! Read from the catalogs and compared with the manifest by the queries of `sql/preflight`. An obstacle names the object,
//! the fact, and the statement that resolves it; a step is a statement that a migration runs in its own transaction.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::restore::SEE_EVERYTHING;
use super::statements::body;
use super::{read, trial};
use crate::db::Connection;
use crate::error::{Error, Result};
use crate::ops::manifest::Manifest;

const AGENTS: &str = include_str!("../../../sql/preflight/agents.sql");
const COLUMNS: &str = include_str!("../../../sql/preflight/columns.sql");
const CONSTRAINTS: &str = include_str!("../../../sql/preflight/constraints.sql");
const FUNCTIONS: &str = include_str!("../../../sql/preflight/functions.sql");
const MISFITS: &str = include_str!("../../../sql/preflight/misfits.sql");
const NAMES: &str = include_str!("../../../sql/preflight/names.sql");
const NORMAL: &str = include_str!("../../../sql/preflight/normal.sql");
const RETYPED: &str = include_str!("../../../sql/preflight/retyped.sql");
const EVENT_TRIGGERS: &str = include_str!("../../../sql/preflight/event_triggers.sql");
const FUTURE: &str = include_str!("../../../sql/preflight/future.sql");
const STEPS: &str = include_str!("../../../sql/preflight/steps.sql");
const TRIALS: &str = include_str!("../../../sql/preflight/trials.sql");
const VALUES: &str = include_str!("../../../sql/preflight/values.sql");

/// Whether an event trigger fires.
const EVENT_TRIGGER: &str = "exists (select from pg_event_trigger as e where e.evtenabled in ('O', 'A'))";
/// Whether anything of others but an event trigger surrounds the tables.
const SURROUNDED: &str = "exists (select from pg_trigger as t where t.tgrelid = to_regclass('public.agents') and not t.tgisinternal \
        and t.tgfoid not in (select p.oid from pg_proc as p where p.pronamespace = to_regnamespace('vital_private'))) \
    or exists (select from pg_publication_rel as r where r.prrelid = to_regclass('public.agents')) \
    or exists (select from pg_constraint as k where k.conrelid = to_regclass('public.agents') and k.contype in ('c', 'x')) \
    or to_regclass('public.tenants') is not null";

/// Something that stands in the way of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The migration that would stumble over it; null if each of them would.
    pub version: Option<i64>,
    /// The object, such as `index public.idx_agents_tenant_id`.
    pub object: String,
    /// What is wrong with it.
    pub fact: String,
    /// What resolves it, as a rule one statement.
    pub remedy: String,
}

impl Obstacle {
    /// The same as an error.
    #[must_use]
    pub fn to_error(&self) -> Error {
        Error::failed(format!("{} {}", self.object, self.fact)).with_hint(self.remedy.clone())
    }
}

/// A statement that brings something of an earlier form to the promised one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The migration in whose transaction it runs.
    pub version: i64,
    /// The object that it changes.
    pub object: String,
    /// What becomes of it; null if that is no matter for a person.
    pub fact: Option<String>,
    /// The statement.
    pub statement: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Adoption {
    /// What stands in the way.
    pub obstacles: Vec<Obstacle>,
    /// What the migrations do beforehand, in order.
    pub steps: Vec<Step>,
    /// Whether triggers, rules or publications of others surround the tables, or event triggers all.
    pub is_surrounded: bool,
    /// The query whose rows are the agents as they will be; null if a column stands in the way.
    pub(super) future: Option<String>,
    questions: Vec<Question>,
    trials: Vec<String>,
    has_event_triggers: bool,
}

/// What the rows of a table must satisfy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Question {
    #[serde(flatten)]
    obstacle: Obstacle,
    /// The query that counts the rows that do not.
    query: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    at: usize,
    n: i64,
    sample: Option<String>,
}

impl Adoption {
    /// The obstacles of the pending migrations.
    pub fn in_the_way<'a>(&'a self, pending: &'a [i64]) -> impl Iterator<Item = &'a Obstacle> {
        let concerns =
            |obstacle: &&Obstacle| obstacle.version.is_none_or(|version| pending.contains(&version));
        self.obstacles.iter().filter(concerns)
    }

    /// The steps of the pending migrations that a person wants to know of, in words.
    #[must_use]
    pub fn changes(&self, pending: &[i64]) -> Vec<String> {
        let pending = self.steps.iter().filter(|step| pending.contains(&step.version));
        pending
            .filter_map(|step| {
                Some(format!(
                    "{} {}: {}",
                    step.object,
                    step.fact.as_ref()?,
                    step.statement
                ))
            })
            .collect()
    }

    /// Whether the migrations will meet more than the tables that they know, so that they had better be rehearsed.
    #[must_use]
    pub fn is_unusual(&self) -> bool {
        self.is_surrounded || !self.steps.is_empty()
    }

    /// Looks at the rows.
    async fn ask(&mut self, connection: &mut Connection) -> Result<()> {
        let questions = std::mem::take(&mut self.questions);
        let sql = format!("{SEE_EVERYTHING}; {}", ask(&questions));
        let answers: Vec<Answer> = read::json(connection, &sql).await?;
        for Answer { at, n, sample } in answers {
            if let Some(question) = questions.get(at) {
                let fact = question.obstacle.fact.replace("{n}", &n.to_string());
                self.obstacles.push(Obstacle {
                    fact: fact.replace("{sample}", sample.as_deref().unwrap_or_default()),
                    ..question.obstacle.clone()
                });
            }
        }
        Ok(())
    }

    /// Tries what fires triggers of others, and takes it back.
    async fn try_out(&mut self, connection: &mut Connection) -> Result<()> {
        if self.has_event_triggers {
            self.obstacles
                .extend(trial::statements(connection, EVENT_TRIGGERS).await?);
        }
        for statement in &self.trials {
            self.obstacles.extend(trial::rows(connection, statement).await?);
        }
        Ok(())
    }

    /// The statement that tells the migrations their steps, in the setting `vital.adoption`.
    #[must_use]
    pub fn announcement(&self) -> String {
        let steps: Vec<serde_json::Value> = self
            .steps
            .iter()
            .map(|step| serde_json::json!({"version": step.version, "statement": step.statement}))
            .collect();
        let steps = serde_json::Value::from(steps).to_string();
        format!(
            "select pg_catalog.set_config('vital.adoption', {}, true)",
            quoted(&steps)
        )
    }
}

/// Compares what is there with the manifest, in two round trips at most; changes nothing.
///
/// # Errors
/// The server's, such as where the role may not read a table.
pub async fn read(connection: &mut Connection) -> Result<Adoption> {
    let manifest = Manifest::embedded()?.to_json();
    let sql = format!(
        "select pg_catalog.set_config('vital.manifest', {}, true); {}",
        quoted(&manifest),
        query()
    );
    let mut adoption: Adoption = read::json(connection, &sql).await?;
    if !adoption.questions.is_empty() {
        adoption.ask(connection).await?;
    }
    if adoption.obstacles.is_empty() {
        adoption.try_out(connection).await?;
    }
    Ok(adoption)
}

/// All that is read from the catalogs, as one JSON document.
fn query() -> String {
    let list = |sql: &str, order: &str| {
        format!(
            "(select coalesce(jsonb_agg(to_jsonb(q) order by {order}), '[]') from ({}) as q)",
            expand(sql)
        )
    };
    let obstacles = [NAMES, FUNCTIONS, AGENTS, MISFITS].map(|sql| format!("({})", expand(sql)));
    let obstacles = format!("select * from ({}) as o", obstacles.join("\nunion all\n"));
    let trials = format!(
        "(select coalesce(jsonb_agg(q.statement order by q.rank), '[]') from ({}) as q)",
        expand(TRIALS)
    );
    format!(
        "select jsonb_build_object('obstacles', {}, 'steps', {}, 'questions', {}, 'trials', {}, 'future', ({}), \
         'is_surrounded', {EVENT_TRIGGER} or {SURROUNDED}, 'has_event_triggers', {EVENT_TRIGGER})::text as json",
        list(&obstacles, "q.version nulls first, q.object, q.fact"),
        list(STEPS, "q.version, q.rank, q.object, q.statement"),
        list(VALUES, "q.version, q.object, q.fact"),
        trials,
        expand(FUTURE)
    )
}

/// The questions as one query, which answers those that some rows fail.
fn ask(questions: &[Question]) -> String {
    let mut all = String::new();
    for (at, question) in questions.iter().enumerate() {
        let union = if at == 0 { "" } else { "\nunion all " };
        let _ = write!(
            all,
            "{union}select {at} as at, q.n, q.sample from ({}) as q",
            question.query
        );
    }
    format!(
        "select coalesce(jsonb_agg(to_jsonb(a) order by a.at), '[]')::text as json from ({all}) as a where a.n > 0"
    )
}

/// Puts the shared queries in for `{columns}`, `{constraints}` and `{retyped}`, and the normal form for `{normal:...}`.
fn expand(sql: &str) -> String {
    let mut text = body(sql).to_owned();
    for (name, shared) in [
        ("{retyped}", RETYPED),
        ("{columns}", COLUMNS),
        ("{constraints}", CONSTRAINTS),
    ] {
        text = text.replace(name, body(shared));
    }
    let mut expanded = String::new();
    for line in text.lines() {
        let named = line
            .split_once("{normal:")
            .and_then(|(before, rest)| Some((before, rest.rsplit_once('}')?)));
        match named {
            Some((before, (definition, after))) => {
                let normal = body(NORMAL).trim().replace("{definition}", definition);
                expanded.push_str(&format!("{before}{normal}{after}"));
            }
            None => expanded.push_str(line),
        }
        expanded.push('\n');
    }
    expanded
}

/// A string that no setting of the session reads differently.
fn quoted(text: &str) -> String {
    let mut tag = "vital".to_owned();
    while text.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!("${tag}${text}${tag}$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_complete() {
        let sql = query();
        for rest in [
            "{columns}",
            "{constraints}",
            "{retyped}",
            "{normal",
            "{definition}",
        ] {
            assert!(!sql.contains(rest), "{rest}");
        }
    }

    #[test]
    fn a_text_with_the_tag_in_it_is_quoted_with_another() {
        assert_eq!(quoted("a"), "$vital$a$vital$");
        assert_eq!(quoted("$vital$"), "$vital_$$vital$$vital_$");
    }
}
