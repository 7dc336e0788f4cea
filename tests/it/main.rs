//! The integration tests, in one binary; every test runs against a private PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cli;
mod sources;
