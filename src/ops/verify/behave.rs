//! Acts as users of a probe, in one transaction that is always rolled back.

use std::pin::Pin;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error as ServerError, Row};

use super::check::{self, Check};
use super::finding::{Finding, NotChecked, reason};
use super::pipeline;
use crate::db::engine::retry;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};

const CREATE: &str = include_str!("../../../sql/probe/create.sql");
/// Acts as whoever verifies again, who is not whom the session began as where the engine put that right.
const BE_ONESELF: &str = "; select pg_catalog.set_config('role', pg_catalog.current_setting('vital.prober'), true); \
     set local search_path = pg_catalog";
const BUILD: &str = include_str!("../../../sql/probe/build.sql");
const FINISH: &str = include_str!("../../../sql/probe/finish.sql");
const FIND_TABLES: &str = include_str!("../../../sql/probe/tables_find.sql");
const ACT_ON_TABLES: &str = include_str!("../../../sql/probe/tables_act.sql");
const FIND_REFERENCES: &str = include_str!("../../../sql/probe/references_find.sql");
const ACT_ON_REFERENCES: &str = include_str!("../../../sql/probe/references_act.sql");
const NEW_AGENT: &str = include_str!("../../../sql/probe/new_agent.sql");
const NEW_AGENT_COLUMNS: &str = include_str!("../../../sql/probe/new_agent_columns.sql");
/// Triggers and policies of others name things as they do in sessions of the API.
const PATH: &str =
    "select pg_catalog.set_config('search_path', pg_catalog.current_setting('vital.path'), true)";
const UNDO: &str = "rollback to savepoint verify";

/// One actor's turn in a check.
struct Turn<'a> {
    check: &'a Check,
    actor: &'a str,
    /// Statements that the actor runs first, if any.
    first: Option<&'a str>,
    /// The query whose rows are findings.
    query: &'a str,
    /// Whether the query looks at the effect as the prober.
    looks: bool,
}

impl Turn<'_> {
    /// Whether a refusal is a finding; a visitor may always be refused.
    fn must_succeed(&self) -> bool {
        self.check.must_succeed && self.actor != "anon"
    }
}

/// The answers to a turn.
struct Answers {
    acted: Result<(), ServerError>,
    first: Result<(), ServerError>,
    rows: Result<Vec<Row>, ServerError>,
}

enum Answer {
    Done(Result<(), ServerError>),
    Rows(Result<Vec<Row>, ServerError>),
}

type Step<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// What the acting checks found.
#[derive(Debug, Default)]
pub(super) struct Behaviour {
    pub findings: Vec<Finding>,
    pub not_checked: Vec<NotChecked>,
    /// The checks of which every turn gave an answer.
    pub made: Vec<String>,
}

/// Makes the probe and lets each actor try what `checks` say.
pub(super) async fn behave(connection: &mut Connection, checks: &[&Check]) -> Result<Behaviour> {
    if checks.is_empty() {
        return Ok(Behaviour::default());
    }
    let nobody = |reason: &str| Behaviour {
        not_checked: checks
            .iter()
            .map(|check| NotChecked::new(&check.id, reason))
            .collect(),
        ..Behaviour::default()
    };
    let behaviour = connection
        .rehearse("could not act as users", async |transaction| {
            let error = match create(transaction).await {
                Ok(columns) => return act(transaction, checks, &columns).await,
                Err(error) => error,
            };
            if retry::is_passing(&error) || retry::is_broken(&error) {
                return Err(error.into());
            }
            // What the server refused while the probe was built, finish.sql tells with its SQLSTATE.
            let told = error.as_db_error().map(|db| db.message());
            let told = told.filter(|message| message.contains("(SQLSTATE "));
            let told = told.map_or_else(|| reason(&error), str::to_owned);
            Ok(nobody(&format!("the probe could not be created: {told}")))
        })
        .await;
    match behaviour {
        // A standby refuses a transaction that could write.
        Err(error) if error.has_code(&SqlState::FEATURE_NOT_SUPPORTED) => {
            let cause = error.cause.unwrap_or(error.message);
            Ok(nobody(&format!(
                "nobody can act on a standby, which is read-only; verify the primary too: {cause}"
            )))
        }
        behaviour => behaviour,
    }
}

