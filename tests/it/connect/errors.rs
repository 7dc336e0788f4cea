//! Each way to fail says what happened, where, and what to do next.

use std::time::{Duration, Instant};

use vital::error::Kind;

use super::cases::{Case, shown};
use super::fake::{Answer, Fake};
use crate::support::Server;

/// Asserts that vital fails with exit code 7 and this text, in which `PORT` stands for the port.
#[track_caller]
fn says(case: &Case, port: u16, expected: &str) {
    let error = case.vital().unwrap_err();
    assert_eq!(error.kind, Kind::Unreachable);
    assert_eq!(shown(&error).replace(&port.to_string(), "PORT"), expected);
}

#[test]
fn refused_login_says_why_and_what_to_do() {
    let server = Server::private();
    let port = server.port;
    let mut admin = server.client("postgres", "postgres");
    for sql in [
        "create role me login password 's3cret'",
        "create role kept_out login password 's3cret'",
        "create database closed",
        "revoke connect on database closed from public",
    ] {
        admin.batch_execute(sql).unwrap();
    }
    let tcp =
        |user: &str, database: &str| Case::new(format!("postgresql://{user}@127.0.0.1:{port}/{database}"));
    let wrong = tcp("me", "postgres").with("PGPASSWORD", "h1dden");
    wrong.neither_reaches();
    says(
        &wrong,
        port,
        "error: cannot connect to database \"postgres\" on 127.0.0.1:PORT as me\n\
         cause: password authentication failed for user \"me\" (SQLSTATE 28P01)\n\
         hint: the password came from PGPASSWORD; check it, and the user me",
    );
    says(
        &tcp("me:h1dden", "postgres"),
        port,
        "error: cannot connect to database \"postgres\" on 127.0.0.1:PORT as me\n\
         cause: password authentication failed for user \"me\" (SQLSTATE 28P01)\n\
         hint: the password came from --database-url; check it, and the user me",
    );
    let missing = tcp("me", "postgres");
    missing.neither_reaches();
    says(
        &missing,
        port,
        "error: cannot connect to database \"postgres\" on 127.0.0.1:PORT as me\n\
         cause: the server asks for a password and none is given\n\
         hint: set PGPASSWORD, add a line to ~/.pgpass, or give `password: \"${VAR}\"` in vital.yaml",
    );
    says(
        &tcp("me:s3cret", "absent"),
        port,
        "error: cannot connect to database \"absent\" on 127.0.0.1:PORT as me\n\
         cause: database \"absent\" does not exist (SQLSTATE 3D000)\n\
         hint: create it with `createdb absent`, or name another database (from --database-url)",
    );
    says(
        &tcp("kept_out:s3cret", "closed"),
        port,
        "error: cannot connect to database \"closed\" on 127.0.0.1:PORT as kept_out\n\
         cause: permission denied for database \"closed\" (SQLSTATE 42501)\n\
         detail: User does not have CONNECT privilege.\n\
         hint: run `grant connect on database \"closed\" to \"kept_out\"` as its owner",
    );
    let socket = Case::new(server.url("absent", "postgres"));
    socket.neither_reaches();
    let text = shown(&socket.vital().unwrap_err());
    assert!(
        text.contains("cause: role \"absent\" does not exist (SQLSTATE 28000)"),
        "{text}"
    );
    assert!(
        text.contains("hint: create it with `create role \"absent\" login`, or name another user"),
        "{text}"
    );
}

#[test]
fn unknown_host_is_named() {
    let case = Case::new("postgresql://dba@no-such-host.invalid/vital");
    case.neither_reaches();
    let error = case.vital().unwrap_err();
    assert_eq!(
        error.message,
        "cannot connect to database \"vital\" on no-such-host.invalid:5432 as dba"
    );
    assert!(
        error
            .cause
            .unwrap()
            .starts_with("could not resolve host no-such-host.invalid: ")
    );
    assert!(error.hint.unwrap().contains("(from --database-url)"));
}

#[test]
fn refused_connection_and_missing_socket_name_the_place() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    says(
        &Case::new("dbname=d user=u")
            .with("PGHOST", "127.0.0.1")
            .with("PGPORT", port),
        port,
        "error: cannot connect to database \"d\" on 127.0.0.1:PORT as u\n\
         cause: connection refused\n\
         hint: check that a server listens on 127.0.0.1:PORT (from PGHOST); --wait 60s waits for one that starts",
    );
    says(
        &Case::new("host=/nonexistent dbname=d user=u"),
        u16::MAX,
        "error: cannot connect to database \"d\" on socket /nonexistent:5432 as u\n\
         cause: socket /nonexistent/.s.PGSQL.5432 does not exist\n\
         hint: check that a server listens on socket /nonexistent:5432 (from --database-url); --wait 60s waits for \
         one that starts",
    );
    says(
        &Case::new(format!("host=127.0.0.1,/nonexistent port={port} dbname=d user=u")),
        port,
        "error: cannot connect to database \"d\" on 127.0.0.1:PORT, socket /nonexistent:PORT as u\n\
         cause: socket /nonexistent:PORT: socket /nonexistent/.s.PGSQL.PORT does not exist\n\
         detail: 127.0.0.1:PORT: connection refused\n\
         hint: check that a server listens on socket /nonexistent:PORT (from --database-url); --wait 60s waits for \
         one that starts",
    );
}

#[test]
fn silent_server_is_given_up_after_the_timeout() {
    let fake = Fake::new(Answer::Silence);
    let case = Case::new(fake.url()).with("PGCONNECT_TIMEOUT", 1);
    let started = Instant::now();
    let text = shown(&case.vital().unwrap_err());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(text.contains("cause: no answer within 1 s"), "{text}");
    assert!(text.contains("PGCONNECT_TIMEOUT"), "{text}");
}

#[test]
fn full_server_and_pooler_without_options_are_explained() {
    for (code, message, hint) in [
        (
            "53300",
            "sorry, too many clients already",
            "raise max_connections",
        ),
        ("57P03", "the database system is starting up", "--wait 60s"),
        (
            "08P01",
            "unsupported startup parameter: options",
            "leave them out",
        ),
    ] {
        let fake = Fake::new(Answer::Error(code, message));
        let text = shown(&Case::new(fake.url()).vital().unwrap_err());
        assert!(
            text.contains(&format!("cause: {message} (SQLSTATE {code})")),
            "{text}"
        );
        assert!(text.contains(hint), "{text}");
    }
    let fake = Fake::new(Answer::Close);
    let text = shown(&Case::new(fake.url()).vital().unwrap_err());
    assert!(text.contains("cause: the server closed the connection"), "{text}");
}

#[test]
fn no_error_of_any_kind_shows_the_password() {
    let server = Server::private();
    for text in [
        format!("postgresql://me:h1dden@127.0.0.1:{}/d", server.port),
        "postgresql://me:h1dden@no-such-host.invalid/d".to_owned(),
        "postgresql://me:h1dden@127.0.0.1:1/d".to_owned(),
        "postgresql://me:h1dden@/d?host=/nonexistent".to_owned(),
        "postgresql://me:h1dden/x@host/d".to_owned(),
        "postgresql://me:h1dden@host:x/d".to_owned(),
        "password=a h1dden=x".to_owned(),
    ] {
        let error = Case::new(&text).vital().unwrap_err();
        assert!(!format!("{error:?}").contains("h1dden"), "{error:?}");
    }
}
