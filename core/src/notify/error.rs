//! Why a message did not get through, and what to tell the person. Nothing of a message, an address or an answer is in
//! it.

use jiff::SignedDuration;
use tunekey_services::http::HttpError;

use super::post::FieldProblem;
use super::reply::Refusal;
use crate::outbound::{BadAddress, OutboundError};
use crate::problem::{Problem, ProblemCode};

/// For how long a channel is left alone whose messages of the day are used up.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Why a message, or a ping, did not get through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    /// A field is missing, or cannot be used.
    #[error("{0}")]
    Field(FieldProblem),
    /// The address may not be used.
    #[error("the address {0}")]
    Address(#[from] BadAddress),
    /// There was no answer.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// The channel has not taken it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// What opens it is not in the store.
    #[error("the secret {0} of the channel is missing")]
    NoSecret(String),
    /// Another part of TuneKey had a problem.
    #[error("{}", .0.detail.as_deref().unwrap_or("a problem"))]
    Problem(Box<Problem>),
}

impl From<FieldProblem> for ChannelError {
    fn from(problem: FieldProblem) -> Self {
        Self::Field(problem)
    }
}

impl From<Problem> for ChannelError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<OutboundError> for ChannelError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Address(why) => Self::Address(why),
            OutboundError::Http(error) => Self::Http(error),
        }
    }
}

impl ChannelError {
    /// For how long to leave the channel alone, if it asks for it.
    pub(crate) fn wish(&self) -> Option<SignedDuration> {
        match self {
            Self::Refused(Refusal::RateLimited(pause)) => SignedDuration::try_from(*pause).ok(),
            Self::Refused(Refusal::DailyLimit) => Some(A_DAY),
            _ => None,
        }
    }

    /// As fronts show it.
    pub(crate) fn problem(self) -> Problem {
        let detail = self.to_string();
        let (code, english, chinese) = match self {
            Self::Problem(problem) => return *problem,
            Self::Http(error) => {
                let problem = Problem::from(error);
                return match unreachable_words(problem.code) {
                    Some((english, chinese)) => problem.with_words(english, chinese),
                    None => problem,
                };
            }
            Self::Field(FieldProblem::Missing(key)) => {
                return Problem::invalid(format!("The field {key} is missing."), format!("缺少字段 {key}。"));
            }
            Self::Field(FieldProblem::NotAnAddress(key)) => {
                return Problem::invalid(
                    format!("The field {key} is no address that begins with https://."),
                    format!("字段 {key} 不是以 https:// 开头的地址。"),
                );
            }
            Self::Field(FieldProblem::NotAKey(key)) => {
                return Problem::invalid(
                    format!("The field {key} is not what this channel hands out. Copy it from there again."),
                    format!("字段 {key} 不是该渠道提供的内容，请重新从那里复制。"),
                );
            }
            Self::Refused(Refusal::Other(number)) => {
                return Problem::new(ProblemCode::Unexpected).with_detail(detail).with_words(
                    format!("The channel has not taken the message and says {number}. Its documentation tells why."),
                    format!("渠道没有接受消息，返回 {number}，原因见其文档。"),
                );
            }
            Self::Refused(refusal) => refusal_words(refusal),
            Self::Address(why) => address_words(why),
            Self::NoSecret(_) => (
                ProblemCode::CredentialMissing,
                "What opens this channel is no longer stored. Set it up again.",
                "该渠道的密钥已不在存储中，请重新设置。",
            ),
        };
        Problem::new(code).with_detail(detail).with_words(english, chinese)
    }
}

