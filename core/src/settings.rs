//! The settings that all fronts share. They live in the ledger; none of them is secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::export::Format;
use crate::problem::{Problem, ProblemCode};

/// The shared settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(default)]
pub struct Settings {
    /// How to reach the services.
    pub proxy: Proxy,
    /// A PEM file with certificate authorities to trust besides the system's, never instead of them.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub extra_ca: Option<PathBuf>,
    /// As which of NetEase's own clients to present ourselves.
    pub netease_profile: NeteaseProfile,
    /// The format in which accounts are copied that have none of their own.
    pub format: Format,
    /// After how many seconds a copied cookie is cleared from the clipboard.
    pub clipboard_seconds: u32,
    /// Whether keys are renewed by themselves.
    pub auto_renew: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxy: Proxy::System,
            extra_ca: None,
            netease_profile: NeteaseProfile::Web,
            format: Format::Header,
            clipboard_seconds: 30,
            auto_renew: true,
        }
    }
}

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

/// As which of NetEase's own clients we present ourselves (protocol: NetEase §0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum NeteaseProfile {
    /// The web site: weapi, type 1.
    Web,
    /// The desktop client: eapi, type 3.
    Pc,
}

/// The settings by the names that the command line uses.
pub const KEYS: [&str; 6] =
    ["proxy", "extra-ca", "netease-profile", "format", "clipboard-seconds", "auto-renew"];

/// Shortest and longest time after which a copied cookie is cleared.
const CLIPBOARD_SECONDS: std::ops::RangeInclusive<u32> = 5..=600;

impl Settings {
    /// The value of a setting as the command line shows it.
    ///
    /// # Errors
    /// `NotFound` when there is no setting of that name.
    pub fn get(&self, key: &str) -> Result<String, Problem> {
        Ok(match key {
            "proxy" => match &self.proxy {
                Proxy::System => "system".to_owned(),
                Proxy::None => "none".to_owned(),
                Proxy::Manual(url) => url.clone(),
            },
            "extra-ca" => self.extra_ca.as_ref().map_or_else(String::new, |path| path.display().to_string()),
            "netease-profile" => match self.netease_profile {
                NeteaseProfile::Web => "web".to_owned(),
                NeteaseProfile::Pc => "pc".to_owned(),
            },
            "format" => self.format.as_str().to_owned(),
            "clipboard-seconds" => self.clipboard_seconds.to_string(),
            "auto-renew" => if self.auto_renew { "on" } else { "off" }.to_owned(),
            _ => return Err(unknown(key)),
        })
    }

    /// Sets a setting from text, after checking it.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `InvalidInput` for a value that cannot be used.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Problem> {
        match key {
            "proxy" => self.proxy = Proxy::parse(value)?,
            "extra-ca" => self.extra_ca = if value.is_empty() { None } else { Some(absolute(value)?) },
            "netease-profile" => {
                self.netease_profile = match value {
                    "web" => NeteaseProfile::Web,
                    "pc" => NeteaseProfile::Pc,
                    _ => return Err(invalid("netease-profile is web or pc")),
                }
            }
            "format" => self.format = value.parse().map_err(|_| invalid("no such format"))?,
            "clipboard-seconds" => {
                self.clipboard_seconds = value
                    .parse()
                    .ok()
                    .filter(|seconds| CLIPBOARD_SECONDS.contains(seconds))
                    .ok_or_else(|| invalid("clipboard-seconds is a number from 5 to 600"))?;
            }
            "auto-renew" => {
                self.auto_renew = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(invalid("auto-renew is on or off")),
                }
            }
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

impl Proxy {
    /// Reads `system`, `none` or an address.
    ///
    /// # Errors
    /// `InvalidInput` for anything that is not a proxy address without a password.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "system" | "" => return Ok(Self::System),
            "none" => return Ok(Self::None),
            _ => {}
        }
        let url =
            url::Url::parse(text).map_err(|_| invalid("a proxy address looks like http://127.0.0.1:7890"))?;
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return Err(invalid("a proxy address starts with http://, https://, socks5:// or socks5h://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("a proxy address names a host"));
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(invalid(
                "a proxy address with a user name or password can’t be kept; leave them out",
            ));
        }
        Ok(Self::Manual(text.trim_end_matches('/').to_owned()))
    }
}

fn absolute(path: &str) -> Result<PathBuf, Problem> {
    std::path::absolute(path).map_err(|_| invalid("no such file"))
}

fn unknown(key: &str) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("{key} is not one of {}", KEYS.join(", ")))
}

fn invalid(why: &str) -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_back_what_was_set() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("proxy", "socks5://127.0.0.1:7890"),
            ("proxy", "none"),
            ("netease-profile", "pc"),
            ("format", "env"),
            ("clipboard-seconds", "60"),
            ("auto-renew", "off"),
        ] {
            settings.set(key, value).expect("the value is good");
            assert_eq!(settings.get(key).expect("the key is known"), value);
        }
    }

    #[test]
    fn a_proxy_address_with_a_password_is_refused_because_the_ledger_holds_no_secrets() {
        let problem = Proxy::parse("http://me:canary@proxy:3128").expect_err("a password must not be kept");
        assert_eq!(problem.code, ProblemCode::InvalidInput);
        assert!(!problem.to_string().contains("canary"), "and it must not be repeated either");
    }

    #[test]
    fn nonsense_is_refused_and_changes_nothing() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("proxy", "ftp://x"),
            ("proxy", "127.0.0.1:7890"),
            ("clipboard-seconds", "0"),
            ("clipboard-seconds", "a while"),
            ("auto-renew", "perhaps"),
            ("colour", "blue"),
        ] {
            settings.set(key, value).expect_err("nonsense");
        }
        assert_eq!(settings, Settings::default());
    }
}
