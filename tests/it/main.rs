//! The integration tests, in one binary; every test runs against a private PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod admins;
mod adoption;
mod attack;
mod audit;
mod bootstrap;
mod cli;
mod connect;
mod demo;
mod doctor;
mod embed;
mod engine;
mod exit_codes;
mod fault;
mod fuzz;
mod layers;
mod legacy;
mod losing;
mod members;
mod migrate_cut;
mod migrate_down;
mod migrate_down_foreign;
mod migrate_locks;
mod migrate_online;
mod migrate_plan;
mod migrate_race;
mod migrate_restore;
mod migrate_status;
mod migrate_up;
mod model;
mod operators_day;
mod pages;
mod plain;
mod pooler;
mod postgrest;
mod prompts;
mod roster;
mod seed;
mod server;
mod server_binaries;
mod server_end;
mod sharing_audit;
mod sharing_explain;
mod sharing_model;
mod sharing_report;
mod sharing_set;
mod sources;
mod static_checks;
mod support;
mod tenant;
mod verify;
