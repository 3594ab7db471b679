//! The settings that all fronts share. They live in the ledger; none of them is secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tunekey_services::facts::ClientIdentityFacts;
use tunekey_services::{ClientIdentities, Proxy, display_text, registry};

use crate::export::{self, Format};
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
    /// As which of its own clients to ask each service that has several, each under the name of its own setting.
    #[serde(flatten, with = "client_identities")]
    #[cfg_attr(feature = "typescript", ts(skip))]
    pub client_identities: ClientIdentities,
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
            client_identities: ClientIdentities::default(),
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
    pub fn keys() -> Vec<&'static str> {
        let identities = client_identities::all().map(|facts| facts.setting);
        let shared = ["format", "clipboard-seconds", "auto-renew"];
        ["proxy", "extra-ca"].into_iter().chain(identities).chain(shared).collect()
    }

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
            "format" => self.format.as_str().to_owned(),
            "clipboard-seconds" => self.clipboard_seconds.to_string(),
            "auto-renew" => if self.auto_renew { "on" } else { "off" }.to_owned(),
            _ => match client_identities::by_setting(key) {
                Some(facts) => self.client_identities.of(facts).to_owned(),
                None => return Err(unknown(key)),
            },
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
            _ => {
                let facts = client_identities::by_setting(key).ok_or_else(|| unknown(key))?;
                if !self.client_identities.choose(facts, value) {
                    return Err(no_client_identity(facts));
                }
            }
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
    let names = export::names(Format::all());
    Problem::invalid(
        format!("There is no such format. There are: {names}."),
        format!("没有这种格式。可用的有：{names}。"),
    )
}

fn no_client_identity(facts: &ClientIdentityFacts) -> Problem {
    let (setting, values) = (facts.setting, facts.options.iter().map(|option| option.value));
    let values: Vec<_> = values.collect();
    Problem::invalid(
        format!("{setting} is {}.", values.join(" or ")),
        format!("{setting} 只能是 {}。", values.join(" 或 ")),
    )
}

/// The client identities among the settings: each service that has several has a setting for them.
mod client_identities {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    use super::{ClientIdentities, ClientIdentityFacts, registry};

    /// Of every service that has several.
    pub(super) fn all() -> impl Iterator<Item = &'static ClientIdentityFacts> {
        registry::all().iter().filter_map(|service| service.facts().client_identity.as_ref())
    }

    pub(super) fn by_setting(setting: &str) -> Option<&'static ClientIdentityFacts> {
        all().find(|facts| facts.setting == setting)
    }

    pub(super) fn serialize<S: Serializer>(
        chosen: &ClientIdentities,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(all().map(|facts| (facts.key, chosen.of(facts))))
    }

    /// A choice that only a newer version has counts as none.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ClientIdentities, D::Error> {
        let values = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let mut chosen = ClientIdentities::default();
        for facts in all() {
            if let Some(value) = values.get(facts.key).and_then(Value::as_str) {
                chosen.choose(facts, value);
            }
        }
        Ok(chosen)
    }
}

fn unknown(key: &str) -> Problem {
    let (key, keys) = (display_text::detail(key), Settings::keys().join(", "));
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
    fn a_client_identity_stands_under_the_name_of_its_own_setting_in_the_file() {
        let mut settings = Settings::default();
        let written = |settings: &Settings| serde_json::to_value(settings).expect("it is plain data");
        assert_eq!(written(&settings)["netease_profile"], "web");
        settings.set("netease-profile", "pc").expect("it is one of the two");
        assert_eq!(written(&settings)["netease_profile"], "pc");
        let read = |value: &str| {
            let text =
                format!(r#"{{"auto_renew": false, "netease_profile": {value}, "of_a_newer_version": [1]}}"#);
            serde_json::from_str::<Settings>(&text).expect("it is readable")
        };
        assert_eq!(read("\"pc\"").get("netease-profile"), Ok("pc".to_owned()));
        for unknown in ["\"tv\"", "null", "7"] {
            let settings = read(unknown);
            assert_eq!(settings.get("netease-profile"), Ok("web".to_owned()), "{unknown}");
            assert!(!settings.auto_renew, "the rest is read all the same");
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
