//! The channels: what each is called and what it has to be told. Data for every front.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use tunekey_services::Bilingual;

/// A way to reach the person's phone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    VariantArray,
    EnumString,
    IntoStaticStr,
)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ChannelKind {
    /// ntfy, on ntfy.sh or a server of one's own.
    Ntfy,
    /// Bark, for iPhones.
    Bark,
    /// Gotify, on a server of one's own.
    Gotify,
    /// Server酱, which forwards to WeChat: both the Turbo and the third generation.
    ServerChan,
    /// A robot in a group of 企业微信.
    WeCom,
    /// A robot in a group of 钉钉.
    DingTalk,
    /// A robot in a group of 飞书 or Lark.
    Feishu,
    /// A bot of Telegram.
    Telegram,
    /// PushPlus, which forwards to WeChat.
    PushPlus,
    /// Any address that takes JSON.
    Webhook,
}

/// What there is to know of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ChannelFacts {
    /// Which channel.
    pub kind: ChannelKind,
    /// What people call it.
    pub name: Bilingual,
    /// What it has to be told, in the order in which to ask.
    pub fields: &'static [ChannelField],
}

/// Something that a channel has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ChannelField {
    /// The name under which it is kept.
    pub key: &'static str,
    /// What to ask for.
    pub label: Bilingual,
    /// Whether whoever has it can write to the person or read along: it belongs in the secret store.
    pub secret: bool,
    /// What stands there when the person says nothing; `None` when something has to be said.
    pub default: Option<&'static str>,
}

/// What the address of a server is asked by.
const SERVER: Bilingual = Bilingual::new("Server", "服务器");

const NTFY: &[ChannelField] = &[
    optional("server", SERVER, "https://ntfy.sh"),
    // Whoever knows the topic reads along.
    secret("topic", "Topic", "主题"),
    optional_secret("token", "Access token", "访问令牌"),
];
const BARK: &[ChannelField] =
    &[optional("server", SERVER, "https://api.day.app"), secret("device_key", "Device key", "设备密钥")];
const GOTIFY: &[ChannelField] = &[
    ChannelField { key: "server", label: SERVER, secret: false, default: None },
    secret("token", "Application token", "应用令牌"),
];
const SERVER_CHAN: &[ChannelField] = &[secret("key", "SendKey", "SendKey")];
const WE_COM: &[ChannelField] = &[secret("key", "Robot key", "机器人 key")];
const DING_TALK: &[ChannelField] = &[
    secret("access_token", "Access token", "access_token"),
    optional_secret("secret", "Signing secret (SEC…)", "加签密钥（SEC…）"),
];
const FEISHU: &[ChannelField] = &[
    optional("server", SERVER, "https://open.feishu.cn"),
    secret("hook", "Webhook ID", "Webhook ID"),
    optional_secret("secret", "Signing secret", "签名密钥"),
];
const TELEGRAM: &[ChannelField] = &[
    optional("server", SERVER, "https://api.telegram.org"),
    secret("token", "Bot token", "Bot token"),
    ChannelField { key: "chat", label: Bilingual::new("Chat ID", "会话 ID"), secret: false, default: None },
];
const PUSH_PLUS: &[ChannelField] = &[secret("token", "Token", "Token")];
const WEBHOOK: &[ChannelField] = &[secret("url", "Address", "地址")];

const fn secret(key: &'static str, english: &'static str, chinese: &'static str) -> ChannelField {
    ChannelField { key, label: Bilingual::new(english, chinese), secret: true, default: None }
}

const fn optional_secret(key: &'static str, english: &'static str, chinese: &'static str) -> ChannelField {
    ChannelField { key, label: Bilingual::new(english, chinese), secret: true, default: Some("") }
}

const fn optional(key: &'static str, label: Bilingual, default: &'static str) -> ChannelField {
    ChannelField { key, label, secret: false, default: Some(default) }
}

impl ChannelKind {
    /// Its name, as commands and the ledger have it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What there is to know of it.
    pub fn facts(self) -> ChannelFacts {
        let (english, chinese, fields) = match self {
            Self::Ntfy => ("ntfy", "ntfy", NTFY),
            Self::Bark => ("Bark", "Bark", BARK),
            Self::Gotify => ("Gotify", "Gotify", GOTIFY),
            Self::ServerChan => ("ServerChan", "Server酱", SERVER_CHAN),
            Self::WeCom => ("WeCom robot", "企业微信机器人", WE_COM),
            Self::DingTalk => ("DingTalk robot", "钉钉机器人", DING_TALK),
            Self::Feishu => ("Feishu robot", "飞书机器人", FEISHU),
            Self::Telegram => ("Telegram", "Telegram", TELEGRAM),
            Self::PushPlus => ("PushPlus", "PushPlus", PUSH_PLUS),
            Self::Webhook => ("Webhook", "Webhook", WEBHOOK),
        };
        ChannelFacts { kind: self, name: Bilingual::new(english, chinese), fields }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_one_name_everywhere() {
        for kind in ChannelKind::VARIANTS {
            assert_eq!(serde_json::to_value(kind).expect("it is a text"), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }

    #[test]
    fn every_channel_has_a_secret_and_asks_for_each_field_once() {
        for kind in ChannelKind::VARIANTS {
            let fields = kind.facts().fields;
            assert!(fields.iter().any(|field| field.secret), "{kind:?}: anybody could write to the person");
            let keys: std::collections::BTreeSet<_> = fields.iter().map(|field| field.key).collect();
            assert_eq!(keys.len(), fields.len(), "{kind:?}");
        }
    }
}

#[cfg(all(test, feature = "typescript"))]
mod bindings {
    use super::*;

    /// The channels that there are, for the host that plays the program behind the window.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a source of the page: nothing reads it before it is whole"
    )]
    fn export_bindings_channels() {
        let facts: Vec<_> = ChannelKind::VARIANTS.iter().map(|kind| kind.facts()).collect();
        let facts = serde_json::to_string_pretty(&facts).expect("they are texts");
        let text = format!(
            "// Generated from the facts of the channels. Do not edit.\n\
             import type {{ ChannelFacts }} from './ChannelFacts';\n\n\
             export const channels: ChannelFacts[] = {facts};\n"
        );
        let folder = ts_rs::Config::from_env().out_dir().to_owned();
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("channels.ts"), text).expect("it can be written");
    }
}
