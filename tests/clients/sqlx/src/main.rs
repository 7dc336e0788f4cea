//! sqlx prepares every statement and reads rows into structs.
//!
//! The same as scenario.mjs, step by step.

use std::error::Error;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::{FromRow, Transaction};
use uuid::Uuid;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const ADMIN: u32 = 1;
const OWNER: u32 = 3;
const MEMBER: u32 = 5;
const STRANGER: u32 = 10;
const MERIDIAN: Uuid = Uuid::from_u128(0x2f1a3c58_6b0d_4e7f_9a84_51c0de7b3e26);

/// Some columns of an agent; sqlx passes over the others of `select *`.
#[derive(Debug, Clone, FromRow)]
struct Agent {
    id: Uuid,
    name: String,
    description: Option<String>,
    model: String,
    capabilities: Option<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    title: Option<String>,
    tags: Option<Vec<String>>,
    tenant_id: Uuid,
    is_shared: bool,
    sharing_mode: String,
    shared_with: Option<Vec<Uuid>>,
    access_count: Option<i32>,
    created_by_user_id: Option<Uuid>,
}

#[derive(Debug, FromRow)]
struct Tenant {
    id: Uuid,
    name: String,
    slug: String,
    branding: Option<Value>,
    quotas: Option<Value>,
    created_at: DateTime<Utc>,
    status: Option<String>,
}

const COLUMNS: &str = "id, name, description, model, capabilities, created_at, updated_at, title, tags, tenant_id, \
                       is_shared, sharing_mode, shared_with, access_count, created_by_user_id";
const VALUES: &str = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15";

fn person(number: u32) -> Uuid {
    Uuid::from_u128(0xa000_0000_0000_4000_8000_0000_0000_0000 + u128::from(if number == 10 { 16 } else { number }))
}

/// The transaction of a request of the person.
async fn acting(pool: &PgPool, who: u32) -> Result<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    sqlx::query("set local role authenticated").execute(&mut *tx).await?;
    let claims = json!({"sub": person(who).to_string(), "role": "authenticated"}).to_string();
    sqlx::query("select set_config('request.jwt.claims', $1, true)").bind(claims).execute(&mut *tx).await?;
    Ok(tx)
}

async fn find(pool: &PgPool, who: u32, id: Uuid) -> Result<Option<Agent>> {
    let mut tx = acting(pool, who).await?;
    Ok(sqlx::query_as("select * from agents where id = $1").bind(id).fetch_optional(&mut *tx).await?)
}

