//! Runs the checks that only read, in one read-only transaction and three round trips.

use std::pin::Pin;

use serde_json::Value;
use tokio_postgres::{Error as ServerError, Row};

use super::check::{self, Check};
use super::finding::{Finding, NotChecked, reason};
use super::normal;
use super::numbers::{self, Numbers};
use super::pipeline;
use crate::db::engine::retry;
use crate::db::{Connection, Fault, Transaction};
use crate::error::Result;

/// What every check relies on besides the engine's settings: row security refuses rather than hides, and the promise lies in
/// a setting of the transaction. A size is told to everybody, and waits for whoever has locked the table: better once here
/// than in every check.
const PREPARE: &str = "select pg_catalog.set_config('row_security', 'off', true), \
     pg_catalog.set_config('jit', 'off', true), \
     pg_catalog.set_config('vital.promise', $1, true), \
     current_user::text as role, \
     pg_catalog.current_setting('server_version') as version, \
     ( \
         select pg_catalog.count(pg_catalog.pg_relation_size(c.oid)) \
         from pg_catalog.pg_class as c \
         join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
         where c.relkind = 'r' \
           and ( \
               n.nspname = 'public' \
                   and c.relname in ('agents', 'tenants', 'user_tenants', 'user_roles', 'resource_sharing_audit') \
               or n.nspname = 'vital_private' \
               or n.nspname = 'auth' and c.relname = 'users' \
           ) \
     ) as unlocked, \
     array( \
         select r.name \
         from pg_catalog.unnest($2::text[]) as r (name) \
         where exists ( \
             select \
             from pg_catalog.pg_class as c \
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
             where n.nspname::text || '.' || c.relname::text = r.name \
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
    connection
        .read("could not read the catalog", async |transaction| {
            look(transaction, checks, promise).await
        })
        .await
}

/// The same within a transaction.
pub(super) async fn look(
    transaction: &Transaction<'_>,
    checks: &[&Check],
    promise: &str,
) -> Result<Inspection, Fault> {
    let required: Vec<&str> = checks
        .iter()
        .filter_map(|check| check.requires.as_deref())
        .collect();
    let prepared = transaction.query_one(PREPARE, &[&promise, &required]).await?;
    let relations: Vec<String> = prepared.try_get("relations")?;
    let mut inspection = Inspection {
        role: prepared.try_get("role")?,
        version: prepared.try_get("version")?,
        ..Inspection::default()
    };
    let mut applicable = Vec::with_capacity(checks.len());
    for check in checks {
        match check.requires.as_deref() {
            Some(name) if !relations.iter().any(|relation| relation == name) => {
                inspection.miss(check, name);
            }
            _ => applicable.push(*check),
        }
    }
    inspection.collect(transaction, &applicable).await?;
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

    async fn collect(&mut self, transaction: &Transaction<'_>, checks: &[&Check]) -> Result<(), Fault> {
        let undo = || -> Step<'_> {
            Box::pin(async { Answer::Undone(transaction.batch("rollback to savepoint verify").await) })
        };
        let ask =
            |sql| -> Step<'_> { Box::pin(async move { Answer::Rows(transaction.query(sql, &[]).await) }) };
        let mut steps: Vec<Step<'_>> = Vec::with_capacity(checks.len() * 2 + 2);
        let scope = format!("{}; savepoint verify", check::catalog_query("scope_columns"));
        steps.push(Box::pin(async move {
            Answer::Undone(transaction.batch(&scope).await)
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
                Answer::Undone(undone) => undone?,
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
                Err(error) if retry::is_passing(&error) || retry::is_broken(&error) => {
                    return Err(error.into());
                }
                Err(error) => self.not_checked.push(NotChecked::new(&check.id, reason(&error))),
            }
        }
        Ok(())
    }
}
