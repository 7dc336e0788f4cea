//! The values of a file: given or not, and as the server reads them.

use std::str::FromStr;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::model::{TenantStatus, TenantType};

/// A key that a file leaves out, empties or fills.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Not mentioned: whatever the database holds stays.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// A moment, checked where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment(String);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::model::deserialize(deserializer)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound =
            ["infinity", "-infinity"].contains(&text) || OffsetDateTime::parse(text, &Rfc3339).is_ok();
        match sound {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "`{text}` is not a valid time such as 2025-10-26T12:00:00Z"
            )),
        }
    }
}

/// The text of a value, as the server reads it.
pub(super) trait Text {
    fn text(&self) -> String;
}

impl Text for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl Text for Moment {
    fn text(&self) -> String {
        self.0.clone()
    }
}

/// Implements [`Text`] by `Display`.
macro_rules! displayed {
    ($($kind:ty),*) => {
        $(impl Text for $kind {
            fn text(&self) -> String {
                self.to_string()
            }
        })*
    };
}
displayed!(bool, Uuid, TenantType, TenantStatus, Value);
