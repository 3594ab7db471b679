//! A credential made of cookies or fields that were gathered elsewhere (protocol: QQ §6).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::kind::Kind;
use super::{credential, renewal, user_info};
use crate::contract::{Context, Detection, Grant, Inspection, Renewability, Renewal};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::question::{CredentialPart, DetectedPart};
use crate::response::unexpected;
use crate::secret::Secret;

const DOING: &str = "checking the credential";

/// What the fields of a credential are called elsewhere, best first: by the login functions and by tools that
/// keep them in one or the other spelling, then as cookies of QQ and of WeChat.
const NAMES: [(&str, &[&str]); 15] = [
    ("musickey", &["musickey", "music_key", "qqmusic_key", "qm_keyst", "lqm_keyst"]),
    ("openid", &["openid", "openId", "open_id", "psrf_qqopenid", "wxopenid"]),
    ("access_token", &["access_token", "accessToken", "psrf_qqaccess_token", "wxaccess_token"]),
    ("refresh_token", &["refresh_token", "refreshToken", "psrf_qqrefresh_token", "wxrefresh_token"]),
    ("refresh_key", &["refresh_key", "refreshKey", "psrf_qqrefresh_key"]),
    ("unionid", &["unionid", "unionId", "union_id", "psrf_qqunionid", "wxunionid"]),
    ("expired_at", &["expired_at", "expiredAt", "psrf_access_token_expiresAt"]),
    (
        "musickeyCreateTime",
        &[
            "musickeyCreateTime",
            "musickey_create_time",
            "musickeyCreateTimestamp",
            "psrf_musickey_createtime",
        ],
    ),
    ("keyExpiresIn", &["keyExpiresIn", "key_expires_in"]),
    ("encryptUin", &["encryptUin", "encrypt_uin", "euin"]),
    // Not the cookie `login_type`, which counts the other way round; of `tmeLoginType` see [`login_type`].
    ("loginType", &["loginType"]),
    ("bindAccountType", &["bindAccountType", "bind_account_type"]),
    ("needRefreshKeyIn", &["needRefreshKeyIn", "need_refresh_key_in"]),
    ("first_login", &["first_login", "firstLogin"]),
    ("userip", &["userip", "userIp"]),
];

/// What an account is called. The cookies of a browser may hold one of QQ and one of WeChat at the same time;
/// the key says which of them it belongs to.
const ACCOUNT: [&str; 13] = [
    // The text first: the number may be a placeholder (protocol: QQ §13.1).
    "str_musicid",
    "strMusicid",
    "musicid",
    "musicId",
    "music_id",
    "qqmusic_uin",
    "uin",
    // Who is signed in to QQ in that browser, and what tools call the account beside a cookie without one.
    "p_uin",
    "luin",
    "p_luin",
    "pt2gguin",
    "loginUin",
    "account",
];
const ACCOUNT_OF_WECHAT: &str = "wxuin";

/// What is there.
pub(super) fn detect(fields: &CookieMap) -> Detection {
    let account = account(fields).is_some();
    let key = field(fields, "musickey").is_some();
    let renewable = key && is_renewable(fields);
    let found = [
        (CredentialPart::AccountId, account),
        (CredentialPart::MusicKey, key),
        (
            CredentialPart::RefreshToken,
            field(fields, "refresh_key").is_some() || field(fields, "refresh_token").is_some(),
        ),
    ];
    let parts = found.into_iter().map(|(part, found)| DetectedPart { part, found }).collect();
    Detection { parts, enough: account && key, renewable }
}

/// Makes a credential and asks the service about it. One that has ended is renewed once, if it can be.
pub(super) async fn import(context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
    let credential = credential(fields, context.clock.now())?;
    let revives = renewal::renewability(&credential) == Renewability::Renewable;
    let rejected = match user_info::validate(context, &credential).await {
        Ok(person) => return Ok(Grant { credential, inspection: person.into() }),
        Err(error @ ServiceError::Rejected { .. }) if revives => error,
        Err(error) => return Err(error),
    };
    match renewal::renew(context, &credential).await? {
        // The renewal is the confirmation; the rest is for show.
        Renewal::Renewed(credential) => Ok(Grant { credential, inspection: Inspection::default() }),
        Renewal::Unchanged { .. } => Err(rejected),
    }
}

