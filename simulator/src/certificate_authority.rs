//! The certificate authority that signs for the services' host names. For the start of the simulator.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;

/// A certificate authority for one run. Its key is dropped as soon as it has signed.
pub(crate) struct CertificateAuthority {
    /// Its certificate, for clients to trust, as PEM.
    pub(crate) pem: String,
    /// The TLS server configuration for all host names.
    pub(crate) tls: Arc<rustls::ServerConfig>,
}

impl CertificateAuthority {
    /// Makes the authority and one certificate for all `hosts`.
    ///
    /// # Errors
    /// When a host name is none, or a key cannot be made.
    pub(crate) fn new(hosts: &[&str]) -> anyhow::Result<Self> {
        let mut ca = CertificateParams::default();
        ca.distinguished_name = name("TuneKey simulator CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut ca)?;
        let ca_key = KeyPair::generate()?;
        let pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let mut leaf =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
        leaf.distinguished_name = name("TuneKey simulator");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        set_validity(&mut leaf)?;
        let leaf_key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&leaf_key, &issuer)?;
        let key = PrivateKeyDer::try_from(leaf_key.serialize_der()).map_err(anyhow::Error::msg)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem, tls: Arc::new(tls) })
    }
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// From yesterday for about a year: systems refuse certificates of more than 825 days.
fn set_validity(params: &mut CertificateParams) -> anyhow::Result<()> {
    let now = crate::clock::now().as_second();
    let day = |offset: i64| -> anyhow::Result<_> {
        let date = Timestamp::from_second(now + offset * 86_400)
            .context("the clock is out of range")?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        Ok(date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs()))
    };
    params.not_before = day(-1)?;
    params.not_after = day(365)?;
    Ok(())
}
