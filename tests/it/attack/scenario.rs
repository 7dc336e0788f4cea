//! The stage: a connection to the world of `fixtures/world.sql` that plays every part in a transaction never kept.

use std::sync::Mutex;

use postgres::{Client, Error, SimpleQueryMessage};
use uuid::Uuid;

use super::world::GLOBAL;
use crate::support::{Database, Template};

/// The ways in which a session may ask for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Header,
    AppMetadata,
    UserMetadata,
    /// Raw SET of the session variables as `set_tenant_context` would leave them.
    RawSet,
    /// Raw SET of the tenant's variable alone.
    RawSetTenantOnly,
}

impl Way {
    /// Every way that does not check what is asked for.
    pub const UNCHECKED: [Self; 5] = [
        Self::Header,
        Self::AppMetadata,
        Self::UserMetadata,
        Self::RawSet,
        Self::RawSetTenantOnly,
    ];
}

/// Databases with the world, free to be played on.
static FREE: Mutex<Vec<Database>> = Mutex::new(Vec::new());

/// one connection in a transaction that is rolled back with this value.
pub struct Scene {
    client: Client,
    database: Option<Database>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let clean = self.client.batch_execute("rollback").is_ok();
        if let Some(database) = self.database.take()
            && clean
            && let Ok(mut free) = FREE.lock()
        {
            free.push(database);
        }
    }
}

impl Scene {
    /// Opens the world, as its owner.
    #[track_caller]
    pub fn open() -> Self {
        let free = FREE.lock().unwrap().pop();
        let database = free.unwrap_or_else(|| Database::create(Template::World));
        let mut client = database.client();
        client.batch_execute("begin").unwrap();
        Self {
            client,
            database: Some(database),
        }
    }

    /// The major version of the server.
    pub fn version(&mut self) -> u32 {
        self.one("select current_setting('server_version_num')::integer / 10000")
            .parse()
            .unwrap()
    }

    /// Whether the server has MERGE; tells if not.
    pub fn has_merge(&mut self) -> bool {
        let has = self.version() >= 15;
        if !has {
            println!("skipped: PostgreSQL 14 has no MERGE");
        }
        has
    }

    /// Goes on as the table owner.
    pub fn owner(&mut self) -> &mut Self {
        self.role("postgres", "")
    }

