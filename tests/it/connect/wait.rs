//! Waiting for a server that comes up, and cancelling what runs.

use std::time::{Duration, Instant};

use vital::cli::ConnectArgs;
use vital::db::{Settings, connect};
use vital::server::Signal;

use super::cases::{Case, identity, run, socket_only};
use super::fake::{Answer, Fake};
use crate::support::Server;

fn settings(url: &str, wait: Duration) -> Settings {
    let args = ConnectArgs {
        database_url: Some(url.to_owned()),
        wait: Some(wait),
        ..ConnectArgs::default()
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
        run(async { identity(&connect(&settings).await.unwrap()).await }).unwrap();
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
        (Answer::Error("53300", "sorry, too many clients already"), true),
        (Answer::Close, true),
        (Answer::HangUp, true),
        (Answer::Error("28P01", "password authentication failed"), false),
        (Answer::Error("3D000", "database does not exist"), false),
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
fn running_statement_is_cancelled() {
    let server = Server::private();
    let settings = Case::new(server.url("postgres", "postgres")).settings().unwrap();
    run(async {
        let connection = connect(&settings).await.unwrap();
        let canceller = connection.canceller();
        let sleep = connection.batch_execute("select pg_sleep(60)");
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        };
        let (slept, ()) = tokio::join!(sleep, cancel);
        assert_eq!(slept.unwrap_err().code().unwrap().code(), "57014");
    });
}

#[test]
fn transaction_has_limits_and_the_session_has_none() {
    let server = Server::private();
    let args = ConnectArgs {
        database_url: Some(server.url("postgres", "postgres")),
        statement_timeout: Duration::from_secs(7),
        ..ConnectArgs::default()
    };
    let settings = Settings::resolve_with(&args, [("HOME", "/nonexistent")]).unwrap();
    let limits = "select current_setting('lock_timeout'), current_setting('statement_timeout'),
        current_setting('synchronous_commit')";
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        connection
            .batch_execute("set synchronous_commit = off")
            .await
            .unwrap();
        let transaction = connection.begin().await.unwrap();
        let row = transaction.query_one(limits, &[]).await.unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), ("300ms", "7s", "on"));
        transaction.rollback().await.unwrap();
        let row = connection.query_one(limits, &[]).await.unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), ("0", "0", "off"));
    });
}

#[test]
fn reason_for_a_lost_connection_is_kept() {
    let mut server = Server::private();
    let settings = Case::new(server.url("postgres", "postgres")).settings().unwrap();
    run(async {
        let mut connection = connect(&settings).await.unwrap();
        connection
            .batch_execute("do $$ begin raise notice 'hello'; end $$")
            .await
            .unwrap();
        let notices = connection.take_notices();
        assert_eq!(
            (notices[0].severity.as_str(), notices[0].message.as_str()),
            ("NOTICE", "hello")
        );
        server.cluster().halt(Signal::Fast).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(connection.batch_execute("select 1").await.is_err());
        let lost = connection.lost().unwrap();
        assert!(lost.cause.as_ref().unwrap().contains("57P01"), "{lost:?}");
    });
}
