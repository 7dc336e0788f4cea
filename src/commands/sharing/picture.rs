//! Pages and pictures of a report, as files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::commands::Context;
use crate::error::Result;

/// How many agents a page can search; more would make it slow to open.
pub(super) const AGENTS_ON_A_PAGE: i64 = 5_000;

/// Where to write pages and pictures.
#[derive(Debug, clap::Args)]
pub struct PictureArgs {
    /// Write a page as well: one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write the picture as well, as SVG
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Writes a page or a picture.
pub(super) fn save(context: &Context, path: &Path, document: &str) -> Result<()> {
    std::fs::write(path, document).with_context(|| format!("could not write `{}`", path.display()))?;
    context.output.note(&format!("wrote {}", path.display()));
    Ok(())
}
