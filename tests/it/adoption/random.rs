//! Databases by chance: `up` ends verified with every row kept, or refuses with nothing changed and names the object;
//! `plan` and `doctor` say it beforehand.
//!
//! A run tries a sample. `VITAL_ADOPTION=long` tries 1,000 databases, `VITAL_ADOPTION=<number>` the one of that seed, which
//! a failure prints.

use std::fmt::Write;

use fastrand::Rng;

use super::{dump, kept, plan, rows};
use crate::support::{Database, Template};

const MUTATIONS: &str = include_str!("mutations.list");
const RETYPE: &str = include_str!("../../../fixtures/retype.sql");

/// What a run tries, and what all runs try in the long mode.
const SAMPLE: u64 = 15;
const MANY: u64 = 1_000;
/// The tests share the databases among them.
const SHARDS: u64 = 4;

/// A way in which a database is not as imagined, before chance has chosen its parts.
#[derive(Default)]
struct Mutation {
    templates: Vec<&'static str>,
    by_superuser: bool,
    under_policies: bool,
    picks: Vec<(&'static str, Vec<&'static str>)>,
    names: Vec<&'static str>,
    sql: String,
}

impl Mutation {
    fn parse(paragraph: &'static str) -> Option<Self> {
        let mut mutation = Self::default();
        for line in paragraph.lines().filter(|line| !line.starts_with('#')) {
            if let Some(templates) = line.strip_prefix("on ") {
                mutation.templates = templates.split(' ').collect();
            } else if line == "by superuser" {
                mutation.by_superuser = true;
            } else if line == "under policies" {
                mutation.under_policies = true;
            } else if let Some(pick) = line.strip_prefix("pick ") {
                let (name, values) = pick.split_once(": ").unwrap();
                mutation.picks.push((name, values.split(" | ").collect()));
            } else if let Some(names) = line.strip_prefix("names:") {
                mutation.names = names
                    .trim()
                    .split(" | ")
                    .filter(|name| !name.is_empty())
                    .collect();
            } else {
                writeln!(mutation.sql, "{line}").unwrap();
            }
        }
        (!mutation.sql.is_empty()).then_some(mutation)
    }

    fn is_for(&self, template: &str) -> bool {
        self.templates.is_empty() || self.templates.contains(&template)
    }

    /// Makes it in the database, as far as it fits; the statement, and the words that name it.
    fn make(&self, db: &Database, random: &mut Rng) -> Option<(String, Vec<String>)> {
        let mut parts = vec![("{n}".to_owned(), random.u32(..1000).to_string())];
        for (name, values) in &self.picks {
            let value = random.choice(values).unwrap().replace("(nothing)", "");
            let (value, other) = value.split_once(" => ").unwrap_or((&value, ""));
            parts.push((format!("{{{name}}}"), value.to_owned()));
            parts.push((format!("{{{name}_}}"), other.to_owned()));
        }
        let fill = |text: &str| {
            let filled = parts.iter();
            filled.fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
        };
        let sql = fill(&self.sql);
        let text = match self.under_policies {
            true => format!("{RETYPE}; select pg_temp.retype($change${sql}$change$)"),
            false => sql.clone(),
        };
        let mut client = match self.by_superuser {
            true => db.superuser(),
            false => db.client(),
        };
        client.batch_execute(&text).ok()?;
        Some((sql, self.names.iter().map(|name| fill(name)).collect()))
    }
}

/// What became of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Converged,
    Refused,
}

