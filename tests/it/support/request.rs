//! A request as PostgREST serves it: a transaction of its own, with role, claims and headers as local settings.

use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What PostgREST knows of a request after it has checked the token.
#[derive(Debug, Clone)]
pub struct Request {
    role: &'static str,
    claims: Value,
    headers: Map<String, Value>,
    method: &'static str,
}

impl Request {
    /// A request of a user who is signed in.
    pub fn of(user: Uuid) -> Self {
        Self::new(
            "authenticated",
            json!({"sub": user, "role": "authenticated", "aud": "authenticated"}),
        )
    }

    /// A request without a token.
    pub fn anonymous() -> Self {
        Self::new("anon", json!({"role": "anon"}))
    }

    /// A request with the service's key.
    pub fn service() -> Self {
        Self::new("service_role", json!({"role": "service_role", "iss": "supabase"}))
    }

    fn new(role: &'static str, claims: Value) -> Self {
        let headers = json!({"accept": "application/json", "host": "api.example", "user-agent": "tests/1"});
        Self {
            role,
            claims,
            headers: headers.as_object().cloned().unwrap_or_default(),
            method: "GET",
        }
    }

    /// The same with a header; PostgREST writes names in lower case.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// The same with another method.
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// Serves the request by `sql` and returns the first column of its rows.
    ///
    /// Uses the simple query protocol, so that it works through a pooler.
    ///
    /// # Errors
    /// The SQLSTATE of what was refused; the transaction is rolled back then.
    pub fn run(&self, client: &mut Client, sql: &str) -> Result<Vec<String>, SqlState> {
        let result = self
            .begin(client)
            .and_then(|()| first_column(client, sql))
            .and_then(|rows| client.batch_execute("commit").map(|()| rows));
        result.map_err(|error| {
            client.batch_execute("rollback").unwrap();
            error.code().cloned().unwrap_or_else(|| panic!("{error:?}"))
        })
    }

    /// Opens the transaction of the request, for a test that interleaves several.
    pub fn begin(&self, client: &mut Client) -> Result<(), postgres::Error> {
        // HEAD and GET run read only.
        let access = match self.method {
            "GET" | "HEAD" => "read only",
            _ => "read write",
        };
        let headers = Value::from(self.headers.clone()).to_string();
        let settings = [
            ("search_path", "\"public\", \"extensions\""),
            ("role", self.role),
            ("request.jwt.claims", &self.claims.to_string()),
            ("request.method", self.method),
            ("request.path", "/agents"),
            ("request.headers", &headers),
            ("request.cookies", "{}"),
        ]
        .map(|(name, value)| format!("set_config('{name}', '{}', true)", value.replace('\'', "''")));
        client.batch_execute(&format!(
            "begin isolation level read committed {access}; select {}",
            settings.join(", ")
        ))
    }
}

/// The first column of the rows of `sql`, null as an empty text.
fn first_column(client: &mut Client, sql: &str) -> Result<Vec<String>, postgres::Error> {
    let messages = client.simple_query(sql)?;
    let text = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    Ok(messages.iter().filter_map(text).collect())
}
