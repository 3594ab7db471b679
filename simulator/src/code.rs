//! Codes: what a client shows and a phone scans.

use serde::{Deserialize, Serialize};

use crate::account::Service;

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
}