    /// Goes on as a signed-in user, whose token says no more than who they are.
    pub fn user(&mut self, id: Uuid) -> &mut Self {
        let claims = format!(r#"{{"sub": "{id}", "role": "authenticated"}}"#);
        self.role("authenticated", &claims)
    }

    /// Goes on as role `authenticated` without a user.
    pub fn nobody(&mut self) -> &mut Self {
        self.role("authenticated", r#"{"role": "authenticated"}"#)
    }

    /// Goes on as a visitor.
    pub fn anon(&mut self) -> &mut Self {
        self.role("anon", r#"{"role": "anon"}"#)
    }

    /// Goes on as the trusted role of the API.
    pub fn service(&mut self) -> &mut Self {
        self.role("service_role", r#"{"role": "service_role"}"#)
    }

    fn role(&mut self, role: &str, claims: &str) -> &mut Self {
        self.ok(&format!("reset role; set local role {role}"));
        self.set("request.jwt.claims", claims)
    }

    /// Sets a custom variable, as any user may.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        let value = value.replace('\'', "''");
        self.ok(&format!("select set_config('{name}', '{value}', true)"));
        self
    }

    /// Asks for `tenant` on behalf of `user`, who goes on as role `authenticated`.
    #[track_caller]
    pub fn asking(&mut self, user: Uuid, way: Way, tenant: &str) -> &mut Self {
        for name in ["app.tenant_id", "app.tenant_user", "request.headers"] {
            self.set(name, "");
        }
        self.user(user);
        let claim = |place: &str| {
            format!(r#"{{"sub": "{user}", "role": "authenticated", "{place}": {{"tenant_id": "{tenant}"}}}}"#)
        };
        match way {
            Way::Header => self.set("request.headers", &format!(r#"{{"x-tenant-id": "{tenant}"}}"#)),
            Way::AppMetadata => self.set("request.jwt.claims", &claim("app_metadata")),
            Way::UserMetadata => self.set("request.jwt.claims", &claim("user_metadata")),
            Way::RawSet => self
                .set("app.tenant_id", tenant)
                .set("app.tenant_user", &user.to_string()),
            Way::RawSetTenantOnly => self.set("app.tenant_id", tenant),
        }
    }

    /// Acts for `tenant` through `set_tenant_context`.
    #[track_caller]
    pub fn acting_for(&mut self, tenant: Uuid) -> &mut Self {
        self.ok(&format!("select public.set_tenant_context('{tenant}')"));
        self
    }

    /// Tries `sql` in a savepoint: the first column of its rows, and how many rows the last statement touched.
    pub fn attempt(&mut self, sql: &str) -> Result<(Vec<String>, u64), Error> {
        self.client.batch_execute("savepoint attempt").unwrap();
        match self.client.simple_query(sql) {
            Ok(messages) => {
                self.client.batch_execute("release attempt").unwrap();
                Ok(summary(&messages))
            }
            Err(error) => {
                let back = "rollback to attempt; release attempt";
                self.client.batch_execute(back).unwrap();
                Err(error)
            }
        }
    }

    /// Runs `sql`, which must succeed, and returns how many rows its last statement touched.
    #[track_caller]
    pub fn ok(&mut self, sql: &str) -> u64 {
        self.succeed(sql).1
    }

    /// The first column of what `sql` returns; `null` for null.
    #[track_caller]
    pub fn column(&mut self, sql: &str) -> Vec<String> {
        self.succeed(sql).0
    }

    /// The one value that `sql` returns; `null` for null.
    #[track_caller]
    pub fn one(&mut self, sql: &str) -> String {
        let mut values = self.column(sql);
        assert_eq!(values.len(), 1, "rows of {sql}");
        values.remove(0)
    }

    #[track_caller]
    fn succeed(&mut self, sql: &str) -> (Vec<String>, u64) {
        self.attempt(sql)
            .unwrap_or_else(|error| panic!("{sql}\n{error:?}"))
    }

    /// Asserts that `sql` fails with this SQLSTATE, and returns the whole of what the server says.
    #[track_caller]
    pub fn refused(&mut self, sql: &str, state: &str) -> String {
        match self.attempt(sql) {
            Ok((rows, count)) => panic!("not refused, {count} rows {rows:?}: {sql}"),
            Err(error) => {
                let error = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
                assert_eq!(error.code().code(), state, "{sql}\n{error:?}");
                format!(
                    "{} | {} | {} | {}",
                    error.message(),
                    error.detail().unwrap_or_default(),
                    error.hint().unwrap_or_default(),
                    error.constraint().unwrap_or_default(),
                )
            }
        }
    }

    /// The names of the world's agents that the current role reads.
    #[track_caller]
    pub fn reads(&mut self) -> Vec<String> {
        self.column("select name from public.agents where id::text like 'c0000000-%' order by name")
    }

    /// Asserts that the current role reads these agents of the world and no other.
    #[track_caller]
    pub fn reads_exactly(&mut self, names: &[&str]) -> &mut Self {
        let mut names = names.to_vec();
        names.sort_unstable();
        assert_eq!(self.reads(), names);
        self
    }

    /// Asserts that the current role reads global agents and no other.
    #[track_caller]
    pub fn reads_only_global(&mut self) -> &mut Self {
        self.reads_exactly(&GLOBAL)
    }

    /// The connection itself.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Runs `act` as the owner and comes back as `user`.
    pub fn meanwhile(&mut self, user: Uuid, act: &str) -> &mut Self {
        self.owner().ok(act);
        self.user(user)
    }
}

/// The first column of the rows, and the count of the last statement.
fn summary(messages: &[SimpleQueryMessage]) -> (Vec<String>, u64) {
    let mut rows = Vec::new();
    let mut count = 0;
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) => rows.push(row.get(0).unwrap_or("null").to_owned()),
            SimpleQueryMessage::CommandComplete(number) => count = *number,
            _ => {}
        }
    }
    (rows, count)
}

/// Without it, a test that fails says nothing about what it tests.
#[test]
fn world_can_be_built() {
    assert_eq!(Scene::open().reads().len(), 15);
}
