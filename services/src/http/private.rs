//! Addresses of the person's own network, and the client for those that are reached without encryption.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::{Http, HttpError, IDLE_CONNECTION, Limits, MOST_HEADERS};

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Nowhere but into this computer or the person's own network, at these addresses.
    Private(Vec<SocketAddr>),
    /// Out of it, at least in part.
    Public,
}

/// Where an address leads, as the system resolves its name now.
///
/// # Errors
/// [`HttpError::NameNotResolved`] when the name leads to no address.
pub async fn network_of(url: &Url) -> Result<Network, HttpError> {
    let port = url.port_or_known_default().unwrap_or_default();
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|_| HttpError::NameNotResolved)?.collect()
        }
        None => Vec::new(),
    };
    if addresses.is_empty() {
        return Err(HttpError::NameNotResolved);
    }
    let is_private = addresses.iter().all(|address| is_private(address.ip()));
    Ok(if is_private { Network::Private(addresses) } else { Network::Public })
}

/// Whether an address is this computer's or one of a private network (RFC 1918, 3927, 4193, 4291, 6598).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_private(mapped.into()),
            None => {
                address == Ipv6Addr::LOCALHOST || address.is_unique_local() || address.is_unicast_link_local()
            }
        },
    }
}

impl Http {
    /// A client that reaches `url` without encryption, at these addresses and through no proxy, and nothing else. Only
    /// for addresses that [`network_of`] has found to be private: what a name leads to later does not count.
    ///
    /// # Errors
    /// [`HttpError::Connect`] when it cannot be made.
    pub fn unencrypted(url: &Url, addresses: &[SocketAddr], limits: Limits) -> Result<Self, HttpError> {
        // The library panics without a provider, even where no TLS is spoken.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let host = url.host_str().unwrap_or_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .http1_max_headers(MOST_HEADERS)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(IDLE_CONNECTION)
            .connect_timeout(limits.connect)
            .tls_certs_only([])
            .resolve_to_addrs(host, addresses)
            .build();
        Ok(Self { client: client.map_err(|_| HttpError::Connect)?, limits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_private_in_every_notation() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(private.parse().expect("an address")), "{private}");
        }
        for public in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "0.0.0.0", "2001:db8::1", "::ffff:8.8.8.8", "::"]
        {
            assert!(!is_private(public.parse().expect("an address")), "{public}");
        }
    }

    #[tokio::test]
    async fn an_address_without_a_name_is_looked_up_nowhere() {
        let network = async |address: &str| network_of(&address.parse().expect("an address")).await;
        assert_eq!(
            network("http://192.168.1.7:8080/x").await,
            Ok(Network::Private(vec![([192, 168, 1, 7], 8080).into()]))
        );
        assert_eq!(network("http://8.8.8.8/").await, Ok(Network::Public));
    }
}
