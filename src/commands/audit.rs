//! `vital audit`: who changed tenants, memberships and roles.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::Context;
use crate::cli::{exit_codes, parse_duration};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{TenantRef, UserRef};
use crate::ops::audit::{Filter, audit};

/// The arguments of `vital audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Only what concerns this tenant, by slug or uuid
    #[arg(long)]
    tenant: Option<TenantRef>,

    /// Only what concerns this user, by e-mail address or uuid
    #[arg(long)]
    user: Option<UserRef>,

    /// Not before: 2025-10-26, 2025-10-26T12:00:00Z, or 24h and 7d for that long ago
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    since: Option<OffsetDateTime>,

    /// Before, written likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    until: Option<OffsetDateTime>,

    /// Only actions that contain this, such as member, tenant_archived or role
    #[arg(long)]
    action: Option<String>,

    /// The newest, this many
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
    number: i64,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let filter = Filter {
        tenant: args.tenant.clone(),
        user: args.user.clone(),
        since: args.since,
        until: args.until,
        action: args.action.clone(),
        limit: args.number,
    };
    let mut connection = context.connect().await?;
    let read = async |tx: &Transaction<'_>| audit(tx, &filter).await;
    let report = context
        .tenancy(&mut connection)
        .read("could not read the audit", read)
        .await?;
    context.output.report(&report)?;
    Ok(0)
}

/// Reads a moment: a date, a date with time and offset, or how long ago. Days begin at midnight UTC.
fn parse_moment(text: &str) -> Result<OffsetDateTime, String> {
    let ago = match text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        Some(days) => days.checked_mul(86_400).map(std::time::Duration::from_secs),
        None => parse_duration(text).ok(),
    };
    let moment = ago
        .and_then(|ago| time::Duration::try_from(ago).ok())
        .and_then(|ago| OffsetDateTime::now_utc().checked_sub(ago))
        .or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok())
        .or_else(|| {
            let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
            Some(date.midnight().assume_utc())
        });
    moment.ok_or_else(|| "expected 2025-10-26, 2025-10-26T12:00:00Z, 24h or 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_a_time_or_an_age() {
        let date = parse_moment("2025-10-26").map(OffsetDateTime::unix_timestamp);
        assert_eq!(date, Ok(1_761_436_800));
        assert_eq!(
            date,
            parse_moment("2025-10-26T02:00:00+02:00").map(OffsetDateTime::unix_timestamp)
        );
        assert!(parse_moment("7d").is_ok_and(|moment| moment < OffsetDateTime::now_utc()));
        for nonsense in [
            "",
            "soon",
            "2025-13-01",
            "99999999999999999999d",
            "18446744073709551615s",
        ] {
            assert!(parse_moment(nonsense).is_err(), "{nonsense}");
        }
    }
}
