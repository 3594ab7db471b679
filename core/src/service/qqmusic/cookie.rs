//! What the fields of a credential are called as cookies of the web site (protocol: QQ §6, accounts of QQ).

use crate::credential::Credential;
use crate::http::CookieMap;
use crate::secret::Secret;
use crate::service::CookiePairs;

/// Cookie names and the fields that they carry, in the order in which they are handed out: tools look for
/// digits in `uin` and for a space before it, so that it must not come first.
const NAMES: [(&str, &str); 10] = [
    ("qqmusic_uin", "musicid"),
    ("qm_keyst", "musickey"),
    ("qqmusic_key", "musickey"),
    ("euin", "encryptUin"),
    ("psrf_qqopenid", "openid"),
    ("psrf_qqunionid", "unionid"),
    ("psrf_qqaccess_token", "access_token"),
    ("psrf_qqrefresh_token", "refresh_token"),
    ("psrf_access_token_expiresAt", "expired_at"),
    ("psrf_musickey_createtime", "musickeyCreateTime"),
];

/// The credential as cookies. `login_type` and `tmeLoginType` say the same thing, "an account of QQ", in two
/// opposite numberings.
pub(super) fn pairs(credential: &Credential) -> CookiePairs {
    let mut pairs: CookiePairs = vec![
        ("login_type".to_owned(), "1".into()),
        ("uin".to_owned(), credential.account.uid.as_str().into()),
    ];
    let named = |(cookie, field): (&str, &str)| Some((cookie.to_owned(), credential.field(field)?.clone()));
    pairs.extend(NAMES.into_iter().filter_map(named));
    pairs.push(("tmeLoginType".to_owned(), "2".into()));
    pairs
}

/// The cookies that the web functions want to see (protocol: QQ §5.2).
pub(super) fn authorising(credential: &Credential) -> CookieMap {
    let uid = Secret::new(credential.account.uid.as_str());
    let key = credential.field("musickey").cloned().unwrap_or_default();
    [("uin", &uid), ("qqmusic_uin", &uid), ("qm_keyst", &key), ("qqmusic_key", &key)]
        .into_iter()
        .map(|(name, value)| (name, value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::credential::{read, tests::sample};
    use super::super::gateway::Answer;
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test compares the cookie")]
    fn the_cookie_carries_every_name_with_digits_in_uin_and_uin_second() {
        let credential = read(&Answer::of(0, sample()), Timestamp::UNIX_EPOCH).expect("it is whole");
        let cookie: Vec<String> =
            pairs(&credential).iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        assert_eq!(
            cookie.join("; "),
            "login_type=1; uin=10001; qqmusic_uin=10001; qm_keyst=Q_H_L_63k3; qqmusic_key=Q_H_L_63k3; euin=oK6z**; \
             psrf_qqopenid=0A; psrf_qqunionid=UID_1; psrf_qqaccess_token=2C; psrf_qqrefresh_token=1B; \
             psrf_access_token_expiresAt=1790604800; psrf_musickey_createtime=1790000000; tmeLoginType=2"
        );
    }
}
