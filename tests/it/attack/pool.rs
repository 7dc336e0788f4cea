//! A pool: few connections, many users, and whatever an earlier request left on them. Beside a model, nobody ever acts for
//! another tenant than the one they asked for, and nobody reads what is not theirs.

use std::collections::BTreeMap;

use fastrand::Rng;
use postgres::Client;
use serde_json::json;
use uuid::Uuid;

use super::world::{tenants, users};
use crate::support::{Database, Request, Template};

/// Users, each with the tenants that they belong to at first.
fn people() -> BTreeMap<Uuid, Vec<Uuid>> {
    BTreeMap::from([
        (users::BOTH, vec![tenants::NORTH, tenants::SOUTH]),
        (users::MIXED, vec![tenants::NORTH, tenants::SOUTH]),
        (users::HALF, vec![tenants::NORTH]),
        (users::STRAY, vec![tenants::NORTH, tenants::SOUTH, tenants::EAST]),
        (users::OUTSIDER, vec![tenants::SOUTH, tenants::EAST]),
    ])
}

const TENANTS: [(Uuid, &str); 3] = [
    (tenants::NORTH, "north private"),
    (tenants::SOUTH, "south private"),
    (tenants::EAST, "east private"),
];

/// What a request asks for, in the order in which it counts.
#[derive(Debug, Default)]
struct Wish {
    header: Option<String>,
    context: Option<Uuid>,
    claim: Option<String>,
}

struct Pool {
    operator: Client,
    connections: Vec<Client>,
    members: BTreeMap<Uuid, Vec<Uuid>>,
    random: Rng,
    served: [usize; 4],
}

impl Pool {
    fn open(database: &Database, connections: usize, seed: u64) -> Self {
        let mut operator = database.client();
        let members = people();
        operator.batch_execute("delete from public.user_tenants").unwrap();
        let mut pool = Self {
            operator,
            connections: (0..connections)
                .map(|_| database.server_client("authenticator"))
                .collect(),
            members: BTreeMap::new(),
            random: Rng::with_seed(seed),
            served: [0; 4],
        };
        for (user, tenants) in members {
            for tenant in tenants {
                pool.join(user, tenant);
            }
        }
        pool
    }

    fn join(&mut self, user: Uuid, tenant: Uuid) {
        let sql = format!(
            "insert into public.user_tenants (user_id, tenant_id) values ('{user}', '{tenant}') \
             on conflict (user_id, tenant_id) do update set status = 'active'"
        );
        self.operator.batch_execute(&sql).unwrap();
        self.members.entry(user).or_default().push(tenant);
    }

    fn leave(&mut self, user: Uuid, tenant: Uuid) {
        let sql = format!(
            "update public.user_tenants set status = 'removed' where user_id = '{user}' and tenant_id = '{tenant}'"
        );
        self.operator.batch_execute(&sql).unwrap();
        self.members.entry(user).or_default().retain(|it| *it != tenant);
    }

    /// Lets somebody join or leave a tenant.
    fn change_members(&mut self) {
        let user = self.user();
        let tenant = self.tenant();
        if self.members[&user].contains(&tenant) {
            self.leave(user, tenant);
        } else {
            self.join(user, tenant);
        }
    }

    fn user(&mut self) -> Uuid {
        let users: Vec<Uuid> = people().into_keys().collect();
        users[self.random.usize(..users.len())]
    }

    fn tenant(&mut self) -> Uuid {
        TENANTS[self.random.usize(..TENANTS.len())].0
    }

    /// A tenant as a text, or what is none.
    fn written(&mut self) -> String {
        match self.random.u8(..10) {
            0 => String::new(),
            1 => "x".to_owned(),
            2 => self.tenant().to_string().to_uppercase(),
            _ => self.tenant().to_string(),
        }
    }

    fn wish(&mut self) -> Wish {
        let mut wish = Wish::default();
        if self.random.u8(..3) == 0 {
            wish.header = Some(self.written());
        }
        if self.random.u8(..3) == 0 {
            wish.context = Some(self.tenant());
        }
        if self.random.u8(..3) == 0 {
            wish.claim = Some(self.written());
        }
        wish
    }

    /// The tenant that `user` acts for, by the rules.
    fn acts_for(&self, user: Uuid, wish: &Wish) -> Option<Uuid> {
        let mine = &self.members[&user];
        let present = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let asked = present(&wish.header)
            .or(wish.context.map(|it| it.to_string()))
            .or(present(&wish.claim));
        match asked {
            Some(text) => text.parse().ok().filter(|tenant| mine.contains(tenant)),
            None if mine.len() == 1 => mine.first().copied(),
            None => None,
        }
    }

