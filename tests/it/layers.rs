//! Which module may use which: those above it in the list of the library's front page, and no circle anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library; each uses only those before it.
const LAYERS: [&str; 14] = [
    "error",
    "model",
    "report",
    "event",
    "interrupt",
    "db",
    "ops",
    "server",
    "render",
    "progress",
    "prompt",
    "cli",
    "commands",
    "main",
];

/// Who uses whom, with the first file that does.
type Uses = BTreeMap<(String, String), String>;

/// What each file uses, as paths of modules; code for tests is left out.
fn uses(root: &Path) -> Vec<(PathBuf, Vec<String>, Vec<Vec<String>>)> {
    let mut files = Vec::new();
    collect(root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = product
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            let module = module(file.strip_prefix(root).unwrap());
            let used = paths(&code.join("\n"), &module);
            (file, module, used)
        })
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// `ops/sharing/mod.rs` is `[ops, sharing]`; the front page itself is `[]`.
fn module(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if ["mod", "lib"].map(String::from).contains(parts.last().unwrap()) {
        parts.pop();
    }
    parts
}

/// The absolute paths that begin with `crate::` or `super::` in the code of `module`.
fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        spread(&code[at + "crate::".len()..], &[], &mut found);
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let (mut rest, mut base) = (&code[at..], module);
        while let Some(next) = rest.strip_prefix("super::") {
            rest = next;
            base = &base[..base.len().saturating_sub(1)];
        }
        spread(rest, base, &mut found);
    }
    found
}

/// Reads `a::b` or `{a, b::c}` and adds each path below `base`, as deep as units go.
fn spread(text: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    if let Some(group) = text.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    spread(group[start..at].trim(), base, found);
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let first = word(text);
    if first.is_empty() {
        return;
    }
    let path = [base, std::slice::from_ref(&first)].concat();
    match text[first.len()..].strip_prefix("::") {
        Some(rest) if path.len() < 3 => spread(rest, &path, found),
        _ => found.push(path),
    }
}

/// The edges between units, which are the first `depth` parts below `under`.
fn edges(root: &Path, under: &[&str]) -> Uses {
    let files = uses(root);
    let unit = |path: &[String]| -> Option<String> {
        let inside = path.len() > under.len() && path.iter().zip(under).all(|(part, wanted)| part == wanted);
        inside.then(|| path[under.len()].clone())
    };
    let known: BTreeSet<String> = files.iter().filter_map(|(_, module, _)| unit(module)).collect();
    let mut edges = Uses::new();
    for (file, module, used) in &files {
        let Some(from) = unit(module) else { continue };
        for to in used.iter().filter_map(|path| unit(path)) {
            if to != from && known.contains(&to) {
                edges
                    .entry((from.clone(), to))
                    .or_insert_with(|| file.display().to_string());
            }
        }
    }
    edges
}

/// The circles: units that can reach themselves.
fn circles(edges: &Uses) -> Vec<String> {
    let reach = |start: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start.to_owned()]);
        while let Some(at) = open.pop() {
            for (_, to) in edges.keys().filter(|(from, _)| *from == at) {
                if seen.insert(to.clone()) {
                    open.push(to.clone());
                }
            }
        }
        seen
    };
    let units: BTreeSet<&String> = edges.keys().map(|(from, _)| from).collect();
    units
        .into_iter()
        .filter(|unit| reach(unit).contains(*unit))
        .cloned()
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn a_module_uses_only_those_before_it() {
    let place = |unit: &str| LAYERS.iter().position(|layer| *layer == unit);
    let edges = edges(&source(), &[]);
    let unknown = edges.keys().filter(|(from, _)| place(from).is_none());
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    let upwards: Vec<_> = edges
        .iter()
        .filter(|((from, to), _)| place(to) >= place(from))
        .collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn no_two_modules_use_each_other() {
    for under in [&[][..], &["ops"], &["commands"], &["render"]] {
        let edges = edges(&source(), under);
        let circles = circles(&edges);
        assert!(circles.is_empty(), "{under:?}: {circles:?} of {edges:#?}");
    }
}

#[test]
fn a_circle_and_a_step_upwards_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "ops/one.rs",
        "use crate::{\n    db::Connection,\n    ops::two::{a, b},\n};\n",
    );
    write("ops/two/mod.rs", "mod part;\n");
    write(
        "ops/two/part.rs",
        "// use crate::cli;\nuse super::super::three;\n",
    );
    write(
        "ops/three.rs",
        "fn f() { super::one::g(); }\n#[cfg(test)]\nuse crate::db;\n",
    );
    write("db.rs", "");
    let below = edges(directory.path(), &["ops"]);
    assert_eq!(circles(&below), ["one", "three", "two"]);
    let all: Vec<_> = edges(directory.path(), &[]).into_keys().collect();
    assert_eq!(all, [("ops".to_owned(), "db".to_owned())]);
}
