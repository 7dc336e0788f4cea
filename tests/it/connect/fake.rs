//! Servers that misbehave in one way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a fake server does with a connection.
#[derive(Clone, Copy)]
pub enum Answer {
    /// An error with this SQLSTATE and message.
    Error(&'static str, &'static str),
    /// Nothing at all.
    Silence,
    /// Closes.
    Close,
    /// Closes once it has read the request.
    HangUp,
    /// Takes the request for TLS and then talks nonsense.
    BrokenTls,
}

/// A listening server and the number of connections it took.
pub struct Fake {
    pub port: u16,
    count: Arc<AtomicUsize>,
}

impl Fake {
    /// Gives every connection the same answer.
    pub fn new(answer: Answer) -> Self {
        Self::at(0, answer)
    }

    /// The same at a port that is free.
    pub fn at(port: u16, answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                silent.extend(give(stream, answer));
            }
        });
        Self { port, count }
    }

    /// How many connections came.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// A URL without TLS.
    pub fn url(&self) -> String {
        format!("postgresql://me@127.0.0.1:{}/mine?sslmode=disable", self.port)
    }
}

/// Answers, and returns a stream that must stay open.
fn give(mut stream: TcpStream, answer: Answer) -> Option<TcpStream> {
    let mut request = [0; 1024];
    match answer {
        Answer::Silence => return Some(stream),
        Answer::Close => {}
        Answer::HangUp => {
            let _ = stream.read(&mut request);
        }
        Answer::BrokenTls => {
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"Snonsense that is not TLS");
            let _ = stream.read(&mut request);
        }
        Answer::Error(code, message) => {
            let _ = stream.read(&mut request);
            let body = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
            let mut reply = vec![b'E'];
            reply.extend((u32::try_from(body.len()).unwrap() + 4).to_be_bytes());
            reply.extend(body.as_bytes());
            let _ = stream.write_all(&reply);
        }
    }
    None
}