async fn insert(pool: &PgPool, sql: &str, id: Uuid) -> Result<Agent> {
    let mut tx = acting(pool, MEMBER).await?;
    let made = sqlx::query_as(sql).bind("made").bind(id).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Writes every column that the struct knows.
async fn write(pool: &PgPool, who: u32, sql: &str, agent: &Agent) -> Result<u64> {
    let mut tx = acting(pool, who).await?;
    let query = sqlx::query(sql)
        .bind(agent.id)
        .bind(&agent.name)
        .bind(&agent.description)
        .bind(&agent.model)
        .bind(&agent.capabilities)
        .bind(agent.created_at)
        .bind(agent.updated_at)
        .bind(&agent.title)
        .bind(&agent.tags)
        .bind(agent.tenant_id)
        .bind(agent.is_shared)
        .bind(&agent.sharing_mode)
        .bind(&agent.shared_with)
        .bind(agent.access_count)
        .bind(agent.created_by_user_id);
    let count = query.execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(count)
}

/// Runs a statement about one agent.
async fn one(pool: &PgPool, who: u32, sql: &str, id: Uuid) -> Result<u64> {
    let mut tx = acting(pool, who).await?;
    let count = sqlx::query(sql).bind(id).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(count)
}

macro_rules! ensure {
    ($what:expr) => {
        if !$what {
            return Err(concat!("not so: ", stringify!($what)).into());
        }
    };
}

async fn inserts(pool: &PgPool) -> Result {
    let returning = "returning *";
    let sql = format!("insert into agents (id, name, title) values (default, $1, $2::text) {returning}");
    let made = insert(pool, &sql, Uuid::nil()).await?;
    ensure!(made.created_by_user_id == Some(person(MEMBER)));
    let id = Uuid::new_v4();
    let sql = format!("insert into agents (name, id) values ($1, $2) {returning}");
    let named = insert(pool, &sql, id).await?;
    ensure!(named.id == id && named.tenant_id == made.tenant_id);
    let mut tx = acting(pool, MEMBER).await?;
    let names: Vec<String> = (0..3).map(|number| format!("bulk {number}")).collect();
    let sql = "insert into agents (name) select * from unnest($1::text[])";
    let count = sqlx::query(sql).bind(&names).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    ensure!(count == 3);
    Ok(())
}

async fn reads(pool: &PgPool) -> Result {
    let mut names = Vec::new();
    for who in [MEMBER, STRANGER] {
        let mut tx = acting(pool, who).await?;
        let all: Vec<Agent> = sqlx::query_as("select * from agents").fetch_all(&mut *tx).await?;
        names.push(all.into_iter().map(|agent| agent.name).collect::<Vec<_>>());
    }
    let has = |number: usize, name: &str| names[number].iter().any(|it| it == name);
    ensure!(has(0, "made") && has(0, "Adverse Event Triage") && !has(0, "Compound Pipeline Analyst"));
    ensure!(has(1, "Compound Pipeline Analyst") && !has(1, "made"));
    Ok(())
}

async fn made(pool: &PgPool) -> Result<Agent> {
    insert(pool, "insert into agents (name, id) values ($1, $2) returning *", Uuid::new_v4()).await
}

async fn update_of_one_field(pool: &PgPool) -> Result {
    let id = made(pool).await?.id;
    let sql = "update agents set description = 'changed' where id = $1";
    ensure!(one(pool, STRANGER, sql, id).await? == 0);
    ensure!(one(pool, MEMBER, sql, id).await? == 1);
    Ok(())
}

async fn update_of_every_column(pool: &PgPool) -> Result {
    let mut agent = made(pool).await?;
    agent.title = Some("whole".to_owned());
    let sql = format!("update agents set ({COLUMNS}) = ({VALUES}) where id = $1");
    ensure!(write(pool, OWNER, &sql, &agent).await? == 1);
    let found = find(pool, MEMBER, agent.id).await?.ok_or("gone")?;
    ensure!(found.title == agent.title && found.created_by_user_id == Some(person(MEMBER)));
    Ok(())
}

async fn upsert(pool: &PgPool) -> Result {
    let mut agent = made(pool).await?;
    let set: Vec<String> = COLUMNS.split(", ").map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!("insert into agents ({COLUMNS}) values ({VALUES}) on conflict (id) do update set {}", set.join(", "));
    for who in [MEMBER, OWNER] {
        agent.title = Some(format!("by {who}"));
        ensure!(write(pool, who, &sql, &agent).await? == 1);
        ensure!(find(pool, MEMBER, agent.id).await?.ok_or("gone")?.title == agent.title);
    }
    Ok(())
}

async fn sharing_by_an_owner(pool: &PgPool) -> Result {
    let id = made(pool).await?.id;
    let share = format!(
        "update agents set is_shared = true, sharing_mode = 'selective', shared_with = '{{{MERIDIAN}}}' where id = $1"
    );
    let refused = one(pool, MEMBER, &share, id).await;
    ensure!(refused.is_err_and(|error| error.to_string().contains("only an owner or admin")));
    ensure!(one(pool, OWNER, &share, id).await? == 1);
    ensure!(find(pool, STRANGER, id).await?.is_some());
    ensure!(one(pool, STRANGER, "update agents set name = 'taken' where id = $1", id).await? == 0);
    Ok(())
}

async fn tenants(pool: &PgPool) -> Result {
    let mut tx = acting(pool, OWNER).await?;
    let tenant: Tenant = sqlx::query_as("select * from tenants").fetch_one(&mut *tx).await?;
    let sql = "update tenants set name = $2, slug = $3, branding = $4, quotas = $5, created_at = $6, status = $7 where id = $1";
    let query = sqlx::query(sql)
        .bind(tenant.id)
        .bind(&tenant.name)
        .bind(&tenant.slug)
        .bind(json!({"was": tenant.branding}))
        .bind(&tenant.quotas)
        .bind(tenant.created_at)
        .bind(&tenant.status);
    ensure!(query.execute(&mut *tx).await?.rows_affected() == 1);
    let mut tx = acting(pool, ADMIN).await?;
    let all: Vec<Tenant> = sqlx::query_as("select * from tenants").fetch_all(&mut *tx).await?;
    ensure!(all.len() >= 3);
    Ok(())
}

async fn delete(pool: &PgPool) -> Result {
    let id = made(pool).await?.id;
    let sql = "delete from agents where id = $1";
    ensure!(one(pool, STRANGER, sql, id).await? == 0);
    ensure!(one(pool, MEMBER, sql, id).await? == 1);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // The address is libpq's, in the environment.
    let pool = PgPoolOptions::new().max_connections(2).connect_with(PgConnectOptions::new()).await;
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            println!("sqlx: {error}");
            return ExitCode::FAILURE;
        }
    };
    let steps = [
        ("inserts", inserts(&pool).await),
        ("reads", reads(&pool).await),
        ("update of one field", update_of_one_field(&pool).await),
        ("update of every column", update_of_every_column(&pool).await),
        ("upsert", upsert(&pool).await),
        ("sharing by an owner", sharing_by_an_owner(&pool).await),
        ("tenants: read, and written back", tenants(&pool).await),
        ("delete", delete(&pool).await),
    ];
    let failed: Vec<String> = steps
        .iter()
        .filter_map(|(name, outcome)| outcome.as_ref().err().map(|error| format!("    {name}: {error}")))
        .collect();
    println!("sqlx: {} of {} as expected", steps.len() - failed.len(), steps.len());
    for line in &failed {
        println!("{line}");
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
