//! The server crashes at random moments and comes back while vital runs.

use std::sync::{Mutex, PoisonError};

use vital::server::Signal;

use super::check::prepare;
use super::kill::moments;
use super::subject::Subject;
use super::{finish, is_long, start, survive};
use crate::support::{Server, shared_options};

/// A server that keeps what it has committed, and that comes back at the same place. The system stays up, so that nothing
/// has to reach the disk.
fn durable() -> Server {
    let mut options = shared_options();
    options.durable = true;
    for (name, value) in [("listen_addresses", ""), ("fsync", "off")] {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
    Server::with(&options)
}

/// Stops the server at random moments, at once and by killing it: so often each in a sample, or all in all.
pub fn crash(subjects: &[Subject<'_>], few: u32, many: u32) {
    let server = Mutex::new(durable());
    for subject in subjects {
        crash_on(&server, subject, if is_long() { many } else { few });
    }
}

fn crash_on(server: &Mutex<Server>, subject: &Subject<'_>, count: u32) {
    let address = server.lock().unwrap().address().clone();
    let database = || subject.database_on(Server::at(&address));
    for (kind, signal) in [
        ("immediate stop of the server", Signal::Immediate),
        ("SIGKILL of the server", Signal::Kill),
    ] {
        let moments = moments(count, &mut subject.command(&database()));
        survive(&subject.kind(kind), &moments, 1, |pause| {
            let database = database();
            let child = start(&mut subject.command(&database));
            std::thread::sleep(*pause);
            {
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                server.cluster().halt(signal).unwrap();
                server.cluster().resume().unwrap();
            }
            let run = finish(child);
            assert!(subject.codes.contains(&run.code), "{run}");
            (subject.check)(&database, &run);
        });
    }
}

#[test]
fn a_server_that_stops_at_once_or_is_killed_leaves_whole_migrations() {
    prepare();
    crash(&[Subject::up()], 4, 60);
}
