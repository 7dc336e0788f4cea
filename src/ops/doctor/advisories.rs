//! Security fixes of PostgreSQL that row security depends on, and which releases have them.

/// A vulnerability, and the first minor release of each major one that is free of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advisory {
    /// Its name.
    pub id: &'static str,
    /// What it lets a user do.
    pub effect: &'static str,
    /// Major and minor version of the fix; a major version that is not listed never had it.
    fixed: &'static [(i32, i32)],
}

const ADVISORIES: [Advisory; 6] = [
    Advisory {
        id: "CVE-2023-2454",
        effect: "create schema gets around the search_path of a function that runs as its owner",
        fixed: &[(14, 8), (15, 3)],
    },
    Advisory {
        id: "CVE-2023-2455",
        effect: "a policy may be applied for another user after a function was inlined",
        fixed: &[(14, 8), (15, 3)],
    },
    Advisory {
        id: "CVE-2023-39418",
        effect: "merge does not enforce the policies for update and select",
        fixed: &[(15, 4)],
    },
    Advisory {
        id: "CVE-2024-4317",
        effect: "anybody reads the most common values of rows that policies hide, from extended statistics",
        fixed: &[(14, 12), (15, 7), (16, 3)],
    },
    Advisory {
        id: "CVE-2024-10976",
        effect: "a policy under a subquery may be applied for another user after set role",
        fixed: &[(14, 14), (15, 9), (16, 5), (17, 1)],
    },
    Advisory {
        id: "CVE-2025-8713",
        effect: "planner statistics show sampled rows that policies or views hide",
        fixed: &[(14, 19), (15, 14), (16, 10), (17, 6)],
    },
];

/// Lists what a server of this `server_version_num` is open to.
#[must_use]
pub fn open(version: i32) -> Vec<Advisory> {
    let (major, minor) = (version / 10_000, version % 10_000);
    let is_open = |advisory: &&Advisory| {
        let fixed = advisory.fixed.iter().find(|(of, _)| *of == major);
        fixed.is_some_and(|(_, from)| minor < *from)
    };
    ADVISORIES.iter().filter(is_open).copied().collect()
}

/// The first release of `major` that is free of all of them.
#[must_use]
pub fn safe(major: i32) -> Option<i32> {
    let fixed = ADVISORIES.iter().flat_map(|advisory| advisory.fixed);
    fixed
        .filter(|(of, _)| *of == major)
        .map(|(_, minor)| *minor)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(version: i32) -> Vec<&'static str> {
        open(version).iter().map(|advisory| advisory.id).collect()
    }

    #[test]
    fn each_release_is_open_to_what_was_fixed_after_it() {
        assert_eq!(
            ids(150_003),
            [
                "CVE-2023-39418",
                "CVE-2024-4317",
                "CVE-2024-10976",
                "CVE-2025-8713"
            ]
        );
        assert_eq!(ids(140_018), ["CVE-2025-8713"]);
        assert_eq!(ids(170_000), ["CVE-2024-10976", "CVE-2025-8713"]);
        for version in [140_019, 150_014, 160_010, 170_006, 180_000, 130_000] {
            assert_eq!(ids(version), Vec::<&str>::new(), "{version}");
        }
        assert_eq!((safe(15), safe(18)), (Some(14), None));
    }
}
