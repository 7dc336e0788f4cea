//! Migrates VITAL's PostgreSQL database to isolated tenants, proves the isolation, and runs the tenancy.
//!
//! Data flows one way: an argument opens a connection ([`db`]), an operation ([`ops`]) runs SQL and returns a report value
//! ([`report`]), and a renderer writes it. Operations never print and never parse arguments, so a service can embed them:
//! with `default-features = false` nothing else is built, and `examples/embed.rs` shows how.
//!
//! A module uses only those above it:
//!
//! | module | holds | feature |
//! |---|---|---|
//! | [`error`], [`model`], [`report`], [`event`] | what everything speaks in | |
//! | [`interrupt`], [`db`] | the end of what runs, and the connections and transactions on which it does | |
//! | [`ops`] | the operations | |
//! | `server` | a private PostgreSQL | `server` |
//! | `render` | reports as text, pages and pictures | `render`, `pages` |
//! | `progress`, `prompt` | the terminal | `progress`, `prompt` |
//! | `cli`, `commands` | the program | `cli` |

pub mod db;
pub mod error;
pub mod event;
pub mod interrupt;
pub mod model;
pub mod ops;
pub mod report;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod commands;
#[cfg(feature = "progress")]
pub mod progress;
#[cfg(feature = "prompt")]
pub mod prompt;
#[cfg(feature = "render")]
pub mod render;
#[cfg(feature = "server")]
pub mod server;

pub use error::{Error, Kind, Result};
