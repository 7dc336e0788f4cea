//! The private server while it runs: started as any user, and closed to others.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use postgres::{Client, NoTls};
use vital::server::{Options, Signal};

use crate::support::{
    Database, Part, Run, Server, Template, binaries, is_root, open_directory, ordinary_user, respawn, start,
    told,
};

fn text(client: &mut Client, sql: &str) -> String {
    client.query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn starts_as_the_user_of_the_tests() {
    let home = open_directory();
    let run = Run::of(respawn(Part::Visitor).env("TMPDIR", home.path())).success();
    let uid: u32 = told(&run.stdout, "uid").unwrap().parse().unwrap();
    let mine = home.path().metadata().unwrap().uid();
    assert_eq!(
        uid != mine,
        is_root(),
        "root drops to another account, nobody else does"
    );
    assert_ne!(uid, 0);
    let directory = told(&run.stdout, "directory").unwrap();
    assert!(directory.starts_with(home.path().to_str().unwrap()));
    assert_eq!(home.path().read_dir().unwrap().count(), 0, "nothing is left");
}

#[test]
fn starts_as_an_ordinary_user() {
    let home = open_directory();
    let run = Run::of(&mut ordinary_user(Part::Visitor, home.path())).success();
    let uid = told(&run.stdout, "uid").unwrap();
    assert_eq!(uid, home.path().metadata().unwrap().uid().to_string());
    assert_ne!(uid, "0");
}

#[test]
fn root_with_a_private_tmpdir_still_starts() {
    let home = open_directory();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).unwrap();
    Run::of(respawn(Part::Visitor).env("TMPDIR", home.path())).success();
}

#[test]
fn only_the_account_of_the_server_enters_its_directory() {
    let cluster = start(&Options::new(binaries()));
    for directory in [cluster.socket_dir().to_owned(), cluster.socket_dir().join("data")] {
        let mode = directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
    }
}

#[test]
fn tcp_is_for_loopback_and_needs_the_password() {
    let cluster = start(&Options::new(binaries()));
    let mut client = Client::connect(&cluster.tcp_url("postgres"), NoTls).unwrap();
    assert_eq!(text(&mut client, "show listen_addresses"), "127.0.0.1");
    let without = cluster.tcp_url("postgres").replace(cluster.password(), "wrong");
    let Err(error) = Client::connect(&without, NoTls) else {
        panic!("a wrong password was accepted");
    };
    assert_eq!(error.code().unwrap().code(), "28P01");
}

#[test]
fn debug_output_hides_the_password() {
    let cluster = start(&Options::new(binaries()));
    assert!(!format!("{cluster:?}").contains(cluster.password()));
}

#[test]
fn servers_started_at_once_do_not_meet() {
    let servers: Vec<_> = (0..4).map(|_| std::thread::spawn(Server::private)).collect();
    let mut ports: Vec<u16> = servers
        .into_iter()
        .map(|server| server.join().unwrap().port)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 4);
}

#[test]
fn server_without_durability_does_not_flush_and_a_durable_one_does() {
    for (durable, expected) in [(false, "off"), (true, "on")] {
        let mut options = Options::new(binaries());
        options.durable = durable;
        let server = Server::with(&options);
        let mut client = server.client("postgres", "postgres");
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            assert_eq!(
                text(&mut client, &format!("show {setting}")),
                expected,
                "{setting}"
            );
        }
    }
}

#[test]
fn databases_hold_unicode_and_know_its_letters() {
    let server = Server::private();
    let mut client = server.client("postgres", "postgres");
    assert_eq!(text(&mut client, "show server_encoding"), "UTF8");
    assert_eq!(text(&mut client, "select upper('é')"), "É");
    assert_eq!(text(&mut client, "show timezone"), "UTC");
}

#[test]
fn settings_and_names_reach_the_server_unchanged() {
    let mut options = Options::new(binaries());
    options.superuser = "the boss %é;*".to_owned();
    options.settings = vec![("application_name".to_owned(), "it's `$HOME` \"here\"".to_owned())];
    let cluster = start(&options);
    for url in [cluster.url("postgres"), cluster.tcp_url("postgres")] {
        let mut client = Client::connect(&url, NoTls).unwrap();
        assert_eq!(text(&mut client, "select session_user::text"), options.superuser);
        assert_eq!(text(&mut client, "show application_name"), options.settings[0].1);
    }
}