/// The credential that fields hold, as of `now`. Nobody is asked whether it works.
///
/// # Errors
/// [`ServiceError::Unexpected`] when the fields name no account or hold no key.
#[expect(
    clippy::disallowed_methods,
    reason = "the fields are gathered under the names that the service uses"
)]
pub fn credential(fields: &CookieMap, now: Timestamp) -> Result<Credential, ServiceError> {
    let Some(account) = account(fields) else { return Err(unexpected(DOING, "no account")) };
    let mut data = Map::new();
    for (name, _) in NAMES {
        let stated = match name {
            "loginType" => login_type(fields),
            _ if NUMBERS.contains(&name) => number(fields, name),
            _ => field(fields, name),
        };
        if let Some(value) = stated {
            data.insert(name.to_owned(), Value::from(value.expose()));
        }
    }
    data.insert("musicid".to_owned(), Value::from(account));
    credential::of(&data, now).map_err(|missing| unexpected(DOING, missing))
}

/// Whether a new key would be given for it even once it has ended (protocol: QQ §13.3).
fn is_renewable(fields: &CookieMap) -> bool {
    let has = |name| field(fields, name).is_some();
    has("refresh_key") || (has("openid") && has("refresh_token"))
}

/// What an answer said of the way of signing in. The cookie `tmeLoginType`, a browser's and ours, names the account's
/// kind, which the key does, too: it is no answer, and must not take the place of one that is here already.
#[expect(clippy::disallowed_methods, reason = "a number of one digit that is the same for everybody")]
fn login_type(fields: &CookieMap) -> Option<&Secret> {
    let kind = if is_of_wechat(fields) { Kind::WeChat } else { Kind::Qq };
    let of_the_kind = kind.tme_login_type().to_string();
    let cookie = stated(fields, "tmeLoginType").filter(|value| value.expose().trim() != of_the_kind);
    field(fields, "loginType").or(cookie)
}

/// Fields that are whole numbers. Some tools write a day and time in words beside the number, under the name that
/// elsewhere has the number (protocol: vkeys).
const NUMBERS: [&str; 3] = ["musickeyCreateTime", "keyExpiresIn", "expired_at"];

/// The first of the names of a field that holds a number.
#[expect(clippy::disallowed_methods, reason = "the value is only looked at for being a number")]
fn number<'a>(fields: &'a CookieMap, name: &str) -> Option<&'a Secret> {
    let is_number = |value: &&Secret| value.expose().trim().parse::<u64>().is_ok();
    names_of(name).iter().find_map(|name| stated(fields, name).filter(is_number))
}

/// The field that the service calls by that name.
fn field<'a>(fields: &'a CookieMap, name: &str) -> Option<&'a Secret> {
    // A browser may hold the cookies of both: those of the other are no part of this credential.
    let others = if is_of_wechat(fields) { "psrf_" } else { "wx" };
    let of_this = names_of(name).iter().filter(|name| !name.starts_with(others));
    of_this.filter_map(|name| stated(fields, name)).find(|value| !is_time(name) || is_number(value))
}

/// Whether it is a time, which some tools also write for people to read.
fn is_time(field: &str) -> bool {
    matches!(field, "musickeyCreateTime" | "keyExpiresIn" | "expired_at")
}

#[expect(clippy::disallowed_methods, reason = "only whether it is a number is looked at")]
fn is_number(value: &Secret) -> bool {
    value.expose().trim().parse::<f64>().is_ok()
}

fn names_of(field: &str) -> &'static [&'static str] {
    NAMES.iter().find(|(known, _)| *known == field).map_or(&[], |(_, names)| names)
}

