//! How a TLS connection is made that is not the HTTP client's: whom it trusts.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use super::HttpError;

/// A configuration that trusts the authorities in `only` (PEM) and no others, or those of the system where that is
/// `None`.
///
/// # Errors
/// [`HttpError::BadCertificateFile`] when none of `only` can be used, [`HttpError::NoAuthorities`] when the system has
/// none.
pub fn tls_config(only: Option<&[u8]>) -> Result<ClientConfig, HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| HttpError::NoAuthorities)?;
    let config = match only {
        Some(pem) => config.with_root_certificates(roots(
            CertificateDer::pem_slice_iter(pem).flatten(),
            HttpError::BadCertificateFile,
        )?),
        None => trusting_the_system(config)?,
    };
    Ok(config.with_no_client_auth())
}

#[cfg(target_os = "linux")]
fn trusting_the_system(
    config: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, HttpError> {
    Ok(config.with_root_certificates(roots(super::roots::authorities(), HttpError::NoAuthorities)?))
}

/// macOS and Windows judge certificates themselves.
#[cfg(not(target_os = "linux"))]
fn trusting_the_system(
    config: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, HttpError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    config.with_platform_verifier().map_err(|_| HttpError::NoAuthorities)
}

fn roots(
    found: impl Iterator<Item = CertificateDer<'static>>,
    none: HttpError,
) -> Result<RootCertStore, HttpError> {
    let mut roots = RootCertStore::empty();
    if roots.add_parsable_certificates(found).0 == 0 { Err(none) } else { Ok(roots) }
}
