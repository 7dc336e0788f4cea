//! The server crashes at random moments and comes back while vital runs.

use std::sync::{Mutex, PoisonError};

use vital::server::Signal;

use super::check::{assert_sound, prepare};
use super::kill::moments;
use super::{finish, is_long, start, survive, up};
use crate::support::{Database, Server, Template, shared_options};

/// A server that keeps what it has committed, and that comes back at the same place.
fn durable() -> Server {
    let mut options = shared_options();
    options.durable = true;
    options
        .settings
        .push(("listen_addresses".to_owned(), String::new()));
    Server::with(&options)
}

#[test]
fn a_server_that_stops_at_once_or_is_killed_leaves_whole_migrations() {
    prepare();
    let server = durable();
    let address = server.address().clone();
    let server = Mutex::new(server);
    let database = || Database::on(Server::at(&address), Template::PreState);
    for (kind, signal) in [
        ("immediate stop of the server", Signal::Immediate),
        ("SIGKILL of the server", Signal::Kill),
    ] {
        let moments = moments(if is_long() { 60 } else { 4 }, &database(), &[]);
        survive(kind, &moments, 1, |pause| {
            let database = database();
            let child = start(&mut up(&database, &[]));
            std::thread::sleep(*pause);
            {
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                server.cluster().halt(signal).unwrap();
                server.cluster().resume().unwrap();
            }
            let run = finish(child);
            assert!([0, 1, 7].contains(&run.code), "{run}");
            assert_sound(&database, &run);
        });
    }
}
