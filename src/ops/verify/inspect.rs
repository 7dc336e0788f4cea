//! Runs the checks that only read, in one read-only transaction and three round trips.

use std::pin::Pin;

use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Error as ServerError, IsolationLevel, Row, Transaction};

use super::check::{self, Check};
use super::finding::{Finding, NotChecked, reason};
use super::normal;
use super::numbers::{self, Numbers};
use super::pipeline;
use crate::db::Connection;
use crate::error::{Error, Result};

/// What every check relies on: names are written with their schema, row security refuses rather than hides, and the
/// promise lies in a setting of the transaction.
const PREPARE: &str = "select pg_catalog.set_config('search_path', 'pg_catalog', true), \
     pg_catalog.set_config('row_security', 'off', true), \
     pg_catalog.set_config('jit', 'off', true), \
     pg_catalog.set_config('vital.promise', $1, true), \
     pg_catalog.set_config('lock_timeout', $2, true), \
     pg_catalog.set_config('statement_timeout', $3, true), \
     current_user::text as role, \
     pg_catalog.current_setting('server_version') as version, \
     array( \
         select r.name \
         from pg_catalog.unnest($4::text[]) as r (name) \
         where exists ( \
             select \
             from pg_catalog.pg_class as c \
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
             where n.nspname || '.' || c.relname = r.name \
         ) \
     ) as relations";

/// What the reading checks found.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    pub role: String,
    pub version: String,
    pub findings: Vec<Finding>,
    pub not_checked: Vec<NotChecked>,
    /// The checks whose relation is nothing that the migrations need.
    pub not_applicable: Vec<NotChecked>,
    /// The checks that gave an answer.
    pub made: Vec<String>,
    pub numbers: Option<Numbers>,
}

/// An answer of the pipeline.
enum Answer {
    Rows(Result<Vec<Row>, ServerError>),
    Undone(Result<(), ServerError>),
}

type Step<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// Runs `checks`; each stands behind a savepoint, so that one without the privileges for it does not stop the others.
pub(super) async fn inspect(
    connection: &mut Connection,
    checks: &[&Check],
    promise: &str,
) -> Result<Inspection> {
    let failed = |error: &ServerError| Error::failed("could not read the catalog").caused_by(error);
    let limits = connection.settings.timeouts;
    let transaction = connection
        .build_transaction()
        .read_only(true)
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await
        .map_err(|e| failed(&e))?;
    let required: Vec<&str> = checks
        .iter()
        .filter_map(|check| check.requires.as_deref())
        .collect();
    let milliseconds = |limit: std::time::Duration| limit.as_millis().min(i32::MAX as u128).to_string();
    let prepared = transaction
        .query_typed(
            PREPARE,
            &[
                (&promise, Type::TEXT),
                (&milliseconds(limits.lock), Type::TEXT),
                (&milliseconds(limits.statement), Type::TEXT),
                (&required, Type::TEXT_ARRAY),
            ],
        )
        .await
        .map_err(|e| failed(&e))?;
    let mut inspection = Inspection::default();
    let mut relations: Vec<String> = Vec::new();
    if let Some(row) = prepared.first() {
        inspection.role = row.try_get("role").map_err(|e| failed(&e))?;
        inspection.version = row.try_get("version").map_err(|e| failed(&e))?;
        relations = row.try_get("relations").map_err(|e| failed(&e))?;
    }
    let mut applicable = Vec::with_capacity(checks.len());
    for check in checks {
        match check.requires.as_deref() {
            Some(name) if !relations.iter().any(|relation| relation == name) => {
                inspection.miss(check, name);
            }
            _ => applicable.push(*check),
        }
    }
    inspection.collect(&transaction, &applicable).await?;
    transaction.rollback().await.map_err(|e| failed(&e))?;
    Ok(inspection)
}

/// The findings of a check. A row with what was promised and what is there counts only if the two mean something else.
fn findings(rows: &[Row], check: &Check) -> Result<Vec<Finding>, ServerError> {
    let mut findings = Vec::with_capacity(rows.len());
    for row in rows {
        let compares = row.columns().iter().any(|column| column.name() == "promised");
        if compares {
            let promised: Option<Value> = row.try_get("promised")?;
            let live: Option<Value> = row.try_get("live")?;
            if let (Some(promised), Some(live)) = (promised, live)
                && !normal::differ(&promised, &live)
            {
                continue;
            }
        }
        findings.push(Finding::from_row(row, check)?);
    }
    Ok(findings)
}

impl Inspection {
    /// Notes a check without the relation that it looks at. Where nobody signs in there are no users; every other relation
    /// is one that the migrations make or need.
    fn miss(&mut self, check: &Check, relation: &str) {
        let not = NotChecked::new(&check.id, format!("there is no {relation}"));
        match relation {
            "auth.users" => self.not_applicable.push(not),
            _ => self.not_checked.push(not),
        }
    }

    async fn collect(&mut self, transaction: &Transaction<'_>, checks: &[&Check]) -> Result<()> {
        let undo = || -> Step<'_> {
            Box::pin(async {
                Answer::Undone(transaction.batch_execute("rollback to savepoint verify").await)
            })
        };
        let ask = |sql| -> Step<'_> {
            Box::pin(async move { Answer::Rows(transaction.query_typed(sql, &[]).await) })
        };
        let mut steps: Vec<Step<'_>> = Vec::with_capacity(checks.len() * 2 + 2);
        let scope = format!("{}; savepoint verify", check::catalog_query("scope_columns"));
        steps.push(Box::pin(async move {
            Answer::Undone(transaction.batch_execute(&scope).await)
        }));
        for check in checks {
            steps.push(ask(check.sql.as_str()));
            steps.push(undo());
        }
        steps.push(ask(numbers::QUERY));
        let mut answers = Vec::with_capacity(checks.len() + 1);
        for answer in pipeline::in_order(steps).await {
            match answer {
                Answer::Rows(rows) => answers.push(rows),
                Answer::Undone(undone) => undone
                    .map_err(|error| Error::failed("the server ended the verification").caused_by(&error))?,
            }
        }
        self.numbers = match answers.pop() {
            Some(Ok(rows)) => rows.first().and_then(|row| Numbers::from_row(row).ok()),
            _ => None,
        };
        for (check, rows) in checks.iter().zip(answers) {
            match rows.and_then(|rows| findings(&rows, check)) {
                Ok(findings) => {
                    self.made.push(check.id.clone());
                    self.findings.extend(findings);
                }
                Err(error) => self.not_checked.push(NotChecked::new(&check.id, reason(&error))),
            }
        }
        Ok(())
    }
}