/// The account's number: digits, after the `o` and the zeros that cookies put before them.
#[expect(clippy::disallowed_methods, reason = "the account's number is the account's name")]
pub(super) fn account(fields: &CookieMap) -> Option<u64> {
    let first = is_of_wechat(fields).then_some(ACCOUNT_OF_WECHAT);
    let names = first.into_iter().chain(ACCOUNT).chain([ACCOUNT_OF_WECHAT]);
    names.filter_map(|name| stated(fields, name)).find_map(|value| {
        let value = value.expose().trim();
        let digits = value.strip_prefix(['o', 'O']).unwrap_or(value);
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| digits.parse().ok()).flatten().filter(|number| *number != 0)
    })
}

#[expect(clippy::disallowed_methods, reason = "the beginning of the key is the same for everybody")]
fn is_of_wechat(fields: &CookieMap) -> bool {
    let key = names_of("musickey").iter().find_map(|name| stated(fields, name));
    key.is_some_and(|key| key.expose().starts_with("W_X_"))
}

/// The value of that name, if it says anything: tools write missing ones in several ways.
#[expect(clippy::disallowed_methods, reason = "the value is only compared with what stands for none")]
fn stated<'a>(fields: &'a CookieMap, name: &str) -> Option<&'a Secret> {
    fields
        .get(name)
        .filter(|value| !matches!(value.expose().trim(), "" | "0" | "null" | "None" | "undefined"))
}