/// Makes the probe; returns the columns that a user fills to create an agent, each followed by a comma.
async fn create(transaction: &Transaction<'_>) -> Result<String, ServerError> {
    transaction
        .batch(&format!(
            "set local jit = off; select pg_catalog.set_config('vital.prober', pg_catalog.current_setting('role'), true); \
             {CREATE}; {BUILD}; {FINISH}"
        ))
        .await?;
    let rows = transaction.query(NEW_AGENT_COLUMNS, &[]).await?;
    let columns = rows.first().map(|row| row.try_get("columns")).transpose()?;
    transaction.batch("savepoint verify").await?;
    Ok(columns.unwrap_or_default())
}

async fn act(transaction: &Transaction<'_>, checks: &[&Check], columns: &str) -> Result<Behaviour, Fault> {
    let texts: Vec<String> = checks
        .iter()
        .map(|check| with_probe(&check.sql, columns))
        .collect();
    let turns: Vec<Turn<'_>> = checks
        .iter()
        .zip(&texts)
        .flat_map(|(check, sql)| turns(check, sql))
        .collect();
    let run =
        |sql: String| -> Step<'_> { Box::pin(async move { Answer::Done(transaction.batch(&sql).await) }) };
    let ask = |sql| -> Step<'_> { Box::pin(async move { Answer::Rows(transaction.query(sql, &[]).await) }) };
    let mut steps = Vec::with_capacity(turns.len() * 4);
    for turn in &turns {
        steps.push(run(become_actor(turn.actor)));
        let reset = if turn.looks { BE_ONESELF } else { "" };
        steps.push(run(format!("{}{reset}", turn.first.unwrap_or_default())));
        steps.push(ask(turn.query));
        steps.push(run(UNDO.to_owned()));
    }
    let mut answers = pipeline::in_order(steps).await.into_iter();
    let mut behaviour = Behaviour::default();
    for turn in &turns {
        match judge(turn, take(&mut answers)?) {
            Ok((found, unmade)) => {
                behaviour.findings.extend(found);
                behaviour.not_checked.extend(unmade);
            }
            Err(why) => behaviour.not_checked.push(why),
        }
    }
    behaviour.not_checked.dedup();
    let missed = |id: &str| behaviour.not_checked.iter().any(|not| not.check_id == id);
    let made = checks.iter().filter(|check| !missed(&check.id));
    behaviour.made = made.map(|check| check.id.clone()).collect();
    Ok(behaviour)
}

/// Takes the four answers of a turn.
fn take(answers: &mut impl Iterator<Item = Answer>) -> Result<Answers, Fault> {
    let four = (answers.next(), answers.next(), answers.next(), answers.next());
    let (
        Some(Answer::Done(acted)),
        Some(Answer::Done(first)),
        Some(Answer::Rows(rows)),
        Some(Answer::Done(undone)),
    ) = four
    else {
        return Err(Error::failed("the server left a question of the verification unanswered").into());
    };
    undone?;
    Ok(Answers { acted, first, rows })
}

/// Puts in what it takes to create an agent here, and to act on other tables.
fn with_probe(sql: &str, columns: &str) -> String {
    let mut sql = sql
        .replace("{new_agent_columns}", columns)
        .replace("{new_agent}", NEW_AGENT);
    for (name, find, act) in [
        ("{tables}", FIND_TABLES, ACT_ON_TABLES),
        ("{references}", FIND_REFERENCES, ACT_ON_REFERENCES),
    ] {
        if sql.contains(name) {
            let find = check::expand(find);
            let steps = format!("set local search_path = pg_catalog; {find}; {BUILD}; {act}");
            sql = sql.replace(name, &steps);
        }
    }
    sql
}

