//! A proxy between vital and PostgreSQL that knows where messages begin and ends a connection at a chosen byte.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use super::{Database, open_directory};

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Vital,
    Server,
}

/// How much of a message still passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// So many bytes of it, or all but one if it is shorter.
    Bytes(usize),
    /// The first half.
    Half,
    /// All but the last byte.
    AllButOne,
    /// All of it.
    Whole,
}

/// What happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Both ends see the connection closed.
    Close,
    /// They do, and nobody can connect any more.
    CloseForGood,
    /// Neither end sees or hears anything any more, as when a firewall forgets the connection.
    Silence,
}

/// Which message is cut.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// One by its place.
    Place {
        /// The connection, in the order in which they were opened.
        connection: usize,
        from: From,
        /// The message of that sender, from 0.
        number: usize,
    },
    /// The first of the client that is such a one.
    First(fn(&str) -> bool),
}

/// One place to cut a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub at: At,
    pub passes: Passes,
    pub then: Then,
}

impl Cut {
    fn is_at(&self, message: &Message) -> bool {
        match self.at {
            At::Place {
                connection,
                from,
                number,
            } => (connection, from, number) == (message.connection, message.from, message.number),
            At::First(is_such) => message.from == From::Vital && is_such(&message.text),
        }
    }
}

/// A message of the recorded conversation.
#[derive(Debug, Clone)]
pub struct Message {
    pub connection: usize,
    pub from: From,
    /// Its place among those of the same sender.
    pub number: usize,
    pub text: String,
}

/// Passes connections on to a server, records them, and cuts one.
pub struct Proxy {
    directory: TempDir,
    messages: Arc<Mutex<Vec<Message>>>,
    done: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts it before the database's server.
    pub fn start(database: &Database, cut: Option<Cut>) -> Self {
        let directory = open_directory();
        let socket = directory.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket).unwrap();
        let address = database.address();
        let server = address.directory.join(format!(".s.PGSQL.{}", address.port));
        let messages = Arc::new(Mutex::new(Vec::new()));
        let done = Arc::new(AtomicBool::new(false));
        let (log, flag) = (messages.clone(), done.clone());
        thread::spawn(move || {
            for (connection, client) in listener.incoming().flatten().enumerate() {
                let Ok(server) = UnixStream::connect(&server) else {
                    return;
                };
                let cut_off = Arc::new(AtomicBool::new(false));
                for (from, source, sink) in
                    [(From::Vital, &client, &server), (From::Server, &server, &client)]
                {
                    let line = Line {
                        connection,
                        from,
                        sink: sink.try_clone().unwrap(),
                        cut,
                        is_cut: cut_off.clone(),
                        done: flag.clone(),
                        log: log.clone(),
                        socket: socket.clone(),
                    };
                    let source = source.try_clone().unwrap();
                    thread::spawn(move || line.pass_on(source));
                }
            }
        });
        Self {
            directory,
            messages,
            done,
        }
    }

    /// The URL for the owner, through the proxy.
    pub fn url(&self, database: &Database) -> String {
        let (host, name) = (self.directory.path().display(), database.name());
        format!("postgresql:///{name}?host={host}&port=5432&user=postgres")
    }

    /// The command of these arguments, connected through the proxy.
    pub fn command(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = database.command(arguments);
        command.env("DATABASE_URL", self.url(database));
        command
    }

    /// What passed, in the order of each sender.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// Whether the place to cut was reached.
    pub fn has_cut(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

/// One direction of a connection.
struct Line {
    connection: usize,
    from: From,
    sink: UnixStream,
    cut: Option<Cut>,
    is_cut: Arc<AtomicBool>,
    done: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<Message>>>,
    socket: PathBuf,
}

impl Line {
    fn pass_on(mut self, mut source: UnixStream) {
        let (mut pending, mut number) = (Vec::new(), 0);
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = source.read(&mut buffer) {
            pending.extend_from_slice(&buffer[..length]);
            while let Some(end) = end_of_message(&pending, self.from == From::Vital && number == 0) {
                let message: Vec<u8> = pending.drain(..end).collect();
                if !self.pass(&message, number, &source) {
                    return;
                }
                number += 1;
            }
        }
        let _ = self.sink.shutdown(Shutdown::Write);
    }

    /// Passes a message on; false if the connection is cut.
    fn pass(&mut self, message: &[u8], number: usize, source: &UnixStream) -> bool {
        if self.is_cut.load(Ordering::SeqCst) {
            return true;
        }
        let said = Message {
            connection: self.connection,
            from: self.from,
            number,
            text: String::from_utf8_lossy(message).into_owned(),
        };
        let cut = self
            .cut
            .filter(|cut| cut.is_at(&said) && !self.done.load(Ordering::SeqCst));
        self.log.lock().unwrap().push(said);
        let Some(cut) = cut else {
            return self.sink.write_all(message).is_ok();
        };
        let all_but_one = message.len() - 1;
        let passes = match cut.passes {
            Passes::Bytes(bytes) => bytes.min(all_but_one),
            Passes::Half => message.len() / 2,
            Passes::AllButOne => all_but_one,
            Passes::Whole => message.len(),
        };
        self.is_cut.store(true, Ordering::SeqCst);
        if cut.then == Then::CloseForGood {
            let _ = fs::remove_file(&self.socket);
        }
        let _ = self.sink.write_all(&message[..passes]);
        self.done.store(true, Ordering::SeqCst);
        match cut.then {
            Then::Close | Then::CloseForGood => {
                // Whoever got the whole message may deal with it first.
                let end = match cut.passes {
                    Passes::Whole => Shutdown::Write,
                    _ => Shutdown::Both,
                };
                let _ = self.sink.shutdown(end);
                let _ = source.shutdown(Shutdown::Both);
            }
            // The streams stay open as long as this thread.
            Then::Silence => thread::park(),
        }
        false
    }
}

/// Where the first message in `bytes` ends, if it is complete. A client's first has no type before its length.
fn end_of_message(bytes: &[u8], untyped: bool) -> Option<usize> {
    let at = usize::from(!untyped);
    let length: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    let end = at + usize::try_from(u32::from_be_bytes(length)).ok()?;
    (end <= bytes.len()).then_some(end)
}