#[cfg(test)]
mod tests {
    use super::super::cookie;
    use super::super::credential::tests::sample;
    use super::super::gateway::GatewayResponse;
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_100).expect("a time")
    }

    fn fields(text: &str) -> CookieMap {
        text.split("; ").filter_map(|pair| pair.split_once('=')).collect()
    }

    fn made(text: &str) -> Credential {
        credential(&fields(text), now()).expect("it is enough")
    }

    #[test]
    fn a_browser_with_the_cookies_of_both_gives_those_that_the_key_belongs_to() {
        let of_both = |key: &str| -> CookieMap {
            [("qm_keyst", key), ("psrf_qqopenid", "QQ"), ("wxopenid", "WX"), ("wxuin", "2"), ("uin", "1")]
                .into_iter()
                .collect()
        };
        let (wechat, qq) = (of_both("W_X_key"), of_both("Q_H_L_key"));
        assert_eq!((field(&wechat, "openid"), account(&wechat)), (Some(&"WX".into()), Some(2)));
        assert_eq!((field(&qq, "openid"), account(&qq)), (Some(&"QQ".into()), Some(1)));
    }

    #[test]
    fn our_own_cookies_come_back_as_the_credential_that_they_were_made_of() {
        for key in ["Q_H_L_63k3", "W_X_63k3"] {
            let mut data = sample();
            data["musickey"] = key.into();
            let original = credential::read(&GatewayResponse::of(0, data), now()).expect("it is whole");
            let cookies: CookieMap = cookie::pairs(&original).into_iter().collect();
            let back = credential(&cookies, now()).expect("it is enough");
            assert_eq!(back.account, original.account);
            for name in
                ["musickey", "openid", "access_token", "refresh_token", "unionid", "encryptUin", "musicid"]
            {
                assert_eq!(back.field(name), original.field(name), "{name} of {key}");
            }
            assert!(back.expires_at.is_none(), "cookies do not say how long the key lives");
        }
    }

    #[test]
    fn both_spellings_of_the_credential_in_other_tools_are_understood() {
        let camel = "musicid=10001; musickey=Q_H_L_1; openId=0A; refreshToken=1B; accessToken=2C; refreshKey=rk; expiredAt=5; \
                     musickeyCreateTime=1790000000; keyExpiresIn=259200; encryptUin=oK6z**; loginType=2";
        let snake = "music_id=10001; musickey=Q_H_L_1; openid=0A; refresh_token=1B; access_token=2C; refresh_key=rk; expired_at=5; \
                     musickey_create_time=1790000000; key_expires_in=259200; encrypt_uin=oK6z**; loginType=2";
        assert_eq!(made(camel), made(snake));
        let credential = made(snake);
        assert_eq!(credential.issued_at.as_second(), 1_790_000_000);
        assert_eq!(credential.expires_at.map(Timestamp::as_second), Some(1_790_259_200));
        assert_eq!(credential.field("refresh_key"), Some(&"rk".into()));
    }

    #[test]
    fn the_cookie_that_names_the_kind_of_account_is_no_answer_of_the_service() {
        for (text, stated) in [
            ("uin=10001; qm_keyst=Q_H_L_1; tmeLoginType=2", None),
            ("wxuin=10001; qm_keyst=W_X_1; tmeLoginType=1", None),
            ("uin=10001; qm_keyst=Q_H_L_1; tmeLoginType=6", Some("6")),
            ("uin=10001; qm_keyst=Q_H_L_1; loginType=2", Some("2")),
        ] {
            assert_eq!(made(text).field("loginType"), stated.map(Secret::new).as_ref(), "{text}");
        }
    }

    #[test]
    fn a_time_in_words_does_not_hide_the_number_that_says_when_the_key_was_made() {
        let vkeys = "musicid=10001; musickey=Q_H_L_1; musickeyCreateTime=2026-09-21 22:13:20; \
                     musickeyCreateTimestamp=1790000000; keyExpiresIn=259200";
        let credential = made(vkeys);
        assert_eq!(credential.issued_at.as_second(), 1_790_000_000, "or an old key would count as new");
        assert_eq!(credential.expires_at.map(Timestamp::as_second), Some(1_790_259_200));
        let in_words = made("musicid=10001; musickey=Q_H_L_1; musickeyCreateTime=2026-09-21 22:13:20");
        assert_eq!((in_words.issued_at, in_words.expires_at), (now(), None), "words alone say nothing");
    }

    #[test]
    fn account_numbers_lose_their_prefix_and_no_digit() {
        for (text, uid) in [
            ("uin=o0010001; qm_keyst=Q_H_L_1", "10001"),
            ("uin=10001; qqmusic_key=Q_H_L_1", "10001"),
            ("wxuin=o1152921504600000043; qm_keyst=W_X_1", "1152921504600000043"),
            ("uin=0; qqmusic_uin=10001; qm_keyst=Q_H_L_1", "10001"),
            ("uin=10001; wxuin=1152921504600000043; qm_keyst=W_X_1", "1152921504600000043"),
            ("uin=10001; wxuin=1152921504600000043; qm_keyst=Q_H_L_1", "10001"),
        ] {
            assert_eq!(made(text).account.uid, uid, "{text}");
        }
        for none in ["qm_keyst=Q_H_L_1", "uin=abc; qm_keyst=Q_H_L_1", "uin=o0; qm_keyst=Q_H_L_1", "uin=10001"]
        {
            assert!(credential(&fields(none), now()).is_err(), "{none} is not enough");
            assert!(!detect(&fields(none)).enough, "{none} is not enough");
        }
    }

    #[test]
    fn what_is_there_and_what_can_be_renewed_is_said() {
        let found = |text: &str| {
            let recognition = detect(&fields(text));
            (recognition.parts.iter().map(|part| part.found).collect::<Vec<_>>(), recognition.renewable)
        };
        assert_eq!(found("uin=1; qm_keyst=Q_H_L_1"), (vec![true, true, false], false));
        assert_eq!(found("uin=1; qm_keyst=Q_H_L_1; refresh_key=r"), (vec![true, true, true], true));
        assert_eq!(found("uin=1; qm_keyst=Q_H_L_1; psrf_qqrefresh_token=t"), (vec![true, true, true], false));
        assert_eq!(
            found("uin=1; qm_keyst=Q_H_L_1; psrf_qqrefresh_token=t; psrf_qqopenid=o"),
            (vec![true, true, true], true)
        );
        assert_eq!(
            found("wxuin=1; qm_keyst=W_X_1; wxopenid=o"),
            (vec![true, true, false], false),
            "of WeChat, too, the key alone is renewed only while it works"
        );
        assert_eq!(found("refresh_key=r"), (vec![false, false, true], false), "nothing to renew");
        assert_eq!(found("uin=1; musickey=null; refresh_key=None"), (vec![true, false, false], false));
    }
}
