//! The tour of `vital demo`: a database as it was, and what its people see once it is migrated.

mod sections;

use serde::Serialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Row, SimpleQueryMessage};
use uuid::{Uuid, uuid};

use crate::db::{Connection, Fault, Transaction};
use crate::error::Result;

pub use sections::Section;

const SUPABASE: &str = include_str!("../../../fixtures/supabase.sql");
const PRE_STATE: &str = include_str!("../../../fixtures/pre-state.sql");
const USERS: &str = include_str!("../../../fixtures/users.sql");
const PEOPLE: &str = include_str!("../../../sql/demo/people.sql");
const TENANTS: &str = include_str!("../../../sql/demo/tenants.sql");
const COULD_NOT_TOUR: &str = "could not tour the demo database";
/// The path of an application, whose statements name no schema.
const AS_AN_APPLICATION: &str = "set local search_path = public, extensions";
const VISIBLE: &str = include_str!("../../../sql/demo/visible.sql");
const DISTRIBUTION: &str = include_str!("../../../sql/report/distribution.sql");

/// The private tenant that the tour tries to enter.
const MERIDIAN: Uuid = uuid!("2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26");

/// The cast, in the order of the tour: who, what they are, and their id in `auth.users`.
const CAST: [(&str, &str, Uuid); 5] = [
    ("Ada", "platform admin", user(1)),
    ("Dana", "owner of Digital Health Startup", user(3)),
    ("Mia", "member of Digital Health Startup", user(5)),
    ("Nora", "owner of Meridian Pharma", user(10)),
    ("Otto", "signed in, in no tenant", user(12)),
];

const fn user(number: u128) -> Uuid {
    // The fixture numbers its users in decimal digits.
    let digits = number / 10 * 16 + number % 10;
    Uuid::from_u128(0xa000_0000_0000_4000_8000_0000_0000_0000 + digits)
}

/// The answer of the tour.
#[derive(Debug, Serialize)]
pub struct Tour {
    /// How many agents anybody read before the migration, signed in or not.
    pub open_to_anybody_before: i64,
    /// How many they read after it.
    pub open_to_anybody_after: i64,
    /// How the agents are owned and shared right after the migration.
    pub distribution: Distribution,
    /// The tenants, once the people have moved in.
    pub tenants: Vec<Tenant>,
    /// Who sees how many agents.
    pub viewers: Vec<Viewer>,
    /// What was tried, and what came of it.
    pub attacks: Vec<Attack>,
}

/// How agents are owned and shared, as counts.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Distribution {
    /// All agents.
    pub total: i64,
    /// Those of the platform tenant.
    pub platform_owned: i64,
    /// Those that every tenant reads.
    pub globally_shared: i64,
    /// Those that named tenants read.
    pub selectively_shared: i64,
    /// Those that only their tenant reads.
    pub private: i64,
}

/// A tenant of the tour.
#[derive(Debug, Serialize)]
pub struct Tenant {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: String,
    /// Active members.
    pub members: i64,
    /// Agents that it owns.
    pub owned: i64,
    /// Agents that its members read.
    pub accessible: i64,
}

/// What one person sees.
#[derive(Debug, Serialize)]
pub struct Viewer {
    /// The name.
    pub who: String,
    /// The role in the tenancy.
    pub role: String,
    /// Agents that a plain `select` returns.
    pub visible: i64,
    /// Of these, the acting tenant's.
    pub own: i64,
    /// Of these, global ones of others.
    pub globally_shared: i64,
    /// Of these, ones of others that are shared with the acting tenant.
    pub selectively_shared: i64,
    /// Of these, private ones of others; a platform admin's privilege.
    pub private_of_others: i64,
}

/// An attempt to get at what belongs to somebody else.
#[derive(Debug, Serialize)]
pub struct Attack {
    /// Who tried.
    pub who: String,
    /// The statement.
    pub statement: String,
    /// Whether it got through.
    pub succeeded: bool,
    /// The server's answer.
    pub answer: String,
}

/// Makes the empty database look like Supabase's: the roles of the API, an owner `postgres` who is no superuser, users.
///
/// # Errors
/// If the fixture does not load.
pub async fn look_like_supabase(superuser: &mut Connection) -> Result<()> {
    load(superuser, "could not prepare the demo database", &[SUPABASE]).await
}

/// Loads the database as it was before the migration.
///
/// # Errors
/// If the fixtures do not load.
pub async fn load_pre_state(owner: &mut Connection) -> Result<()> {
    load(owner, "could not load the demo database", &[PRE_STATE, USERS]).await
}

async fn load(connection: &mut Connection, what: &str, files: &[&str]) -> Result<()> {
    connection
        .write(what, async |transaction| {
            transaction.batch(AS_AN_APPLICATION).await?;
            for file in files {
                transaction.batch(file).await?;
            }
            Ok(())
        })
        .await
}

