//! Whatever a person or a file may say: a clear error at most, no panic, nothing done, no secret shown.
//!
//! `VITAL_FUZZ_CASES` sets how many random inputs each test takes.

mod commands;
mod connecting;
mod files;
mod inputs;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use vital::{Error, Kind};

use crate::support::CANARY;

/// Tries `check` on random inputs and fails with the smallest that it fails on.
#[track_caller]
fn try_all<S: Strategy>(inputs: &S, cases: u32, check: impl Fn(&S::Value))
where
    S::Value: Debug,
{
    let cases = std::env::var("VITAL_FUZZ_CASES").map_or(cases, |text| text.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(inputs, |input| {
        check(&input);
        Ok::<(), TestCaseError>(())
    });
    match result {
        Ok(()) => println!("{cases} inputs tried"),
        Err(TestError::Fail(why, input)) => panic!("{why}\nfor {input:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Asserts that the error is one of usage or of a failure, that it is readable, and that it shows no secret.
#[track_caller]
fn assert_told(error: &Error) {
    assert!(matches!(error.kind, Kind::Usage | Kind::Failed), "{error:?}");
    assert!(!error.message.is_empty());
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains(CANARY), "{shown}");
}
