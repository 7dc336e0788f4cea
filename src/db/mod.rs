//! Connections: settings with libpq's conventions, TLS, retry and cancel.

mod connect;
mod settings;

pub use connect::{Connection, Notice, connect};
pub use settings::Settings;
