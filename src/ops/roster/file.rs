//! A file of memberships: read strictly, and looked up in one go.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::db::Transaction;
use crate::error::{Error, Result};
use crate::model::{Role, TenantRef, UserRef};
use crate::ops::find::people::{self, Found};
use crate::ops::find::tenants;
use crate::ops::members::{Membership, Request};
use crate::ops::tenancy::Fault;

/// How many faulty lines an error names.
const SHOWN: usize = 20;

/// What a line leaves open.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The tenant; without one, every line names its own.
    pub tenant: Option<TenantRef>,
    /// The role; without one, members keep theirs.
    pub role: Option<Role>,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where, such as `users.csv:3`.
    pub place: String,
    /// Who.
    pub user: UserRef,
    /// Where to.
    pub tenant: TenantRef,
    /// As what; nothing keeps the role.
    pub role: Option<Role>,
}

/// A line as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    user: String,
    tenant: Option<String>,
    role: Option<String>,
}

/// The faults of a file, line by line.
#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn into_result<T>(self, name: &str, value: T) -> Result<T> {
        let count = self.0.len();
        if count == 0 {
            return Ok(value);
        }
        let lines = if count == 1 {
            "1 line"
        } else {
            &format!("{count} lines")
        };
        let mut error = Error::usage(format!("{lines} of {name} cannot be used"))
            .with_hint("nothing was changed; a file is taken as a whole or not at all");
        error.details = self.0.into_iter().take(SHOWN).collect();
        if count > SHOWN {
            error.details.push(format!("and {} more", count - SHOWN));
        }
        Err(error)
    }
}

/// Reads CSV with a header of `user` and, where they differ from the defaults, `tenant` and `role`.
///
/// # Errors
/// [`crate::Kind::Usage`] that names every faulty line.
pub fn from_csv(text: &str, name: &str, defaults: &Defaults) -> Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut lines, mut faults) = (Vec::new(), Faults::default());
    let mut records = reader.deserialize::<Raw>();
    while let Some(record) = records.next() {
        match record {
            Ok(raw) => {
                // The reader stands after the record; without quoted line breaks that is one line further.
                let at = records.reader().position().line().saturating_sub(1);
                lines.push((format!("{name}:{at}"), raw));
            }
            Err(error) => {
                let at = error.position().map_or(1, csv::Position::line);
                let problem = match error.kind() {
                    csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
                    _ => error.to_string(),
                };
                faults.0.push(format!("{name}:{at}: {problem}"));
                if at == 1 || faults.0.len() > 1000 {
                    break;
                }
            }
        }
    }
    read(lines, name, defaults, faults)
}

/// Reads a YAML list of maps with the keys `user`, `tenant` and `role`.
///
/// # Errors
/// [`crate::Kind::Usage`] with line and column, or that names every faulty entry.
pub fn from_yaml(text: &str, name: &str, defaults: &Defaults) -> Result<Vec<Line>> {
    let raws: Vec<Raw> = crate::ops::yaml::parse(text, name)?;
    let places = entry_lines(text);
    let place = |at: usize| match places.get(at) {
        Some(line) if places.len() == raws.len() => format!("{name}:{line}"),
        _ => format!("{name}, entry {}", at + 1),
    };
    let placed: Vec<_> = (0..raws.len()).map(place).collect();
    read(
        placed.into_iter().zip(raws).collect(),
        name,
        defaults,
        Faults::default(),
    )
}

/// The lines on which the entries of a list begin, if it is written one entry a dash.
fn entry_lines(text: &str) -> Vec<usize> {
    let dashed = |line: &str| line.strip_prefix("- ").is_some() || line == "-";
    let numbered = text.lines().zip(1..);
    numbered
        .filter(|(line, _)| dashed(line))
        .map(|(_, number)| number)
        .collect()
}

fn read(raws: Vec<(String, Raw)>, name: &str, defaults: &Defaults, mut faults: Faults) -> Result<Vec<Line>> {
    let mut seen: HashMap<(UserRef, TenantRef), String> = HashMap::new();
    let mut lines = Vec::with_capacity(raws.len());
    for (place, raw) in raws {
        match line(&place, &raw, defaults) {
            Ok(line) => {
                let key = (line.user.clone(), line.tenant.clone());
                match seen.insert(key, place) {
                    None => lines.push(line),
                    Some(first) => faults.0.push(format!(
                        "{}: `{}` stands at {first} already",
                        line.place, raw.user
                    )),
                }
            }
            Err(problem) => faults.0.push(format!("{place}: {problem}")),
        }
    }
    faults.into_result(name, lines)
}

fn line(place: &str, raw: &Raw, defaults: &Defaults) -> Result<Line, String> {
    let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    Ok(Line {
        place: place.to_owned(),
        user: raw.user.parse()?,
        tenant: match given(&raw.tenant) {
            Some(text) => text.parse()?,
            None => defaults
                .tenant
                .clone()
                .ok_or("no tenant is named, neither here nor by --tenant")?,
        },
        role: match given(&raw.role) {
            Some(text) => Some(text.parse()?),
            None => defaults.role,
        },
    })
}

/// Looks up the users and tenants of all lines.
///
/// # Errors
/// [`crate::Kind::Usage`] that names every line whose user or tenant is unknown.
pub async fn memberships(
    transaction: &Transaction<'_>,
    name: &str,
    lines: &[Line],
) -> Result<Vec<Membership>, Fault> {
    let mut wanted: Vec<TenantRef> = lines.iter().map(|line| line.tenant.clone()).collect();
    wanted.sort();
    wanted.dedup();
    let known = tenants::look_up(transaction, &wanted).await?;
    let known: BTreeMap<_, _> = wanted.into_iter().zip(known).collect();
    let users: Vec<UserRef> = lines.iter().map(|line| line.user.clone()).collect();
    let found = people::look_up(transaction, &users).await?;
    let (mut memberships, mut faults) = (Vec::with_capacity(lines.len()), Faults::default());
    let mut seen = HashMap::new();
    for (line, found) in lines.iter().zip(found) {
        let place = &line.place;
        match (known.get(&line.tenant).and_then(Option::as_ref), &found) {
            (Some(tenant), Found::One(user)) => {
                if let Some(first) = seen.insert((user.id, tenant.id), place) {
                    faults
                        .0
                        .push(format!("{place}: `{}` stands at {first} already", line.user));
                }
                memberships.push(Membership {
                    user: user.clone(),
                    tenant: tenant.clone(),
                    request: Request::Assign(line.role),
                });
            }
            (tenant, _) if faults.0.len() < SHOWN => {
                let error = match tenant {
                    None => tenants::unknown(transaction, &line.tenant).await?,
                    Some(_) => people::unknown(transaction, &line.user, &found).await?,
                };
                let hint = error
                    .hint
                    .as_deref()
                    .and_then(|hint| hint.strip_suffix(" nothing was changed"));
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                faults.0.push(format!("{place}: {}{hint}", error.message));
            }
            _ => faults.0.push(format!("{place}: unknown")),
        }
    }
    Ok(faults.into_result(name, memberships)?)
}
