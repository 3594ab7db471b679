//! The people who have accounts here.

use serde::{Deserialize, Serialize};

/// A service that the simulator plays.
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

impl AccountKind {
    /// QQ Music's `loginType` and `tmeLoginType` (protocol: QQ §0).
    pub(crate) fn login_type(self) -> i64 {
        if self == Self::WeChat { 1 } else { 2 }
    }

    pub(crate) fn key_prefix(self) -> &'static str {
        if self == Self::WeChat { "W_X_" } else { "Q_H_L_" }
    }
}

/// A membership that was bought once. Whether it still runs is a matter of [`Subscription::until_ms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// From when, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Until when.
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
    /// Where it is.
    pub service: Service,
    /// Its number there.
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

    fn new(kind: AccountKind, uid: &str, nickname: &str, membership: Membership, remark: &str) -> Self {
        let service = if kind == AccountKind::Native { Service::NetEase } else { Service::QqMusic };
        let avatar_url = match service {
            Service::QqMusic => {
                format!("https://thirdqq.qlogo.cn/g?b=oidb&k=sim{uid}&s=140&t=1700000000")
            }
            // Plain http, as the service itself writes it (protocol: NetEase §1.4).
            Service::NetEase => format!("http://p1.music.126.net/sim{uid}==/1095116639{uid}.jpg"),
        };
        let encrypt_uin = match service {
            // Stars at the end, as many real ones have.
            Service::QqMusic => format!("oKvS{}**", &uid.chars().rev().collect::<String>()),
            Service::NetEase => String::new(),
        };
        let last_digits = &uid[uid.len().saturating_sub(8)..];
        Self {
            id: format!("{}:{uid}", service.name()),
            service,
            uid: uid.to_owned(),
            kind,
            nickname: nickname.to_owned(),
            avatar_url,
            encrypt_uin,
            membership,
            phone: format!("138{last_digits:0>8}"),
            phone_bound: true,
            remark: remark.to_owned(),
        }
    }
}

/// The accounts that every simulator starts with; times are relative to `now_ms`.
pub(crate) fn roster(now_ms: i64) -> Vec<Account> {
    const DAY: i64 = 86_400_000;
    let held = |from: i64, until: i64, level, yearly| {
        Some(Subscription { from_ms: now_ms + from * DAY, until_ms: now_ms + until * DAY, level, yearly })
    };
    let none = Membership::default();
    let member = Membership { basic: held(-300, 40, 6, false), vip: held(-100, 40, 6, false), svip: None };
    // The flags of a membership that has ended may stay set (protocol: QQ §8.4, NetEase §5.2).
    let ended = Membership { basic: held(-700, -20, 4, false), vip: held(-400, -20, 4, false), svip: None };
    let best = Membership {
        basic: held(-900, 300, 8, true),
        vip: held(-900, 300, 8, true),
        svip: held(-10, 355, 8, true),
    };
    let hostile = "<img src=x onerror=alert(1)> & \"小满\"";
    let (qq, wechat, native) = (AccountKind::Qq, AccountKind::WeChat, AccountKind::Native);
    let mut unbound = Account::new(qq, "10005", "没有手机号", none, "its number is bound to nothing");
    unbound.phone_bound = false;
    vec![
        Account::new(qq, "10001", "小满", member, "member"),
        Account::new(qq, "10002", hostile, none, "not a member; a name full of special characters"),
        Account::new(qq, "10003", "过期的夏天", ended, "membership ended 20 days ago, flags still set"),
        Account::new(qq, "10004", "Super 🎧 Listener", best, "super member, by the year"),
        unbound,
        Account::new(wechat, "1152921504606847123", "微信听众", none, "WeChat account, 19 digits"),
        Account::new(wechat, "1152921504606847124", "微信 & 会员", member, "WeChat account, member"),
        Account::new(native, "90001", "云村小满", member, "member"),
        Account::new(native, "90002", hostile, none, "not a member; a name full of special characters"),
        Account::new(native, "90003", "去年的黑胶", ended, "membership ended 20 days ago, codes still set"),
        Account::new(native, "90004", "SVIP 🎸", best, "super member, by the year"),
        Account::new(native, "8312345678", "新来的", none, "id above 2^32"),
    ]
}
