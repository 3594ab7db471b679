//! Faults: what can go wrong, where, and how often. For tests, and whoever plays them.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    // Transport level: the request is not processed, unless said otherwise.
    /// HTTP 500 with a short text.
    #[serde(rename = "status_500")]
    Status500,
    /// HTTP 200 with a page of HTML.
    Html,
    /// HTTP 200 with no body at all.
    Empty,
    /// The request is processed; the body ends before the announced length.
    Truncated,
    /// The connection is reset before anything is answered.
    Reset,
    /// Nothing is ever answered.
    Hang,
    /// Headers and half of the body, then nothing more; the request is processed.
    Stall,
    /// A body without end.
    Endless,
    /// A small compressed body that unfolds to 16 MiB.
    GzipBomb,
    /// HTTP 302 to a host that has nothing to do with the service, carrying what a naive client would follow.
    Redirect,
    /// The request is processed, then the connection is reset: the reply is lost.
    Lost,

    // Application level: the reply is well formed and says no.
    /// A code that no documentation knows (`code`, default 77,777).
    UnknownCode,
    /// Risk control (`code`; NetEase 8821 by default, QQ 2001).
    Risk,
    /// Too many requests (QQ 104604, NetEase 406).
    RateLimited,
    /// The code or the credential has expired.
    Expired,
    /// The reply names another account.
    WrongUser,
    /// The renewal is refused for good.
    RenewalRejected,
    /// The renewal is answered with the empty skeleton (QQ; `code`, default 0) or without `MUSIC_U` (NetEase).
    RenewalSkeleton,
    /// As [`FaultKind::Lost`], for a renewal: the key has rotated, and the client does not know.
    RenewalLost,

    // Hostile: what a service never sends, and an attacker in its place might.
    /// A code that is none of a sign-in: the one of that number (`code`) in [`crate::FOREIGN_CODES`].
    ForeignCode,
    /// A picture full of what looks like the corners of a code.
    Corners,
    /// A picture that is long and one pixel high.
    Strip,
    /// A megabyte of cookies that were joined into one text.
    JoinedCookies,
    /// JSON that is nested without end.
    DeepJson,
    /// JSON of very many small values.
    WideJson,
    /// A small compressed body that unfolds to 256 MiB.
    BrotliBomb,
    /// Thousands of cookies, and so of headers.
    ManyCookies,
    /// Names with escape sequences, line breaks, marks without end and what turns a line round.
    HostileName,
}

impl FaultKind {
    /// All kinds, for tests that generate the whole matrix.
    pub const ALL: [Self; 19] = [
        Self::Status500,
        Self::Html,
        Self::Empty,
        Self::Truncated,
        Self::Reset,
        Self::Hang,
        Self::Stall,
        Self::Endless,
        Self::GzipBomb,
        Self::Redirect,
        Self::Lost,
        Self::UnknownCode,
        Self::Risk,
        Self::RateLimited,
        Self::Expired,
        Self::WrongUser,
        Self::RenewalRejected,
        Self::RenewalSkeleton,
        Self::RenewalLost,
    ];

    /// The kinds that only an attacker in a service's place would send. Not among [`ALL`](Self::ALL): a client survives
    /// them, and reports nothing in particular.
    pub const HOSTILE: [Self; 9] = [
        Self::ForeignCode,
        Self::Corners,
        Self::Strip,
        Self::JoinedCookies,
        Self::DeepJson,
        Self::WideJson,
        Self::BrotliBomb,
        Self::ManyCookies,
        Self::HostileName,
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status500 => "status_500",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Reset => "reset",
            Self::Hang => "hang",
            Self::Stall => "stall",
            Self::Endless => "endless",
            Self::GzipBomb => "gzip_bomb",
            Self::Redirect => "redirect",
            Self::Lost => "lost",
            Self::UnknownCode => "unknown_code",
            Self::Risk => "risk",
            Self::RateLimited => "rate_limited",
            Self::Expired => "expired",
            Self::WrongUser => "wrong_user",
            Self::RenewalRejected => "renewal_rejected",
            Self::RenewalSkeleton => "renewal_skeleton",
            Self::RenewalLost => "renewal_lost",
            Self::ForeignCode => "foreign_code",
            Self::Corners => "corners",
            Self::Strip => "strip",
            Self::JoinedCookies => "joined_cookies",
            Self::DeepJson => "deep_json",
            Self::WideJson => "wide_json",
            Self::BrotliBomb => "brotli_bomb",
            Self::ManyCookies => "many_cookies",
            Self::HostileName => "hostile_name",
        }
    }

    /// Whether the service's own handler plays this fault, with a well-formed reply, instead of the connection.
    pub fn is_application_level(self) -> bool {
        matches!(
            self,
            Self::UnknownCode
                | Self::Risk
                | Self::RateLimited
                | Self::Expired
                | Self::WrongUser
                | Self::RenewalRejected
                | Self::RenewalSkeleton
                | Self::ForeignCode
        )
    }
}

/// A fault to arm: what goes wrong at which request, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The name of the request, one of [`SimulatorState::request_names`](crate::SimulatorState::request_names), or `*`
    /// for every request.
    pub at: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// The business code to answer with, for the kinds that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The account that the reply names, for [`FaultKind::WrongUser`]; another one of the service by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How many requests it strikes; every one when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault that strikes every time.
    pub fn new(at: impl Into<String>, kind: FaultKind) -> Self {
        Self { at: at.into(), kind, code: None, account: None, times: None }
    }

    /// The same, answering with `code`.
    #[must_use]
    pub fn with_code(mut self, code: i64) -> Self {
        self.code = Some(code);
        self
    }

    /// The same, striking only `times` times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same, striking once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    pub(crate) fn code_or(&self, default: i64) -> i64 {
        self.code.unwrap_or(default)
    }
}

/// A fault that waits for its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArmedFault {
    /// What was armed.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it has struck.
    pub struck: u32,
}

impl ArmedFault {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, struck: 0 }
    }

    fn is_spent(&self) -> bool {
        self.fault.times.is_some_and(|times| self.struck >= times)
    }
}

/// A fault that has struck a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StruckFault {
    pub(crate) fault: Fault,
    /// Which of the things that the request asks for it struck, counted from 0.
    pub(crate) index: usize,
}

/// Takes the first armed fault that strikes a request, whose `names` say what it asks for.
pub(crate) fn strike(armed: &mut [ArmedFault], names: &[&str]) -> Option<StruckFault> {
    for fault in armed.iter_mut().filter(|fault| !fault.is_spent()) {
        let struck = match fault.fault.at.as_str() {
            "*" => Some(0),
            at => names.iter().position(|name| *name == at),
        };
        if let Some(index) = struck {
            fault.struck += 1;
            return Some(StruckFault { fault: fault.fault.clone(), index });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told() {
        let mut armed = vec![ArmedFault::new(Fault::new("qq.vip", FaultKind::Html).once())];
        assert!(strike(&mut armed, &["qq.userinfo"]).is_none());
        assert_eq!(strike(&mut armed, &["qq.userinfo", "qq.vip"]).map(|struck| struck.index), Some(1));
        assert!(strike(&mut armed, &["qq.vip"]).is_none());
    }

    #[test]
    fn every_kind_has_the_name_that_json_gives_it() {
        for kind in FaultKind::ALL.into_iter().chain(FaultKind::HOSTILE) {
            assert_eq!(serde_json::to_value(kind).expect("a kind is a string"), kind.name());
        }
    }
}
