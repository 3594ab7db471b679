//! Accounts, and what they have paid for. Each service defines its own in its folder.

use serde::{Deserialize, Serialize};

/// A service that the simulator stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Service {
    /// QQ Music.
    #[serde(rename = "qqmusic")]
    QqMusic,
    /// NetEase Cloud Music.
    #[serde(rename = "netease")]
    NetEase,
}

impl Service {
    /// Its name in JSON and in account ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::QqMusic => "qqmusic",
            Self::NetEase => "netease",
        }
    }
}

/// What kind of account it is on QQ Music; NetEase accounts are all [`AccountKind::Native`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Signed in with QQ: `loginType` 2, keys start with `Q_H_L_` (protocol: QQ §6).
    Qq,
    /// Signed in with WeChat: `loginType` 1, keys start with `W_X_`, ids of up to 19 digits.
    WeChat,
    /// An account of the service itself.
    Native,
}

/// A membership that was bought once, and that may have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// When it begins, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// When it ends, in milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// The level on its badge.
    pub level: u32,
    /// Whether it was paid by the year.
    pub yearly: bool,
}

/// The three tiers that both services sell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// QQ Music 绿钻, NetEase 音乐包.
    pub basic: Option<Subscription>,
    /// QQ Music 豪华绿钻, NetEase 黑胶VIP.
    pub vip: Option<Subscription>,
    /// QQ Music 超级会员, NetEase 黑胶SVIP.
    pub svip: Option<Subscription>,
}

/// An account on one of the services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// `service:uid`, such as `qqmusic:10001`.
    pub id: String,
    /// The service that it is an account of.
    pub service: Service,
    /// Its number at the service, in decimal digits.
    pub uid: String,
    /// What kind of account it is.
    pub kind: AccountKind,
    /// The name it shows.
    pub nickname: String,
    /// Where its picture is.
    pub avatar_url: String,
    /// QQ Music's `encryptUin`; empty elsewhere.
    pub encrypt_uin: String,
    /// What it has paid for.
    pub membership: Membership,
    /// Its telephone number, 11 digits.
    pub phone: String,
    /// Whether a text message to that number leads to it; otherwise the number is bound to nothing.
    pub phone_bound: bool,
    /// What is remarkable about it, for people who look at the phone page.
    pub remark: String,
}

impl Account {
    /// The number as a number; all accounts here have one that fits.
    pub(crate) fn number(&self) -> u64 {
        self.uid.parse().unwrap_or_default()
    }

    /// One like this with a number of its own, and a name that says which.
    pub(crate) fn another(&self, number: usize) -> Self {
        let uid = (self.number() * 100_000 + number as u64).to_string();
        Self {
            encrypt_uin: self
                .encrypt_uin
                .replace(&self.uid.chars().rev().collect::<String>(), &uid.chars().rev().collect::<String>()),
            avatar_url: self.avatar_url.replace(&self.uid, &uid),
            phone: format!("139{number:0>8}"),
            nickname: format!("{} {number}", self.nickname),
            id: format!("{}:{uid}", self.service.name()),
            uid,
            ..self.clone()
        }
    }

    /// An account without a picture, whose telephone number is `138` and the last eight digits of `uid`.
    pub(crate) fn new(
        service: Service,
        kind: AccountKind,
        uid: &str,
        nickname: &str,
        membership: Membership,
        remark: &str,
    ) -> Self {
        let last_digits = &uid[uid.len().saturating_sub(8)..];
        Self {
            id: format!("{}:{uid}", service.name()),
            service,
            uid: uid.to_owned(),
            kind,
            nickname: nickname.to_owned(),
            avatar_url: String::new(),
            encrypt_uin: String::new(),
            membership,
            phone: format!("138{last_digits:0>8}"),
            phone_bound: true,
            remark: remark.to_owned(),
        }
    }
}

/// A nickname that is HTML, quotes and an ampersand.
pub(crate) const HOSTILE_NICKNAME: &str = "<img src=x onerror=alert(1)> & \"小满\"";

impl Membership {
    /// Never bought.
    pub(crate) const NONE: Self = Self { basic: None, vip: None, svip: None };

    /// The second tier, for another 40 days.
    pub(crate) fn vip(now_ms: i64) -> Self {
        let subscription = |from, until| subscription(now_ms, from, until, 6, false);
        Self { basic: subscription(-300, 40), vip: subscription(-100, 40), svip: None }
    }

    /// The second tier, until 20 days ago. A service may still set its flags (protocol: QQ §8.4, NetEase §5.2).
    pub(crate) fn ended(now_ms: i64) -> Self {
        let subscription = |from, until| subscription(now_ms, from, until, 4, false);
        Self { basic: subscription(-700, -20), vip: subscription(-400, -20), svip: None }
    }

    /// The third tier, by the year.
    pub(crate) fn svip(now_ms: i64) -> Self {
        let subscription = |from, until| subscription(now_ms, from, until, 8, true);
        Self { basic: subscription(-900, 300), vip: subscription(-900, 300), svip: subscription(-10, 355) }
    }
}

/// A subscription from one day until another, counted from `now_ms`.
fn subscription(now_ms: i64, from: i64, until: i64, level: u32, yearly: bool) -> Option<Subscription> {
    const DAY_MS: i64 = 86_400_000;
    Some(Subscription { from_ms: now_ms + from * DAY_MS, until_ms: now_ms + until * DAY_MS, level, yearly })
}
