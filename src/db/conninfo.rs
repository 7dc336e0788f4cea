//! Parses connection strings, as `keyword=value` words or as a URL.
//!
//! No error repeats any of the input but a keyword: a misplaced character turns part of a password into a host or
//! a port.

use super::params::{Origin, Params};
use super::url;
use crate::error::{Error, Result};

/// Parses a connection string of either form.
///
/// # Errors
/// [`crate::Kind::Usage`] that says which part is wrong.
pub(super) fn parse(text: &str, origin: &Origin) -> Result<Params> {
    let text = text.trim();
    for scheme in ["postgresql://", "postgres://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return url::parse(rest, origin);
        }
    }
    if text.contains("://") && !text.contains('=') || starts_with_scheme(text) {
        return Err(Error::usage(format!("{origin} is not a PostgreSQL URL"))
            .with_hint("a URL starts with postgresql://"));
    }
    if !text.contains('=') {
        return Err(
            Error::usage(format!("{origin} is neither a URL nor a connection string"))
                .with_hint("write postgresql://user@host/database or `host=... dbname=...`"),
        );
    }
    words(text, origin)
}

fn starts_with_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Parses `keyword = value` pairs; a value may be quoted with `'`, and a backslash takes the next character as it is.
fn words(text: &str, origin: &Origin) -> Result<Params> {
    let mut params = Params::default();
    let mut rest = text.trim_start();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = rest
            .find(|c: char| c == '=' || c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (keyword, tail) = rest.split_at(end);
        let Some(tail) = tail.trim_start().strip_prefix('=') else {
            return Err(Error::usage(format!("{origin}: parameter {number} lacks a `=`"))
                .with_hint("a value with spaces needs single quotes, as in password='two words'"));
        };
        let (value, tail) = value(tail.trim_start()).ok_or_else(|| {
            Error::usage(format!("{origin}: the quote in parameter {number} is not closed"))
        })?;
        params.set(keyword, value, origin)?;
        rest = tail.trim_start();
    }
    Ok(params)
}

/// Splits one value off; `None` if its quote is not closed.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            c if !quoted && c.is_ascii_whitespace() => return Some((value, &text[at..])),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, keyword: &str) -> Option<String> {
        parse(text, &Origin::Flag)
            .unwrap()
            .get(keyword)
            .map(str::to_owned)
    }

    #[test]
    fn words_take_spaces_quotes_and_backslashes_like_libpq() {
        let text = r"  host = db  port=5433 password='two \'words\' \\' options=-c\ a=b user='' dbname=x";
        assert_eq!(get(text, "host").as_deref(), Some("db"));
        assert_eq!(get(text, "port").as_deref(), Some("5433"));
        assert_eq!(get(text, "password").as_deref(), Some(r"two 'words' \"));
        assert_eq!(get(text, "options").as_deref(), Some("-c a=b"));
        assert_eq!(get(text, "user"), None);
        assert_eq!(get(text, "dbname").as_deref(), Some("x"));
    }

    #[test]
    fn later_word_wins() {
        assert_eq!(get("host=a host=b", "host").as_deref(), Some("b"));
    }

    #[test]
    fn malformed_words_are_explained_without_the_secret() {
        for text in [
            "password=my s3cret host=a",
            "host=a password='s3cret",
            "password=a s3cret=b",
            "user:s3cret@host/db",
            "s3cret",
            "https://u:s3cret@host/db",
            "postgrseql://u:s3cret@host/db?sslmode=require",
        ] {
            let error = parse(text, &Origin::Flag).err().unwrap();
            assert_eq!(error.kind, crate::Kind::Usage);
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
