//! Which proxy the system names, and what to do with one that cannot be used: say so. Going on without it would
//! show the service another address than the person means to show, or leave them with "can't be reached".
//!
//! The order and the meaning are curl's: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, in capitals or not; what is
//! empty counts as not set. Where the environment says nothing, Windows and macOS are asked.

use std::ffi::OsString;
use std::fmt;

use url::Url;

use super::HttpError;
use crate::display_text;

/// Where a proxy is named, most specific first. A proxy for plain HTTP alone is none for us.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Where hosts are named that go without it.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy that the system names.
#[derive(Clone, PartialEq, Eq)]
pub struct SystemProxy {
    address: Url,
    /// Hosts that go without it, separated by commas.
    exceptions: String,
    source: &'static str,
}

impl SystemProxy {
    /// The proxy that the system names now; `None` when it names none.
    ///
    /// # Errors
    /// [`HttpError::ProxyUnusable`] when it names one that cannot be used.
    pub fn now() -> Result<Option<Self>, HttpError> {
        // The document says that these variables are obeyed, and every front shows it.
        match Self::from_environment(|name| std::env::var_os(name))? {
            Some(proxy) => Ok(Some(proxy)),
            None => platform::proxy(),
        }
    }

    /// Where it is named: a variable, or the system's settings.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Its address as it may be shown: without a user name or password.
    pub fn address(&self) -> String {
        let mut address = self.address.clone();
        // Neither fails for an address with a host.
        let _ = address.set_username("").and_then(|()| address.set_password(None));
        display_text::detail(address.as_str().trim_end_matches('/'))
    }

    pub(super) fn for_client(&self) -> Result<reqwest::Proxy, HttpError> {
        let proxy =
            reqwest::Proxy::all(self.address.clone()).map_err(|_| HttpError::ProxyUnusable(self.source))?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.exceptions)))
    }

    pub(super) fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, HttpError> {
        let exceptions = EXCEPTIONS.iter().find_map(|name| {
            let value = variable(name)?.to_string_lossy().into_owned();
            (!bare(&value).is_empty()).then(|| bare(&value).to_owned())
        });
        for name in VARIABLES {
            let Some(value) = variable(name) else { continue };
            let value = value.to_str().ok_or(HttpError::ProxyUnusable(name))?;
            if !bare(value).is_empty() {
                let exceptions = exceptions.unwrap_or_default();
                return Self::read(value, exceptions, name).map(Some);
            }
        }
        Ok(None)
    }

    pub(super) fn read(value: &str, exceptions: String, source: &'static str) -> Result<Self, HttpError> {
        let address = proxy_address(value).ok_or(HttpError::ProxyUnusable(source))?;
        Ok(Self { address, exceptions, source })
    }
}

/// A proxy's address as programs write it: without a scheme it is HTTP, and `socks`, as GNOME has it, is SOCKS 5
/// that looks names up itself.
fn proxy_address(value: &str) -> Option<Url> {
    let value = bare(value);
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "socks" => "socks5h".to_owned(),
        known @ ("http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") => known.to_owned(),
        _ => return None,
    };
    let address = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    let has_host = address.host_str().is_some_and(|host| !host.is_empty() && !host.contains(['%', ' ']));
    has_host.then_some(address)
}

/// A value without the spaces and quotes that files of settings leave around it.
fn bare(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’'))
}

/// It can hold a password.
impl fmt::Debug for SystemProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemProxy({} from {})", self.address(), self.source)
    }
}

#[cfg(windows)]
mod platform {
    use super::{SystemProxy, windows_proxy};
    use crate::http::HttpError;

    /// What the registry says for this user.
    pub(super) fn proxy() -> Result<Option<SystemProxy>, HttpError> {
        const SETTINGS: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings";
        let Ok(settings) = windows_registry::CURRENT_USER.open(SETTINGS) else { return Ok(None) };
        let enabled = settings.get_u32("ProxyEnable").unwrap_or(0) != 0;
        let text = |name: &str| settings.get_string(name).unwrap_or_default();
        windows_proxy(enabled, &text("ProxyServer"), &text("ProxyOverride"), &text("AutoConfigURL"))
    }
}

/// What Windows' own proxy settings mean. A script that finds proxies cannot be run here.
#[cfg(any(windows, test))]
fn windows_proxy(
    enabled: bool,
    server: &str,
    exceptions: &str,
    script: &str,
) -> Result<Option<SystemProxy>, HttpError> {
    const SOURCE: &str = "Windows";
    if !enabled || bare(server).is_empty() {
        return if script.is_empty() { Ok(None) } else { Err(HttpError::ProxyUnusable(SOURCE)) };
    }
    // `*.host` and `10.*` become what `NO_PROXY` knows; `<local>` means names without a dot, of which we ask none.
    let exceptions: Vec<_> = exceptions.split(';').map(|one| one.trim().trim_start_matches("*.")).collect();
    let address = if server.contains('=') {
        let of = |kind: &str| {
            server.split(';').find_map(|one| one.trim().strip_prefix(kind)?.strip_prefix('=')).map(str::trim)
        };
        match (of("https"), of("socks")) {
            (Some(https), _) => https.to_owned(),
            (None, Some(socks)) => format!("socks://{socks}"),
            // A proxy for plain HTTP alone.
            (None, None) => return Ok(None),
        }
    } else {
        server.to_owned()
    };
    SystemProxy::read(&address, exceptions.join(","), SOURCE).map(Some)
}

