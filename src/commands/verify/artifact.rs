//! `--report`: the result for machines that show test results, for browsers, and for collectors.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use time::OffsetDateTime;

use crate::commands::Context;
use crate::error::Result;
use crate::ops::verify::Verification;
use crate::render::page::Facts;
use crate::render::{github, job, junit, metrics, page, sarif};

/// Where GitHub collects what it shows beside a job.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// One `--report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Artifact {
    /// JUnit XML in a file.
    Junit(PathBuf),
    /// SARIF 2.1.0 in a file.
    Sarif(PathBuf),
    /// A page in a file.
    Html(PathBuf),
    /// Metrics of Prometheus in a file.
    Metrics(PathBuf),
    /// Workflow commands on stderr.
    Github,
}

/// The run that is reported.
pub(super) struct Made<'a> {
    /// What it found.
    pub(super) verification: &'a Verification,
    /// What was asked for, in words.
    pub(super) filter: String,
    /// When it began.
    pub(super) at: OffsetDateTime,
    /// How long it took.
    pub(super) took: Duration,
}

impl FromStr for Artifact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("junit", path)) if !path.is_empty() => Ok(Self::Junit(path.into())),
            Some(("sarif", path)) if !path.is_empty() => Ok(Self::Sarif(path.into())),
            Some(("html", path)) if !path.is_empty() => Ok(Self::Html(path.into())),
            Some(("metrics", path)) if !path.is_empty() => Ok(Self::Metrics(path.into())),
            None if text == "github" => Ok(Self::Github),
            _ => Err("expected junit=PATH, sarif=PATH, html=PATH, metrics=PATH or github".to_owned()),
        }
    }
}

impl Artifact {
    pub(super) fn write(&self, made: &Made<'_>, context: &Context) -> Result<()> {
        let verification = made.verification;
        let mut text = Vec::new();
        let (path, written) = match self {
            Self::Junit(path) => (path, junit::write(verification, made.at, made.took, &mut text)),
            Self::Sarif(path) => (path, sarif::write(verification, &mut text)),
            Self::Html(path) => {
                let facts = Facts {
                    at: made.at,
                    ..Facts::now(&verification.database, &made.filter)
                };
                text = page::verification(verification, &facts).into_bytes();
                (path, Ok(()))
            }
            Self::Metrics(path) => {
                text = metrics::text(verification, made.at, made.took).into_bytes();
                (path, Ok(()))
            }
            Self::Github => {
                github::lines(verification)
                    .iter()
                    .for_each(|line| context.output.command(line));
                return Ok(());
            }
        };
        written
            .and_then(|()| match self {
                Self::Metrics(_) => replace(path, &text),
                _ => fs::write(path, &text),
            })
            .with_context(|| format!("could not write `{}`", path.display()))?;
        Ok(())
    }
}

/// Writes beside the file and renames, so that a collector never reads half of it.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let replaced = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // What is left of it is of no use; the error that counts is the first.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// Appends the summary of the job, where a job of GitHub has one. A verification does not fail for it.
pub(super) fn summarize(verification: &Verification, context: &Context) {
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
        return;
    };
    let appended = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(job::summary(verification).as_bytes()));
    if let Err(error) = appended {
        context
            .output
            .warn(&format!("could not append to ${SUMMARY}: {error}"));
    }
}
