//! YAML from a stranger: bounded, and with line and column in every error.

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// How deep brackets may nest; the parser's time grows with the square of the depth.
const MAX_DEPTH: u32 = 64;

/// Parses a document that `name` names in errors.
///
/// # Errors
/// [`crate::Kind::Usage`] with line and column.
pub(super) fn parse<T: DeserializeOwned>(text: &str, name: &str) -> Result<T> {
    if nests_too_deep(text) {
        return Err(
            Error::usage(format!("{name}: more than {MAX_DEPTH} brackets are open"))
                .with_hint("nothing was changed"),
        );
    }
    serde_yaml::from_str(text).map_err(|error| {
        let place = match error.location() {
            Some(at) => format!("{name}:{}:{}", at.line(), at.column()),
            None => name.to_owned(),
        };
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        Error::usage(format!("{place}: {text}")).with_hint("nothing was changed")
    })
}

fn nests_too_deep(text: &str) -> bool {
    let mut open = 0_u32;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_DEPTH
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_line_and_column() {
        let error = parse::<Vec<u8>>("- 1\n- x\n", "seed.yaml")
            .err()
            .map(|error| error.message);
        assert!(
            error
                .as_deref()
                .is_some_and(|message| message.starts_with("seed.yaml:2:3: ")),
            "{error:?}"
        );
    }

    #[test]
    fn a_bomb_is_refused_quickly() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..20 {
            let last = n - 1;
            bomb.push_str(&format!(
                "a{n}: &a{n} [*a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}]\n"
            ));
        }
        assert!(parse::<serde_json::Value>(&bomb, "bomb").is_err());
        assert!(parse::<serde_json::Value>(&"[".repeat(100_000), "deep").is_err());
        assert!(parse::<serde_json::Value>(&"- ".repeat(100_000), "deep").is_err());
    }
}
