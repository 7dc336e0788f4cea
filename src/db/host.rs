//! The places to try, in order.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::environment::Environment;
use super::params::{Origin, Params};
use crate::error::{Error, Result};

/// PostgreSQL's port.
pub(super) const DEFAULT_PORT: u16 = 5432;

/// One place where a server may listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub place: Place,
    pub port: u16,
}

/// A socket directory or a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The directory of a unix socket.
    Socket(PathBuf),
    /// A host by name, by `hostaddr`, or a name with the address to use for it.
    Tcp {
        host: Option<String>,
        address: Option<IpAddr>,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Socket(directory) => write!(f, "socket {}:{}", directory.display(), self.port),
            Place::Tcp { .. } => {
                let name = self.name();
                if name.contains(':') {
                    write!(f, "[{name}]:{}", self.port)
                } else {
                    write!(f, "{name}:{}", self.port)
                }
            }
        }
    }
}

impl Endpoint {
    /// Host name, else address, else socket directory.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Socket(directory) => directory.display().to_string(),
            Place::Tcp { host: Some(host), .. } => host.clone(),
            Place::Tcp { address, .. } => address.map_or_else(String::new, |ip| ip.to_string()),
        }
    }

    /// The name under which a password file knows this place.
    pub fn passfile_name(&self, environment: &Environment) -> String {
        match &self.place {
            Place::Socket(directory) if environment.socket_directories.contains(directory) => {
                "localhost".into()
            }
            _ => self.name(),
        }
    }

    /// The socket's file, if this is a socket.
    pub fn socket_file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Socket(directory) => Some(directory.join(format!(".s.PGSQL.{}", self.port))),
            Place::Tcp { .. } => None,
        }
    }

    fn tcp(host: &str, address: Option<IpAddr>, port: u16) -> Self {
        let host = Some(host.to_owned()).filter(|host| !host.is_empty());
        Self {
            place: Place::Tcp { host, address },
            port,
        }
    }

    fn socket(directory: impl Into<PathBuf>, port: u16) -> Self {
        Self {
            place: Place::Socket(directory.into()),
            port,
        }
    }
}

/// Pairs hosts, addresses and ports as libpq does: one port serves all hosts, else the counts agree.
///
/// # Errors
/// [`crate::Kind::Usage`] if they do not, or for a port or an address that is none.
pub(super) fn endpoints(params: &Params, environment: &Environment) -> Result<Vec<Endpoint>> {
    let hosts = list(params, "host");
    let addresses = list(params, "hostaddr");
    let ports = list(params, "port");
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(disagree("hostaddr", addresses.len(), hosts.len()));
    }
    let count = hosts.len().max(addresses.len()).max(1);
    if ports.len() > 1 && ports.len() != count {
        return Err(disagree("port", ports.len(), count));
    }
    let mut endpoints = Vec::with_capacity(count);
    for at in 0..count {
        let port = port(
            ports.get(at).or(ports.first()).copied().unwrap_or_default(),
            params,
        )?;
        let host = hosts.get(at).copied().unwrap_or_default();
        match addresses.get(at).copied().filter(|text| !text.is_empty()) {
            Some(text) => endpoints.push(Endpoint::tcp(host, Some(address(text)?), port)),
            None if host.is_empty() => endpoints.extend(defaults(environment, port)),
            None if host.starts_with('/') => endpoints.push(Endpoint::socket(host, port)),
            None if host.starts_with('@') => {
                return Err(Error::usage(
                    "sockets in the abstract namespace are not supported",
                ));
            }
            None => endpoints.push(Endpoint::tcp(host, None, port)),
        }
    }
    Ok(endpoints)
}

/// The socket that is there, else every place where a server on this machine would be.
fn defaults(environment: &Environment, port: u16) -> Vec<Endpoint> {
    let sockets = environment.socket_directories.iter();
    let sockets: Vec<Endpoint> = sockets
        .map(|directory| Endpoint::socket(directory, port))
        .collect();
    let present = |endpoint: &Endpoint| endpoint.socket_file().is_some_and(|file| file.exists());
    match sockets.iter().find(|endpoint| present(endpoint)) {
        Some(endpoint) => vec![endpoint.clone()],
        None => sockets
            .into_iter()
            .chain([Endpoint::tcp("localhost", None, port)])
            .collect(),
    }
}

fn list<'a>(params: &'a Params, keyword: &str) -> Vec<&'a str> {
    params
        .get(keyword)
        .map(|text| text.split(',').map(str::trim).collect())
        .unwrap_or_default()
}

fn disagree(keyword: &str, found: usize, hosts: usize) -> Error {
    Error::usage(format!(
        "{found} values of `{keyword}` do not match {hosts} hosts"
    ))
}

fn port(text: &str, params: &Params) -> Result<u16> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
        let origin = params.value("port").map_or(&Origin::Flag, |value| &value.origin);
        Error::usage(format!("{origin}: a port must be a number from 1 to 65535"))
    })
}

fn address(text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| {
        Error::usage("`hostaddr` must be an IPv4 or IPv6 address").with_hint("write a name as `host`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &[(&str, &str)]) -> Result<String> {
        let mut environment = Environment::of(&[]);
        environment.socket_directories = vec!["/nonexistent/run".into()];
        let mut params = Params::default();
        for (keyword, text) in pairs {
            params.set(keyword, (*text).to_owned(), &Origin::Flag)?;
        }
        let found = endpoints(&params, &environment)?;
        Ok(found
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn hosts_pair_with_ports_like_libpq() {
        for (pairs, expected) in [
            (vec![("host", "a,b")], "a:5432 b:5432"),
            (vec![("host", "a,b"), ("port", "7")], "a:7 b:7"),
            (
                vec![("host", "a,b,/s"), ("port", "7,,8")],
                "a:7 b:5432 socket /s:8",
            ),
            (vec![("hostaddr", "1.2.3.4,::1")], "1.2.3.4:5432 [::1]:5432"),
            (vec![("host", "a,b"), ("hostaddr", "1.2.3.4,")], "a:5432 b:5432"),
            (vec![("port", "7")], "socket /nonexistent/run:7 localhost:7"),
        ] {
            assert_eq!(all(&pairs).unwrap(), expected);
        }
    }

    #[test]
    fn counts_that_disagree_and_bad_ports_are_refused() {
        for pairs in [
            vec![("host", "a,b"), ("port", "1,2,3")],
            vec![("host", "a"), ("port", "1,2")],
            vec![("host", "a,b"), ("hostaddr", "1.2.3.4")],
            vec![("port", "0")],
            vec![("port", "65536")],
            vec![("port", "x")],
            vec![("hostaddr", "name")],
            vec![("host", "@abstract")],
        ] {
            assert!(all(&pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn socket_that_exists_is_the_default() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".s.PGSQL.5432"), "").unwrap();
        let mut environment = Environment::of(&[]);
        environment.socket_directories = vec!["/nonexistent".into(), dir.path().into()];
        let found = endpoints(&Params::default(), &environment).unwrap();
        assert_eq!(found, [Endpoint::socket(dir.path(), 5432)]);
        assert_eq!(found[0].passfile_name(&environment), "localhost");
    }
}
