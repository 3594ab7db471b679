//! What the fields of a credential are called as cookies of the web site (protocol: QQ §6).

use super::kind::Kind;
use crate::contract::CookiePairs;
use crate::credential::Credential;
use crate::http::CookieMap;
use crate::secret::Secret;

/// Cookie names and the fields that they carry, for an account of QQ.
const QQ: [(&str, &str); 9] = [
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

/// The same for an account of WeChat.
const WECHAT: [(&str, &str); 7] = [
    ("qm_keyst", "musickey"),
    ("qqmusic_key", "musickey"),
    ("euin", "encryptUin"),
    ("wxopenid", "openid"),
    ("wxunionid", "unionid"),
    ("wxaccess_token", "access_token"),
    ("wxrefresh_token", "refresh_token"),
];

/// What is enough to play: the number under each name that a tool looks for, and the key. `login_type` keeps `uin`
/// from coming first.
pub(super) const PLAYING: [&str; 5] = ["login_type", "uin", "wxuin", "qm_keyst", "qqmusic_key"];

/// The credential as cookies. Tools look for digits in `uin` and for a space before it, so that it must not
/// come first.
pub(super) fn pairs(credential: &Credential) -> CookiePairs {
    let kind = Kind::of(credential);
    let (numbers, names): (&[&str], &[(&str, &str)]) = match kind {
        Kind::Qq => (&["uin", "qqmusic_uin"], &QQ),
        Kind::WeChat => (&["uin", "wxuin", "qqmusic_uin"], &WECHAT),
    };
    let mut pairs: CookiePairs = vec![("login_type".to_owned(), kind.login_type_cookie().to_string().into())];
    // Not the field: it may be a placeholder (protocol: QQ §13.1).
    let uid = credential.account.uid.as_str();
    pairs.extend(numbers.iter().map(|name| ((*name).to_owned(), uid.into())));
    let named =
        |(cookie, field): &(&str, &str)| Some(((*cookie).to_owned(), credential.field(field)?.clone()));
    pairs.extend(names.iter().filter_map(named));
    pairs.push(("tmeLoginType".to_owned(), kind.tme_login_type().to_string().into()));
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

    use super::super::credential::read;
    use super::super::credential::tests::sample;
    use super::super::gateway::GatewayResponse;
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the test compares the cookie")]
    fn header(data: serde_json::Value) -> String {
        let credential = read(&GatewayResponse::of(0, data), Timestamp::UNIX_EPOCH).expect("it is whole");
        let pairs = pairs(&credential);
        pairs.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_cookie_carries_every_name_with_digits_in_uin_and_uin_second() {
        assert_eq!(
            header(sample()),
            "login_type=1; uin=10001; qqmusic_uin=10001; qm_keyst=Q_H_L_63k3; qqmusic_key=Q_H_L_63k3; euin=oK6z**; \
             psrf_qqopenid=0A; psrf_qqunionid=UID_1; psrf_qqaccess_token=2C; psrf_qqrefresh_token=1B; \
             psrf_access_token_expiresAt=1790604800; psrf_musickey_createtime=1790000000; tmeLoginType=2"
        );
    }

    #[test]
    fn an_account_of_wechat_has_names_of_its_own() {
        let mut data = sample();
        data["musickey"] = "W_X_63k3".into();
        assert_eq!(
            header(data),
            "login_type=2; uin=10001; wxuin=10001; qqmusic_uin=10001; qm_keyst=W_X_63k3; qqmusic_key=W_X_63k3; \
             euin=oK6z**; wxopenid=0A; wxunionid=UID_1; wxaccess_token=2C; wxrefresh_token=1B; tmeLoginType=1"
        );
    }

    #[test]
    fn a_placeholder_for_the_number_is_handed_to_nobody() {
        let mut data = sample();
        data["musickey"] = "W_X_63k3".into();
        data["musicid"] = 1.into();
        data["str_musicid"] = "1152921504600000043".into();
        let header = header(data);
        for name in ["uin", "wxuin", "qqmusic_uin"] {
            assert!(header.contains(&format!(" {name}=1152921504600000043;")), "{name} in {header}");
        }
    }
}
