//! What a sign-in asks of the person before it can go on, and what the person gives.
//!
//! Codes to scan need nothing here: the phone answers the service by itself.

use std::time::Duration;

use serde::Serialize;

use crate::bilingual::Bilingual;
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::id::ServiceId;
use crate::official_page::OfficialPage;
use crate::private_address::PrivateAddress;
use crate::secret::Secret;

/// What a sign-in asks for. The same question again, with a problem in it, says that the last answer did not do.
#[derive(Debug)]
pub enum Question {
    /// A phone number to send a code to: [`Input::PhoneNumber`].
    PhoneNumber {
        /// Why the last one did not do.
        error: Option<ServiceError>,
        /// For how long the service wants to be left alone.
        wait: Option<Duration>,
    },
    /// A check on a page of the service that opens in the system's browser: [`Input::CaptchaDone`].
    Captcha {
        /// The page. `https`, and a host of the service.
        address: PrivateAddress,
    },
    /// The code that was sent: [`Input::TextCode`], [`Input::Resend`] or [`Input::ChangeNumber`].
    TextCode {
        /// The number with most of its digits hidden.
        sent_to: String,
        /// Before when no other is sent.
        resend_after: Duration,
        /// Why the last one did not do.
        error: Option<ServiceError>,
    },
    /// A visit to the service's own page: [`Input::PageAddress`], [`Input::PageCookies`] or [`Input::PageClosed`].
    Page(Box<OfficialPage>),
    /// A credential to paste: [`Input::Text`].
    Paste {
        /// Why the last one did not do.
        unusable: Option<Unusable>,
        /// The same in technical English, for those who want details.
        detail: Option<String>,
    },
    /// Which of the accounts in the text: [`Input::Account`], or [`Input::Text`] for another text.
    WhichAccount {
        /// All that the service could be asked about, in the order of the text; at least two.
        accounts: Vec<PastedAccount>,
    },
    /// Whether to go on with what was pasted: [`Input::Go`], or [`Input::Text`] for another text.
    Detected(Detected),
}

impl Question {
    /// Whether [`Input::Text`] answers it.
    pub fn takes_text(&self) -> bool {
        match self {
            Self::Paste { .. } | Self::WhichAccount { .. } | Self::Detected(_) => true,
            Self::PhoneNumber { .. } | Self::Captcha { .. } | Self::TextCode { .. } | Self::Page(_) => false,
        }
    }
}

/// What the person, or their front, gives to a sign-in.
#[derive(Debug)]
pub enum Input {
    /// Send a code to this number.
    PhoneNumber {
        /// The country's code without plus or zeros, such as `86`.
        country: String,
        /// The number within the country.
        number: Secret,
    },
    /// The check in the browser is done.
    CaptchaDone,
    /// The code that came.
    TextCode(Secret),
    /// No code came: send another.
    Resend,
    /// It was the wrong number.
    ChangeNumber,
    /// The page wanted to go to the address that it was opened for.
    PageAddress(Secret),
    /// The page has set the cookie that it was opened for; these are all of the site's cookies.
    PageCookies(CookieMap),
    /// The page was closed before that.
    PageClosed,
    /// What was pasted.
    Text(Secret),
    /// The account with this place among those that were asked about, counted from 0.
    Account(usize),
    /// Go on with it.
    Go,
}

/// What was recognised in a pasted text. It says what is there, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Detected {
    /// The shape that it was in.
    pub format: PasteFormat,
    /// How many fields it has.
    pub fields: u32,
    /// The parts of a credential, found or missing, most important first.
    pub parts: Vec<DetectedPart>,
    /// Whether it could be renewed.
    pub renewable: bool,
}

/// Why a pasted text is of no use for a service, and what it holds all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Unusable {
    /// Why.
    pub reason: UnusableReason,
    /// Why in words, as [`UnusableReason::words`].
    pub words: Option<Bilingual>,
    /// The parts of a credential of this service, found or missing; none where there is nothing of it.
    pub parts: Vec<DetectedPart>,
    /// The other service, when the text is a whole credential of that one.
    pub other: Option<ServiceId>,
}

