//! Lists the SQL files that are embedded by directory, so that a new file is part of the next build.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    watch("sql/migrations");
    for name in ["online", "down", "catalog", "verify"] {
        let directory = format!("sql/{name}");
        watch(&directory);
        fs::write(
            out.join(name).with_extension("rs"),
            listing(&root.join(directory))?,
        )?;
    }
    Ok(())
}

/// Rebuilds when a file is added to, removed from or changed in `directory`.
fn watch(directory: &str) {
    println!("cargo:rerun-if-changed={directory}");
}

/// Writes the files of `directory` as a slice of `(stem, text)`, sorted by name.
fn listing(directory: &Path) -> io::Result<String> {
    let mut files: Vec<PathBuf> = match fs::read_dir(directory) {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let lines: Vec<String> = files
        .iter()
        .filter_map(|file| Some((file.file_stem()?.to_str()?, file.to_str()?)))
        .map(|(stem, path)| format!("    ({stem:?}, include_str!({path:?})),\n"))
        .collect();
    Ok(format!("&[\n{}]", lines.concat()))
}
