//! Opens connections: every host in order, and again while a server is coming up.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use tokio_postgres_rustls::MakeRustlsConnect;

use super::attempt::{Attempt, check_session, within};
use super::connection::Connection;
use super::explain::report;
use super::fault::{Failure, Fault};
use super::host::{Endpoint, Place};
use super::modes::{Session, SslMode};
use super::settings::Settings;
use super::tls;
use crate::error::{Error, Result};

/// The pause before the first retry; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Connects to the first host that answers and suits, each within the connect timeout.
///
/// With `--wait` it tries again while the server is not up yet.
///
/// # Errors
/// [`crate::Kind::Unreachable`] with the server's or the system's reason and a hint; [`crate::Kind::Usage`] for a
/// certificate file that cannot be used.
pub async fn connect(settings: &Settings) -> Result<Connection> {
    connect_telling(settings, |_, _| {}).await
}

/// As [`connect`], and tells after each try that is repeated why it failed and how long the wait has lasted.
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_telling(
    settings: &Settings,
    mut waiting: impl FnMut(&str, Duration),
) -> Result<Connection> {
    let tls = match settings.tls.mode {
        SslMode::Disable => None,
        _ if settings
            .endpoints
            .iter()
            .all(|endpoint| endpoint.socket_file().is_some()) =>
        {
            None
        }
        _ => Some(tls::connector(&settings.tls)?),
    };
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let failures = match try_all(settings, tls.as_ref()).await {
            Ok(connection) => return Ok(connection),
            Err(failures) => failures,
        };
        let waited = begun.elapsed();
        let left = settings.wait.saturating_sub(waited);
        let may_pass = failures.last().is_some_and(|failure| failure.fault.may_pass());
        if !may_pass || settings.wait.is_zero() {
            return Err(report(settings, &failures));
        }
        let error = report(settings, &failures);
        if left.is_zero() {
            return Err(given_up(error, waited));
        }
        tracing::info!("{} is not up yet, waiting", settings.place());
        waiting(error.cause.as_deref().unwrap_or_default(), waited);
        tokio::time::sleep(jitter(pause).min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Says that waiting was in vain.
fn given_up(error: Error, waited: Duration) -> Error {
    let hint = error.hint.as_deref().unwrap_or_default();
    let hint = hint.replace("--wait 60s", "a longer --wait");
    error
        .with_detail(format!("tried again for {} s", waited.as_secs()))
        .with_hint(hint)
}

/// Half of `pause`, and a random part of the other half.
fn jitter(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

async fn try_all(settings: &Settings, tls: Option<&MakeRustlsConnect>) -> Result<Connection, Vec<Failure>> {
    if settings.session != Session::PreferStandby {
        return try_hosts(settings, tls, settings.session).await;
    }
    match try_hosts(settings, tls, Session::Standby).await {
        Err(failures)
            if failures
                .iter()
                .any(|failure| matches!(failure.fault, Fault::Session { .. })) =>
        {
            try_hosts(settings, tls, Session::Any).await
        }
        done => done,
    }
}

async fn try_hosts(
    settings: &Settings,
    tls: Option<&MakeRustlsConnect>,
    wanted: Session,
) -> Result<Connection, Vec<Failure>> {
    let mut order: Vec<_> = settings.endpoints.iter().zip(&settings.passwords).collect();
    if settings.shuffle {
        fastrand::shuffle(&mut order);
    }
    let mut failures = Vec::new();
    for (endpoint, password) in order {
        let mut fail = |fault| {
            failures.push(Failure {
                endpoint: endpoint.clone(),
                fault,
            })
        };
        let addresses = match addresses(settings, endpoint).await {
            Ok(addresses) => addresses,
            Err(fault) => {
                fail(fault);
                continue;
            }
        };
        for address in addresses {
            let password = password.as_ref();
            let attempt = Attempt {
                settings,
                endpoint,
                password,
                address,
                tls,
            };
            let fault = match open(&attempt, wanted).await {
                Ok(connection) => return Ok(connection),
                Err(fault) => fault,
            };
            let (ends_search, ends_host) = (fault.ends_search(), matches!(fault, Fault::Session { .. }));
            fail(fault);
            if ends_search {
                return Err(failures);
            }
            if ends_host {
                break;
            }
        }
    }
    Err(failures)
}

async fn open(attempt: &Attempt<'_>, wanted: Session) -> Result<Connection, Fault> {
    let tls = &attempt.settings.tls;
    let unnamed = matches!(attempt.endpoint.place, Place::Tcp { host: None, .. });
    if unnamed && tls.mode == SslMode::VerifyFull {
        return Err(Fault::NoName);
    }
    let connection = attempt.open().await?;
    check_session(&connection, wanted).await?;
    Ok(connection)
}

/// The addresses to try; a socket counts as one without an address.
async fn addresses(settings: &Settings, endpoint: &Endpoint) -> Result<Vec<Option<IpAddr>>, Fault> {
    let host = match &endpoint.place {
        Place::Socket(_) => return Ok(vec![None]),
        Place::Tcp {
            address: Some(address),
            ..
        } => return Ok(vec![Some(*address)]),
        Place::Tcp { host, .. } => host.as_deref().unwrap_or_default(),
    };
    let limit = settings.connect_timeout;
    let found = within(limit, tokio::net::lookup_host((host, endpoint.port)))
        .await
        .ok_or(Fault::Timeout(limit.unwrap_or_default()))?
        .map_err(Fault::Resolve)?;
    let mut addresses: Vec<_> = found.map(|address| Some(address.ip())).collect();
    if settings.shuffle {
        fastrand::shuffle(&mut addresses);
    }
    if addresses.is_empty() {
        return Err(Fault::Resolve(std::io::Error::other("the name has no address")));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_are_never_longer() {
        let pauses: Vec<Duration> = (0..50).map(|_| jitter(LONGEST_PAUSE)).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| (LONGEST_PAUSE / 2..=LONGEST_PAUSE).contains(pause))
        );
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
