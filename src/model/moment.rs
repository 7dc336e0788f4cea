//! Times and durations as people write them, in flags and in files.

use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const DURATION: &str = "expected a number with unit ms, s, min, h or d, such as 500ms or 5min";
const MOMENT: &str = "expected a date such as 2025-10-26, a time such as 2025-10-26T12:00:00Z, or an age such as 90min, 24h or 7d";

/// Reads `500ms`, `30s`, `5min`, `2h` or `7d`; `m` is `min`, and a number without a unit is seconds.
///
/// # Errors
/// A sentence that names the units.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(DURATION.to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| DURATION.to_owned())
}

/// Like [`duration`], with `off` for no limit, which is zero.
///
/// # Errors
/// A sentence that names the units.
pub fn limit(text: &str) -> Result<Duration, String> {
    match text {
        "off" => Ok(Duration::ZERO),
        _ => duration(text).map_err(|problem| format!("{problem}, or off")),
    }
}

/// Like [`duration`], but never zero: an attempt without a limit would hold up everybody behind it.
///
/// # Errors
/// A sentence that names the units, or says that there must be a limit.
pub fn attempt(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected a limit of at least 1ms".to_owned()),
        limit => Ok(limit),
    }
}

/// Reads a day such as `2027-01-31`.
///
/// # Errors
/// A sentence that shows one.
pub fn day(text: &str) -> Result<Date, String> {
    let format = format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "expected a day such as 2027-01-31".to_owned())
}

/// Reads a date, which begins at midnight UTC, a time of RFC 3339, or an age: a [`duration`] with its unit.
///
/// # Errors
/// A sentence that shows one of each.
pub fn moment(text: &str) -> Result<OffsetDateTime, String> {
    // A number alone may be meant as a year.
    let age = match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => None,
        false => duration(text).ok(),
    };
    age.and_then(|age| OffsetDateTime::now_utc().checked_sub(age.try_into().ok()?))
        .or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok())
        .or_else(|| Some(day(text).ok()?.midnight().assume_utc()))
        .ok_or_else(|| MOMENT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        let seconds = |text| duration(text).map(|duration| duration.as_secs());
        for (text, wanted) in [
            ("0", 0),
            ("30", 30),
            ("1500ms", 1),
            ("90m", 5_400),
            ("90min", 5_400),
            ("2h", 7_200),
            ("7d", 604_800),
        ] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for nonsense in [
            "",
            "s",
            "-5s",
            "5 s",
            "5 parsecs",
            "1h30m",
            "99999999999999999999d",
        ] {
            assert!(duration(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn limit_may_be_off_and_an_attempt_may_not_be_zero() {
        assert_eq!(limit("off"), Ok(Duration::ZERO));
        assert_eq!(limit("1500ms"), Ok(Duration::from_millis(1500)));
        assert!(limit("never").is_err());
        assert!(attempt("0").is_err() && attempt("0ms").is_err());
        assert_eq!(attempt("1ms"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn a_moment_is_a_date_a_time_or_an_age() {
        let date = moment("2025-10-26").map(OffsetDateTime::unix_timestamp);
        assert_eq!(date, Ok(1_761_436_800));
        assert_eq!(
            date,
            moment("2025-10-26T02:00:00+02:00").map(OffsetDateTime::unix_timestamp)
        );
        for age in ["90m", "90min", "36h", "7d", "500ms"] {
            assert!(
                moment(age).is_ok_and(|at| at < OffsetDateTime::now_utc()),
                "{age}"
            );
        }
        for nonsense in [
            "",
            "2025",
            "soon",
            "2025-13-01",
            "99999999999999999999d",
            "18446744073709551615s",
        ] {
            assert!(moment(nonsense).is_err(), "{nonsense}");
        }
    }
}
