//! The migration files, run without the binary: for tests of what they leave behind, also after a change to one of them.

use std::fs;
use std::path::{Path, PathBuf};

use postgres::error::SqlState;
use postgres::{Client, Error};

/// Agrees to the replacement of every policy that is there.
const CONSENT: &str = "
    select set_config(
        'vital.replace_policies',
        coalesce(
            (
                select jsonb_agg(jsonb_build_object(
                    'table', p.polrelid::regclass::text,
                    'name', p.polname,
                    'fingerprint', md5(concat_ws(
                        '|', p.polcmd, p.polpermissive, p.polroles::text, p.polqual::text, p.polwithcheck::text
                    ))
                ))::text
                from pg_policy as p
            ),
            '[]'
        ),
        false
    )";

/// Whether the migrations under test are others than those that the binary holds.
pub fn are_elsewhere() -> bool {
    std::env::var_os("VITAL_TEST_MIGRATIONS").is_some()
}

/// The migration files in the order of their versions: of the directory `VITAL_TEST_MIGRATIONS`, or this crate's.
pub fn files() -> Vec<PathBuf> {
    let directory = std::env::var_os("VITAL_TEST_MIGRATIONS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/migrations"),
        PathBuf::from,
    );
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

/// Applies every migration, agreeing to replace whatever policies are there.
#[track_caller]
pub fn apply(client: &mut Client) {
    client.batch_execute("set search_path = pg_catalog").unwrap();
    client.batch_execute(CONSENT).unwrap();
    client.batch_execute("reset search_path").unwrap();
    for file in files() {
        run(client, &file).unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
    }
}

/// Applies one migration in a transaction, agreeing to nothing but what the session says.
pub fn run(client: &mut Client, file: &Path) -> Result<(), Error> {
    let sql = fs::read_to_string(file).unwrap();
    let mut transaction = client.transaction()?;
    transaction.batch_execute(&sql)?;
    transaction.commit()
}

/// The SQLSTATE of a server error.
pub fn state(error: &Error) -> &SqlState {
    error
        .code()
        .unwrap_or_else(|| panic!("not of the server: {error:?}"))
}
