//! Codes: what a client shows and a phone scans. The services show them, the control side moves them on.

use serde::{Deserialize, Serialize};

use crate::state::account::{Account, AccountKind, Service};

/// Where a code is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    /// On a screen; nobody has scanned it.
    Shown,
    /// A phone scanned it and asks the person to confirm.
    Scanned,
    /// The person confirmed; the client has not fetched the result.
    Confirmed,
    /// The client fetched the result. It is given once.
    Delivered,
    /// The person refused.
    Refused,
    /// Its time is up.
    Expired,
}

/// A code that a client asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Code {
    /// Counts up from 1, over all services.
    pub id: u64,
    /// The service that issued it.
    pub service: Service,
    /// The sign-in method: `qq_scan`, `wechat_scan`, `app_scan` (QQ Music); `app_scan_web`, `app_scan_pc`,
    /// `app_scan_plain` (NetEase); `official_page` (both: a page that is open somewhere).
    pub method: String,
    /// Where it is on its way.
    pub state: CodeState,
    /// When it was issued, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// What the picture says. QQ Music: exactly that. NetEase: the oldest form of the text, which the computer builds
    /// and which real clients extend.
    pub text: String,
    /// What the client names it by: `qrsig`, the uuid, the `qrcodeID` (QQ Music), or the `unikey` (NetEase).
    pub key: String,
    /// The account that scanned it.
    pub account: Option<String>,
    /// NetEase: the `chainId` that polls named first.
    pub polled_chain: Option<String>,
    /// NetEase: the `chainId` in the text that the phone read, if it read one.
    pub scanned_chain: Option<String>,
    /// How often a client asked for its state.
    pub polls: u32,
}

impl Code {
    pub(crate) fn shown(
        id: u64,
        service: Service,
        method: &str,
        key: &str,
        text: &str,
        created_ms: i64,
    ) -> Self {
        Self {
            id,
            service,
            method: method.to_owned(),
            state: CodeState::Shown,
            created_ms,
            text: text.to_owned(),
            key: key.to_owned(),
            account: None,
            polled_chain: None,
            scanned_chain: None,
            polls: 0,
        }
    }

    /// Whether it is the code of this sign-in method that the client names by `key`.
    pub(crate) fn is_named(&self, service: Service, method: &str, key: &str) -> bool {
        self.service == service && self.method == method && self.key == key
    }

    /// Whether this account's owner has the app that scans the code: in WeChat there are only WeChat accounts.
    pub(crate) fn can_be_scanned_by(&self, account: &Account) -> bool {
        let is_wechat = self.method == "wechat_scan";
        account.service == self.service && (!is_wechat || account.kind == AccountKind::WeChat)
    }

    /// Whether `text`, read from a picture, belongs to this code; then the `chainId` in it, if there is one. It may be
    /// the code's own text, or one that NetEase's clients build around the code's key (protocol: NetEase §1.2).
    pub(crate) fn read_text(&self, text: &str) -> Option<Option<String>> {
        if self.text == text {
            return Some(None);
        }
        let url = url::Url::parse(text).ok()?;
        if url.host_str() != Some("music.163.com")
            || !matches!(url.path(), "/login" | "/st/platform/scanlogin")
        {
            return None;
        }
        let value =
            |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        (value("codekey")? == self.key).then(|| value("chainId"))
    }
}
