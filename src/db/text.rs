//! Strings of `vital.yaml` that may hold secrets: read without ever being shown.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Unexpected, Visitor};

use super::environment::Environment;
use crate::error::{Error, Result};
use crate::model::moment;

/// A string that neither `Debug` nor an error of the YAML reader shows.
#[derive(Clone)]
pub(super) struct Hidden(SecretString);

impl Hidden {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('\0') {
            return Err(D::Error::invalid_value(Unexpected::Str(""), &"text without NUL"));
        }
        Ok(Self(SecretString::from(text)))
    }
}

/// Deserializes a map and refuses a key that appears twice or is no name.
pub(super) fn strict_map<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Unique<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
        type Value = BTreeMap<String, T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("names with their settings")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = access.next_key::<String>()? {
                // An error names the key, which may be a URL that is out of place.
                if !is_name(&key) {
                    return Err(A::Error::custom(
                        "a name is up to 40 letters, digits, `-`, `_` and `.`",
                    ));
                }
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("`{key}` appears twice")));
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Unique(PhantomData))
}

/// Deserializes a day such as `2027-01-31`.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<time::Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    moment::day(&text).map_err(D::Error::custom)
}

/// Deserializes a text that says something.
pub(super) fn sentence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim().is_empty() {
        true => Err(D::Error::custom("a reason is required")),
        false => Ok(text),
    }
}

/// Takes the offending value out of a message such as `invalid type: string "secret", expected a map`.
pub(super) fn without_values(message: &str) -> String {
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((before, rest)) = message.split_once(start) {
            let expected = rest
                .rsplit_once(", expected ")
                .map_or("something else", |(_, text)| text);
            let found = rest.split([' ', ',']).next().unwrap_or_default();
            return format!("{before}found {found}, expected {expected}");
        }
    }
    // A key that is out of place may be a URL with a password.
    if let Some((before, rest)) = message.split_once("unknown field `") {
        let end = rest.rfind("`, expected ").or_else(|| rest.rfind('`'));
        let (key, after) = rest.split_at(end.unwrap_or(rest.len()));
        let is_word = key.len() <= 20 && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let key = if is_word { key } else { "..." };
        return format!("{before}unknown field `{key}{after}");
    }
    message.to_owned()
}

fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    text.chars().count() <= 40 && text.chars().all(is_part)
}

/// Fills in `${NAME}` from the environment; `$$` is one dollar sign.
///
/// # Errors
/// [`crate::Kind::Usage`] for a variable that is not set, or a `${` without an end.
pub(super) fn expand(text: &str, environment: &Environment) -> Result<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            filled.push('$');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let (name, tail) = tail
                .split_once('}')
                .filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
                .ok_or_else(|| Error::usage("a `${` is not followed by the name of a variable and `}`"))?;
            let value = environment
                .get(name)?
                .ok_or_else(|| Error::usage(format!("environment variable {name} is not set")))?;
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push('$');
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_their_values_are_not_read_again() {
        let environment = Environment::of(&[("A", "1${B}"), ("E", "")]);
        assert_eq!(expand("x${A}y$$z$5$", &environment).unwrap(), "x1${B}y$z$5$");
        assert_eq!(expand("${E}", &environment).unwrap(), "");
        for wrong in ["${", "${A", "${A-b}", "${UNSET}"] {
            assert!(expand(wrong, &environment).is_err(), "{wrong}");
        }
    }

    #[test]
    fn message_of_the_yaml_reader_loses_the_value() {
        let text = r#"targets.a: invalid type: string "x, expected y", expected struct Target"#;
        assert_eq!(
            without_values(text),
            "targets.a: found string, expected struct Target"
        );
        assert_eq!(without_values("unknown field `x`"), "unknown field `x`");
        assert_eq!(
            without_values("a: unknown field `postgresql://u:`, expected`@h`, expected `b` or `c`"),
            "a: unknown field `...`, expected `b` or `c`"
        );
        assert_eq!(
            without_values("unknown field `hots`, expected `host`"),
            "unknown field `hots`, expected `host`"
        );
    }
}
