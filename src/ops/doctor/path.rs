//! The way to the server: socket or network, and who could listen.

use super::finding::Finding;
use super::server::Session;
use crate::db::Settings;

const AREA: &str = "connection";

/// Tells how the server is reached and how that is protected.
pub fn examine(settings: &Settings, is_encrypted: bool, session: &Session) -> Vec<Finding> {
    let place = settings.place();
    let answers = match (&session.server_address, session.server_port) {
        (Some(address), Some(port)) => format!("the server answers as {address}:{port}"),
        _ => "the server answers on a socket".to_owned(),
    };
    vec![
        Finding::ok(AREA, "path", format!("{place} as {}; {answers}", settings.user())),
        tls(settings, is_encrypted, session),
    ]
}

fn tls(settings: &Settings, is_encrypted: bool, session: &Session) -> Finding {
    let mode = settings.sslmode();
    let advise = "set sslmode=verify-full, with sslrootcert if the certificate is of a private authority";
    if is_encrypted {
        let with = session.tls.as_ref().map_or_else(String::new, |tls| {
            let certificate = tls
                .client
                .as_ref()
                .map(|name| format!(", client certificate {name}"));
            format!(
                " with {}, {} ({} bits){}",
                tls.version,
                tls.cipher,
                tls.bits,
                certificate.unwrap_or_default()
            )
        });
        let fact = |verified: &str| format!("encrypted{with}; {verified} (sslmode {mode})");
        return match mode {
            "verify-full" => Finding::ok(
                AREA,
                "tls",
                fact("the server's certificate and name are verified"),
            ),
            "verify-ca" => Finding::note(
                AREA,
                "tls",
                fact("the certificate is verified, the server's name is not"),
            )
            .next(advise),
            _ => Finding::note(AREA, "tls", fact("whose certificate it is was not verified")).next(advise),
        };
    }
    if settings.place().starts_with("socket ") {
        return Finding::ok(
            AREA,
            "tls",
            "not encrypted, and needs not be: a socket of this machine",
        );
    }
    if session.is_loopback {
        return Finding::ok(
            AREA,
            "tls",
            "not encrypted, and needs not be: the server is this machine",
        );
    }
    Finding::problem(
        AREA,
        "tls",
        format!("not encrypted (sslmode {mode}): whoever is on the way can read and change everything"),
        advise,
    )
}
