//! Claims that name nobody, or are none: nobody's, and no obstacle to anybody else on the same connection.

use super::scenario::Scene;
use super::world::{NORTH_READS, tenants, users};

const CURRENT: &str = "select public.get_current_tenant_id()";

/// Claims in which `sub` names nobody that this database could know, and claims that are none.
const NOBODY: [&str; 19] = [
    r#"{"sub": "auth0|5f7c8ec7c33c6c004bbafe82"}"#,
    r#"{"sub": ""}"#,
    r#"{"sub": " "}"#,
    r#"{"sub": "b0000000-0000-4000-8000-00000000001"}"#,
    r#"{"sub": "b0000000-0000-4000-8000-0000000000113"}"#,
    r#"{"sub": "{b0000000-0000-4000-8000-000000000011"}"#,
    r#"{"sub": 5}"#,
    r#"{"sub": null}"#,
    r#"{"sub": {}}"#,
    r#"{"sub": ["b0000000-0000-4000-8000-000000000011"]}"#,
    r#"{"user_metadata": {"sub": "b0000000-0000-4000-8000-000000000011"}, "sub": "x"}"#,
    r#"{"role": "authenticated"}"#,
    "x",
    "{",
    "{x}",
    "[]",
    "5",
    r#"{"sub": }"#,
    r#"{"sub": "b0000000-0000-4000-8000-000000000011""#,
];

#[test]
fn nobody_reads_global_rows_and_meets_no_error() {
    let mut scene = Scene::open();
    for claims in NOBODY {
        scene
            .nobody()
            .set("request.jwt.claims", claims)
            .reads_only_global();
        assert_eq!(scene.one(CURRENT), "null", "{claims}");
        for table in ["tenants", "user_tenants", "user_roles", "resource_sharing_audit"] {
            assert_eq!(
                scene.one(&format!("select count(*) from public.{table}")),
                "0",
                "{claims}"
            );
        }
        assert_eq!(scene.ok("update public.agents set name = 'x'"), 0, "{claims}");
        assert_eq!(scene.ok("delete from public.agents"), 0, "{claims}");
        scene.refused("insert into public.agents (name) values ('x')", "42501");
        let choose = format!("select public.set_tenant_context('{}')", tenants::NORTH);
        scene.refused(&choose, "42501");
    }
}

#[test]
fn malformed_claims_break_no_statement_of_a_trusted_role() {
    let mut scene = Scene::open();
    let broken = format!(
        r#"{{"sub": "{}", "app_metadata": {{"tenant_id": "{}"}},}}"#,
        users::NORTH_OWNER,
        tenants::NORTH
    );
    for claims in NOBODY.into_iter().chain([broken.as_str()]) {
        for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
            trusted(&mut scene).set("request.jwt.claims", claims);
            let sql = "insert into public.agents (name) values ('x') returning tenant_id";
            assert_eq!(scene.one(sql), tenants::PLATFORM.to_string(), "{claims}");
            let sql =
                "insert into public.tenants (name, slug, type) values ('x', 'made-by-trusted', 'client')";
            if claims != broken {
                assert_eq!(scene.ok(sql), 1, "{claims}");
                scene.ok("update public.tenants set name = 'y' where slug = 'made-by-trusted'");
                scene.ok("delete from public.tenants where slug = 'made-by-trusted'");
            }
        }
    }
}

#[test]
fn user_is_told_apart_however_their_token_writes_the_uuid() {
    let mut scene = Scene::open();
    let user = users::NORTH_MEMBER;
    for sub in [
        user.to_string(),
        user.to_string().to_uppercase(),
        user.simple().to_string(),
        user.braced().to_string(),
    ] {
        for claims in [
            format!(r#"{{"sub": "{sub}", "role": "authenticated"}}"#),
            format!(r#"{{"sub":"{sub}"}}"#),
            format!(r#"{{"user_metadata": {{"sub": "1234"}}, "sub" : "{sub}"}}"#),
            format!(" {{\"s\\u0075b\": \"{sub}\"}}\n"),
            format!(r#"{{"iss": "a\"sub\":5", "sub": "{sub}", "note": "}}{{"}}"#),
        ] {
            scene.nobody().set("request.jwt.claims", &claims);
            assert_eq!(
                scene.one("select vital_private.caller_id()"),
                user.to_string(),
                "{claims}"
            );
            scene.reads_exactly(&NORTH_READS);
        }
    }
}

#[test]
fn text_that_is_taken_for_json_is_json() {
    let mut scene = Scene::open();
    scene.ok(
        "create function pg_temp.casts(text) returns boolean language plpgsql as \
         $$ begin perform $1::jsonb; return true; exception when others then return false; end $$",
    );
    // Texts of up to eight pieces, also where a value may stand.
    scene.ok(
        r#"create temp table texts as
           select format(frame, (
               select string_agg(piece, '')
               from (
                   select (array['{','}','[',']',',',':','"','"a"','"b\n"',' ','1','-','0','e5','.5','true','null','fal',
                       'v','s','\','\u0041','\ud800',E'\t','é','""'])[1 + floor(random() * 26)::integer] as piece
                   from generate_series(1, 1 + (random() * 7)::integer + 0 * i)
               ) as pieces
           )) as text
           from generate_series(1, 10000) as i, unnest(array['%s', '{"a":%s}', '["x",%s]']) as frame"#,
    );
    // What is left when quotes and white space are taken away says nothing.
    scene.ok(
        r#"insert into texts
           select format(frame, quoted)
           from unnest(array[E'"\t"', E'"\n"', E'" \r "', E'"\t""a"', E'"a"\t"b"']) as quoted,
               unnest(array['%s', '{"a":%s}', '["x",%s]', '{%s:1}']) as frame"#,
    );
    let wrong = "select text from pg_temp.texts where vital_private.is_json(text) and not pg_temp.casts(text) limit 5";
    assert_eq!(scene.column(wrong), Vec::<String>::new());
    // And not because it takes nothing.
    let taken = "select count(*) > 100 from pg_temp.texts where vital_private.is_json(text)";
    assert_eq!(scene.one(taken), "t");
    let missed = "select text from pg_temp.texts where pg_temp.casts(text) and not vital_private.is_json(text) \
                  and text !~ 'e5|ud800' limit 5";
    assert_eq!(scene.column(missed), Vec::<String>::new());
}

#[test]
fn claim_is_read_however_it_is_written() {
    let mut scene = Scene::open();
    for key in ["tenant_id", "tenant\\u005fid", "t\\u0065nant_id"] {
        let claims = format!(
            r#"{{"sub": "{}", "app_metadata": {{"{key}": "{}"}}}}"#,
            users::BOTH,
            tenants::NORTH
        );
        scene
            .user(users::BOTH)
            .set("request.jwt.claims", &claims)
            .reads_exactly(&NORTH_READS);
    }
}
