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
    let mut unsafe_texts = Placeholders::default();
    unsafe_texts.replace(&mut value);
    let yaml = serde_yaml::to_string(&value).map_err(io::Error::other)?;
    out.write_all(unsafe_texts.restore(yaml)?.as_bytes())
}

/// Strings that YAML would write raw although a terminal acts upon them: set aside before, and put back as
/// double-quoted JSON strings, which YAML reads alike.
#[derive(Default)]
struct Placeholders {
    id: uuid::Uuid,
    texts: Vec<String>,
}

impl Placeholders {
    fn replace(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if text.chars().any(|c| c != '\n' && is_hazardous(c)) => {
                let placeholder = self.placeholder(self.texts.len());
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

    fn placeholder(&mut self, index: usize) -> String {
        if self.id.is_nil() {
            self.id = uuid::Uuid::new_v4();
        }
        format!("text-{}-{index}-", self.id.simple())
    }

    fn restore(mut self, mut yaml: String) -> io::Result<String> {
        for (index, text) in std::mem::take(&mut self.texts).iter().enumerate() {
            yaml = yaml.replacen(&self.placeholder(index), &json::line(text)?, 1);
        }
        Ok(yaml)
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
    fn every_text_reads_back_as_it_was() {
        let text = rendered(write, &Sample::tenants());
        let read: Option<Value> = serde_yaml::from_str(&text).ok();
        let note = read.as_ref().and_then(|v| v["tenants"][1]["note"].as_str());
        assert_eq!(note, Some("a\u{1b}[31m\u{202e}b, \"c\"\n"));
    }
}
