//! The private server: started as any user, closed to others, and gone with its owner.

use crate::support::{Database, Server, Template};

#[test]
fn private_server_answers() {
    let server = Server::private();
    let mut client = server.client("postgres", "postgres");
    let row = client.query_one("select current_user::text", &[]).unwrap();
    assert_eq!(row.get::<_, &str>(0), "postgres");
}

#[test]
fn databases_of_the_shared_server_are_independent() {
    let one = Database::create(Template::Supabase);
    let other = Database::create(Template::Supabase);
    assert_ne!(one.name(), other.name());
    one.client().batch_execute("create table public.here ()").unwrap();
    let sql = "select to_regclass('public.here')::text";
    assert_eq!(
        one.client()
            .query_one(sql, &[])
            .unwrap()
            .get::<_, Option<&str>>(0),
        Some("here")
    );
    assert_eq!(
        other
            .client()
            .query_one(sql, &[])
            .unwrap()
            .get::<_, Option<&str>>(0),
        None
    );
}
