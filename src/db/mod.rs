//! Connections: settings with libpq's conventions, TLS and cancel.

mod attempt;
mod connect;
mod connection;
mod conninfo;
pub mod engine;
mod environment;
mod explain;
mod fault;
mod file;
mod host;
mod modes;
mod network;
mod options;
mod params;
mod pgpass;
mod redact;
mod service;
mod settings;
mod text;
mod tls;
mod url;
mod verify;

pub use connect::{connect, connect_telling};
pub use connection::{Canceller, Connection, Notice};
pub use engine::{Access, End, Fault, Job, Param, Transaction};
pub use file::{ConfigFile, Exception};
pub use options::{ConnectOptions, Timeouts};
pub use settings::Settings;
