//! What was perhaps meant by a word that is unknown.

/// At most three of `candidates` that resemble `word`, the most similar first.
#[must_use]
pub fn nearest(word: &str, candidates: impl IntoIterator<Item = String>) -> Vec<String> {
    let word = word.to_lowercase();
    let mut near: Vec<_> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.82)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_comes_first_and_strangers_never() {
        let known = ["digital-health-startup", "digital-health", "vital-platform"];
        let near = nearest("digital-health-startp", known.map(str::to_owned));
        assert_eq!(near, ["digital-health-startup", "digital-health"]);
        assert_eq!(nearest("zzz", known.map(str::to_owned)), [""; 0]);
    }
}