/// Tries the database of a seed.
fn try_one(seed: u64) -> Result<End, String> {
    let mut random = Rng::with_seed(seed);
    let (name, template) = *random
        .choice([("pre", Template::PreState), ("leg", Template::Legacy)].as_slice())
        .unwrap();
    let mutations: Vec<Mutation> = MUTATIONS.split("\n\n").filter_map(Mutation::parse).collect();
    let fitting: Vec<&Mutation> = mutations
        .iter()
        .filter(|mutation| mutation.is_for(name))
        .collect();
    let db = Database::create(template);
    let (mut made, mut names) = (Vec::new(), Vec::new());
    let wanted = *random.choice([1, 1, 1, 2, 2, 3].as_slice()).unwrap();
    for _ in 0..20 {
        if made.len() < wanted
            && let Some((sql, words)) = random.choice(&fitting).unwrap().make(&db, &mut random)
        {
            made.push(sql);
            names.extend(words);
        }
    }
    let wrong = |what: String| Err(format!("seed {seed}, {name}:\n{}{what}", made.concat()));

    let (dumped, before) = (dump(&db), rows(&mut db.client()));
    let plan = plan(&db);
    let doctor = db.vital(&["doctor", "-o", "json"]);
    let foreseen = plan["problems"] != serde_json::json!([]);
    let run = db.vital(&["migrate", "up", "--replace-policies", "--yes"]);
    let says = |text: &str| names.iter().any(|name| text.replace("\\\"", "\"").contains(name));
    match run.code {
        0 => {
            if foreseen {
                return wrong(format!("plan saw {}, and {run}", plan["problems"]));
            }
            kept(&before, &rows(&mut db.client()));
            let verify = db.vital(&["verify"]);
            // A trigger that keeps every agent as it is keeps the checks from being made, and that is what is said.
            let is_held =
                verify.stdout.contains("agents are frozen") && verify.stdout.contains("checks passed, ");
            match verify.code {
                0 => Ok(End::Converged),
                4 if is_held => Ok(End::Converged),
                _ => wrong(format!("{verify}\nafter {run}")),
            }
        }
        1 => {
            let after = dump(&db);
            let changed = dumped
                .lines()
                .zip(after.lines())
                .find(|(one, other)| one != other);
            if dumped != after {
                return wrong(format!("{run}\nchanged {changed:?}"));
            }
            match (
                says(&run.stderr),
                says(&plan["problems"].to_string()),
                says(&doctor.stdout),
            ) {
                (true, true, true) => Ok(End::Refused),
                (up, plan_says, doctor_says) => wrong(format!(
                    "none of {names:?} is named: up {up}, plan {plan_says}, doctor {doctor_says}\n{run}\n{}\n{doctor}",
                    plan["problems"]
                )),
            }
        }
        _ => wrong(run.to_string()),
    }
}

fn shard(number: u64) {
    let seeds: Vec<u64> = match std::env::var("VITAL_ADOPTION").as_deref() {
        Ok("long") => (0..MANY).filter(|seed| seed % SHARDS == number).collect(),
        Ok(seed) if number == 0 => vec![seed.parse().unwrap()],
        Ok(_) => Vec::new(),
        Err(_) => (0..SAMPLE).filter(|seed| seed % SHARDS == number).collect(),
    };
    let (mut converged, mut refused, mut wrong) = (0, 0, Vec::new());
    for seed in seeds {
        let tried = std::panic::catch_unwind(|| try_one(seed));
        match tried.unwrap_or_else(|_| Err(format!("seed {seed}: panicked, see above"))) {
            Ok(End::Converged) => converged += 1,
            Ok(End::Refused) => refused += 1,
            Err(what) => {
                eprintln!("{what}\n");
                wrong.push(seed);
            }
        }
    }
    println!(
        "{converged} converged, {refused} refused, {} wrong: {wrong:?}",
        wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "VITAL_ADOPTION=<seed> tries one of {wrong:?} again"
    );
}

#[test]
fn any_database_converges_or_is_refused_0() {
    shard(0);
}

#[test]
fn any_database_converges_or_is_refused_1() {
    shard(1);
}

#[test]
fn any_database_converges_or_is_refused_2() {
    shard(2);
}

#[test]
fn any_database_converges_or_is_refused_3() {
    shard(3);
}
