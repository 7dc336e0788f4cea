//! YAML: the same object as JSON.

use std::io::{self, Write};

use serde_yaml::Value;

use super::escape::is_hazardous;
use super::json::{self, Envelope};
use crate::report::Report;

/// Writes the report.
///
/// # Errors
/// Those of `out`, and a report that does not serialize as an object.
pub fn write(report: &impl Report, out: &mut dyn Write) -> io::Result<()> {
    let mut value = serde_yaml::to_value(Envelope::new(report)).map_err(io::Error::other)?;
    let mut unsafe_texts = Placeholders {
        id: uuid::Uuid::new_v4(),
        texts: Vec::new(),
    };
    unsafe_texts.replace(&mut value);
    let yaml = serde_yaml::to_string(&value).map_err(io::Error::other)?;
    out.write_all(unsafe_texts.restore(yaml)?.as_bytes())
}

/// Strings that YAML would write raw although a terminal acts upon them: set aside before, and put back as
/// double-quoted JSON strings, which YAML reads alike.
struct Placeholders {
    id: uuid::Uuid,
    texts: Vec<String>,
}

impl Placeholders {
    fn replace(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if text.chars().any(|c| c != '\n' && is_hazardous(c)) => {
                let placeholder = format!("{}{}-", self.mark(), self.texts.len());
                self.texts.push(std::mem::replace(text, placeholder));
            }
            Value::Sequence(values) => values.iter_mut().for_each(|v| self.replace(v)),
            Value::Mapping(map) => {
                for (mut key, mut value) in std::mem::take(map) {
                    self.replace(&mut key);
                    self.replace(&mut value);
                    map.insert(key, value);
                }
            }
            _ => {}
        }
    }

    /// How a placeholder begins; nobody can have guessed it.
    fn mark(&self) -> String {
        format!("text-{}-", self.id.simple())
    }

    /// Puts every text back in one pass.
    fn restore(&self, yaml: String) -> io::Result<String> {
        if self.texts.is_empty() {
            return Ok(yaml);
        }
        let mut restored = String::with_capacity(yaml.len());
        let mark = self.mark();
        let mut parts = yaml.split(&mark);
        restored.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (index, rest) = part.split_once('-').unwrap_or_default();
            let text = index.parse().ok().and_then(|index: usize| self.texts.get(index));
            restored.push_str(&json::line(&text)?);
            restored.push_str(rest);
        }
        Ok(restored)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, rendered};
    use super::*;

    #[test]
    fn the_same_object_as_json() {
        insta::assert_snapshot!(rendered(write, &Sample::tenants()), @r#"
        schema: vital.sample/1
        tenants:
        - slug: acme
          agents: 12
          note: null
        - slug: =cmd|' /C calc'!A0
          agents: -3
          note: "a\u001b[31m\u202eb, \"c\"\n"
        "#);
    }

    #[test]
    fn many_unsafe_texts_take_one_pass() {
        let mut texts = Placeholders {
            id: uuid::Uuid::new_v4(),
            texts: Vec::new(),
        };
        let mut value = Value::Sequence((0..50_000).map(|n| format!("\u{1b}{n}").into()).collect());
        texts.replace(&mut value);
        let yaml = serde_yaml::to_string(&value).unwrap();
        let start = std::time::Instant::now();
        let restored = texts.restore(yaml).unwrap();
        // A pass over 3 MB for each text would take minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(10));
        assert!(
            restored.starts_with("- \"\\u001b0\"\n- \"\\u001b1\"\n"),
            "{}",
            &restored[..60]
        );
        assert!(restored.ends_with("- \"\\u001b49999\"\n"));
    }

    #[test]
    fn every_text_reads_back_as_it_was() {
        let text = rendered(write, &Sample::tenants());
        let read: Option<Value> = serde_yaml::from_str(&text).ok();
        let note = read.as_ref().and_then(|v| v["tenants"][1]["note"].as_str());
        assert_eq!(note, Some("a\u{1b}[31m\u{202e}b, \"c\"\n"));
    }
}
