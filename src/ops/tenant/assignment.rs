//! `key=value`: a column of a tenant, or a path into one of its JSON documents, and what to put there.

use std::str::FromStr;

/// What `--set key=value` or `--unset key` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The column.
    pub column: String,
    /// The keys inside the column's document; empty for the column as a whole.
    pub path: Vec<String>,
    /// The text of the value; nothing for null, or for taking the key out of the document.
    pub value: Option<String>,
}

impl Assignment {
    /// Sets a whole column.
    #[must_use]
    pub fn column(column: &str, value: Option<String>) -> Self {
        Self {
            column: column.to_owned(),
            path: Vec::new(),
            value,
        }
    }

    /// Reads `--unset key`.
    ///
    /// # Errors
    /// A sentence that says what a key looks like.
    pub fn unset(key: &str) -> Result<Self, String> {
        let mut keys = key.split('.').map(str::to_owned);
        let column = keys.next().unwrap_or_default();
        let path: Vec<String> = keys.collect();
        if column.is_empty() || path.iter().any(String::is_empty) {
            return Err(format!(
                "`{key}` is not a valid key: write a column such as `industry`, or a path such as `branding.colors.primary`"
            ));
        }
        Ok(Self {
            column,
            path,
            value: None,
        })
    }

    /// The key as it was written.
    #[must_use]
    pub fn key(&self) -> String {
        let keys = std::iter::once(&self.column).chain(&self.path);
        keys.map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not of the form key=value"))?;
        let assignment = Self::unset(key.trim())?;
        Ok(Self {
            value: Some(value.to_owned()),
            ..assignment
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_ends_the_key() {
        let parsed: Result<Assignment, _> = "branding.colors.primary=\"a=b\"".parse();
        let Ok(parsed) = parsed else { panic!("{parsed:?}") };
        assert_eq!(parsed.column, "branding");
        assert_eq!(parsed.path, ["colors", "primary"]);
        assert_eq!(parsed.value.as_deref(), Some("\"a=b\""));
        assert_eq!(parsed.key(), "branding.colors.primary");
    }

    #[test]
    fn half_a_key_is_refused() {
        for text in ["", "x", "=1", ".a=1", "a.=1", "a..b=1"] {
            assert!(text.parse::<Assignment>().is_err(), "{text}");
        }
    }
}
