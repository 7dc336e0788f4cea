//! Limits and probes of the TCP connection.

use std::time::Duration;

use super::params::Params;
use crate::error::Result;

/// The limit of one attempt when `connect_timeout` does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Options of the TCP connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub keepalives: bool,
    pub idle: Option<Duration>,
    pub interval: Option<Duration>,
    pub retries: Option<u32>,
    pub user_timeout: Option<Duration>,
}

impl Network {
    /// Reads `keepalives*` and `tcp_user_timeout`; zero or less leaves the system's default.
    pub fn new(params: &Params) -> Result<Self> {
        let positive = |keyword| -> Result<Option<u32>> {
            let number = params.integer(keyword)?;
            Ok(number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0))
        };
        let seconds = |n: u32| Duration::from_secs(n.into());
        Ok(Self {
            keepalives: params.integer("keepalives")? != Some(0),
            idle: positive("keepalives_idle")?.map(seconds),
            interval: positive("keepalives_interval")?.map(seconds),
            retries: positive("keepalives_count")?,
            user_timeout: positive("tcp_user_timeout")?.map(|ms| Duration::from_millis(ms.into())),
        })
    }
}

/// The parameter in seconds, zero or less being no limit.
pub(super) fn connect_timeout(params: &Params) -> Result<Option<Duration>> {
    Ok(match params.integer("connect_timeout")? {
        None => Some(CONNECT_TIMEOUT),
        Some(seconds) => u64::try_from(seconds)
            .ok()
            .filter(|n| *n > 0)
            .map(Duration::from_secs),
    })
}