fn turns<'a>(check: &'a Check, sql: &'a str) -> impl Iterator<Item = Turn<'a>> {
    let (first, query, looks) = match (sql.split_once("\n-- then\n"), sql.split_once("\n-- look\n")) {
        (Some((first, query)), _) => (Some(first), query, false),
        (_, Some((first, query))) => (Some(first.trim_end().trim_end_matches(';')), query, true),
        _ => (None, sql, false),
    };
    check.actors.iter().map(move |actor| Turn {
        check,
        actor,
        first,
        query,
        looks,
    })
}

/// The statements that make the session act as `actor`, which is a word of our own files; the prober stays who it is.
fn become_actor(actor: &str) -> String {
    if actor == "prober" {
        return format!("select pg_catalog.set_config('vital.actor', '{actor}', true); {PATH}");
    }
    let role = match actor {
        "anon" => "anon",
        "service" => "service_role",
        _ => "authenticated",
    };
    let claims = match actor {
        "anon" | "service" => format!("'{{\"role\": \"{role}\"}}'"),
        _ => format!(
            "pg_catalog.jsonb_build_object('sub', pg_catalog.current_setting('vital.user_{actor}'), 'role', '{role}')::text"
        ),
    };
    format!(
        "select pg_catalog.set_config('vital.actor', '{actor}', true), \
         pg_catalog.set_config('request.jwt.claims', {claims}, true); {PATH}; set local role {role}"
    )
}

fn judge(turn: &Turn<'_>, answers: Answers) -> Result<(Vec<Finding>, Option<NotChecked>), NotChecked> {
    let not_checked = |what: &str, error: &ServerError| {
        NotChecked::new(
            &turn.check.id,
            format!("{what} {}: {}", turn.actor, reason(error)),
        )
    };
    answers
        .acted
        .map_err(|error| not_checked("could not act as", &error))?;
    if let Err(error) = answers.first {
        return Ok((weigh(turn, &error)?, None));
    }
    match answers.rows {
        Ok(rows) => found(&rows, turn.check).map_err(|error| not_checked("as", &error)),
        Err(error) if turn.looks => Err(not_checked("as", &error)),
        Err(error) => Ok((weigh(turn, &error)?, None)),
    }
}

/// What the rows of a check say: findings, and what could not be looked at, which is told together.
fn found(rows: &[Row], check: &Check) -> Result<(Vec<Finding>, Option<NotChecked>), ServerError> {
    let (mut findings, mut unmade) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        if row.try_get::<_, Option<String>>("level")?.as_deref() == Some("not checked") {
            let text = |column| row.try_get::<_, Option<String>>(column);
            let (object, why) = (text("object")?, text("actual")?);
            unmade.push(format!(
                "{}: {}",
                object.unwrap_or_default(),
                why.unwrap_or_default()
            ));
        } else {
            findings.push(Finding::from_row(row, check)?);
        }
    }
    let unmade = (!unmade.is_empty()).then(|| NotChecked::new(&check.id, unmade.join("; ")));
    Ok((findings, unmade))
}

/// Decides what an error that the actor met means.
fn weigh(turn: &Turn<'_>, error: &ServerError) -> Result<Vec<Finding>, NotChecked> {
    let code = error.code().map_or("", SqlState::code);
    // What fails by its data, a constraint or an exception of its own was let in.
    let let_in = ["22", "23", "P0"].iter().any(|class| code.starts_with(class));
    match *SqlState::INSUFFICIENT_PRIVILEGE.code() == *code && !turn.check.must_answer {
        true if turn.must_succeed() => Ok(vec![met(turn, "accepted", error)]),
        true => Ok(Vec::new()),
        false if turn.check.must_fail && let_in => Ok(vec![met(turn, "refused", error)]),
        false => {
            let reason = format!("as {}: {}", turn.actor, reason(error));
            Err(NotChecked::new(&turn.check.id, reason))
        }
    }
}

fn met(turn: &Turn<'_>, expected: &str, error: &ServerError) -> Finding {
    Finding {
        check_id: turn.check.id.clone(),
        level: turn.check.level,
        object: format!("as {}", turn.actor),
        expected: expected.to_owned(),
        actual: reason(error),
        explanation: turn.check.explanation.clone(),
        fix: None,
        is_fixable: false,
        cause: None,
        rank: 0,
    }
}