#[test]
fn unknown_setting_is_explained_and_leaves_nothing() {
    let home = open_directory();
    let mut options = Options::new(binaries());
    options.directory = Some(home.path().join("server"));
    options.settings = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let error = vital::server::Cluster::start(&options).unwrap_err();
    let details = error.details.join("\n");
    assert!(
        details.contains("unrecognized configuration parameter"),
        "{details}"
    );
    assert!(!home.path().join("server").exists());
}

#[test]
fn directory_with_something_in_it_is_refused_and_kept() {
    let home = open_directory();
    std::fs::write(home.path().join("precious"), "").unwrap();
    let mut options = Options::new(binaries());
    options.directory = Some(home.path().to_owned());
    let error = vital::server::Cluster::start(&options).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert!(home.path().join("precious").exists());
}

#[test]
fn committed_rows_survive_each_way_to_halt() {
    let mut options = Options::new(binaries());
    options.durable = true;
    let mut server = Server::with(&options);
    let address = server.address().clone();
    let mut client = server.client("postgres", "postgres");
    client
        .batch_execute("create table survivors (signal text)")
        .unwrap();
    for signal in [Signal::Fast, Signal::Immediate, Signal::Kill] {
        let sql = format!("insert into survivors values ('{signal:?}')");
        server.client("postgres", "postgres").batch_execute(&sql).unwrap();
        server.cluster().halt(signal).unwrap();
        assert!(Client::connect(&address.url("postgres", "postgres"), NoTls).is_err());
        server.cluster().resume().unwrap();
    }
    let mut client = server.client("postgres", "postgres");
    let survivors = text(&mut client, "select string_agg(signal, ',') from survivors");
    assert_eq!(survivors, "Fast,Immediate,Kill");
}

#[test]
fn taken_port_is_replaced() {
    let mut cluster = start(&Options::new(binaries()));
    let port = cluster.port();
    cluster.halt(Signal::Fast).unwrap();
    let _squatter = TcpListener::bind(("127.0.0.1", port)).unwrap();
    cluster.resume().unwrap();
    assert_ne!(cluster.port(), port);
    Client::connect(&cluster.url("postgres"), NoTls).unwrap();
}

#[test]
fn databases_of_the_shared_server_are_independent() {
    let one = Database::create(Template::Supabase);
    let other = Database::create(Template::Supabase);
    one.client().batch_execute("create table public.here ()").unwrap();
    for (db, expected) in [(&one, Some("here")), (&other, None)] {
        let row = db
            .client()
            .query_one("select to_regclass('public.here')::text", &[]);
        assert_eq!(row.unwrap().get::<_, Option<&str>>(0), expected);
    }
}

#[test]
fn dropped_database_is_gone() {
    let db = Database::create(Template::Empty);
    let name = db.name().to_owned();
    let _open = db.client();
    drop(db);
    let server = Server::shared();
    let row = server
        .client(&server.superuser, "postgres")
        .query_opt("select 1 from pg_database where datname = $1", &[&name]);
    assert!(row.unwrap().is_none());
}

#[test]
fn acting_as_a_user_carries_role_and_claims() {
    let db = Database::create(Template::PreState);
    let user = uuid::uuid!("a0000000-0000-4000-8000-000000000005");
    let row = db
        .acting_as(user)
        .query_one("select current_user::text, auth.uid(), auth.role()", &[])
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "authenticated");
    assert_eq!(row.get::<_, uuid::Uuid>(1), user);
    assert_eq!(row.get::<_, &str>(2), "authenticated");
}

#[test]
fn owner_of_a_database_is_no_superuser() {
    let db = Database::create(Template::PreState);
    let sql = "select session_user::text || rolsuper::text from pg_roles where rolname = session_user";
    assert_eq!(text(&mut db.client(), sql), "postgresfalse");
    assert_eq!(
        text(&mut db.superuser(), "show is_superuser"),
        "on",
        "and the superuser is one"
    );
    assert_eq!(
        text(&mut db.client_as("service_role"), "select current_user::text"),
        "service_role"
    );
}
