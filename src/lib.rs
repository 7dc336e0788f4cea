//! Migrates VITAL's PostgreSQL database to isolated tenants, proves the isolation, and runs the tenancy.
//!
//! Data flows one way: an argument ([`cli`]) opens a connection ([`db`]), an operation ([`ops`]) runs SQL and
//! returns a report value ([`report`]), and a renderer ([`render`]) writes it. Operations never print and never
//! parse arguments, so a service can embed them.

pub mod cli;
pub mod commands;
pub mod db;
pub mod error;
pub mod event;
pub mod interrupt;
pub mod model;
pub mod ops;
pub mod progress;
pub mod prompt;
pub mod render;
pub mod report;
pub mod server;

pub use error::{Error, Kind, Result};
