//! Security fixes of PostgreSQL that isolation depends on, and which releases have them.
//!
//! Listed is what lets a user of the database see or do more than policies and roles allow: in row security itself, in
//! telling who the user is, and by taking over the server. Not listed is what hurts clients only (pg_dump, pg_restore,
//! psql and libpq, none of which vital uses), extensions, languages, replication, who merely crashes the server, and
//! refreshing a materialized view, which vital never does.

use time::Date;
use time::macros::date;

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

const ADVISORIES: [Advisory; 14] = [
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
        id: "CVE-2023-5869",
        effect: "who may send SQL runs code on the server, by changing an array",
        fixed: &[(14, 10), (15, 5), (16, 1)],
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
        id: "CVE-2024-10978",
        effect: "set role may end at another user than it began with, so that a query sees other rows",
        fixed: &[(14, 14), (15, 9), (16, 5), (17, 1)],
    },
    Advisory {
        id: "CVE-2025-8713",
        effect: "planner statistics show sampled rows that policies or views hide",
        fixed: &[(14, 19), (15, 14), (16, 10), (17, 6)],
    },
    Advisory {
        id: "CVE-2026-2006",
        effect: "who may send SQL runs code on the server, by text of invalid encoding",
        fixed: &[(14, 21), (15, 16), (16, 12), (17, 8), (18, 2)],
    },
    Advisory {
        id: "CVE-2026-6473",
        effect: "who may send SQL runs code on the server, by values of an excessive size",
        fixed: &[(14, 23), (15, 18), (16, 14), (17, 10), (18, 4)],
    },
    Advisory {
        id: "CVE-2026-14669",
        effect: "who may send SQL runs code on the server, by to_char() in a crafted time zone",
        fixed: &[(14, 24), (15, 19), (16, 15), (17, 11), (18, 6)],
    },
    Advisory {
        id: "CVE-2026-15741",
        effect: "a definition that is kept as text, as of a policy, may carry SQL of its author",
        fixed: &[(14, 24), (15, 19), (16, 15), (17, 11), (18, 6)],
    },
    Advisory {
        id: "CVE-2026-16239",
        effect: "who may send SQL runs code on the server, by declaring a cursor again",
        fixed: &[(14, 24), (15, 19), (16, 15), (17, 11), (18, 6)],
    },
    Advisory {
        id: "CVE-2026-6460",
        effect: "who may create objects runs code on the server, by changing the type of a column",
        fixed: &[(14, 25), (15, 20), (16, 16), (17, 12), (18, 7)],
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

/// The day of the last release of `major`; none is known of a version that is newer than this table.
#[must_use]
pub fn supported_until(major: i32) -> Option<Date> {
    Some(match major {
        14 => date!(2026 - 11 - 12),
        15 => date!(2027 - 11 - 11),
        16 => date!(2028 - 11 - 09),
        17 => date!(2029 - 11 - 08),
        18 => date!(2030 - 11 - 14),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(version: i32) -> Vec<&'static str> {
        open(version).iter().map(|advisory| advisory.id).collect()
    }

    #[test]
    fn each_release_is_open_to_what_was_fixed_after_it() {
        assert_eq!(ids(150_003).len(), 12);
        assert_eq!(ids(150_003)[0], "CVE-2023-39418");
        assert_eq!(ids(170_005)[..2], ["CVE-2025-8713", "CVE-2026-2006"]);
        assert_eq!(ids(180_006), ["CVE-2026-6460"]);
        for version in [140_025, 150_020, 160_016, 170_012, 180_007, 130_000, 190_000] {
            assert_eq!(ids(version), Vec::<&str>::new(), "{version}");
        }
        assert_eq!((safe(15), safe(18), safe(19)), (Some(20), Some(7), None));
    }

    #[test]
    fn later_fixes_come_with_later_releases_of_each_major_version() {
        for major in 14..=18 {
            let minors: Vec<i32> = ADVISORIES
                .iter()
                .flat_map(|advisory| advisory.fixed)
                .filter(|(of, _)| *of == major)
                .map(|(_, minor)| *minor)
                .collect();
            assert!(minors.is_sorted(), "{major}: {minors:?}");
        }
        // What is in the last release of one major version is not missing in a later one.
        for advisory in ADVISORIES {
            let majors = advisory.fixed.iter().map(|(major, _)| *major);
            let newest = majors.clone().max().unwrap_or_default();
            let oldest = majors.clone().min().unwrap_or_default();
            assert!(majors.eq(oldest..=newest), "{}", advisory.id);
        }
    }

    #[test]
    fn the_end_of_support_is_a_day() {
        assert_eq!(
            supported_until(14).map(|day| day.to_string()),
            Some("2026-11-12".to_owned())
        );
        assert_eq!(supported_until(19), None);
    }
}
