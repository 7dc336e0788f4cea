//! Who reads, and what.

use postgres::Client;

/// A user of the API.
pub struct Subject {
    /// The name, for the table.
    pub name: &'static str,
    /// What `load.sql` hashes into the user's id.
    pub seed: &'static str,
    /// The tenant that the request header asks for, as `load.sql` numbers them.
    pub header: Option<u32>,
    /// The tenant whose newest agents they list.
    pub tenant: u32,
    /// Whether they see everything.
    pub is_admin: bool,
}

/// A read, as the user writes it and as the owner writes it with the same effect.
pub struct Read {
    /// The name, for the table.
    pub name: &'static str,
    /// The statement under the policy.
    pub policy: String,
    /// The statement with its filter spelt out.
    pub filter: String,
    /// The highest ratio that is good enough.
    pub goal: f64,
    /// Whether it takes many milliseconds.
    pub is_slow: bool,
}

/// A member of one tenant, one of several who chooses by header, and a platform admin.
pub fn subjects() -> [Subject; 3] {
    [
        Subject {
            name: "member",
            seed: "user 5",
            header: None,
            tenant: 5,
            is_admin: false,
        },
        Subject {
            name: "by header",
            seed: "consultant",
            header: Some(2),
            tenant: 2,
            is_admin: false,
        },
        Subject {
            name: "admin",
            seed: "admin",
            header: None,
            tenant: 5,
            is_admin: true,
        },
    ]
}

/// The reads of `subject`, with literals in place of parameters.
pub fn reads(subject: &Subject, owner: &mut Client) -> Vec<Read> {
    let tenant = hash(owner, &format!("tenant {}", subject.tenant));
    let own = format!("tenant_id = '{tenant}'");
    let agent = text(
        owner,
        &format!("select id::text from public.agents where {own} limit 1"),
    );
    let point = format!("id = '{agent}'");
    let newest = "order by created_at desc limit 50";
    let visible = if subject.is_admin {
        "true".to_owned()
    } else {
        format!(
            "({own} or sharing_mode = 'global' \
             or (sharing_mode = 'selective' and shared_with @> '{{{tenant}}}'))"
        )
    };
    let read = |name, columns: &str, filter: &str, tail: &str, by_hand: &str, goal| Read {
        name,
        policy: format!("select {columns} from public.agents where {filter} {tail}"),
        filter: format!("select {columns} from public.agents where {filter} and {by_hand} {tail}"),
        goal,
        is_slow: columns == "count(*)",
    };
    vec![
        read("count visible", "count(*)", "true", "", &visible, 1.05),
        read("point by id", "*", &point, "", &visible, 1.3),
        read("newest 50", "*", "true", newest, &visible, 1.05),
        read("own newest 50", "*", &own, newest, &visible, 2.0),
        read("own newest 50, bare filter", "*", &own, newest, "true", 2.0),
    ]
}

/// The id that `load.sql` makes of `seed`.
pub fn hash(client: &mut Client, seed: &str) -> String {
    text(client, &format!("select md5('{seed}')::uuid::text"))
}

fn text(client: &mut Client, sql: &str) -> String {
    client.query_one(sql, &[]).expect("the query succeeds").get(0)
}
