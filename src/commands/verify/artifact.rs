//! `--report`: the result for machines that show test results.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;

use crate::commands::Context;
use crate::error::Result;
use crate::ops::verify::Verification;
use crate::render::page::Facts;
use crate::render::{github, junit, page, sarif};

/// One `--report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Artifact {
    /// JUnit XML in a file.
    Junit(PathBuf),
    /// SARIF 2.1.0 in a file.
    Sarif(PathBuf),
    /// A page in a file.
    Html(PathBuf),
    /// Workflow commands on stderr.
    Github,
}

impl FromStr for Artifact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("junit", path)) if !path.is_empty() => Ok(Self::Junit(path.into())),
            Some(("sarif", path)) if !path.is_empty() => Ok(Self::Sarif(path.into())),
            Some(("html", path)) if !path.is_empty() => Ok(Self::Html(path.into())),
            None if text == "github" => Ok(Self::Github),
            _ => Err("expected junit=PATH, sarif=PATH, html=PATH or github".to_owned()),
        }
    }
}

impl Artifact {
    pub(super) fn write(&self, verification: &Verification, filter: &str, context: &Context) -> Result<()> {
        let mut text = Vec::new();
        let (path, written) = match self {
            Self::Junit(path) => (path, junit::write(verification, &mut text)),
            Self::Sarif(path) => (path, sarif::write(verification, &mut text)),
            Self::Html(path) => {
                let facts = Facts::now(&verification.database, filter);
                text = page::verification(verification, &facts).into_bytes();
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
            .and_then(|()| std::fs::write(path, &text))
            .with_context(|| format!("could not write `{}`", path.display()))?;
        Ok(())
    }
}
