//! The accounts that QQ Music starts with.

use crate::state::account::{Account, AccountKind, HOSTILE_NICKNAME, Membership, Service};

/// The accounts, with memberships relative to `now_ms`.
pub(super) fn accounts(now_ms: i64) -> Vec<Account> {
    let (qq, wechat) = (AccountKind::Qq, AccountKind::WeChat);
    let (none, vip) = (Membership::NONE, Membership::vip(now_ms));
    let (ended, svip) = (Membership::ended(now_ms), Membership::svip(now_ms));
    let mut unbound = account(qq, "10005", "没有手机号", none, "its number is bound to nothing");
    unbound.phone_bound = false;
    vec![
        account(qq, "10001", "小满", vip, "member"),
        account(qq, "10002", HOSTILE_NICKNAME, none, "not a member; a name full of special characters"),
        account(qq, "10003", "过期的夏天", ended, "membership ended 20 days ago, flags still set"),
        account(qq, "10004", "Super 🎧 Listener", svip, "super member, by the year"),
        unbound,
        account(wechat, "1152921504606847123", "微信听众", none, "WeChat account, 19 digits"),
        account(wechat, "1152921504606847124", "微信 & 会员", vip, "WeChat account, member"),
    ]
}

fn account(kind: AccountKind, uid: &str, nickname: &str, membership: Membership, remark: &str) -> Account {
    Account {
        avatar_url: format!("https://thirdqq.qlogo.cn/g?b=oidb&k=sim{uid}&s=140&t=1700000000"),
        // Stars at the end, as many real ones have.
        encrypt_uin: format!("oKvS{}**", uid.chars().rev().collect::<String>()),
        ..Account::new(Service::QqMusic, kind, uid, nickname, membership, remark)
    }
}
