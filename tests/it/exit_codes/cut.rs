//! A server that is gone as soon as somebody asks it to commit.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use tempfile::TempDir;

use crate::support::{Database, open_directory};

/// Passes connections on until a COMMIT comes along; then it is closed, and so is the way to the server.
pub struct CutAtCommit {
    directory: TempDir,
    database: String,
}

impl CutAtCommit {
    /// Starts it before the database's server.
    pub fn start(database: &Database) -> Self {
        let directory = open_directory();
        let socket = directory.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket).unwrap();
        let address = database.address();
        let server = address.directory.join(format!(".s.PGSQL.{}", address.port));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&server) else {
                    return;
                };
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
                let socket = socket.clone();
                thread::spawn(move || pass_on(client, server, &socket));
            }
        });
        Self {
            directory,
            database: database.name().to_owned(),
        }
    }

    /// The URL of the database for its owner.
    pub fn url(&self) -> String {
        let host = self.directory.path().display();
        format!(
            "postgresql:///{}?host={host}&port=5432&user=postgres",
            self.database
        )
    }
}

fn pass_on(mut client: UnixStream, mut server: UnixStream, socket: &Path) {
    let (mut pending, mut is_first) = (Vec::new(), true);
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        pending.extend_from_slice(&buffer[..length]);
        while let Some(end) = end_of_message(&pending, is_first) {
            let message: Vec<u8> = pending.drain(..end).collect();
            if !is_first && commits(&message) {
                let _ = std::fs::remove_file(socket);
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
                return;
            }
            is_first = false;
            if server.write_all(&message).is_err() {
                return;
            }
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// Whether it is a query that ends a transaction in which something may be written.
fn commits(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message).to_lowercase();
    message[0] == b'Q' && text.trim_end_matches('\0').ends_with("commit") && !text.contains("read only")
}

/// Where the first message in `bytes` ends, if it is complete. A client's first has no type before its length.
fn end_of_message(bytes: &[u8], untyped: bool) -> Option<usize> {
    let at = usize::from(!untyped);
    let length: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    let end = at + usize::try_from(u32::from_be_bytes(length)).ok()?;
    (bytes.len() >= end).then_some(end)
}