/// Counts the agents that somebody without any account reads: none where the table is closed to them.
///
/// # Errors
/// If the server refuses for another reason.
pub async fn open_to_anybody(owner: &mut Connection) -> Result<i64> {
    owner
        .rehearse("could not look at the demo database", async |transaction| {
            transaction.batch("set local role anon").await?;
            match transaction
                .query_one("select count(*) from public.agents", &[])
                .await
            {
                Ok(row) => Ok(row.get(0)),
                Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(0),
                Err(error) => Err(error.into()),
            }
        })
        .await
}

/// Moves people and a second tenant into the migrated database, looks through their eyes, and attacks.
///
/// # Errors
/// If anything but an attack is refused.
pub async fn tour(owner: &mut Connection, open_to_anybody_before: i64) -> Result<Tour> {
    let open_to_anybody_after = open_to_anybody(owner).await?;
    let distribution = owner
        .read(COULD_NOT_TOUR, async |transaction| {
            Ok(transaction.query_one(DISTRIBUTION, &[]).await?)
        })
        .await?;
    let distribution = Distribution {
        total: distribution.get("total"),
        platform_owned: distribution.get("platform_owned"),
        globally_shared: distribution.get("globally_shared"),
        selectively_shared: distribution.get("selectively_shared"),
        private: distribution.get("private"),
    };
    load(owner, COULD_NOT_TOUR, &[PEOPLE]).await?;
    let tenants = owner
        .read(COULD_NOT_TOUR, async |transaction| {
            Ok(transaction.query(TENANTS, &[]).await?)
        })
        .await?;
    let mut viewers = Vec::new();
    for (who, role, user) in CAST {
        let row = owner
            .rehearse(COULD_NOT_TOUR, async |transaction| {
                act_as(transaction, user).await?;
                Ok(transaction.query_one(VISIBLE, &[]).await?)
            })
            .await?;
        viewers.push(viewer(who, role, &row));
    }
    Ok(Tour {
        open_to_anybody_before,
        open_to_anybody_after,
        distribution,
        tenants: tenants.iter().map(tenant).collect(),
        viewers,
        attacks: attacks(owner).await?,
    })
}

/// Goes on as the API would in a request of `user`.
async fn act_as(transaction: &Transaction<'_>, user: Uuid) -> Result<(), Fault> {
    let claims = serde_json::json!({"sub": user, "role": "authenticated"}).to_string();
    transaction.batch(AS_AN_APPLICATION).await?;
    transaction
        .query_one(
            "select pg_catalog.set_config('request.jwt.claims', $1, true), \
             pg_catalog.set_config('role', 'authenticated', true)",
            &[&claims],
        )
        .await?;
    Ok(())
}

async fn attacks(owner: &mut Connection) -> Result<Vec<Attack>> {
    let (mia, otto) = (CAST[2], CAST[4]);
    let attempts = [
        (mia, None, format!("select set_tenant_context('{MERIDIAN}')")),
        (
            mia,
            Some(format!("set local app.tenant_id = '{MERIDIAN}'")),
            format!("select * from agents where tenant_id = '{MERIDIAN}' and not is_shared"),
        ),
        (
            mia,
            None,
            "update agents set name = 'mine' where sharing_mode = 'global'".to_owned(),
        ),
        (otto, None, "select grant_platform_admin(auth.uid())".to_owned()),
    ];
    let mut attacks = Vec::new();
    for ((who, _, user), before, statement) in attempts {
        let (succeeded, answer) = owner
            .rehearse(COULD_NOT_TOUR, async |transaction| {
                act_as(transaction, user).await?;
                if let Some(before) = &before {
                    transaction.batch(before).await?;
                }
                attack(transaction, &statement).await
            })
            .await?;
        let statement = before.map_or(statement.clone(), |before| format!("{before}; {statement}"));
        attacks.push(Attack {
            who: who.to_owned(),
            statement: statement.replace("set local ", "set "),
            succeeded,
            answer,
        });
    }
    Ok(attacks)
}

/// Tries a statement, and tells whether it got anywhere and what the server said.
async fn attack(transaction: &Transaction<'_>, statement: &str) -> Result<(bool, String), Fault> {
    let answer = match transaction.simple(statement).await {
        Ok(answer) => answer,
        Err(error) => match error.as_db_error() {
            Some(refusal) => return Ok((false, refusal.message().to_owned())),
            None => return Err(error.into()),
        },
    };
    let rows = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    });
    let rows = rows.unwrap_or_default();
    let calls = statement.starts_with("select set_") || statement.starts_with("select grant_");
    Ok(match calls {
        true => (true, format!("accepted, {rows} row")),
        false => (rows > 0, format!("{rows} rows")),
    })
}

fn tenant(row: &Row) -> Tenant {
    Tenant {
        slug: row.get("slug"),
        name: row.get("name"),
        r#type: row.get("type"),
        members: row.get("members"),
        owned: row.get("owned"),
        accessible: row.get("accessible"),
    }
}

fn viewer(who: &str, role: &str, row: &Row) -> Viewer {
    Viewer {
        who: who.to_owned(),
        role: role.to_owned(),
        visible: row.get("visible"),
        own: row.get("own"),
        globally_shared: row.get("globally_shared"),
        selectively_shared: row.get("selectively_shared"),
        private_of_others: row.get("private_of_others"),
    }
}
