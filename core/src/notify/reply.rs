//! What the answer of a channel means. Many answer 200 to everything and say it in the body.

use std::time::Duration;

use serde_json::Value;

use super::channel::ChannelKind;

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The key, token, topic or signature is not one that the channel accepts.
    #[error("the channel does not accept the key")]
    Key,
    /// Too many messages; after this long another may go.
    #[error("the channel has had too many messages")]
    RateLimited(Duration),
    /// The channel takes no more today.
    #[error("the channel takes no more today")]
    DailyLimit,
    /// Another reason, with the channel's own number.
    #[error("the channel says {0}")]
    Other(i64),
    /// What answers is not the channel.
    #[error("what answers is not the channel")]
    NotTheChannel,
}

/// How long to wait where a channel does not say.
const PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a channel says how it went, and with which number.
enum Verdict {
    /// The status of HTTP alone.
    Status,
    /// A number in the body, and the one that means success.
    Number(&'static str, i64),
    /// `true` in the body.
    True(&'static str),
}

impl ChannelKind {
    /// What an answer means. `retry_after` is the header of that name, in seconds.
    ///
    /// # Errors
    /// Why the message was not taken.
    pub(crate) fn reply(self, status: u16, retry_after: Option<u64>, body: &[u8]) -> Result<(), Refusal> {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let pause = |seconds: Option<u64>| seconds.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE);
        let number = match (self.verdict(), &json) {
            (Verdict::Number(name, success), Some(json)) => {
                let Some(number) = json.get(name).and_then(Value::as_i64) else {
                    return Err(Refusal::NotTheChannel);
                };
                if number == success && is_success(status) {
                    return Ok(());
                }
                number
            }
            (Verdict::True(name), Some(json)) => {
                if json.get(name) == Some(&Value::Bool(true)) && is_success(status) {
                    return Ok(());
                }
                json.get("error_code").and_then(Value::as_i64).unwrap_or(i64::from(status))
            }
            (Verdict::Status, _) if is_success(status) => return Ok(()),
            (Verdict::Status, Some(json)) => {
                json.get("code").and_then(Value::as_i64).unwrap_or(i64::from(status))
            }
            (_, None) if is_success(status) => return Err(Refusal::NotTheChannel),
            (_, None) => i64::from(status),
        };
        let seconds = json
            .as_ref()
            .and_then(|json| json.pointer("/parameters/retry_after").and_then(Value::as_u64))
            .or(retry_after);
        Err(self.refusal(number).unwrap_or(match (status, number) {
            (401 | 403 | 404, _) | (_, 401 | 403 | 404) => Refusal::Key,
            (429, _) | (_, 429) => Refusal::RateLimited(pause(seconds)),
            _ => Refusal::Other(number),
        }))
    }

    fn verdict(self) -> Verdict {
        match self {
            Self::Ntfy | Self::Gotify | Self::Webhook => Verdict::Status,
            Self::Bark | Self::PushPlus => Verdict::Number("code", 200),
            Self::ServerChan | Self::Feishu => Verdict::Number("code", 0),
            Self::WeCom | Self::DingTalk => Verdict::Number("errcode", 0),
            Self::Telegram => Verdict::True("ok"),
        }
    }

    /// What a channel's own number means, where it is no number of HTTP.
    fn refusal(self, number: i64) -> Option<Refusal> {
        Some(match (self, number) {
            (Self::Ntfy, 40_101 | 40_301) | (Self::WeCom, 93_000) | (Self::PushPlus, 903) => Refusal::Key,
            // A signature, a keyword that the text lacks, or an address that is not let in.
            (Self::DingTalk, 310_000) | (Self::Feishu, 19_021) | (Self::Bark, 400) => Refusal::Key,
            (Self::Ntfy, 42_908) | (Self::PushPlus, 900) => Refusal::DailyLimit,
            (Self::Ntfy, 42_901) | (Self::WeCom, 45_009) | (Self::Feishu, 11_232) => {
                Refusal::RateLimited(PAUSE)
            }
            // It takes nothing for ten minutes then.
            (Self::DingTalk, 130_101) => Refusal::RateLimited(PAUSE * 10),
            _ => return None,
        })
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

#[cfg(test)]
mod tests {
    use ChannelKind::{Bark, DingTalk, Feishu, Gotify, Ntfy, PushPlus, ServerChan, Telegram, WeCom, Webhook};
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn each_channel_says_in_its_own_way_that_it_has_taken_a_message() {
        for (kind, body) in [
            (Ntfy, r#"{"id":"x"}"#),
            (Gotify, r#"{"id":1}"#),
            (Webhook, ""),
            (Bark, r#"{"code":200,"message":"success"}"#),
            (PushPlus, r#"{"code":200,"data":"x"}"#),
            (ServerChan, r#"{"code":0,"data":{"errno":0}}"#),
            (Feishu, r#"{"code":0,"msg":"success"}"#),
            (WeCom, r#"{"errcode":0,"errmsg":"ok"}"#),
            (DingTalk, r#"{"errcode":0,"errmsg":"ok"}"#),
            (Telegram, r#"{"ok":true,"result":{}}"#),
        ] {
            assert_eq!(kind.reply(200, None, body.as_bytes()), Ok(()), "{kind:?}");
        }
    }

    #[test]
    fn an_error_inside_of_a_200_is_one() {
        for (kind, body, refusal) in [
            (WeCom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, Refusal::Key),
            (WeCom, r#"{"errcode":45009}"#, Refusal::RateLimited(PAUSE)),
            (DingTalk, r#"{"errcode":310000,"errmsg":"sign not match"}"#, Refusal::Key),
            (DingTalk, r#"{"errcode":130101}"#, Refusal::RateLimited(PAUSE * 10)),
            (Feishu, r#"{"code":19021,"msg":"sign match fail"}"#, Refusal::Key),
            (Feishu, r#"{"code":9499}"#, Refusal::Other(9499)),
            (PushPlus, r#"{"code":900}"#, Refusal::DailyLimit),
            (PushPlus, r#"{"code":903}"#, Refusal::Key),
            (Bark, r#"{"code":400}"#, Refusal::Key),
        ] {
            assert_eq!(kind.reply(200, None, body.as_bytes()), Err(refusal), "{kind:?} {body}");
        }
    }

    #[test]
    fn a_channel_that_wants_to_be_left_alone_says_for_how_long() {
        let body = br#"{"ok":false,"error_code":429,"parameters":{"retry_after":7}}"#;
        let seven = Err(Refusal::RateLimited(Duration::from_secs(7)));
        assert_eq!(Telegram.reply(429, None, body), seven);
        assert_eq!(Gotify.reply(429, Some(7), b"slow down"), seven);
        let for_ever = Err(Refusal::RateLimited(LONGEST_PAUSE));
        assert_eq!(Webhook.reply(429, Some(u64::MAX), b""), for_ever, "nobody is believed that much");
    }

    #[test]
    fn a_page_in_a_channels_place_has_taken_no_message() {
        for kind in ChannelKind::VARIANTS {
            if !matches!(kind, Ntfy | Gotify | Webhook) {
                let page = kind.reply(200, None, b"<html>Sign in to this network</html>");
                assert_eq!(page, Err(Refusal::NotTheChannel), "{kind:?}");
            }
            assert!(kind.reply(500, None, b"").is_err(), "{kind:?}");
        }
    }
}
