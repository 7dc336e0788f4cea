//! The two kinds of database whose catalogs are examined: a Supabase look-alike, where default privileges open every new
//! object to the API, and a plain PostgreSQL with the roles of `vital bootstrap`.

use std::path::Path;
use std::sync::{Mutex, OnceLock};

use postgres::Client;

use crate::support::{Database, Server, Template, fixture, migrations, run_file};

/// A database on a server of its own, migrated by a superuser.
fn plain() -> &'static Mutex<Database> {
    static PLAIN: OnceLock<Mutex<Database>> = OnceLock::new();
    PLAIN.get_or_init(|| {
        let database = Database::on(Server::private(), Template::Plain);
        let mut client = database.client();
        let bootstrap = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/bootstrap");
        run_file(&mut client, &bootstrap.join("roles.sql"));
        run_file(&mut client, &bootstrap.join("auth.sql"));
        run_file(&mut client, &fixture("pre-state.sql"));
        migrations::apply(&mut client);
        Mutex::new(database)
    })
}

/// The Supabase look-alike.
fn supabase() -> &'static Mutex<Database> {
    static SUPABASE: OnceLock<Mutex<Database>> = OnceLock::new();
    SUPABASE.get_or_init(|| Mutex::new(Database::create(Template::World)))
}

/// Runs `examine` as the owner of each kind of database.
#[track_caller]
pub fn both(examine: impl Fn(&mut Client, &str)) {
    for (kind, database) in [("supabase", supabase()), ("plain", plain())] {
        let mut client = match database.lock() {
            Ok(database) => database.client(),
            Err(poisoned) => poisoned.into_inner().client(),
        };
        examine(&mut client, kind);
    }
}

/// The rows of `sql`, whose one column is text.
#[track_caller]
pub fn lines(client: &mut Client, sql: &str) -> Vec<String> {
    let rows = client
        .query(sql, &[])
        .unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}
