//! Several hosts and the kind of session they must offer.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;

use vital::server::Signal;

use super::cases::{Case, run, socket_only};
use crate::support::Server;

/// Turns a server into a hot standby, which replays nothing for want of a primary.
fn standby() -> Server {
    let mut server = socket_only();
    server.cluster().halt(Signal::Fast).unwrap();
    File::create(server.directory.join("data/standby.signal")).unwrap();
    server.cluster().resume().unwrap();
    server
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn hosts_are_tried_in_order_as_psql_tries_them() {
    let (one, two) = (Server::private(), Server::private());
    let host = |server: &Server| server.directory.display().to_string();
    let (first, second) = (host(&one), host(&two));
    let case = |hosts: &str, ports: &str| {
        Case::new(format!("host={hosts} port={ports} user=postgres dbname=postgres"))
    };
    let both = format!("{},{}", one.port, two.port);
    assert!(
        case(&format!("{first},{second}"), &both)
            .both_reach()
            .ends_with(&one.port.to_string())
    );
    let missing = format!("/nonexistent,nonexistent.invalid,127.0.0.1,{second}");
    let ports = format!("1,2,{},{}", closed_port(), two.port);
    assert!(
        case(&missing, &ports)
            .both_reach()
            .ends_with(&two.port.to_string())
    );
    // A refused login ends the search: the next host would refuse it too, or be the wrong one.
    let error = case(&format!("127.0.0.1,{second}"), &both)
        .with("PGPASSWORD", "wrong")
        .neither_reaches();
    assert!(error.cause.unwrap().contains("28P01"));
}

#[test]
fn settings_of_the_connection_name_the_host_that_was_reached() {
    let server = Server::private();
    let conninfo = format!(
        "host=/nonexistent,{} port={} user=postgres",
        server.directory.display(),
        server.port
    );
    let settings = Case::new(conninfo).settings().unwrap();
    run(async {
        let connection = vital::db::connect(&settings).await.unwrap();
        let described = connection.settings.describe();
        assert_eq!(
            described,
            format!(
                "database \"postgres\" on socket {}:{} as postgres",
                server.directory.display(),
                server.port
            )
        );
    });
}

#[test]
fn target_session_attrs_choose_the_same_server_as_psql() {
    let (mut primary, standby) = (socket_only(), standby());
    for read_only in [false, true] {
        let sql = format!("alter system set default_transaction_read_only = {read_only}");
        primary
            .client("postgres", "postgres")
            .batch_execute(&sql)
            .unwrap();
        // The setting applies to sessions from then on, so the restart rules out a race with the reload.
        primary.cluster().halt(Signal::Fast).unwrap();
        primary.cluster().resume().unwrap();
        for (a, b) in [
            (&primary, &standby),
            (&standby, &primary),
            (&primary, &primary),
            (&standby, &standby),
        ] {
            let hosts = format!(
                "host={},{} port={},{}",
                a.directory.display(),
                b.directory.display(),
                a.port,
                b.port
            );
            for wanted in [
                "any",
                "read-write",
                "read-only",
                "primary",
                "standby",
                "prefer-standby",
            ] {
                let case = Case::new(format!("{hosts} user=postgres target_session_attrs={wanted}"));
                match case.psql() {
                    Ok(_) => _ = case.both_reach(),
                    Err(_) => {
                        let error = case.neither_reaches();
                        let cause = error.cause.unwrap();
                        assert!(
                            cause.ends_with(&format!("does not offer a {wanted} session")),
                            "{cause}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn random_order_reaches_every_host() {
    let server = Server::private();
    let other = Server::private();
    let conninfo = format!(
        "host={},{} port={},{} user=postgres load_balance_hosts=random",
        server.directory.display(),
        other.directory.display(),
        server.port,
        other.port
    );
    let settings = Case::new(conninfo).settings().unwrap();
    let mut reached = BTreeSet::new();
    run(async {
        for _ in 0..40 {
            let connection = vital::db::connect(&settings).await.unwrap();
            reached.insert(connection.settings.place());
        }
    });
    assert_eq!(reached.len(), 2, "{reached:?}");
}
