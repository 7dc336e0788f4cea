//! Schemas of internals in the settings of the API, on a server of its own because roles belong to one.

use super::{Case, show};
use crate::support::{Database, Server, Template, shared_options};

#[test]
fn internals_that_the_api_exposes_are_found() {
    let db = Database::on(Server::with(&shared_options()), Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter role authenticator set pgrst.db_schemas = 'public, vital_private, graphql_public'",
                found: &[("exposed-internals", "role authenticator")],
                cleanup: "alter role authenticator reset pgrst.db_schemas",
            },
            Case {
                damage: "alter role all set pgrst.db_schemas = '\"vital_archive\",public'; \
                         do $$ begin execute format('alter database %I set pgrst.db_schema = vital_retired', current_database()); end $$",
                found: &[
                    ("exposed-internals", "every role in this database"),
                    ("exposed-internals", "every role"),
                ],
                cleanup: "alter role all reset pgrst.db_schemas",
            },
            Case {
                damage: "alter role authenticator set pgrst.db_schemas = 'public, vital_privateer'",
                found: &[],
                cleanup: "alter role authenticator reset pgrst.db_schemas",
            },
        ],
    );
}
