//! Connection parameters under libpq's keywords, each with the place it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::model::nearest;

/// libpq's keywords and the environment variables that stand in for them.
///
/// The order is that of libpq's documentation.
pub(super) const KEYWORDS: &[(&str, Option<&str>)] = &[
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("dbname", Some("PGDATABASE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("client_encoding", Some("PGCLIENTENCODING")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
    ("replication", None),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("gssdelegation", Some("PGGSSDELEGATION")),
    ("krbsrvname", Some("PGKRBSRVNAME")),
    ("gsslib", Some("PGGSSLIB")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslpassword", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslsni", Some("PGSSLSNI")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    ("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    ("service", Some("PGSERVICE")),
    ("servicefile", Some("PGSERVICEFILE")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
];

/// Where a parameter came from, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The flag `--database-url`.
    Flag,
    /// The environment variable of this name.
    Variable(&'static str),
    /// A target of `vital.yaml`.
    Target(String),
    /// A section of a service file.
    Service(String, PathBuf),
    /// A line of a password file.
    PassFile(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("--database-url"),
            Self::Variable(name) => f.write_str(name),
            Self::Target(name) => write!(f, "target `{name}`"),
            Self::Service(name, file) => write!(f, "service `{name}` of {}", file.display()),
            Self::PassFile(file) => write!(f, "{}", file.display()),
        }
    }
}

/// A value and where it came from. It may be a secret, hence no `Debug`.
#[derive(Clone)]
pub(super) struct Value {
    pub text: String,
    pub origin: Origin,
}

/// Parameters by keyword.
#[derive(Clone, Default)]
pub(super) struct Params(BTreeMap<&'static str, Value>);

impl Params {
    /// Sets `keyword`, replacing an earlier value of the same source.
    ///
    /// The text of an unknown keyword is repeated in the error only while no password was seen: a password that
    /// was not quoted may have become the keyword.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] for a keyword that libpq does not know, or a NUL in the value.
    pub fn set(&mut self, keyword: &str, text: String, origin: &Origin) -> Result<()> {
        if text.contains('\0') {
            return Err(Error::usage(format!("{origin}: a value holds a NUL character")));
        }
        if keyword == "requiressl" {
            let mode = if text.starts_with('1') {
                "require"
            } else {
                "prefer"
            };
            return self.set("sslmode", mode.to_owned(), origin);
        }
        let Some((name, _)) = KEYWORDS.iter().find(|(name, _)| *name == keyword) else {
            return Err(self.unknown(keyword, origin));
        };
        let origin = origin.clone();
        self.0.insert(name, Value { text, origin });
        Ok(())
    }

    fn unknown(&self, keyword: &str, origin: &Origin) -> Error {
        if self.0.contains_key("password") || keyword.len() > 40 {
            return Error::usage(format!("{origin} holds an unknown connection parameter"))
                .with_hint("a space, quote or backslash in a value needs quotes or a backslash; in a URL, percent-encode it");
        }
        let error = Error::usage(format!("{origin}: unknown connection parameter `{keyword}`"));
        match nearest(keyword, KEYWORDS.iter().map(|(name, _)| (*name).to_owned())).first() {
            Some(name) => error.with_hint(format!("did you mean `{name}`?")),
            None => error.with_hint("the parameters are those of libpq, such as sslmode or connect_timeout"),
        }
    }

    /// Takes from `weaker` whatever is not set here.
    pub fn fill(&mut self, weaker: Self) {
        for (keyword, value) in weaker.0 {
            self.0.entry(keyword).or_insert(value);
        }
    }

    /// The value of `keyword`; an empty one counts as absent, as in libpq.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.value(keyword).map(|value| value.text.as_str())
    }

    /// Like [`Params::get`], with the origin.
    pub fn value(&self, keyword: &str) -> Option<&Value> {
        self.0.get(keyword).filter(|value| !value.text.is_empty())
    }

    /// Rewrites every value, for instance to fill in variables.
    pub fn try_map(mut self, rewrite: impl Fn(&str) -> Result<String>) -> Result<Self> {
        for value in self.0.values_mut() {
            value.text = rewrite(&value.text)?;
        }
        Ok(self)
    }

    /// Parses the value of `keyword` as an integer.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] if it is not one.
    pub fn integer(&self, keyword: &str) -> Result<Option<i64>> {
        let Some(Value { text, origin }) = self.value(keyword) else {
            return Ok(None);
        };
        let number = text
            .trim()
            .parse()
            .map_err(|_| Error::usage(format!("{origin}: `{keyword}` must be a whole number")))?;
        Ok(Some(number))
    }

    /// Maps the value of `keyword` by a table of accepted words.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] listing the words.
    pub fn choice<T: Copy>(&self, keyword: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        let Some(Value { text, origin }) = self.value(keyword) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let error = Error::usage(format!("{origin}: unknown value of `{keyword}`"));
            error.with_hint(format!("use one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)], origin: &Origin) -> Params {
        let mut params = Params::default();
        for (keyword, text) in pairs {
            params.set(keyword, (*text).to_owned(), origin).unwrap();
        }
        params
    }

    #[test]
    fn weaker_source_fills_only_what_is_missing() {
        let mut strong = params(&[("host", "a"), ("port", "")], &Origin::Flag);
        strong.fill(params(
            &[("host", "b"), ("port", "6"), ("user", "u")],
            &Origin::Variable("PGHOST"),
        ));
        assert_eq!(strong.get("host"), Some("a"));
        assert_eq!(strong.get("user"), Some("u"));
        assert_eq!(
            strong.get("port"),
            None,
            "an explicit empty value hides the environment's"
        );
    }

    #[test]
    fn unknown_keyword_names_the_nearest() {
        let error = Params::default()
            .set("ssl_mode", "x".into(), &Origin::Flag)
            .unwrap_err();
        assert_eq!(
            error.message,
            "--database-url: unknown connection parameter `ssl_mode`"
        );
        assert_eq!(error.hint.as_deref(), Some("did you mean `sslmode`?"));
    }

    #[test]
    fn keyword_after_a_password_is_not_repeated() {
        let mut params = params(&[("password", "my")], &Origin::Flag);
        let error = params.set("s3cret", "x".into(), &Origin::Flag).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn requiressl_is_translated_like_libpq() {
        assert_eq!(
            params(&[("requiressl", "1")], &Origin::Flag).get("sslmode"),
            Some("require")
        );
        assert_eq!(
            params(&[("requiressl", "0")], &Origin::Flag).get("sslmode"),
            Some("prefer")
        );
    }

    #[test]
    fn nul_is_refused() {
        assert!(
            Params::default()
                .set("user", "a\0b".into(), &Origin::Flag)
                .is_err()
        );
    }
}
