//! What the tenancy stands on: the API's roles and functions, and room on the disk.

use serde::Deserialize;

use super::finding::Finding;
use crate::db::Connection;
use crate::error::Result;
use crate::ops::manifest::Manifest;

const TENANCY: &str = include_str!("../../../sql/doctor/tenancy.sql");

#[derive(Debug, Clone, Deserialize)]
struct Role {
    name: String,
    exists: bool,
    bypasses_rls: bool,
    is_superuser: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Function {
    name: String,
    exists: bool,
    returns: Option<String>,
    is_wanted_type: Option<bool>,
    is_volatile: Option<bool>,
    is_executable: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Tenancy {
    roles: Vec<Role>,
    functions: Vec<Function>,
    has_users: bool,
    history_bytes: Option<i64>,
    archive_bytes: Option<i64>,
    agents_bytes: Option<i64>,
    database_bytes: i64,
    invalid_indexes: Vec<String>,
    rls_off: Vec<String>,
}

/// Looks at all of it.
///
/// # Errors
/// The server's.
pub async fn examine(connection: &mut Connection) -> Result<Vec<Finding>> {
    let tenancy: Tenancy = super::read(connection, &Manifest::embedded()?.fill(TENANCY)).await?;
    let mut findings: Vec<Finding> = tenancy.roles.iter().map(role).collect();
    findings.extend(tenancy.functions.iter().map(function));
    findings.push(match tenancy.has_users {
        true => Finding::ok(
            "api",
            "auth.users",
            "exists: users are checked, and may be named by address by a role that sees them",
        ),
        false => Finding::note(
            "api",
            "auth.users",
            "does not exist: users are taken by id, unchecked",
        ),
    });
    findings.extend(tenancy.invalid_indexes.iter().map(|index| {
        Finding::note(
            "database",
            "indexes",
            format!(
                "{index} is invalid, left by a build that did not end; it costs writes and serves nobody"
            ),
        )
        .next("`vital migrate up --online always` rebuilds ours; drop another with `drop index concurrently`")
    }));
    findings.extend(tenancy.rls_off.iter().map(|table| {
        Finding::problem(
            "database",
            "row security",
            format!("off on {table}: policies are not applied"),
            format!("`vital migrate up` turns it on; or alter table {table} enable row level security"),
        )
    }));
    findings.push(disk(&tenancy));
    Ok(findings)
}

fn role(role: &Role) -> Finding {
    let Role { name, .. } = role;
    if !role.exists {
        return Finding::problem(
            "api",
            name,
            "the role does not exist",
            "`vital bootstrap` creates it",
        );
    }
    match (name.as_str(), role.bypasses_rls) {
        ("service_role", true) => Finding::ok(
            "api",
            name,
            "bypasses row security, as services of the platform do",
        ),
        ("service_role", false) => Finding::problem(
            "api",
            name,
            "does not bypass row security, so services of the platform read nothing",
            "alter role service_role bypassrls",
        ),
        (_, false) => Finding::ok("api", name, "is bound by row security"),
        (_, true) if role.is_superuser => Finding::problem(
            "api",
            name,
            "is a superuser: nothing isolates it",
            format!("alter role {name} nosuperuser"),
        ),
        (_, true) => Finding::problem(
            "api",
            name,
            "bypasses row security: nothing isolates it",
            format!("alter role {name} nobypassrls"),
        ),
    }
}

fn function(function: &Function) -> Finding {
    let Function { name, .. } = function;
    let bootstrap = "`vital bootstrap` creates it";
    if !function.exists {
        // The policies need this one only.
        return match name.as_str() {
            "auth.uid()" => Finding::problem("api", name, "the function does not exist", bootstrap),
            _ => Finding::note("api", name, "the function does not exist").next(bootstrap),
        };
    }
    if function.is_wanted_type == Some(false) {
        let returns = function.returns.clone().unwrap_or_default();
        return Finding::problem(
            "api",
            name,
            format!("returns {returns}"),
            "replace it by Supabase's definition",
        );
    }
    if !function.is_executable {
        return Finding::problem(
            "api",
            name,
            "authenticated may not call it",
            format!(
                "grant usage on schema auth to authenticated; grant execute on function {name} to authenticated"
            ),
        );
    }
    if function.is_volatile == Some(true) {
        return Finding::note(
            "api",
            name,
            "is volatile, so it runs once per row instead of once per statement",
        )
        .next(format!("alter function {name} stable"));
    }
    Finding::ok("api", name, "exists, and authenticated may call it")
}

fn disk(tenancy: &Tenancy) -> Finding {
    let parts = [
        ("database", Some(tenancy.database_bytes)),
        ("agents", tenancy.agents_bytes),
        ("migration history", tenancy.history_bytes),
        ("archive of undone migrations", tenancy.archive_bytes),
    ];
    let known: Vec<String> = parts
        .iter()
        .filter_map(|(what, bytes)| Some(format!("{what} {}", size((*bytes)?))))
        .collect();
    let finding = Finding::ok("database", "disk", known.join(", "));
    match tenancy.archive_bytes {
        Some(_) => finding.next("drop schema vital_archive cascade, once nothing of it is to be restored"),
        None => finding,
    }
}

/// Bytes for a person, such as `1.5 MB`.
pub(super) fn size(bytes: i64) -> String {
    let (unit, factor) = match bytes {
        ..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000),
    };
    format!("{}.{} {unit}", bytes / factor, bytes % factor * 10 / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let sizes = [0, 8_192, 1_500_000, 2_250_000_000].map(size);
        assert_eq!(sizes, ["0.0 kB", "8.1 kB", "1.5 MB", "2.2 GB"]);
    }
}
