//! Values that a file holds as text, refused at the place where they stand.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{TenantRef, TenantSlug, UserRef};

/// Reads a text and parses it. A file's reader knows the line and column of what a visitor refuses, and not of what is
/// refused later.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    struct Parsed<T>(PhantomData<T>);
    impl<T: FromStr<Err = String>> Visitor<'_> for Parsed<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Parsed(PhantomData))
}

/// Implements `Deserialize` by `FromStr`.
macro_rules! parsed {
    ($($kind:ty),*) => {
        $(impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer)
            }
        })*
    };
}
parsed!(TenantSlug, TenantRef, UserRef);
