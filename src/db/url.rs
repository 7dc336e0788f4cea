//! Parses `postgresql://user:password@host:port,host:port/database?keyword=value&...`.

use super::params::{Origin, Params};
use crate::error::{Error, Result};

/// Parses what follows the scheme.
///
/// # Errors
/// [`crate::Kind::Usage`] that names the wrong part and never repeats it.
pub(super) fn parse(text: &str, origin: &Origin) -> Result<Params> {
    let mut params = Params::default();
    let (before, query) = match query_start(text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (authority, database) = match before.split_once('/') {
        Some((authority, database)) => (authority, Some(database)),
        None => (before, None),
    };
    let hosts = match authority.split_once('@') {
        Some((credentials, hosts)) => {
            set_credentials(&mut params, credentials, origin)?;
            hosts
        }
        None => authority,
    };
    refuse_stray_at(hosts, database, origin)?;
    set_hosts(&mut params, hosts, origin)?;
    if let Some(database) = database.filter(|text| !text.is_empty()) {
        params.set("dbname", decode(database, "database", origin)?, origin)?;
    }
    for pair in query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.is_empty())
    {
        set_pair(&mut params, pair, origin)?;
    }
    Ok(params)
}

/// The question mark that starts the query; one before the `@` belongs to the credentials, as in libpq.
fn query_start(text: &str) -> Option<usize> {
    let path = text.find('/').unwrap_or(text.len());
    let credentials = text[..path].find('@').unwrap_or(0);
    text[credentials..].find('?').map(|at| credentials + at)
}

fn refuse_stray_at(hosts: &str, database: Option<&str>, origin: &Origin) -> Result<()> {
    if hosts.contains('@') || database.is_some_and(|text| text.contains('@')) {
        return Err(
            Error::usage(format!("{origin}: the URL has a second or misplaced `@`"))
                .with_hint("in a password write @ as %40, / as %2F, : as %3A, ? as %3F and % as %25"),
        );
    }
    Ok(())
}

fn set_credentials(params: &mut Params, text: &str, origin: &Origin) -> Result<()> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    if !user.is_empty() {
        params.set("user", decode(user, "user", origin)?, origin)?;
    }
    match password.filter(|text| !text.is_empty()) {
        Some(text) => params.set("password", decode(text, "password", origin)?, origin),
        None => Ok(()),
    }
}

fn set_hosts(params: &mut Params, text: &str, origin: &Origin) -> Result<()> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for part in text.split(',') {
        let (host, port) = split_port(part, origin)?;
        let host = decode(host, "host", origin)?;
        let port = decode(port, "port", origin)?;
        let a_variable = port.starts_with("${");
        if !a_variable && !port.chars().all(|c| c.is_ascii_digit()) {
            return Err(
                Error::usage(format!("{origin}: the port in the URL is not a number"))
                    .with_hint("in a password write : as %3A, / as %2F and @ as %40"),
            );
        }
        hosts.push(host);
        ports.push(port);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        params.set("host", hosts.join(","), origin)?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        params.set("port", ports.join(","), origin)?;
    }
    Ok(())
}

/// Splits `host:port` or `[address]:port`; a missing port is empty.
fn split_port<'a>(part: &'a str, origin: &Origin) -> Result<(&'a str, &'a str)> {
    if let Some(rest) = part.strip_prefix('[') {
        let Some((address, tail)) = rest.split_once(']') else {
            return Err(Error::usage(format!(
                "{origin}: the `[` of the host in the URL is not closed"
            )));
        };
        return match tail.strip_prefix(':') {
            Some(port) => Ok((address, port)),
            None if tail.is_empty() => Ok((address, "")),
            None => Err(Error::usage(format!(
                "{origin}: something follows the `]` of the host in the URL"
            ))),
        };
    }
    // A variable such as `${HOST:...}` has no meaning here, so the first colon always starts the port.
    Ok(part.split_once(':').unwrap_or((part, "")))
}

