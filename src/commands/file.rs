//! Input files, bounded in size.

use std::fs::File;
use std::io::Read;
use std::path::Path;

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
    let failed = |cause: String| {
        Error::usage(format!("could not read `{name}`"))
            .with_cause(cause)
            .with_hint("nothing was changed")
    };
    let reader: Box<dyn Read> = match is_stdin {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(|error| failed(error.to_string()))?),
    };
    let mut bytes = Vec::new();
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(failed(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        failed(format!(
            "it is not UTF-8: byte {} is wrong",
            error.utf8_error().valid_up_to() + 1
        ))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    Ok((text, name))
}

/// Tells whether the name ends like a YAML file's.
pub(super) fn is_yaml(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["yaml", "yml", "json"].contains(&ending.to_ascii_lowercase().as_str()))
}
