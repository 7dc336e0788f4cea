//! The nearest matches of a word that is unknown.

/// At most three of `candidates` that resemble `word`, the most similar first.
#[must_use]
pub fn nearest(word: &str, candidates: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut near: Vec<_> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.82)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// `did you mean `a`, `b` or `c`?`, or what to say if nothing is near.
#[must_use]
pub(super) fn question(near: &[String], otherwise: &str) -> String {
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
    fn the_most_similar_comes_first_and_strangers_never() {
        let known = ["digital-health-startup", "digital-health", "vital-platform"];
        let near = nearest("digital-health-startp", known.map(str::to_owned));
        assert_eq!(near, ["digital-health-startup", "digital-health"]);
        assert_eq!(
            question(&near, ""),
            "did you mean `digital-health-startup` or `digital-health`?"
        );
        assert_eq!(
            question(&nearest("zzz", known.map(str::to_owned)), "none"),
            "none"
        );
    }
}
