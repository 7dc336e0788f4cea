//! Who and what an argument names: users, tenants and agents, found in the database, with what was perhaps meant if there is
//! no such one.

pub mod agents;
pub mod people;
pub mod tenants;

pub use people::Person;
pub use tenants::TenantName;

use crate::model::nearest;

/// `did you mean `a`, `b` or `c`?`, or `otherwise` if none of `candidates` resembles `word`.
fn suggestion(word: &str, candidates: impl IntoIterator<Item = String>, otherwise: &str) -> String {
    let near = nearest(word, candidates);
    let quoted: Vec<_> = near.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => otherwise.to_owned(),
        Some((one, [])) => format!("did you mean {one}?"),
        Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_resembles_is_suggested() {
        let known = || ["digital-health-startup", "digital-health", "vital-platform"].map(str::to_owned);
        assert_eq!(
            suggestion("digital-health-startp", known(), ""),
            "did you mean `digital-health-startup` or `digital-health`?"
        );
        assert_eq!(suggestion("zzz", known(), "none"), "none");
    }
}
