//! What the role may do, and the grant that gives the rest.

use serde::Deserialize;

use super::finding::Finding;
use super::server::Session;
use crate::db::Connection;
use crate::error::{Error, Result};
use crate::ops::manifest::Manifest;
use crate::ops::migrate::preflight::Facts;

const RIGHTS: &str = include_str!("../../../sql/doctor/rights.sql");
const AREA: &str = "role";

/// Something that the role lacks.
#[derive(Debug, Clone, Deserialize)]
struct Lack {
    needed_for: String,
    what: String,
    remedy: String,
}

/// Describes the role.
pub fn role(session: &Session) -> Finding {
    let mut attributes = Vec::new();
    if session.is_superuser {
        attributes.push("superuser");
    }
    if session.bypasses_rls {
        attributes.push("bypasses row security");
    }
    if session.creates_roles {
        attributes.push("creates roles");
    }
    let mut fact = session.current_user.clone();
    if session.session_user != session.current_user {
        fact.push_str(&format!(", logged in as {}", session.session_user));
    }
    if !attributes.is_empty() {
        fact.push_str(&format!(" ({})", attributes.join(", ")));
    }
    match session.is_superuser {
        true => Finding::note(AREA, "identity", fact).next("the role that owns public.agents is enough"),
        false => Finding::ok(AREA, "identity", fact),
    }
}

/// Tells what is missing for `up`, for `verify`, and for the commands that administer. What stands in the way of `up`
/// stops nothing where everything `is_done`.
///
/// # Errors
/// The server's.
pub async fn examine(
    connection: &mut Connection,
    facts: Option<&Facts>,
    obstacles: &[Error],
    is_done: bool,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(facts) = facts {
        let mut problems = facts.problems();
        problems.extend_from_slice(obstacles);
        findings.extend(problems.iter().map(|problem| {
            let next = problem.hint.clone().unwrap_or_default();
            let what = problem.message.as_str();
            match is_done {
                true => {
                    Finding::note(AREA, "migrate up", format!("nothing is pending; later, {what}")).next(next)
                }
                false => Finding::problem(AREA, "migrate up", what, next),
            }
        }));
        if problems.is_empty() {
            findings.push(Finding::ok(AREA, "migrate up", "nothing stands in its way"));
        }
        let creators = facts.creators_remark();
        findings.extend(creators.map(|remark| {
            Finding::problem(
                AREA,
                "schema public",
                remark,
                "revoke create on schema public from public, anon, authenticated",
            )
        }));
    }
    let lacks: Vec<Lack> = super::read(connection, &Manifest::embedded()?.fill(RIGHTS)).await?;
    findings.extend(lacks.iter().map(|lack| {
        let fact = format!("role lacks {}", lack.what);
        Finding::note(AREA, &lack.needed_for, fact).next(&lack.remedy)
    }));
    if lacks.is_empty() {
        findings.push(Finding::ok(AREA, "privileges", "the role may run every command"));
    }
    Ok(findings)
}
