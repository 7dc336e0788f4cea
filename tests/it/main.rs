//! The integration tests, in one binary; every test runs against a private PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod attack;
mod bootstrap;
mod cli;
mod connect;
mod demo;
mod doctor;
mod legacy;
mod migrate_cut;
mod migrate_down;
mod migrate_down_foreign;
mod migrate_locks;
mod migrate_plan;
mod migrate_restore;
mod migrate_status;
mod migrate_up;
mod model;
mod server;
mod server_binaries;
mod server_end;
mod sources;
mod support;
mod verify;
