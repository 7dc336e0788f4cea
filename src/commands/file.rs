//! Input files, bounded in size.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::error::{Error, Result};

/// Files above this size are refused.
const MAX_BYTES: u64 = 32 << 20;

/// Reads a file, or stdin for `-`, and returns its text and its name for messages.
pub(super) fn read(path: &Path) -> Result<(String, String)> {
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    };
    let text = if is_stdin {
        text(std::io::stdin())
    } else {
        File::open(path).map_err(anyhow::Error::new).and_then(text)
    };
    match text {
        Ok(text) => Ok((text, name)),
        Err(cause) => Err(Error::usage(format!("could not read `{name}`"))
            .with_cause(format!("{cause:#}"))
            .with_hint("nothing was changed")),
    }
}

/// The text to the end, without a byte order mark.
fn text(reader: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len())? > MAX_BYTES {
        bail!("it is larger than {} MiB", MAX_BYTES >> 20);
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| anyhow!("byte {} is not UTF-8", error.utf8_error().valid_up_to() + 1))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// Tells whether the name ends like a YAML file's.
pub(super) fn is_yaml(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["yaml", "yml", "json"].contains(&ending.to_ascii_lowercase().as_str()))
}
