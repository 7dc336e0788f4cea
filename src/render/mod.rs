//! Writes reports as table, JSON, YAML or CSV; the only place that holds stdout and stderr.

pub mod csv;
pub mod escape;
pub mod event;
pub mod github;
pub mod job;
pub mod json;
pub mod junit;
pub mod metrics;
mod output;
#[cfg(feature = "pages")]
pub mod page;
#[cfg(feature = "pages")]
pub mod picture;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod table;
pub mod text;
pub mod yaml;

pub use output::{Format, Output, Screen, stderr};