    /// Leaves something on a connection, as sessions of all kinds do.
    fn litter(&mut self) {
        let (user, tenant) = (self.user(), self.tenant());
        let number = self.random.usize(..self.connections.len());
        let sql = match self.random.u8(..3) {
            0 => format!("set app.tenant_id = '{tenant}'; set app.tenant_user = '{user}'"),
            1 => format!("set request.jwt.claims = '{{\"sub\": \"{user}\"}}'"),
            _ => format!(
                "set role authenticated; set request.jwt.claims = '{{\"sub\": \"{user}\"}}'; \
                 select public.set_tenant_context('{tenant}')"
            ),
        };
        // Refused to who is no member.
        let _ = self.connections[number].batch_execute(&sql);
        let _ = self.connections[number].batch_execute("reset role");
    }

    /// Serves one request and compares what came of it.
    fn serve(&mut self) {
        let (user, wish) = (self.user(), self.wish());
        let number = self.random.usize(..self.connections.len());
        let writes = self.random.bool();
        let mut request = Request::of(user).method(if writes { "POST" } else { "GET" });
        if let Some(header) = &wish.header {
            request = request.header("x-tenant-id", header.clone());
        }
        if let Some(claim) = &wish.claim {
            request = request.claim("app_metadata", json!({"tenant_id": claim}));
        }
        request.begin(&mut self.connections[number]).unwrap();
        if let Some(tenant) = wish.context {
            let sql = format!("select public.set_tenant_context('{tenant}')");
            let result = self.connections[number].batch_execute(&sql);
            let allowed = self.members[&user].contains(&tenant);
            assert_eq!(result.is_ok(), allowed, "{user} chooses {tenant}");
            if !allowed {
                self.served[0] += 1;
                self.connections[number].batch_execute("rollback").unwrap();
                return;
            }
        }
        // Somebody may be removed between two statements of a request.
        if self.random.u8(..8) == 0 {
            self.change_members();
        }
        let expected = self.acts_for(user, &wish);
        let client = &mut self.connections[number];
        let current: Option<Uuid> = client
            .query_one("select public.get_current_tenant_id()", &[])
            .unwrap()
            .get(0);
        assert_eq!(current, expected, "{user} asks for {wish:?}");
        let names: Vec<String> = client
            .query(
                "select name::text from public.agents where name like '% private' and id::text like 'c0%'",
                &[],
            )
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let own = TENANTS.iter().find(|(tenant, _)| Some(*tenant) == expected);
        let readable: Vec<&str> = own.map(|(_, name)| *name).into_iter().collect();
        assert_eq!(names, readable, "{user} asks for {wish:?}");
        if writes {
            let sql = "insert into public.agents (name) values ('made') returning tenant_id";
            let made: Option<Uuid> = client.query_one(sql, &[]).ok().map(|row| row.get(0));
            assert_eq!(made, expected, "{user} asks for {wish:?}");
        }
        self.served[if expected.is_some() { 2 } else { 1 } + usize::from(writes && expected.is_some())] += 1;
        let end = if writes && expected.is_none() {
            "rollback"
        } else {
            "commit"
        };
        client.batch_execute(end).unwrap();
    }
}

fn simulate(connections: usize, seed: u64) {
    println!("seed {seed}");
    let database = Database::create(Template::World);
    let mut pool = Pool::open(&database, connections, seed);
    for _ in 0..1000 {
        match pool.random.u8(..10) {
            0 => pool.litter(),
            1 => pool.change_members(),
            _ => {}
        }
        pool.serve();
    }
    // Every kind of request was among them: refused, for no tenant, reading and writing for one.
    println!("refused, for no tenant, read, wrote: {:?}", pool.served);
    assert!(pool.served.iter().all(|count| *count > 50), "{:?}", pool.served);
    let sql = "select count(*) from public.agents as a where a.name = 'made'";
    let made: i64 = pool.operator.query_one(sql, &[]).unwrap().get(0);
    assert_eq!(usize::try_from(made).unwrap(), pool.served[3]);
}

#[test]
fn one_shared_connection_serves_everybody_for_the_tenant_they_ask_for() {
    simulate(1, 20_251_026);
}

#[test]
fn three_shared_connections_serve_everybody_for_the_tenant_they_ask_for() {
    simulate(3, 20_251_027);
}