fn refusal_words(refusal: Refusal) -> (ProblemCode, &'static str, &'static str) {
    match refusal {
        Refusal::Key => (
            ProblemCode::InvalidInput,
            "The channel doesn’t accept the key, the token or the signature. Copy it from there again; a robot may also \
             want a keyword or this computer’s address.",
            "渠道不接受该密钥、令牌或签名。请重新从那里复制；机器人还可能要求关键词或限制来源 IP。",
        ),
        Refusal::RateLimited(_) => (
            ProblemCode::RateLimited,
            "The channel has had too many messages. TuneKey tries again by itself, later.",
            "渠道消息过于频繁，TuneKey 稍后会自动重试。",
        ),
        Refusal::DailyLimit => (
            ProblemCode::DailyLimit,
            "The channel takes no more messages today. TuneKey tries again by itself.",
            "渠道今天的消息数已用完，TuneKey 会自动重试。",
        ),
        Refusal::NotTheChannel => (
            ProblemCode::NotTheService,
            "What answers is not the channel. Check the address, and whether this network wants a sign-in first.",
            "回应的不是该渠道，请检查地址，以及当前网络是否需要先登录。",
        ),
        Refusal::Other(_) => (ProblemCode::Unexpected, "The message was not taken.", "消息未被接受。"),
    }
}

fn address_words(why: BadAddress) -> (ProblemCode, &'static str, &'static str) {
    let (english, chinese) = match why {
        BadAddress::None => (
            "That is no address that begins with https:// or http://.",
            "地址应以 https:// 或 http:// 开头。",
        ),
        BadAddress::HasPassword => (
            "There is a user name or password in the address, which ends up in logs. Leave it out.",
            "地址中带有用户名或密码，会被写进日志，请去掉。",
        ),
        BadAddress::Plain => (
            "That address is not encrypted: whoever is on the way can read messages and write to you. Use https, or agree to \
             it for your own network.",
            "该地址未加密，途经者可以读取消息并冒充发送。请使用 https，或明确同意在自己的内网中使用。",
        ),
        BadAddress::PlainAbroad => (
            "That address is not encrypted and leads out of your network. Use https.",
            "该地址未加密且不在你的内网中，请使用 https。",
        ),
    };
    (ProblemCode::InvalidInput, english, chinese)
}

/// What to tell of a channel that was not reached; `None` where something else stands in the way, such as a proxy.
fn unreachable_words(code: ProblemCode) -> Option<(&'static str, &'static str)> {
    Some(match code {
        ProblemCode::UntrustedCertificate => (
            "The certificate of the channel isn’t trusted, so nothing was sent. Add its authority (extra-ca) in the settings.",
            "渠道的证书不受信任，未发送任何内容。请在设置里添加其 CA 证书（extra-ca）。",
        ),
        ProblemCode::NameNotResolved => {
            ("The name in the address leads nowhere. Check it.", "无法解析地址中的域名，请检查。")
        }
        ProblemCode::Timeout => ("The channel did not answer in time.", "渠道没有及时响应。"),
        ProblemCode::Offline | ProblemCode::NotTheService | ProblemCode::Unexpected => {
            ("The channel can’t be reached.", "连接不上渠道。")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::problem::Language;

    #[test]
    fn every_error_says_in_both_languages_what_to_do_and_repeats_nothing() {
        for error in [
            ChannelError::Field(FieldProblem::Missing("token")),
            ChannelError::Field(FieldProblem::NotAnAddress("server")),
            ChannelError::Field(FieldProblem::NotAKey("key")),
            BadAddress::None.into(),
            BadAddress::HasPassword.into(),
            BadAddress::Plain.into(),
            BadAddress::PlainAbroad.into(),
            HttpError::Connect.into(),
            HttpError::Timeout.into(),
            Refusal::Key.into(),
            Refusal::RateLimited(Duration::from_secs(7)).into(),
            Refusal::DailyLimit.into(),
            Refusal::Other(9_499).into(),
            Refusal::NotTheChannel.into(),
            ChannelError::NoSecret("token".to_owned()),
        ] {
            let problem = error.problem();
            let (english, chinese) = (problem.message(Language::English), problem.message(Language::Chinese));
            assert!(english.ends_with('.') && chinese.ends_with('。'), "{english} {chinese}");
        }
    }

    #[test]
    fn a_channel_is_left_alone_for_as_long_as_it_says() {
        let limited = ChannelError::from(Refusal::RateLimited(Duration::from_secs(7)));
        assert_eq!(limited.wish(), Some(SignedDuration::from_secs(7)));
        assert_eq!(ChannelError::from(Refusal::DailyLimit).wish(), Some(A_DAY));
        assert_eq!(ChannelError::from(HttpError::Connect).wish(), None);
    }
}
