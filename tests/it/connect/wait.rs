//! Waiting for a server that comes up, and cancelling what runs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use vital::db::{ConnectOptions, Settings, Timeouts, connect};
use vital::server::Signal;

use super::cases::{Case, ask, identity, run, socket_only};
use super::fake::{Answer, Fake};
use crate::support::{Run, Server, interrupt, vital};

fn settings(url: &str, wait: Duration) -> Settings {
    let args = ConnectOptions {
        database_url: Some(url.to_owned()),
        wait,
        ..ConnectOptions::default()
    };
    Settings::resolve_with(&args, [("HOME", "/nonexistent")]).unwrap()
}

#[test]
fn server_that_comes_up_is_waited_for() {
    let mut server = socket_only();
    let settings = settings(&server.url("postgres", "postgres"), Duration::from_secs(60));
    server.cluster().halt(Signal::Fast).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            server.cluster().resume().unwrap();
        });
        run(async { identity(&mut connect(&settings).await.unwrap()).await }).unwrap();
    });
}

#[test]
fn refused_connection_is_tried_again_until_the_time_is_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgresql://me@127.0.0.1:{port}/mine?sslmode=disable");
    let settings = settings(&url, Duration::from_secs(20));
    std::thread::scope(|scope| {
        let tried = scope.spawn(|| run(connect(&settings)));
        std::thread::sleep(Duration::from_millis(500));
        // Somebody listens now, and hangs up with an error that does not pass.
        let error = ("3D000", "database does not exist");
        let fake = Fake::at(port, Answer::Error(error.0, error.1));
        let Err(refused) = tried.join().unwrap() else {
            panic!("the fake server let it in");
        };
        assert!(refused.cause.unwrap().contains("3D000"));
        assert_eq!(fake.count(), 1);
    });
}

#[test]
fn only_what_may_pass_is_tried_again() {
    for (answer, again) in [
        (Answer::Error("57P03", "the database system is starting up"), true),
        (
            Answer::Error("57P03", "the database system is shutting down"),
            true,
        ),
        (
            Answer::Error("57P03", "the database system is in recovery mode"),
            true,
        ),
        (
            Answer::Error("57P03", "the database system is not yet accepting connections"),
            true,
        ),
        (
            Answer::Error("57P01", "terminating connection due to administrator command"),
            true,
        ),
        (Answer::Error("53300", "sorry, too many clients already"), true),
        (
            Answer::Error(
                "08P01",
                "server login has been failing, cached error: connect failed (server_login_retry)",
            ),
            true,
        ),
        (
            Answer::Error("08P01", "no more connections allowed (max_client_conn)"),
            true,
        ),
        (
            Answer::Error("08P01", "unsupported startup parameter: options"),
            false,
        ),
        (Answer::Close, true),
        (Answer::HangUp, true),
        (Answer::Error("28P01", "password authentication failed"), false),
        (Answer::Error("28000", "no pg_hba.conf entry for host"), false),
        (Answer::Error("3D000", "database does not exist"), false),
        (
            Answer::Error("55000", "database is not currently accepting connections"),
            false,
        ),
    ] {
        let fake = Fake::new(answer);
        let started = Instant::now();
        let result = run(connect(&settings(&fake.url(), Duration::from_secs(1))));
        assert!(result.is_err());
        assert_eq!(fake.count() > 1, again, "{} attempts", fake.count());
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn host_without_an_address_is_tried_again_and_tls_that_is_refused_is_not() {
    let unknown = settings(
        "postgresql://me@there-is-no-such-host.invalid/mine",
        Duration::from_millis(300),
    );
    let Err(error) = run(connect(&unknown)) else {
        panic!("there is such a host");
    };
    assert!(
        error
            .details
            .iter()
            .any(|line| line.starts_with("tried again for")),
        "{error:?}"
    );

    let server = Server::private();
    let url = format!(
        "postgresql://postgres@127.0.0.1:{}/postgres?sslmode=require",
        server.port
    );
    let Err(error) = run(connect(&settings(&url, Duration::from_secs(60)))) else {
        panic!("the server has no certificate");
    };
    assert!(
        !error.details.iter().any(|line| line.starts_with("tried again")),
        "{error:?}"
    );
}

#[test]
fn waiting_is_told_and_ends_at_once_when_interrupted() {
    let mut command = vital();
    command
        .args(["tenant", "list", "--wait", "600s"])
        .env("DATABASE_URL", "postgresql://me@127.0.0.1:1/mine?sslmode=disable")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    assert!(
        first.starts_with("waiting for the server on 127.0.0.1:1 (connection refused) since"),
        "{first}"
    );
    interrupt(&child);
    let rest: Vec<String> = said.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("interrupted")), "{rest:?}");
}

#[test]
fn waiting_in_vain_says_so() {
    let mut command = vital();
    command
        .args(["tenant", "list", "--wait", "300ms"])
        .env("DATABASE_URL", "postgresql://me@127.0.0.1:1/mine?sslmode=disable");
    let run = Run::of(&mut command).failure(7);
    assert!(run.stderr.contains("tried again for 0 s"), "{run}");
    assert!(run.stderr.contains("a longer --wait waits"), "{run}");
}

#[test]
fn running_statement_is_cancelled() {
    let server = Server::private();
    let settings = Case::new(server.url("postgres", "postgres")).settings().unwrap();
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        let canceller = connection.canceller();
        let sleep = ask(&mut connection, "select pg_sleep(60)");
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        };
        let (slept, ()) = tokio::join!(sleep, cancel);
        assert!(slept.unwrap_err().has_code(&SqlState::QUERY_CANCELED));
    });
}

#[test]
fn transaction_has_limits_and_the_session_has_none() {
    let server = Server::private();
    let args = ConnectOptions {
        database_url: Some(server.url("postgres", "postgres")),
        timeouts: Timeouts {
            statement: Duration::from_secs(7),
            ..Timeouts::default()
        },
        ..ConnectOptions::default()
    };
    let settings = Settings::resolve_with(&args, [("HOME", "/nonexistent")]).unwrap();
    let limits = "select current_setting('lock_timeout'), current_setting('statement_timeout'),
        current_setting('synchronous_commit')";
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        let row = ask(&mut connection, limits).await.unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), ("300ms", "7s", "on"));
        let session = "select reset.* from (values
            ((select setting from pg_settings where name = 'lock_timeout'))) as reset";
        let answer = connection
            .ask("could not ask", &format!("commit; {session}; begin"))
            .await
            .unwrap();
        let after = answer.iter().rev().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        assert_eq!(after.as_deref(), Some("0"), "nothing outlives the transaction");
    });
}

#[test]
fn reason_for_a_lost_connection_is_kept() {
    let mut server = Server::private();
    let settings = Case::new(server.url("postgres", "postgres")).settings().unwrap();
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        connection
            .write("could not shout", async |transaction| {
                Ok(transaction
                    .batch("do $$ begin raise notice 'hello'; end $$")
                    .await?)
            })
            .await
            .unwrap();
        let notices = connection.take_notices();
        assert_eq!(
            (notices[0].severity.as_str(), notices[0].message.as_str()),
            ("NOTICE", "hello")
        );
        server.cluster().halt(Signal::Fast).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(ask(&mut connection, "select 1").await.is_err());
        let lost = connection.lost().unwrap();
        assert!(lost.cause.as_ref().unwrap().contains("57P01"), "{lost:?}");
    });
}