impl Unusable {
    /// A text of which those parts are there and those are missing.
    pub fn new(reason: UnusableReason, parts: Vec<DetectedPart>, other: Option<ServiceId>) -> Self {
        Self { reason, words: reason.words(), parts, other }
    }
}

/// Why a pasted text is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum UnusableReason {
    /// There is nothing in it.
    Empty,
    /// It is longer than any text that is looked at.
    TooLong,
    /// There are control characters in it.
    ControlCharacters,
    /// It ends too early, or is damaged.
    Damaged,
    /// All cookies in it are of other sites.
    OtherSites,
    /// A value was shortened by what showed it.
    Shortened,
    /// A browser recorded it without cookies.
    WithoutCookies,
    /// It is a credential of another service.
    OtherService,
    /// A part without which nothing works is missing.
    Incomplete,
    /// There is nothing like a credential in it.
    NothingFound,
}

impl UnusableReason {
    /// Why, with what to do about it; `None` where there is nothing to say but what the service needs.
    pub fn words(self) -> Option<Bilingual> {
        let (english, chinese) = match self {
            Self::Empty => ("There is nothing in it.", "内容是空的。"),
            Self::TooLong => (
                "It is too long. Text may have 64 kB, JSON and cookies.txt 32 MB.",
                "内容太长：文本最多 64 KB，JSON 和 cookies.txt 最多 32 MB。",
            ),
            Self::ControlCharacters => (
                "There are control characters in it. Copy it again from where it comes.",
                "其中含有控制字符，请从来源处重新复制。",
            ),
            Self::Damaged => {
                ("It is incomplete or damaged. Copy all of it.", "内容不完整或已损坏，请完整复制。")
            }
            Self::OtherSites => ("It holds cookies of other sites only.", "其中只有其他网站的 Cookie。"),
            Self::Shortened => (
                "A value in it was shortened (“…”). Copy the whole value.",
                "其中的值被截短了（“…”），请复制完整的值。",
            ),
            Self::WithoutCookies => (
                "This recording was exported without cookies. Export it again with sensitive data.",
                "这份 HAR 导出时没有包含 Cookie，请选择“包含敏感数据”重新导出。",
            ),
            Self::OtherService => ("It is for another service.", "这是另一个平台的凭据。"),
            Self::Incomplete => ("It is incomplete.", "凭据不完整。"),
            Self::NothingFound => return None,
        };
        Some(Bilingual::new(english, chinese))
    }
}

/// One of several accounts in a pasted text. It says which it is, and nothing that signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct PastedAccount {
    /// The account's number, where the text says it: NetEase's cookies do not.
    pub account: Option<String>,
    /// Whether it could be renewed.
    pub renewable: bool,
}

/// A part of a credential, and whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct DetectedPart {
    /// Which part.
    pub part: CredentialPart,
    /// Whether it is there.
    pub found: bool,
}

/// The parts of a credential that matter to a person who pastes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum CredentialPart {
    /// The account's number.
    AccountId,
    /// QQ Music's key.
    MusicKey,
    /// NetEase's session, `MUSIC_U`.
    Session,
    /// NetEase's `__csrf`, which some tools want.
    CsrfToken,
    /// What renews it.
    RefreshToken,
}

/// The shapes in which credentials are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum PasteFormat {
    /// A `Cookie` header, with or without its name, and `.env` lines that hold one.
    CookieHeader,
    /// `Set-Cookie` lines, or several of them joined into one text as NeteaseCloudMusicApi does.
    SetCookie,
    /// A JSON object of names and values.
    JsonObject,
    /// The JSON array of a browser extension.
    BrowserExport,
    /// The JSON of a qqmusic-api `Credential`.
    QqmusicApi,
    /// A Netscape `cookies.txt`.
    Netscape,
    /// A `curl` command.
    Curl,
    /// A HAR file, or one entry of it.
    Har,
    /// A bare `MUSIC_U`, or a `musickey` with a `uin`.
    Bare,
    /// Rows of a table: a browser's list of cookies, CSV, Markdown.
    Table,
    /// A file of settings: TOML or YAML.
    Config,
    /// A piece of a program, or names and values in any other form.
    Code,
}
