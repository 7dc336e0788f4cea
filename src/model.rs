//! The words of the tenancy, as types that cannot hold nonsense.

pub mod moment;
mod nearest;
mod text;
mod words;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

pub use nearest::nearest;
pub(crate) use text::deserialize;
pub use words::{MembershipStatus, Role, SharingMode, TenantStatus, TenantType};

/// The id of a user, as in `auth.users`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

/// The id of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TenantId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An e-mail address in lower case. Whether somebody has it, only the database knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound = text.rsplit_once('@').is_some_and(|(name, domain)| {
            !name.is_empty() && !domain.is_empty() && text.len() <= 255 && !text.contains(is_blank)
        });
        match sound {
            true => Ok(Self(text.to_lowercase())),
            false => Err(format!("`{}` is not a valid e-mail address", shortened(text))),
        }
    }
}

/// A tenant's slug: words of lower-case letters and digits, joined by single hyphens, at most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TenantSlug(String);

impl TenantSlug {
    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TenantSlug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        match text.len() <= 100 && text.split('-').all(is_word) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "`{}` is not a valid slug: use lower-case letters and digits, words joined by hyphens, 100 characters at most",
                shortened(text)
            )),
        }
    }
}

/// How somebody names a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserRef {
    /// By id.
    Id(UserId),
    /// By address, in any case.
    Email(Email),
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Email(email) => f.write_str(email.as_str()),
        }
    }
}

impl FromStr for UserRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(Self::Id(UserId(id)));
        }
        let email = text.parse().map(Self::Email);
        email.map_err(|_| format!("`{}` is neither a uuid nor an e-mail address", shortened(text)))
    }
}

/// How somebody names a tenant. A slug that looks like a uuid is taken for one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TenantRef {
    /// By id.
    Id(TenantId),
    /// By slug.
    Slug(TenantSlug),
}

impl fmt::Display for TenantRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => slug.fmt(f),
        }
    }
}

impl FromStr for TenantRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Uuid::parse_str(text) {
            Ok(id) => Ok(Self::Id(TenantId(id))),
            Err(_) => text.parse().map(Self::Slug),
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_is_a_uuid_or_an_address() {
        assert!(matches!(
            "a0000000-0000-4000-8000-000000000001".parse(),
            Ok(UserRef::Id(_))
        ));
        let shown = "Ada.Admin@Vital.Example"
            .parse()
            .map(|user: UserRef| user.to_string());
        assert_eq!(shown.as_deref(), Ok("ada.admin@vital.example"));
        for nonsense in [
            "",
            "ada",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b\n",
            "a@b\0",
            &"a".repeat(300),
        ] {
            assert!(nonsense.parse::<UserRef>().is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn a_slug_is_kebab_case() {
        for slug in ["a", "acme", "digital-health-startup", "3m"] {
            assert!(slug.parse::<TenantSlug>().is_ok(), "{slug}");
        }
        for nonsense in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "Acme",
            "a_b",
            "a b",
            "é",
            &"a".repeat(101),
        ] {
            assert!(nonsense.parse::<TenantSlug>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_word_reads_back() {
        for word in Role::WORDS {
            assert_eq!(word.parse::<Role>().map(Role::as_str), Ok(*word));
        }
        assert_eq!(
            "boss".parse::<Role>(),
            Err("`boss` is none of owner, admin, member, guest".into())
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = text.parse::<UserRef>();
            let _ = text.parse::<TenantRef>();
            let _ = text.parse::<MembershipStatus>();
        }
    }
}
