//! Tests of `vital.yaml`.

use super::*;
use crate::error::Kind;

const GOOD: &str = r#"
targets:
  staging: { url: "postgresql://dba@staging.example/vital?sslmode=verify-full", password: "${STAGING_PW}" }
  eu:      { url: "postgresql://dba@eu.example/vital" }
  us:      { url: "postgresql://dba:${US_PW}@us.example/vital" }
  env:     { url: "${WHOLE}" }
"#;

fn parse(text: &str) -> Result<ConfigFile> {
    ConfigFile::parse(text, PathBuf::from("vital.yaml"))
}

fn environment() -> Environment {
    Environment::of(&[
        ("STAGING_PW", "p@ss/w:rd"),
        ("US_PW", "u@s"),
        ("WHOLE", "postgresql://x@y/z"),
    ])
}

#[test]
fn targets_are_read() {
    let file = parse(GOOD).unwrap();
    assert_eq!(file.targets().collect::<Vec<_>>(), ["env", "eu", "staging", "us"]);
}

#[test]
fn secrets_come_from_the_environment_and_need_no_encoding() {
    let file = parse(GOOD).unwrap();
    let staging = file.params("staging", &environment()).unwrap();
    assert_eq!(staging.get("password"), Some("p@ss/w:rd"));
    assert_eq!(staging.get("sslmode"), Some("verify-full"));
    let us = file.params("us", &environment()).unwrap();
    assert_eq!(
        (us.get("password"), us.get("host")),
        (Some("u@s"), Some("us.example"))
    );
    assert_eq!(file.params("env", &environment()).unwrap().get("host"), Some("y"));
}

#[test]
fn variable_that_is_not_set_is_named() {
    let error = parse(GOOD)
        .unwrap()
        .params("staging", &Environment::of(&[]))
        .err()
        .unwrap();
    assert_eq!(
        error.message,
        "vital.yaml: target `staging`: environment variable STAGING_PW is not set"
    );
}

#[test]
fn unknown_target_names_the_nearest() {
    let error = parse(GOOD)
        .unwrap()
        .params("stagin", &environment())
        .err()
        .unwrap();
    assert_eq!(error.hint.as_deref(), Some("did you mean `staging`?"));
}

#[test]
fn unknown_keys_are_errors_with_line_and_column() {
    for (text, place, part) in [
        (
            "targets:\n  a: { url: x, pasword: y }\n",
            "vital.yaml:2:16:",
            "unknown field `pasword`",
        ),
        (
            "targets: {}\nfleet: { concurrency: 8 }\n",
            "vital.yaml:2:1:",
            "unknown field `fleet`",
        ),
        (
            "targets:\n  a: { url: x, labels: [prod] }\n",
            "vital.yaml:2:16:",
            "unknown field `labels`",
        ),
        ("target: {}\n", "vital.yaml:1:1:", "unknown field `target`"),
        (
            "targets:\n  a: { url: x }\n  a: { url: y }\n",
            "vital.yaml:2:3:",
            "`a` appears twice",
        ),
        (
            "targets:\n  a: { password: x }\n",
            "vital.yaml:2:6:",
            "missing field `url`",
        ),
        ("targets: b: c\n", "vital.yaml:1:10:", "found string"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        assert!(
            error.message.starts_with(place) && error.message.contains(part),
            "{error:?}"
        );
    }
}

#[test]
fn no_error_and_no_debug_output_shows_a_secret() {
    for text in [
        "targets: s3cret",
        "targets:\n  a: postgresql://u:s3cret@h/d\n",
        "targets:\n  a: { url: [s3cret] }\n",
        "targets:\n  a: { url: x, password: [s3cret] }\n",
        "targets:\n  a: { url: x, s3cret: x }\n",
        "verify: { exceptions: s3cret }",
    ] {
        let error = parse(text).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let file = parse("targets:\n  a: { url: 's3cret', password: s3cret }\n").unwrap();
    assert!(!format!("{file:?}").contains("s3cret"));
}

#[test]
fn yaml_bomb_is_refused() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..30 {
        let inner = vec![format!("*a{}", level - 1); 9].join(",");
        text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert!(parse(&text).is_err());
    assert!(parse(&format!("targets: {}", "[".repeat(100_000))).is_err());
}

#[test]
fn empty_file_has_no_targets_and_a_named_one_must_exist() {
    assert_eq!(parse("").unwrap().targets().count(), 0);
    assert_eq!(parse("# nothing\n").unwrap().targets().count(), 0);
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        ConfigFile::load_in(None, dir.path()).unwrap().targets().count(),
        0
    );
    let named = dir.path().join("x.yaml");
    let error = ConfigFile::load_in(Some(&named), dir.path()).unwrap_err();
    assert!(error.message.ends_with("x.yaml does not exist"), "{error:?}");
    std::fs::write(dir.path().join("vital.yaml"), GOOD).unwrap();
    assert_eq!(
        ConfigFile::load_in(None, dir.path()).unwrap().targets().count(),
        4
    );
}
