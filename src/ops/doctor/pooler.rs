//! Whether something stands between vital and the server, and what it does with sessions.

use std::time::Duration;

use tokio::time::timeout;

use super::finding::Finding;
use super::server::Session;
use crate::db::Connection;

const AREA: &str = "connection";
const PID: &str = "select pg_backend_pid()::text as json";

/// How often to try to be handed the first connection's backend on a second one.
const TRIES: usize = 3;
/// How long a pooler may take to serve it; one whose connections are all taken serves nobody.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks for a pooler.
///
/// In transaction mode two clients share a backend, which never happens otherwise. In session mode a backend may be older
/// than the connection, or the server sees another kind of connection than the one that was opened.
pub async fn examine(connection: &mut Connection, session: &Session) -> Finding {
    let shares = timeout(PATIENCE, shares_backends(connection, session.backend_pid)).await;
    match shares {
        Ok(Ok(true)) => {
            return Finding::note(
                AREA,
                "pooler",
                "a pooler in transaction mode: consecutive transactions may run in different sessions",
            )
            .next(
                "every command works; give `migrate up` on more than 100,000 agents the server's own address, because \
                 indexes are built without a transaction",
            );
        }
        Ok(Ok(false)) => {}
        Ok(Err(error)) => return Finding::note(AREA, "pooler", format!("could not be told: {error}")),
        Err(_) => {
            return Finding::note(
                AREA,
                "pooler",
                "a pooler in session mode: a second connection is not served while the first is open",
            )
            .next("give `migrate up` on more than 100,000 agents the server's own address: it needs two connections");
        }
    }
    let is_socket = connection.settings.place().starts_with("socket ");
    let signs = [
        (
            session.is_older_backend,
            "the session is older than the connection",
        ),
        (
            connection.is_encrypted() != session.tls.is_some(),
            "encryption ends before the server",
        ),
        (
            is_socket != session.server_address.is_none(),
            "the server sees another kind of connection",
        ),
    ];
    match signs.iter().find(|(holds, _)| *holds) {
        Some((_, sign)) => Finding::note(
            AREA,
            "pooler",
            format!("a pooler in session mode, or a proxy: {sign}"),
        ),
        None => Finding::ok(
            AREA,
            "pooler",
            "none is noticed: each connection has a session of its own",
        ),
    }
}

async fn shares_backends(connection: &mut Connection, first: i32) -> crate::Result<bool> {
    let mut second = connection.another().await?;
    for _ in 0..TRIES {
        let one: i32 = super::read(connection, PID).await?;
        let other: i32 = super::read(&mut second, PID).await?;
        if one == other || one != first {
            return Ok(true);
        }
    }
    Ok(false)
}
