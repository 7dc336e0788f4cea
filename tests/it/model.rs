//! The model: what random users may do with random agents, worked out in Rust, is what row security lets them do.
//!
//! `VITAL_MODEL_CASES` sets the number of random databases, `VITAL_MODEL_SEED` the seed, which is printed.

mod ask;
mod load;
mod state;
mod truth;

use std::fmt::Debug;

use postgres::Transaction;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::support::{Database, Template};
use state::State;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name}={text}"))
    })
}

/// Fails with both values when the database says something else than the model.
fn agree<T: PartialEq + Debug>(what: &str, user: usize, model: &T, database: &T) -> Result<(), String> {
    if model == database {
        return Ok(());
    }
    Err(format!(
        "user {user}, {what}:\n   model    {model:?}\n   database {database:?}"
    ))
}

/// Compares everything that every user may do.
fn check(transaction: &mut Transaction<'_>, state: &State) -> Result<(), String> {
    load::load(transaction, state);
    ask::prepare(transaction);
    for user in 0..state.users.len() {
        let answers = ask::ask(transaction, state, user);
        agree(
            "the current tenant",
            user,
            &truth::current(state, user),
            &answers.current,
        )?;
        agree(
            "readable agents",
            user,
            &truth::readable(state, user),
            &answers.readable,
        )?;
        agree(
            "updatable agents",
            user,
            &truth::writable(state, user),
            &answers.updatable,
        )?;
        agree(
            "deletable agents",
            user,
            &truth::writable(state, user),
            &answers.deletable,
        )?;
        agree(
            "agents to share or unshare",
            user,
            &truth::sharable(state, user),
            &answers.sharable,
        )?;
        agree(
            "tenants to insert into",
            user,
            &truth::insertable(state, user),
            &answers.insertable,
        )?;
        agree(
            "visible tenants",
            user,
            &truth::tenants(state, user),
            &answers.tenants,
        )?;
        agree(
            "memberships",
            user,
            &truth::memberships(state, user),
            &answers.memberships,
        )?;
        agree(
            "tenants with access",
            user,
            &truth::accessible(state, user),
            &answers.accessible,
        )?;
        agree(
            "others' access",
            user,
            &truth::others(state, user),
            &answers.others,
        )?;
        if !state.users[user].platform_admin {
            agree(
                "can_access_resource",
                user,
                &answers.readable,
                &answers.can_access,
            )?;
        }
    }
    Ok(())
}

#[test]
fn users_may_do_exactly_what_the_model_says() {
    let database = Database::create(Template::World);
    let client = std::cell::RefCell::new(database.client());
    let seed = setting("VITAL_MODEL_SEED", 20_251_026);
    let cases = u32::try_from(setting("VITAL_MODEL_CASES", 24)).unwrap();
    println!("VITAL_MODEL_SEED={seed} VITAL_MODEL_CASES={cases}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&state::states(), |state| {
        let mut client = client.borrow_mut();
        let mut transaction = client.transaction().unwrap();
        let checked = check(&mut transaction, &state);
        transaction.rollback().unwrap();
        checked.map_err(proptest::test_runner::TestCaseError::fail)
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, state)) => panic!("{why}\nin {state:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
