//! Connecting, beside psql: what it reaches with some words, vital reaches with the same.

mod cases;
mod errors;
mod fake;
mod files;
mod hosts;
mod parse;
pub mod secure;
mod tls;
mod wait;
