//! Writes settings as a URL without the password.

use std::fmt::Write;

use super::Settings;
use super::host::Place;
use super::modes::{Session, SslMode};

/// A URL that names the same place; `***` stands for a password.
pub(super) fn url(settings: &Settings) -> String {
    let mut url = format!("postgresql://{}", encode(&settings.user));
    if settings.passwords.iter().any(Option::is_some) {
        url.push_str(":***");
    }
    url.push('@');
    for (at, endpoint) in settings.endpoints.iter().enumerate() {
        if at > 0 {
            url.push(',');
        }
        let name = match &endpoint.place {
            Place::Tcp { .. } if endpoint.name().contains(':') => format!("[{}]", endpoint.name()),
            _ => encode(&endpoint.name()),
        };
        let _ = write!(url, "{name}:{}", endpoint.port);
    }
    let _ = write!(url, "/{}", encode(&settings.database));
    let mut separator = '?';
    let mut query = |keyword: &str, word: &str| {
        let _ = write!(url, "{separator}{keyword}={word}");
        separator = '&';
    };
    if settings.tls.mode != SslMode::Prefer {
        query("sslmode", settings.tls.mode.word());
    }
    if settings.session != Session::Any {
        query("target_session_attrs", settings.session.word());
    }
    url
}

/// Percent-encodes everything that is not unreserved.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
