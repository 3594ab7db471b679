//! The arguments of `serve` and `token` as clap parses them. For `args.rs`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::str::FromStr;

use clap::{Args, Subcommand};
use tunekey_api::{DEFAULT_PORT, Origin};
use tunekey_core::ApiScope;

/// Where to serve if nothing else is said.
const USUAL: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, DEFAULT_PORT));

/// Where to serve, and for whom besides.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The address to listen at; 127.0.0.1:7733 if left out
    #[arg(long, value_name = "ADDRESS", default_value_t = USUAL, hide_default_value = true)]
    pub(crate) listen: SocketAddr,
    /// A name that leads here besides localhost, such as that of a reverse proxy; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<HostName>,
    /// An origin whose pages may ask, such as `https://example.com`; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<OriginName>,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for a program, and show it once
    #[command(override_usage = "tunekey token add <NAME> --scope <SCOPE>...")]
    Add {
        /// Whom it is for, such as the name of the program
        name: String,
        /// What it allows: status, cookie, renew, sign-in; may be given several times
        #[arg(long, value_name = "SCOPE", required = true, value_delimiter = ',')]
        scope: Vec<ScopeName>,
    },
    /// List the tokens, what each allows, and when it was last used
    List,
    /// Revoke a token: whoever has it is refused from then on
    Revoke {
        /// Its name
        name: String,
    },
    /// Show who asked for what, the newest last
    Log,
}

/// A name that leads here, with a port where it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName(pub(crate) String);

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if !text.is_empty() && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use a host’s name, such as nas.example or nas.example:8080".to_owned())
        }
    }
}

/// An origin as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OriginName(pub(crate) Origin);

impl FromStr for OriginName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origin = text.parse().map(Self);
        origin.map_err(|_| "use an origin as browsers write it, such as https://example.com".to_owned())
    }
}

/// A scope that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeName(pub(crate) ApiScope);

impl FromStr for ScopeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = text.parse().map(Self);
        scope.map_err(|_| "use status, cookie, renew or sign-in".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_host_is_no_address_and_holds_no_path() {
        for good in ["nas.example", "nas.example:8080", "[fd00::1]:7733", "NAS"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        for bad in ["", "http://nas.example", "nas.example/", "a b", "*"] {
            bad.parse::<HostName>().expect_err(bad);
        }
    }
}
