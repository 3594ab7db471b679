//! Whom to trust: the system's certificate authorities, and those of the settings besides.

use reqwest::{Certificate, ClientBuilder};

use super::HttpError;

#[cfg(all(feature = "only-extra-ca", not(debug_assertions)))]
compile_error!("the feature only-extra-ca is for tests: a release trusts the system's authorities");

/// Makes a client trust the system's authorities and these. Wine's verifier takes no extra ones, so that tests there
/// go without it.
#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the system's own verifier reads its authorities when it is made"
)]
pub(super) fn trust(builder: ClientBuilder, extra: Vec<Certificate>) -> Result<ClientBuilder, HttpError> {
    if cfg!(feature = "only-extra-ca") {
        return Ok(builder.tls_certs_only(extra));
    }
    // macOS and Windows judge certificates themselves, and no environment variable has a say in it.
    Ok(builder.tls_certs_merge(extra))
}

/// Makes a client trust the system's authorities and these. What is elsewhere usual, that the variables
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's, does not hold here: together with a proxy from the
/// environment they would lead a credential to whoever sets both.
#[cfg(target_os = "linux")]
pub(super) fn trust(builder: ClientBuilder, extra: Vec<Certificate>) -> Result<ClientBuilder, HttpError> {
    let mut certificates = extra;
    certificates.extend(of_the_system());
    if certificates.is_empty() {
        return Err(HttpError::NoAuthorities);
    }
    Ok(builder.tls_certs_only(certificates))
}

/// The files in which distributions keep all authorities together, as openssl-probe lists them; its own look-up
/// would obey the environment.
#[cfg(target_os = "linux")]
const BUNDLES: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",   // older ones of them
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/pki/tls/cacert.pem",            // OpenELEC
    "/etc/ssl/cert.pem",                  // Alpine
    "/opt/etc/ssl/certs/ca-certificates.crt", // Entware
];

/// The system's authorities. They are read once: three hundred files for each change of a setting help nobody. A
/// system that had none is asked again, because that is what a person mends.
#[cfg(target_os = "linux")]
fn of_the_system() -> Vec<Certificate> {
    use std::sync::OnceLock;

    static FOUND: OnceLock<Vec<Certificate>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return found.clone();
    }
    let found = read();
    if found.is_empty() { found } else { FOUND.get_or_init(|| found).clone() }
}

#[cfg(target_os = "linux")]
fn read() -> Vec<Certificate> {
    // What one system keeps and no library reads costs this one authority, not all of them.
    let usable = |der: &rustls::pki_types::CertificateDer<'static>| {
        rustls::RootCertStore::empty().add(der.clone()).is_ok()
    };
    authorities().filter(usable).filter_map(|der| Certificate::from_der(&der).ok()).collect()
}

/// The system's authorities as they are kept, each once.
#[cfg(target_os = "linux")]
pub(super) fn authorities() -> impl Iterator<Item = rustls::pki_types::CertificateDer<'static>> {
    use std::path::Path;

    // What keeps the bundle keeps the folders, too, where the same ones stand in a file each: to read them as well would
    // take longer than all else that a command does.
    let mut found = match BUNDLES.iter().map(Path::new).find(|path| path.exists()) {
        Some(bundle) => rustls_native_certs::load_certs_from_paths(Some(bundle), None).certs,
        None => Vec::new(),
    };
    if found.is_empty() {
        for directory in openssl_probe::candidate_cert_dirs() {
            found.extend(rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs);
        }
    }
    found.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    found.dedup();
    found.into_iter()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_systems_authorities_are_found_each_once() {
        let found = of_the_system();
        assert_eq!(found.len(), read().len(), "what is remembered is what is there");
        // A machine without any, such as a bare container, has none to find; then nothing else may be.
        let has_some = BUNDLES.iter().any(|path| std::path::Path::new(path).exists());
        assert_eq!(!found.is_empty(), has_some, "{} were found", found.len());
    }
}
