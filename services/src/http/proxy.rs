//! Through which proxy the services are reached.

use serde::{Deserialize, Serialize};
use url::Url;

/// How to reach the services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum Proxy {
    /// As the system says.
    System,
    /// Directly.
    None,
    /// Through this one: `http://`, `https://`, `socks5://` or `socks5h://`, host and port, no password
    /// (the ledger is not a place for secrets).
    Manual(String),
}

/// Why a text is no proxy that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is no address.
    #[error("that is no proxy address")]
    NotAnAddress,
    /// It begins with none of `http`, `https`, `socks5` and `socks5h`.
    #[error("that is no kind of proxy that can be used")]
    UnknownScheme,
    /// It names no host.
    #[error("the proxy address names no host")]
    NoHost,
    /// It holds a user name or a password, which the settings cannot keep.
    #[error("the proxy address holds a user name or a password")]
    Password,
}

impl Proxy {
    /// Reads `system`, `none` or an address.
    ///
    /// # Errors
    /// For anything that is not a proxy address without a password.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        match text {
            "system" | "" => return Ok(Self::System),
            "none" => return Ok(Self::None),
            _ => {}
        }
        // The library reads over line breaks, so that what is kept would be another address than what was looked at.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(ProxyError::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| ProxyError::NotAnAddress)?;
        if !matches!(url.scheme(), "http" | "https" | "socks" | "socks5" | "socks5h") {
            return Err(ProxyError::UnknownScheme);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ProxyError::NoHost);
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(ProxyError::Password);
        }
        // As GNOME writes it: SOCKS 5, where the proxy looks names up.
        let text = match text.split_once("://") {
            Some((_, rest)) if url.scheme() == "socks" => format!("socks5h://{rest}"),
            _ => text.to_owned(),
        };
        Ok(Self::Manual(text.trim_end_matches('/').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_looked_at() {
        for text in
            ["socks:\r//a://b:7890c", "http://\n127.0.0.1:7890", "http://127.0.0.1:7890 ", "http://h\t:1"]
        {
            assert_eq!(Proxy::parse(text), Err(ProxyError::NotAnAddress), "{text:?}");
        }
        for text in ["http://127.0.0.1:7890", "socks5h://[::1]:1080", "https://proxy.example:3128"] {
            assert_eq!(Proxy::parse(text), Ok(Proxy::Manual(text.to_owned())));
        }
    }
}
