//! The operations: SQL in, report value out. Nothing here prints, prompts or parses arguments.

pub mod bootstrap;
pub mod demo;
pub mod event;
pub mod migrate;
pub mod sharing;
