//! Commands that change all of something or nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use postgres::Client;
use tempfile::TempDir;

use super::super::check::wait_for_quiet;
use super::super::subject::Subject;
use crate::support::catalog::catalog;
use crate::support::{Database, Run, Template};

/// A command, and what shows whether it has done its work.
pub struct Writer {
    name: &'static str,
    template: Template,
    prepare: fn(&mut Client),
    arguments: Vec<String>,
    /// What it changes, a line each, the audit of it among them.
    observe: fn(&mut Client) -> BTreeSet<String>,
    /// The words of a run that failed after it had committed.
    done: &'static str,
}

impl Writer {
    /// Passes on the command with what must be true after it was disturbed.
    pub fn disturb(&self, body: impl FnOnce(&Subject<'_>)) {
        let prepare = |database: &Database| (self.prepare)(&mut database.client());
        let mut subject = Subject {
            name: self.name,
            template: self.template,
            prepare: &prepare,
            arguments: self.arguments.clone(),
            codes: &[0, 1, 7, 8],
            check: &|_, _| {},
        };
        let database = subject.database();
        let before = self.state(&database);
        Run::of(&mut subject.command(&database)).success();
        let after = self.state(&database);
        assert_ne!(before, after);
        let check = |database: &Database, run: &Run| {
            wait_for_quiet(database);
            let found = self.state(database);
            let is_done = found == after;
            let half: Vec<_> = found.symmetric_difference(&before).collect();
            assert!(is_done || half.is_empty(), "{half:#?}: {run}");
            self.assert_true(run, is_done);
            let rerun = database.vital(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(rerun.code, 0, "{rerun}");
            assert_eq!(self.state(database), after, "{rerun}");
        };
        subject.check = &check;
        body(&subject);
    }

    fn state(&self, database: &Database) -> BTreeSet<String> {
        (self.observe)(&mut database.client())
    }

    /// Asserts that the run said what it did.
    #[track_caller]
    fn assert_true(&self, run: &Run, is_done: bool) {
        let says = |words: &str| run.stderr.contains(words);
        let tells = !self.done.is_empty() && says(self.done);
        let denies = ["nothing was", "rolled back", "nothing else was"]
            .iter()
            .any(|words| says(words));
        match run.code {
            0 => assert!(is_done, "it is not done: {run}"),
            1 | 7 => assert!(!is_done || tells, "it is done: {run}"),
            8 => assert!(says("run the same command again"), "{run}"),
            _ => {}
        }
        assert!(!(is_done && denies) || tells, "it is done: {run}");
        assert!(!says("a bug of its own"), "{run}");
    }
}

/// Files that commands read.
static FILES: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn file(name: &str, text: &str) -> String {
    let path = FILES.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn lines(client: &mut Client, sql: &str) -> BTreeSet<String> {
    let rows = client.query(sql, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Tenants, members, admins, and how often each change of them is in the audit.
fn tenancy(client: &mut Client) -> BTreeSet<String> {
    lines(
        client,
        "select format('tenant %s %s', slug, status) from public.tenants
        union all
        select format('%s %s of %s: %s', m.status, m.role, t.slug, count(*))
        from public.user_tenants as m join public.tenants as t on t.id = m.tenant_id
        group by m.status, m.role, t.slug
        union all
        select format('%s %s', role, user_id) from public.user_roles
        union all
        select format('audit of %s of %s: %s', action, table_name, count(*))
        from vital_private.admin_audit group by action, table_name",
    )
}

fn sharing(client: &mut Client) -> BTreeSet<String> {
    lines(
        client,
        "select format('%s agents: %s', sharing_mode, count(*)) from public.agents group by sharing_mode
        union all
        select format('audit: %s', count(*)) from public.resource_sharing_audit",
    )
}

fn api(client: &mut Client) -> BTreeSet<String> {
    lines(
        client,
        "select oid::regprocedure::text from pg_proc where pronamespace = to_regnamespace('auth')
        union all
        select format('schema %s %s', nspname, nspacl) from pg_namespace where nspname = 'auth'",
    )
}

pub fn bootstrap() -> Writer {
    Writer {
        name: "bootstrap",
        template: Template::Empty,
        prepare: |_| {},
        arguments: words("bootstrap"),
        observe: api,
        done: "",
    }
}

pub fn seed() -> Writer {
    let text = "
tenants:
- slug: acme
  name: Acme
  members:
  - user: nora.owner@meridian.example
    role: owner
  - user: mia.member@dhstartup.example
    status: invited
- slug: acme-eu
  name: Acme in Europe
  parent: acme
platform_admins: [ada.admin@vital.example]
";
    Writer {
        name: "seed",
        template: Template::Migrated,
        arguments: [words("seed --yes"), vec![file("acme.yaml", text)]].concat(),
        observe: tenancy,
        ..bootstrap()
    }
}

pub fn assign_file() -> Writer {
    let mut text = "user,role\n".to_owned();
    for number in 0..10_000 {
        text.push_str(&format!("d0000000-0000-4000-8000-{number:012},member\n"));
    }
    Writer {
        name: "assign-user --file",
        template: Template::Migrated,
        prepare: |owner| {
            owner
                .batch_execute(
                    "insert into auth.users (id)
                    select format('d0000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid
                    from generate_series(0, 9999) as n",
                )
                .unwrap();
        },
        arguments: [words("assign-user --yes --file"), vec![file("users.csv", &text)]].concat(),
        observe: tenancy,
        ..bootstrap()
    }
}

pub fn sharing_set() -> Writer {
    Writer {
        name: "sharing set",
        template: Template::World,
        arguments: words("sharing set --name *a* --mode private --yes"),
        observe: sharing,
        ..bootstrap()
    }
}

pub fn grant_admin() -> Writer {
    Writer {
        name: "grant-admin",
        template: Template::Migrated,
        arguments: words("grant-admin ada.admin@vital.example sam.support@vital.example --yes"),
        observe: tenancy,
        ..bootstrap()
    }
}

pub fn verify_fix() -> Writer {
    Writer {
        name: "verify --fix",
        template: Template::Migrated,
        prepare: |owner| {
            owner
                .batch_execute(
                    "drop policy agents_delete_own_tenant on public.agents;
                    drop trigger agents_30_audit_update on public.agents;
                    alter table public.tenants disable row level security;
                    alter function public.get_user_tenants(uuid) security definer;
                    grant select on public.user_roles to anon",
                )
                .unwrap();
        },
        arguments: words("verify --fix --yes"),
        observe: catalog,
        done: " fixed",
    }
}
