//! What the page and the tray may know of the local API: where it answers, for whom, and who used it last. No token is
//! in it, and nothing that was answered. Any file may use this; `text.rs` says it in words.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_api::Asked;
use tunekey_core::{ApiAccess, ApiScope, ApiToken, ApiUse, Problem};

/// For how long a use is told of that another process has answered: what it says is of now.
const RECENT: SignedDuration = SignedDuration::from_mins(10);

/// How the local API stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct ApiStatus {
    /// Where this window answers, such as `http://127.0.0.1:7733`; `None` while it does not.
    pub(crate) address: Option<String>,
    /// The port where it answers, or would.
    pub(crate) port: u16,
    /// Why it does not answer although it was asked to.
    pub(crate) problem: Option<Problem>,
    /// Who may ask, oldest first.
    pub(crate) tokens: Vec<ApiToken>,
    /// Who used it last. While this window does not answer: who was answered by another process since, a short while
    /// ago.
    pub(crate) last_use: Option<ApiVisit>,
}

/// Something that was asked of the local API, perhaps several times within a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct ApiVisit {
    /// When it was last asked.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) at: Timestamp,
    /// The name of the token.
    pub(crate) name: String,
    /// What it takes; `None` for what any token may.
    pub(crate) scope: Option<ApiScope>,
    /// The account that it was about, as it was named there.
    pub(crate) account: Option<String>,
    /// The method and the path.
    pub(crate) what: String,
    /// The HTTP status of the answer.
    pub(crate) status: u16,
    /// How often.
    pub(crate) times: u32,
}

impl From<ApiUse> for ApiVisit {
    fn from(ApiUse { at, token: _, name, what, status, times }: ApiUse) -> Self {
        let Asked { scope, account } = Asked::read(&what);
        Self { at, name, scope, account, what, status, times }
    }
}

impl ApiStatus {
    /// The status at `now` of what does not answer since `off_since`, or answers at an address.
    pub(crate) fn new(
        address: Option<String>,
        port: u16,
        problem: Option<Problem>,
        access: &ApiAccess,
        off_since: Timestamp,
        now: Timestamp,
    ) -> Self {
        let is_told = |one: &ApiUse| {
            // What was asked before it went off, this process has answered.
            address.is_some() || (one.at > off_since && now.duration_since(one.at) < RECENT)
        };
        let last_use = access.last_use.clone().filter(is_told).map(ApiVisit::from);
        Self { address, port, problem, tokens: access.tokens.clone(), last_use }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).expect("a time")
    }

    fn status(address: Option<&str>, used_at: i64, off_since: i64, now: i64) -> Option<String> {
        let last_use = Some(ApiUse::once(second(used_at), "id", "nas", "GET /v1/accounts", 200));
        let mut access = ApiAccess::default();
        access.last_use = last_use;
        let address = address.map(str::to_owned);
        let status = ApiStatus::new(address, 7733, None, &access, second(off_since), second(now));
        status.last_use.map(|visit| visit.name)
    }

    #[test]
    fn while_it_answers_the_last_one_who_asked_is_told_however_long_ago() {
        assert_eq!(status(Some("http://127.0.0.1:7733"), 1, 0, 1_000_000).as_deref(), Some("nas"));
    }

    #[test]
    fn once_it_is_off_nobody_is_told_of_but_who_was_answered_elsewhere_since() {
        assert_eq!(status(None, 100, 100, 101), None, "this process has answered that");
        assert_eq!(status(None, 101, 100, 102).as_deref(), Some("nas"), "another one has");
        assert_eq!(status(None, 101, 100, 101 + 600), None, "and that is no news any more");
    }

    #[test]
    fn a_visit_says_what_was_asked_and_about_which_account() {
        let one = ApiUse::once(second(1), "id", "nas", "GET /v1/accounts/netease:90001/cookie", 200);
        let visit = ApiVisit::from(one);
        assert_eq!(visit.scope, Some(ApiScope::Cookie));
        assert_eq!(visit.account.as_deref(), Some("netease:90001"));
        let shown = serde_json::to_string(&visit).expect("plain data");
        assert!(!shown.contains("\"id\""), "which token it is, nobody needs to know: {shown}");
    }
}
