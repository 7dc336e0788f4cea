//! Builds the TLS side of a connection: roots, client certificate, versions.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::modes::{Roots, SslMode, Tls};
use super::verify::{Trust, Verifier};
use crate::error::{Error, Result};

/// Reads the certificates and makes the connector.
///
/// # Errors
/// [`crate::Kind::Usage`] for a file that cannot be read or holds something else.
pub(super) fn connector(tls: &Tls) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(trust(tls, &provider)?, provider.signature_verification_algorithms);
    let versions: Vec<&'static SupportedProtocolVersion> = [(2, &version::TLS12), (3, &version::TLS13)]
        .into_iter()
        .filter(|(minor, _)| (tls.min_version..=tls.max_version).contains(minor))
        .map(|(_, version)| version)
        .collect();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| Error::usage("TLS could not be set up").with_cause(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| unusable(key, "private key", &error.to_string()))?,
        _ => builder.with_no_client_auth(),
    };
    config.enable_sni = tls.server_name;
    if tls.direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn trust(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Option<Trust>> {
    let trusted = match &tls.roots {
        Roots::None => return Ok(None),
        Roots::File(file) => certificates(file)?,
        Roots::System => system_roots()?,
    };
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if usable == 0 {
        return Err(match &tls.roots {
            Roots::File(file) => unusable(file, "root certificate", "no certificate in it can be used"),
            _ => no_system_roots(),
        });
    }
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    if let Some(file) = &tls.revoked {
        builder = builder
            .with_crls(revocations(file)?)
            .allow_unknown_revocation_status();
    }
    let chain = builder.build().map_err(|error| {
        Error::usage("the root certificates cannot be used").with_cause(error.to_string())
    })?;
    Ok(Some(Trust {
        chain,
        pinned: if tls.roots == Roots::System {
            Vec::new()
        } else {
            trusted
        },
        name: tls.mode == SslMode::VerifyFull,
    }))
}

fn system_roots() -> Result<Vec<CertificateDer<'static>>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!("system root certificates: {error}");
    }
    if found.certs.is_empty() {
        return Err(no_system_roots());
    }
    Ok(found.certs)
}

fn no_system_roots() -> Error {
    Error::usage("the operating system has no root certificates")
        .with_hint("install ca-certificates, or name a file with sslrootcert")
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(unusable(
            file,
            "certificate",
            "it holds no certificate in PEM form",
        )),
        Err(error) => Err(unusable(file, "certificate", &error.to_string())),
    }
}

fn revocations(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>> {
    CertificateRevocationListDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(file, "revocation list", &error.to_string()))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    refuse_shared_key(file)?;
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        unusable(file, "private key", &error.to_string())
            .with_hint("sslkey must be an unencrypted key in PEM form; sslpassword is not supported")
    })
}

/// Applies libpq's rule: only the owner may read the key, or root's group if root owns it.
#[cfg(unix)]
fn refuse_shared_key(file: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(file) else {
        return Ok(());
    };
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden == 0 {
        return Ok(());
    }
    Err(Error::usage(format!(
        "private key {} has group or world access",
        file.display()
    ))
    .with_hint(format!("run `chmod 600 {}`", file.display())))
}

#[cfg(not(unix))]
fn refuse_shared_key(_file: &Path) -> Result<()> {
    Ok(())
}

fn unusable(file: &Path, what: &str, why: &str) -> Error {
    Error::usage(format!("could not use {what} {}", file.display())).with_cause(why)
}
