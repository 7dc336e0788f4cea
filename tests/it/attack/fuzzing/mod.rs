//! Random statements by several users on pooled connections, judged by the rules: nobody is told of a row that is not theirs
//! or writes one, by whatever combination of statements, and no operator waits beyond their limit.
//!
//! Two seconds of it in each run; `VITAL_FAULTS=long` takes a minute. `VITAL_FAULTS_SEED` repeats a run that failed.
//!
//! Every private text carries a canary, which is looked for in rows, errors and notices, and rows without a text are told by
//! their ids. A trigger tells every write at once, so that what is rolled back later counts, too. The world is restored
//! after each round, since what has been shared once is no secret any more.

mod grammar;
mod oracle;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};
use uuid::Uuid;

use super::world::users;
use crate::fault;
use crate::support::{Database, Template};
use grammar::{Function, Grammar, Statement};
use oracle::{CANARY, Oracle, WROTE};

/// Statements of a round, whoever says them.
const STATEMENTS: usize = 160;

/// The longest that an operator may wait for what users hold; the rest is a busy machine's.
const PATIENCE: Duration = Duration::from_secs(20);

const EVERYBODY: [Uuid; 12] = [
    users::NORTH_OWNER,
    users::NORTH_ADMIN,
    users::NORTH_MEMBER,
    users::NORTH_MEMBER,
    users::NORTH_GUEST,
    users::NORTH_REMOVED,
    users::SOUTH_ADMIN,
    users::BOTH,
    users::MIXED,
    users::FROZEN_OWNER,
    users::STRAY,
    users::OUTSIDER,
];

/// Prepares the world: canaries, copies to restore it from, and a trigger that tells every write.
const PREPARE: &str = "
    alter table public.agents disable trigger user;
    delete from public.agents where id::text not like 'c0000000-%';
    update public.agents set description = 'canary-' || id, system_prompt = 'canary-' || id;
    alter table public.agents enable trigger user;
    alter table public.tenants disable trigger user;
    update public.tenants
    set billing_email = 'canary-' || id, primary_contact_name = 'canary-' || id, quotas = jsonb_build_object('of', 'canary-' || id);
    alter table public.tenants enable trigger user;

    create schema fuzz;
    create table fuzz.agents as table public.agents;
    create table fuzz.tenants as table public.tenants;
    create table fuzz.user_tenants as table public.user_tenants;
    create table fuzz.user_roles as table public.user_roles;
    create table fuzz.resource_sharing_audit as table public.resource_sharing_audit;

    create function fuzz.tell() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set client_min_messages = notice as $$
    begin
        raise notice 'fuzz wrote %', jsonb_build_object(
            'table', tg_table_name,
            'old', case when tg_op <> 'INSERT' then to_jsonb(old) end,
            'new', case when tg_op <> 'DELETE' then to_jsonb(new) end
        );
        return null;
    end
    $$;
    do $$
    declare
        t text;
    begin
        foreach t in array array['agents', 'tenants', 'user_tenants', 'user_roles'] loop
            execute format(
                'create trigger zz_tell after insert or update or delete on public.%I for each row execute function fuzz.tell()',
                t
            );
        end loop;
    end
    $$;";

const RESTORE: &str = "
    set session_replication_role = replica;
    truncate public.agents, public.user_tenants, public.user_roles, public.resource_sharing_audit, public.tenants,
        vital_private.sharing_sources;
    insert into public.tenants select * from fuzz.tenants;
    insert into public.agents select * from fuzz.agents;
    insert into public.user_tenants select * from fuzz.user_tenants;
    insert into public.user_roles select * from fuzz.user_roles;
    insert into public.resource_sharing_audit select * from fuzz.resource_sharing_audit;
    set session_replication_role = origin;";

/// A connection, and who is on it.
struct Seat {
    client: Client,
    notices: Arc<Mutex<Vec<String>>>,
    user: Uuid,
    locked_table: bool,
}