#[cfg(target_os = "macos")]
mod platform {
    use hyper_util::client::proxy::matcher::Matcher;

    use super::SystemProxy;
    use crate::http::HttpError;

    /// The proxy of the network settings for HTTPS.
    pub(super) fn proxy() -> Result<Option<SystemProxy>, HttpError> {
        const SOURCE: &str = "macOS";
        let Some(found) = Matcher::from_system().intercept(&http::Uri::from_static("https://y.qq.com/"))
        else {
            return Ok(None);
        };
        SystemProxy::read(&found.uri().to_string(), String::new(), SOURCE).map(Some)
    }
}

#[cfg(not(any(windows, target_os = "macos")))]
mod platform {
    use super::SystemProxy;
    use crate::http::HttpError;

    /// Elsewhere the environment is all there is.
    #[expect(clippy::unnecessary_wraps, reason = "other systems can name one that cannot be used")]
    pub(super) fn proxy() -> Result<Option<SystemProxy>, HttpError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<Option<(String, &'static str)>, HttpError> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let proxy = SystemProxy::from_environment(variable)?;
        Ok(proxy.map(|proxy| (proxy.address(), proxy.source())))
    }

    #[test]
    fn every_way_in_which_programs_write_a_proxy_is_understood() {
        for (value, address) in [
            ("http://127.0.0.1:7890", "http://127.0.0.1:7890"),
            ("http://127.0.0.1:7890/", "http://127.0.0.1:7890"),
            ("HTTP://Proxy.Example:3128", "http://proxy.example:3128"),
            ("127.0.0.1:7890", "http://127.0.0.1:7890"),
            ("localhost:7890", "http://localhost:7890"),
            ("proxy.example", "http://proxy.example"),
            ("https://proxy.example:443", "https://proxy.example"),
            ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080"),
            ("SOCKS://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
            ("socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
            ("socks5h://[::1]:1080", "socks5h://[::1]:1080"),
            ("socks4a://127.0.0.1:1080", "socks4a://127.0.0.1:1080"),
            ("\"http://127.0.0.1:7890\"", "http://127.0.0.1:7890"),
            (" 'socks://127.0.0.1:1080' ", "socks5h://127.0.0.1:1080"),
            ("“http://127.0.0.1:7890”", "http://127.0.0.1:7890"),
        ] {
            for name in VARIABLES {
                assert_eq!(found(&[(name, value)]), Ok(Some((address.to_owned(), name))), "{value}");
            }
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_and_nothing_takes_its_place() {
        for value in
            ["ftp://proxy.example:21", "http://", "socks5://:1080", "http://a b:1", "http://h:99999", "://"]
        {
            for name in VARIABLES {
                let refused = Err(HttpError::ProxyUnusable(name));
                assert_eq!(found(&[(name, value)]), refused, "{value}");
            }
        }
        // Neither does a more general one.
        let both = [("https_proxy", "nonsense://x"), ("all_proxy", "http://127.0.0.1:7890")];
        assert_eq!(found(&both), Err(HttpError::ProxyUnusable("https_proxy")));
    }

    #[test]
    fn what_is_empty_is_not_set_and_hides_nothing() {
        for empty in ["", "  ", "\"\"", "''"] {
            assert_eq!(found(&[("HTTPS_PROXY", empty)]), Ok(None), "{empty:?}");
            let hidden = [("HTTPS_PROXY", empty), ("https_proxy", "socks://h:1"), ("all_proxy", "http://no")];
            assert_eq!(found(&hidden), Ok(Some(("socks5h://h:1".to_owned(), "https_proxy"))), "{empty:?}");
        }
        assert_eq!(found(&[("http_proxy", "http://127.0.0.1:1")]), Ok(None), "it is for plain HTTP");
    }

    #[test]
    fn a_password_is_used_and_never_shown() {
        let variable = |name: &str| {
            (name == "https_proxy").then(|| OsString::from("http://me:canary-pw@127.0.0.1:7890"))
        };
        let proxy = SystemProxy::from_environment(variable).expect("it can be used").expect("it is named");
        assert_eq!(proxy.address(), "http://127.0.0.1:7890");
        assert!(proxy.address.as_str().contains("canary-pw"), "it goes to the proxy");
        assert!(!format!("{proxy:?}").contains("canary"));
    }

    #[test]
    fn what_windows_says_is_understood_or_refused() {
        let windows = |enabled, server, script| {
            let proxy = windows_proxy(enabled, server, "*.lan;<local>", script)?;
            Ok(proxy.map(|proxy| proxy.address()))
        };
        for (server, address) in [
            ("127.0.0.1:7890", "http://127.0.0.1:7890"),
            ("http=127.0.0.1:1;https=127.0.0.1:2;socks=127.0.0.1:3", "http://127.0.0.1:2"),
            ("http=127.0.0.1:1; socks=127.0.0.1:3", "socks5h://127.0.0.1:3"),
        ] {
            assert_eq!(windows(true, server, ""), Ok(Some(address.to_owned())), "{server}");
            assert_eq!(windows(false, server, ""), Ok(None), "{server} is switched off");
        }
        assert_eq!(windows(true, "http=127.0.0.1:1", ""), Ok(None));
        for (enabled, server) in [(true, ""), (false, "127.0.0.1:1")] {
            let script = windows(enabled, server, "http://127.0.0.1/proxy.pac");
            assert_eq!(script, Err(HttpError::ProxyUnusable("Windows")), "a script cannot be run");
        }
    }
}
