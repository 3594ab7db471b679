//! The accounts that NetEase Cloud Music starts with.

use crate::state::account::{Account, AccountKind, HOSTILE_NICKNAME, Membership, Service};

/// The accounts, with memberships relative to `now_ms`.
pub(super) fn accounts(now_ms: i64) -> Vec<Account> {
    let (none, vip) = (Membership::NONE, Membership::vip(now_ms));
    let (ended, svip) = (Membership::ended(now_ms), Membership::svip(now_ms));
    vec![
        account("90001", "云村小满", vip, "member"),
        account("90002", HOSTILE_NICKNAME, none, "not a member; a name full of special characters"),
        account("90003", "去年的黑胶", ended, "membership ended 20 days ago, codes still set"),
        account("90004", "SVIP 🎸", svip, "super member, by the year"),
        account("8312345678", "新来的", none, "id above 2^32"),
    ]
}

fn account(uid: &str, nickname: &str, membership: Membership, remark: &str) -> Account {
    Account {
        // Plain http, as the service itself writes it (protocol: NetEase §1.4).
        avatar_url: format!("http://p1.music.126.net/sim{uid}==/1095116639{uid}.jpg"),
        ..Account::new(Service::NetEase, AccountKind::Native, uid, nickname, membership, remark)
    }
}