impl Seat {
    /// Sits the user down, as a pool would after the last one: what others left in settings is still there.
    fn open(database: &Database, user: Uuid) -> Self {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let mut config: Config = database.url_as("authenticator").parse().unwrap();
        let heard = Arc::clone(&notices);
        config.notice_callback(move |notice| {
            let text = format!("{} {}", notice.message(), notice.detail().unwrap_or_default());
            heard.lock().unwrap().push(text);
        });
        let mut client = config.connect(NoTls).unwrap();
        let claims = format!(r#"{{"sub": "{user}", "role": "authenticated"}}"#);
        let settings = format!(
            "set role authenticated; set request.jwt.claims = '{claims}'; set lock_timeout = '50ms'; \
             set statement_timeout = '2s'; set client_min_messages = notice;
             create function pg_temp.spy(p text) returns boolean language plpgsql cost 0.0001 as
             $$ begin raise notice 'spy %', p; return true; end $$;"
        );
        client.batch_execute(&settings).unwrap();
        Self {
            client,
            notices,
            user,
            locked_table: false,
        }
    }

    /// Says the statement, and returns everything that the server answers, and whether it succeeded.
    fn say(&mut self, statement: &Statement) -> (Vec<String>, bool) {
        let mut texts = Vec::new();
        let result = self.client.simple_query(&statement.sql);
        let succeeded = result.is_ok();
        match result {
            Ok(messages) => {
                for message in messages {
                    if let SimpleQueryMessage::Row(row) = message {
                        texts.extend((0..row.len()).filter_map(|at| row.get(at).map(str::to_owned)));
                    }
                }
            }
            Err(error) => texts.push(said(&error)),
        }
        texts.append(&mut self.notices.lock().unwrap());
        (texts, succeeded)
    }
}

fn said(error: &Error) -> String {
    let Some(error) = error.as_db_error() else {
        return error.to_string();
    };
    let parts = [error.detail(), error.hint(), error.where_()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    format!("{} {}", error.message(), parts.join(" "))
}

/// What was tried, to see that it was something.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    statements: usize,
    succeeded: usize,
    canaries: usize,
    writes: usize,
    operators: usize,
    longest: Duration,
}

impl Tally {
    /// It would prove nothing if hardly anything succeeded.
    fn says_something(&self) -> bool {
        self.statements > 30
            && self.succeeded * 4 > self.statements
            && self.canaries > 0
            && self.writes > 0
            && self.operators > 0
    }
}

struct Fuzz<'a> {
    database: &'a Database,
    superuser: Client,
    random: Rng,
    functions: Vec<Function>,
    has_merge: bool,
    tally: Tally,
}

impl<'a> Fuzz<'a> {
    fn new(database: &'a Database, random: Rng) -> Self {
        let mut superuser = database.superuser();
        superuser.batch_execute(PREPARE).unwrap();
        let sql = "
            select p.pronamespace::regnamespace || '.' || p.proname, array(select format_type(t, null) from unnest(p.proargtypes) as t)
            from pg_proc as p
            where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
              and has_function_privilege('authenticated', p.oid, 'execute')
              and p.prorettype <> 'trigger'::regtype
            order by p.oid::regprocedure::text";
        let functions = superuser.query(sql, &[]).unwrap();
        let functions = functions.iter().map(|row| Function {
            name: row.get(0),
            parameters: row.get(1),
        });
        let functions: Vec<Function> = functions.collect();
        assert!(functions.len() > 10, "{functions:?}");
        let version = "select current_setting('server_version_num')::integer >= 150000";
        Self {
            database,
            has_merge: superuser.query_one(version, &[]).unwrap().get(0),
            superuser,
            random,
            functions,
            tally: Tally::default(),
        }
    }

