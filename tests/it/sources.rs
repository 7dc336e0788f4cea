//! Rules about the files of this repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file, by its path from the root of the repository.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines with their numbers, without comments and without the tests beside the code.
    fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .take_while(|(_, line)| *line != "#[cfg(test)]" && *line != "mod tests {")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `directory` with one of the endings, sorted; none if there is no such directory.
fn sources(directory: &str, endings: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join(directory), &mut paths);
    paths.sort();
    let fits = |path: &&PathBuf| {
        path.extension()
            .is_some_and(|e| endings.iter().any(|ending| e == *ending))
    };
    paths
        .iter()
        .filter(fits)
        .map(|path| Source {
            path: path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Where a product line outside `allowed` contains one of `words`, as `path:line: word`.
fn uses(directory: &str, words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources(directory, &["rs"]) {
        if allowed.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (at, line) in source.product_lines() {
            let word = words.iter().find(|word| line.contains(**word));
            found.extend(word.map(|word| format!("{}:{at}: {word}", source.path)));
        }
    }
    found
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn only_the_printer_holds_the_standard_streams() {
    let printing = ["println!(", "print!(", "anstream::std"];
    assert_eq!(uses("src", &printing, &["src/render/output.rs"]), none());
    // Whether there is a person is asked where the answer matters; the printer lends stderr to progress lines.
    let streams = ["io::stdout()", "io::stderr()"];
    assert_eq!(
        uses(
            "src",
            &streams,
            &["src/render/output.rs", "src/progress.rs", "src/prompt.rs"]
        ),
        none()
    );
}

#[test]
fn each_terminal_library_has_one_user() {
    assert_eq!(uses("src", &["dialoguer"], &["src/prompt.rs"]), none());
    assert_eq!(uses("src", &["indicatif"], &["src/progress.rs"]), none());
    assert_eq!(uses("src", &["comfy_table"], &["src/render/table.rs"]), none());
}

#[test]
fn only_main_ends_the_process() {
    assert_eq!(
        uses("src", &["process::exit", "process::abort"], &["src/main.rs"]),
        none()
    );
}

#[test]
fn operations_neither_print_nor_ask_nor_parse_arguments() {
    let words = [
        "clap",
        "dialoguer",
        "indicatif",
        "crate::cli",
        "crate::commands",
        "crate::progress",
        "crate::prompt",
        "crate::render",
    ];
    assert_eq!(uses("src/ops", &words, &[]), none());
}

/// The names of the dependencies in a section of Cargo.toml, as code writes them.
fn dependencies(section: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let start = manifest
        .find(&format!("\n[{section}]\n"))
        .expect("the section is there");
    let lines = manifest[start..].trim_start().lines().skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_")))
        .collect()
}

#[test]
fn every_dependency_is_used() {
    let unused = |section: &str, directories: &[&str]| -> Vec<String> {
        let code: Vec<Source> = directories.iter().flat_map(|d| sources(d, &["rs"])).collect();
        let used = |name: &String| {
            let words = [
                format!("{name}::"),
                format!("use {name};"),
                format!("use {name} as"),
            ];
            code.iter()
                .any(|source| words.iter().any(|word| mentions(&source.text, word)))
        };
        dependencies(section)
            .into_iter()
            .filter(|name| !used(name))
            .collect()
    };
    assert!(dependencies("dependencies").len() > 25);
    assert_eq!(unused("dependencies", &["src"]), none());
    assert_eq!(unused("target.'cfg(unix)'.dependencies", &["src"]), none());
    assert_eq!(unused("dev-dependencies", &["src", "tests", "benches"]), none());
}

/// Whether `text` holds `word` at the beginning of a name.
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn nothing_is_left_to_do() {
    let words = ["todo!(", "unimplemented!(", "dbg!("];
    assert_eq!(uses("src", &words, &[]), none());
    assert_eq!(uses("tests", &words, &["tests/it/sources.rs"]), none());
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let marked = ["src", "tests", "sql"]
        .iter()
        .flat_map(|directory| sources(directory, &["rs", "sql"]))
        .filter(|source| marks.iter().any(|mark| source.text.contains(mark)))
        .map(|source| source.path);
    assert_eq!(marked.collect::<Vec<_>>(), none());
}

#[test]
fn a_source_file_is_shorter_than_500_lines_and_begins_with_its_purpose() {
    let all = ["src", "tests"]
        .iter()
        .flat_map(|directory| sources(directory, &["rs"]));
    let wrong = all.filter(|source| source.text.lines().count() >= 500 || !source.text.starts_with("//! "));
    assert_eq!(wrong.map(|source| source.path).collect::<Vec<_>>(), none());
}

#[test]
fn comments_have_no_banners() {
    let banner = |line: &str| {
        let line = line.trim_start();
        ["// --", "// ==", "// **", "-- --", "-- ==", "-----", "/////"]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    let all = ["src", "tests", "sql"]
        .iter()
        .flat_map(|directory| sources(directory, &["rs", "sql"]));
    let wrong = all
        .filter(|source| source.text.lines().any(banner))
        .map(|source| source.path);
    assert_eq!(wrong.collect::<Vec<_>>(), none());
}

#[test]
fn text_files_end_their_lines_the_unix_way() {
    let all = ["src", "tests", "sql", ".ci"]
        .iter()
        .flat_map(|d| sources(d, &["rs", "sql", "yaml", "toml"]));
    let wrong = all.filter(|source| source.text.contains('\r') || !source.text.ends_with('\n'));
    assert_eq!(wrong.map(|source| source.path).collect::<Vec<_>>(), none());
}

#[test]
fn the_four_migrations_are_there_and_leave_the_transaction_to_the_runner() {
    let migrations = sources("sql/migrations", &["sql"]);
    if !root().join("sql").exists() {
        return;
    }
    let names: Vec<_> = migrations.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(
        names,
        [
            "sql/migrations/V20251026000001__create_tenants_table.sql",
            "sql/migrations/V20251026000002__add_tenant_columns.sql",
            "sql/migrations/V20251026000003__update_rls_policies.sql",
            "sql/migrations/V20251026000004__seed_mvp_tenants.sql",
        ]
    );
    for migration in &migrations {
        let ends_it = |line: &str| {
            let line = line.trim().to_lowercase();
            ["begin;", "start transaction;", "commit;", "rollback;"].contains(&line.as_str())
        };
        assert!(!migration.text.lines().any(ends_it), "{}", migration.path);
    }
}

#[test]
fn every_down_step_undoes_a_migration() {
    let stem = |source: &Source| Path::new(&source.path).file_name().map(ToOwned::to_owned);
    let migrations: Vec<_> = sources("sql/migrations", &["sql"]).iter().map(stem).collect();
    let orphans = sources("sql/down", &["sql"]);
    let orphans: Vec<_> = orphans
        .iter()
        .filter(|down| !migrations.contains(&stem(down)))
        .collect();
    assert!(
        orphans.is_empty(),
        "{:?}",
        orphans.iter().map(|down| &down.path).collect::<Vec<_>>()
    );
}
