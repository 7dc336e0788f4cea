//! Decides whether to believe a server's certificate, by libpq's rules.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::der::{Decode, Encode, oid::db::rfc4519::CN};
use x509_cert::ext::pkix::{SubjectAltName, name::GeneralName};
use x509_cert::{Certificate, Version};

/// What makes a certificate believable.
#[derive(Debug)]
pub(super) struct Trust {
    /// Verifies chain and name.
    pub chain: Arc<WebPkiServerVerifier>,
    /// The certificates of the root file: a self-signed server certificate may be its own root.
    pub pinned: Vec<CertificateDer<'static>>,
    /// Whether the name must match, too.
    pub name: bool,
}

/// Verifies by [`Trust`], or just that the server holds the key of the certificate that it shows.
///
/// The handshake's signature is always verified: SCRAM channel binding relies on it.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Option<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Creates a verifier; without `trust` any certificate will do.
    pub fn new(trust: Option<Trust>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { trust, algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trust) = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified = if trust.is_pinned(certificate) {
            check_dates(certificate, now)
                .and_then(|()| verify_server_name(&ParsedCertificate::try_from(certificate)?, name))
        } else {
            let chain = &trust.chain;
            chain
                .verify_server_cert(certificate, intermediates, name, ocsp, now)
                .map(|_| ())
        };
        // The name is checked last, so a wrong name means that the chain is good.
        match verified {
            Err(error)
                if is_wrong_name(&error) && (!trust.name || common_name_matches(certificate, name)) =>
            {
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(error),
            Ok(()) => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // rustls reads certificates of version 3 only; those of version 1 still lie on many servers.
        match version_1_key(certificate) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms),
            None => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The public key of a certificate of X.509 version 1.
fn version_1_key(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let parsed = Certificate::from_der(certificate).ok()?;
    let key = parsed.tbs_certificate.subject_public_key_info.to_der().ok()?;
    (parsed.tbs_certificate.version == Version::V1).then(|| SubjectPublicKeyInfoDer::from(key))
}

impl Trust {
    /// Whether the very certificate is in the root file and self-issued, as the simplest set-ups have it.
    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        self.pinned.iter().any(|pin| pin.as_ref() == certificate.as_ref())
            && Certificate::from_der(certificate)
                .is_ok_and(|parsed| parsed.tbs_certificate.issuer == parsed.tbs_certificate.subject)
    }
}

fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate.validity;
    let now = Duration::from_secs(now.as_secs());
    if now < validity.not_before.to_unix_duration() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

fn is_wrong_name(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

/// Compares the common name, which counts only in a certificate without alternative names.
fn common_name_matches(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Ok(parsed) = Certificate::from_der(certificate) else {
        return false;
    };
    match parsed.tbs_certificate.get::<SubjectAltName>() {
        Ok(None) => {}
        Ok(Some((_, SubjectAltName(names)))) => {
            if names
                .iter()
                .any(|name| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_)))
            {
                return false;
            }
        }
        Err(_) => return false,
    }
    let mut attributes = parsed
        .tbs_certificate
        .subject
        .0
        .iter()
        .flat_map(|part| part.0.iter());
    let common_name = attributes.find(|attribute| attribute.oid == CN);
    common_name
        .and_then(|attribute| std::str::from_utf8(attribute.value.value()).ok())
        .is_some_and(|pattern| name_matches(pattern, &name.to_str()))
}

/// Matches a host name against a pattern whose leftmost label may be `*`.
fn name_matches(pattern: &str, host: &str) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(suffix), Some((label, parent))) = (pattern.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !label.is_empty() && !suffix.is_empty() && parent.eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::name_matches;

    #[test]
    fn wildcard_stands_for_one_label() {
        assert!(name_matches("db.example", "DB.example"));
        assert!(name_matches("*.example", "db.example"));
        for (pattern, host) in [
            ("*.example", "a.db.example"),
            ("*.example", "example"),
            ("*.example", ".example"),
            ("*", "db"),
            ("d*.example", "db.example"),
            ("db.example", "db.example.evil"),
        ] {
            assert!(!name_matches(pattern, host), "{pattern} {host}");
        }
    }
}