    /// Goes on for a while, or until a rule is broken.
    fn run(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.round(end)?;
            self.tally.rounds += 1;
        }
        Ok(())
    }

    fn round(&mut self, end: Instant) -> Result<(), String> {
        self.superuser.batch_execute(RESTORE).unwrap();
        let mut oracle = Oracle::new(&mut self.superuser);
        let mut chosen: Vec<Uuid> = (0..4)
            .map(|_| EVERYBODY[self.random.usize(..EVERYBODY.len())])
            .collect();
        if self.random.u8(..6) == 0 {
            chosen.push(users::ADMIN);
        }
        let mut seats: Vec<Seat> = chosen
            .iter()
            .map(|user| Seat::open(self.database, *user))
            .collect();
        let mut grammar = Grammar {
            random: self.random.fork(),
            functions: self.functions.clone(),
            has_merge: self.has_merge,
            user: String::new(),
        };
        let mut history: Vec<String> = Vec::new();
        let operates_at = self.random.usize(..STATEMENTS * 2);
        for number in 0..STATEMENTS {
            if Instant::now() > end {
                break;
            }
            if number == operates_at || (number == STATEMENTS / 2 && self.tally.operators == 0) {
                self.operate(&seats, &mut oracle)
                    .map_err(|why| tell(&why, &history))?;
            }
            let seat = &mut seats[self.random.usize(..chosen.len())];
            grammar.user = seat.user.to_string();
            let statement = grammar.statement();
            history.push(format!("{}: {}", seat.user, statement.sql));
            let judged = self.judge(seat, &statement, &mut oracle);
            judged.map_err(|why| tell(&why, &history))?;
        }
        Ok(())
    }

    /// Says one statement and judges the answer.
    fn judge(&mut self, seat: &mut Seat, statement: &Statement, oracle: &mut Oracle) -> Result<(), String> {
        let (texts, succeeded) = seat.say(statement);
        self.tally.statements += 1;
        self.tally.succeeded += usize::from(succeeded);
        for text in &texts {
            if let Some(event) = text.strip_prefix(WROTE) {
                self.tally.writes += 1;
                oracle.wrote(seat.user, event.trim_end())?;
            } else {
                self.tally.canaries += usize::from(text.contains(CANARY));
                oracle
                    .told(seat.user, text)
                    .map_err(|why| format!("{why} in {text}"))?;
            }
        }
        if statement.must_fail && succeeded {
            return Err("it succeeded".to_owned());
        }
        if statement.about_other
            && succeeded
            && texts.iter().any(|it| it == "t")
            && !oracle.is_admin(seat.user)
        {
            return Err("somebody was told about another".to_owned());
        }
        seat.locked_table |= statement.locks_table && succeeded;
        if !succeeded && self.random.u8(..10) < 7 {
            // Otherwise most of what follows would meet a failed transaction.
            let _ = seat.client.simple_query("rollback to s");
        }
        if statement.sql == "commit"
            || statement.sql == "rollback"
            || (!succeeded && self.random.u8(..10) < 4)
        {
            let _ = seat.client.simple_query("rollback");
            seat.locked_table = false;
        }
        seat.notices.lock().unwrap().clear();
        Ok(())
    }

    /// An operator takes something away from one of the users, whatever all of them hold.
    fn operate(&mut self, seats: &[Seat], oracle: &mut Oracle) -> Result<(), String> {
        let user = seats[self.random.usize(..seats.len())].user.to_string();
        let commands: [&[&str]; 4] = [
            &["remove-user", &user, "--tenant", "north"],
            &["suspend-user", &user, "--tenant", "south"],
            &["tenant", "suspend", "north"],
            &["migrate", "up"],
        ];
        let command = commands[self.random.usize(..commands.len())];
        let limit: &[&str] = if command[0] == "migrate" {
            &["--migration-lock-wait", "1s"]
        } else {
            &["--lock-wait", "1s"]
        };
        let arguments = [command, &["--yes"], limit].concat();
        let begun = Instant::now();
        let run = self.database.vital(&arguments);
        let took = begun.elapsed();
        self.tally.operators += 1;
        self.tally.longest = self.tally.longest.max(took);
        oracle.learn(&mut self.superuser);
        if took > PATIENCE {
            return Err(format!("{arguments:?} took {took:?}\n{run}"));
        }
        // Who holds a whole table is PostgreSQL's to allow; a tenant's row can be held against what writes it.
        let may_wait = command[0] == "tenant" || seats.iter().any(|seat| seat.locked_table);
        if run.code == 6 && !may_wait {
            return Err(format!("{arguments:?} did not come through\n{run}"));
        }
        Ok(())
    }
}

fn tell(why: &str, history: &[String]) -> String {
    format!("{why}\nafter\n    {}", history.join("\n    "))
}

#[test]
fn random_statements_reach_no_row_of_others_and_keep_no_operator_waiting() {
    let database = Database::create(Template::World);
    let time = Duration::from_secs(if fault::is_long() { 60 } else { 2 });
    let mut fuzz = Fuzz::new(&database, fault::random());
    let begun = Instant::now();
    // A busy machine gets through less in the time.
    while begun.elapsed() < time || (!fuzz.tally.says_something() && begun.elapsed() < PATIENCE) {
        let outcome = fuzz.run(time);
        println!("{:?}", fuzz.tally);
        outcome.unwrap_or_else(|why| panic!("{why}"));
    }
    assert!(fuzz.tally.says_something(), "{:?}", fuzz.tally);
}

/// Each of these opens one thing, which the fuzzer must find.
#[test]
fn a_planted_hole_is_found() {
    // What is found first depends on chance.
    let holes = [
        (
            ["an agent that is not theirs was read"; 2],
            "create policy hole on public.agents for select to authenticated using (name like 'south p%')",
        ),
        (
            ["a tenant that is not theirs was read"; 2],
            "create policy hole on public.tenants for select to authenticated using (slug = 'south')",
        ),
        (
            [
                "a membership that is not theirs was read",
                "somebody was told about another",
            ],
            "create policy hole on public.user_tenants for select to authenticated using (role = 'owner')",
        ),
        (
            ["a tenant that the user does not write", "without authority"],
            "alter policy agents_update_own_tenant on public.agents using (true) with check (true)",
        ),
        (
            ["more of a tenant was changed"; 2],
            "drop trigger guard_tenants on public.tenants",
        ),
    ];
    for (found, hole) in holes {
        let database = Database::create(Template::World);
        database.superuser().batch_execute(hole).unwrap();
        let mut fuzz = Fuzz::new(&database, fault::random());
        let why = fuzz.run(Duration::from_secs(60)).expect_err(hole);
        assert!(found.iter().any(|found| why.contains(found)), "{hole}\n{why}");
        println!("{} statements until: {hole}", fuzz.tally.statements);
    }
}