fn set_pair(params: &mut Params, pair: &str, origin: &Origin) -> Result<()> {
    let Some((keyword, value)) = pair.split_once('=') else {
        return Err(Error::usage(format!(
            "{origin}: a parameter in the URL's query lacks a `=`"
        )));
    };
    if value.contains('=') {
        return Err(
            Error::usage(format!("{origin}: a parameter in the URL's query has two `=`"))
                .with_hint("write = inside a value as %3D"),
        );
    }
    let keyword = decode(keyword, "query", origin)?;
    let value = decode(value, "query", origin)?;
    if keyword == "ssl" && value == "true" {
        return params.set("sslmode", "require".to_owned(), origin);
    }
    params.set(&keyword, value, origin)
}

/// Decodes `%XX`; a plus sign stays one.
fn decode(text: &str, part: &str, origin: &Origin) -> Result<String> {
    let wrong = |what: &str| Error::usage(format!("{origin}: the {part} in the URL {what}"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let code = rest
            .split_at_checked(2)
            .filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|(digits, tail)| Some((std::str::from_utf8(digits).ok()?, tail)))
            .and_then(|(digits, tail)| Some((u8::from_str_radix(digits, 16).ok()?, tail)));
        match code {
            Some((0, _)) => return Err(wrong("holds the forbidden %00")),
            Some((byte, tail)) => {
                bytes.push(byte);
                rest = tail;
            }
            None => {
                return Err(wrong("has a % that no two hex digits follow").with_hint("write % itself as %25"));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Params {
        parse(text, &Origin::Flag).unwrap()
    }

    /// Checks all of `host port dbname user password`, `-` for none.
    fn check(text: &str, expected: &str) {
        let params = parsed(text);
        let seen: Vec<&str> = ["host", "port", "dbname", "user", "password"]
            .iter()
            .map(|keyword| params.get(keyword).unwrap_or("-"))
            .collect();
        assert_eq!(seen.join(" "), expected, "{text}");
    }

    #[test]
    fn urls_of_libpqs_own_test_suite_parse_alike() {
        check("uri-user:secret@host:12345/db", "host 12345 db uri-user secret");
        check("uri-user@host:12345/db", "host 12345 db uri-user -");
        check("host", "host - - - -");
        check("host:12345/", "host 12345 - - -");
        check("%75ri-user@host:12345/db", "host 12345 db uri-user -");
        check("?host=/path/to/socket/dir", "/path/to/socket/dir - - - -");
        check("/db?user=u%2Bx&port=7", "- 7 db u+x -");
        check("[2001:db8::1234]:7/db", "2001:db8::1234 7 db - -");
        check("[::1]", "::1 - - - -");
        check(
            "%2Fvar%2Flib%2Fpostgresql/dbname",
            "/var/lib/postgresql - dbname - -",
        );
        check(
            "otheruser@%2Fvar%2Flib/db?password=p%20w",
            "/var/lib - db otheruser p w",
        );
        check("u:p?w@a:1,b,c:3/db", "a,b,c 1,,3 db u p?w");
        check("", "- - - - -");
        check("@host", "host - - - -");
        check(":@host", "host - - - -");
    }

    #[test]
    fn query_parameter_beats_the_part_before_it() {
        check("u@a/db?host=b&dbname=c&user=v", "b - c v -");
    }

    #[test]
    fn jdbcs_ssl_means_require() {
        assert_eq!(parsed("host?ssl=true").get("sslmode"), Some("require"));
    }

    #[test]
    fn malformed_url_names_the_part_and_never_the_secret() {
        for (text, part) in [
            ("u:s3cret/x@host/db", "`@`"),
            ("u:s3cret/db", "port"),
            ("u:12/s3cret@host/db", "`@`"),
            ("u:a@s3cret@host/db", "`@`"),
            ("u:s3cret%zz@host/db", "password"),
            ("u:s3cret%@host/db", "password"),
            ("u:s3cret%00@host/db", "password"),
            ("u:s3cret%ff@host/db", "password"),
            ("host/db?password=x&s3cret", "query"),
            ("host/db?password=x&s3cret=y", "unknown"),
            ("host/db?password=s3cret=y", "two `=`"),
            ("[::1", "`[`"),
            ("[::1]x", "`]`"),
        ] {
            let error = parse(text, &Origin::Flag).err().unwrap();
            assert!(error.message.contains(part), "{text}: {error:?}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
