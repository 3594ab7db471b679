//! The settings that all fronts share. They live in the ledger; none of them is secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tunekey_services::{NeteaseProfile, Proxy, display_text};

use crate::export::Format;
use crate::problem::{Problem, ProblemCode};

/// The shared settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(default)]
pub struct Settings {
    /// How to reach the services.
    pub proxy: Proxy,
    /// The PEM file that the person chose, with certificate authorities to trust besides the system's, never instead
    /// of them. What is trusted is the copy that was made of it then.
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

/// Shortest and longest time after which a copied cookie is cleared.
const CLIPBOARD_SECONDS: std::ops::RangeInclusive<u32> = 5..=600;

impl Settings {
    /// The settings by the names that the command line uses.
    pub const KEYS: [&str; 6] =
        ["proxy", "extra-ca", "netease-profile", "format", "clipboard-seconds", "auto-renew"];

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
                    _ => {
                        return Err(Problem::invalid(
                            "netease-profile is web or pc.",
                            "netease-profile 只能是 web 或 pc。",
                        ));
                    }
                }
            }
            "format" => self.format = value.parse().map_err(|_| no_format())?,
            "clipboard-seconds" => {
                self.clipboard_seconds =
                    value.parse().ok().filter(|seconds| CLIPBOARD_SECONDS.contains(seconds)).ok_or_else(
                        || {
                            Problem::invalid(
                                "clipboard-seconds is a number from 5 to 600.",
                                "clipboard-seconds 是 5 到 600 之间的数字。",
                            )
                        },
                    )?;
            }
            "auto-renew" => {
                self.auto_renew = match value {
                    "on" => true,
                    "off" => false,
                    _ => {
                        return Err(Problem::invalid(
                            "auto-renew is on or off.",
                            "auto-renew 只能是 on 或 off。",
                        ));
                    }
                }
            }
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

fn absolute(path: &str) -> Result<PathBuf, Problem> {
    std::path::absolute(path).map_err(|_| {
        Problem::invalid("There is no such file. Name a .pem file.", "没有这个文件，请指定一个 .pem 文件。")
    })
}

fn no_format() -> Problem {
    let names: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
    let names = names.join(", ");
    Problem::invalid(
        format!("There is no such format. There are: {names}."),
        format!("没有这种格式。可用的有：{names}。"),
    )
}

fn unknown(key: &str) -> Problem {
    let (key, keys) = (display_text::detail(key), Settings::KEYS.join(", "));
    Problem::new(ProblemCode::NotFound).with_detail(format!("{key} is not one of {keys}")).with_words(
        format!("No setting “{key}”. There are: {keys}."),
        format!("没有「{key}」这个设置。可用的有：{keys}。"),
    )
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
            ("proxy", "socks5h://[::1]:1080"),
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
        let problem = Problem::from(problem);
        assert_eq!(problem.code, ProblemCode::InvalidInput);
        assert!(!problem.to_string().contains("canary"), "and it must not be repeated either");
    }

    #[test]
    fn a_socks_address_as_gnome_writes_it_is_understood() {
        let proxy = Proxy::parse("socks://127.0.0.1:1080/").expect("the proxy looks names up");
        assert_eq!(proxy, Proxy::Manual("socks5h://127.0.0.1:1080".to_owned()));
    }

    #[test]
    fn what_is_refused_is_said_in_the_persons_language_alone() {
        for (key, value) in [
            ("proxy", "x"),
            ("proxy", "ftp://x"),
            ("proxy", "http://me:canary@x"),
            ("netease-profile", "x"),
            ("format", "x"),
            ("clipboard-seconds", "x"),
            ("auto-renew", "x"),
            ("colour", "x"),
        ] {
            let problem = Settings::default().set(key, value).expect_err("nonsense");
            let chinese = problem.message(crate::problem::Language::Chinese);
            let english = problem.message(crate::problem::Language::English);
            assert!(chinese.contains('。') && !chinese.contains(". "), "{key}: {chinese}");
            assert!(english.is_ascii() || english.contains('“') || english.contains('’'), "{key}: {english}");
            assert!(!english.contains("canary") && !chinese.contains("canary"));
        }
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
