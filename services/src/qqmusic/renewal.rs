//! A new key for an old one, and the end of a key (protocol: QQ §7).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::gateway::{Call, Caller, GATEWAY, GatewayResponse};
use super::kind::{self, Kind};
use super::{credential, user_info};
use crate::contract::{Context, Renewability, Renewal, UnchangedReason};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::response::integer;

const DOING: &str = "renewing the key";

/// The gateway that the older way of renewing is known from.
const OLD_GATEWAY: &str = "https://u6.y.qq.com/cgi-bin/musicu.fcg?format=json&inCharset=utf8&outCharset=utf8";

/// Renews the current way and, where that way said nothing, the older way.
///
/// The older way is tried only after an answer that proves nothing: an unknown code, or success without a
/// key. It is not tried after a failure of the network (the first way may have worked, and a second key would
/// replace it), nor when the service said what is the matter: then asking again only asks for trouble.
/// Whatever the older way says against the credential is not believed, because no list says what its codes
/// mean; the error of the current way stands. It is for accounts of QQ only.
pub(super) async fn renew(context: &Context, old: &Credential) -> Result<Renewal, ServiceError> {
    let response = current_way(old).send(context).await?;
    match outcome(&response, context.clock.now(), old) {
        // Some clients report this for "not yet" as well as for too many devices: ask about the key first.
        Err(error @ ServiceError::DeviceLimit { .. }) => match user_info::validate(context, old).await {
            Ok(_) => Ok(Renewal::Unchanged { reason: UnchangedReason::NotReissued }),
            Err(rejected @ ServiceError::Rejected { .. }) => Err(rejected),
            Err(_) => Err(error),
        },
        Err(error @ ServiceError::Unexpected { .. }) if Kind::of(old) == Kind::Qq => {
            let second = older_way(old).send(context).await;
            second.and_then(|response| outcome(&response, context.clock.now(), old)).map_err(|_| error)
        }
        outcome => outcome,
    }
}

/// Ends the key, which also frees the device's place.
pub(super) async fn sign_out(context: &Context, credential: &Credential) -> Result<(), ServiceError> {
    let call = Call {
        gateway: GATEWAY,
        caller: Caller::app(credential),
        module: "music.login.LoginServer",
        method: "Logout",
        param: json!({}),
        doing: "signing out",
    };
    match call.send(context).await?.ok() {
        // A key that is refused has ended already.
        Ok(_) | Err(ServiceError::Rejected { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What the fields of the credential allow (protocol: QQ §13.3): the refresh key renews it, or the authorisation
/// with its refresh token (the access token beside it ends after days, so that it decides nothing). Number and
/// key alone are renewed only while the key works, accounts of WeChat included (§13.9).
pub(super) fn renewability(credential: &Credential) -> Renewability {
    let has = |name| credential.field(name).is_some();
    if has("refresh_key") || (has("openid") && has("refresh_token")) {
        Renewability::Renewable
    } else if has("musickey") {
        Renewability::WhileAlive
    } else {
        Renewability::NotRenewable
    }
}

/// What an answer to either way comes to.
pub(super) fn outcome(
    response: &GatewayResponse,
    now: Timestamp,
    old: &Credential,
) -> Result<Renewal, ServiceError> {
    if response.code != 0 {
        return Err(response.refusal());
    }
    let new = credential::read(response, now)?;
    let same_key = new.field("musickey") == old.field("musickey");
    let merged = old.merged(new).map_err(|_| ServiceError::OtherAccount { doing: DOING })?;
    if same_key && merged.expires_at <= old.expires_at {
        return Ok(Renewal::Unchanged { reason: UnchangedReason::NotReissued });
    }
    Ok(Renewal::Renewed(merged))
}

/// `loginMode` 2 (protocol: QQ §7.1), in the shape for what the last answer called the sign-in (§13.2): that of
/// WeChat, that of QQ, or what both want together.
fn current_way(old: &Credential) -> Call {
    let param = match kind::said_login_type(old) {
        Some(2) => json!({
            "openid": text(old, "openid"),
            "access_token": text(old, "access_token"),
            "refresh_token": text(old, "refresh_token"),
            "expired_in": number(old, "expired_at"),
            "musicid": number(old, "musicid"),
            "musickey": text(old, "musickey"),
            "refresh_key": text(old, "refresh_key"),
            "loginMode": 2,
        }),
        Some(1) => json!({
            "openid": text(old, "openid"),
            "refresh_token": text(old, "refresh_token"),
            "str_musicid": text(old, "str_musicid"),
            "musickey": text(old, "musickey"),
            "unionid": text(old, "unionid"),
            "refresh_key": text(old, "refresh_key"),
            "loginMode": 2,
        }),
        _ => json!({
            "openid": text(old, "openid"),
            "access_token": text(old, "access_token"),
            "refresh_token": text(old, "refresh_token"),
            "expired_in": number(old, "expired_at"),
            "str_musicid": text(old, "str_musicid"),
            "musicid": number(old, "musicid"),
            "musickey": text(old, "musickey"),
            "unionid": text(old, "unionid"),
            "refresh_key": text(old, "refresh_key"),
            "loginMode": 2,
        }),
    };
    call(GATEWAY, old, "music.login.LoginServer", "Login", param)
}

/// With the old key for a code (protocol: QQ §7.2).
fn older_way(old: &Credential) -> Call {
    let param = json!({
        "onlyNeedAccessToken": 0,
        "forceRefreshToken": 0,
        "psrf_qqopenid": text(old, "openid"),
        "refresh_token": text(old, "refresh_token"),
        "access_token": text(old, "access_token"),
        "expired_at": number(old, "expired_at"),
        "musicid": number(old, "musicid"),
        "musickey": text(old, "musickey"),
        "musickeyCreateTime": number(old, "musickeyCreateTime"),
        "unionid": text(old, "unionid"),
        "str_musicid": old.account.uid,
        "encryptUin": text(old, "encryptUin"),
    });
    call(OLD_GATEWAY, old, "QQConnectLogin.LoginServer", "QQLogin", param)
}

fn call(
    gateway: &'static str,
    old: &Credential,
    module: &'static str,
    method: &'static str,
    param: Value,
) -> Call {
    Call { gateway, caller: Caller::web(old), module, method, param, doing: DOING }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the request carries the credential to the service that issued it"
)]
fn text<'a>(credential: &'a Credential, field: &str) -> &'a str {
    credential.field(field).map_or("", |value| value.expose())
}

/// A field that the service wants as a number; 0 when there is none.
fn number(credential: &Credential, field: &str) -> i64 {
    integer(&Value::from(text(credential, field))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::credential::tests::sample;
    use super::*;

    const NOW: i64 = 1_790_100_000;

    fn old() -> Credential {
        credential::read(&GatewayResponse::of(0, sample()), Timestamp::UNIX_EPOCH).expect("it is whole")
    }

    fn answered(changes: Value) -> Result<Renewal, ServiceError> {
        let mut data = sample();
        for (name, value) in changes.as_object().expect("an object") {
            data[name.as_str()] = value.clone();
        }
        outcome(&GatewayResponse::of(0, data), Timestamp::from_second(NOW).expect("a time"), &old())
    }

    #[test]
    fn a_new_key_replaces_the_old_one_and_what_is_empty_beside_it_stays() {
        let renewed = answered(json!({
            "musickey": "Q_H_L_new", "musickeyCreateTime": NOW, "keyExpiresIn": 259_200,
            "openid": "", "access_token": "", "refresh_token": "", "refresh_key": "", "expired_at": 0,
        }));
        let Ok(Renewal::Renewed(new)) = renewed else { panic!("a new key came: {renewed:?}") };
        assert_eq!(new.field("musickey"), Some(&"Q_H_L_new".into()));
        assert_eq!(
            (new.issued_at.as_second(), new.expires_at.map(Timestamp::as_second)),
            (NOW, Some(NOW + 259_200))
        );
        for name in
            ["openid", "access_token", "refresh_token", "refresh_key", "expired_at", "loginType", "unionid"]
        {
            assert_eq!(new.field(name), old().field(name), "{name} is still what it was");
        }
    }

    #[test]
    fn a_new_key_without_times_is_new_now_and_has_no_known_end() {
        let renewed =
            answered(json!({ "musickey": "Q_H_L_new", "musickeyCreateTime": 0, "keyExpiresIn": 0 }));
        let Ok(Renewal::Renewed(new)) = renewed else { panic!("a new key came: {renewed:?}") };
        assert_eq!((new.issued_at.as_second(), new.expires_at), (NOW, None));
        assert_eq!(new.field("musickeyCreateTime"), Some(&NOW.to_string().into()), "not the old key's time");
    }

    #[test]
    fn the_same_key_again_is_unchanged_unless_it_now_lives_longer() {
        assert!(matches!(answered(json!({})), Ok(Renewal::Unchanged { .. })));
        assert!(
            matches!(answered(json!({ "musickeyCreateTime": 0 })), Ok(Renewal::Unchanged { .. })),
            "nothing is new"
        );
        let longer = answered(json!({ "musickeyCreateTime": NOW }));
        assert!(matches!(longer, Ok(Renewal::Renewed(_))), "a later end is news: {longer:?}");
    }

    #[test]
    fn an_answer_about_another_account_is_never_merged() {
        let other = answered(json!({ "musicid": 10002, "str_musicid": "10002", "musickey": "Q_H_L_new" }));
        assert!(matches!(other, Err(ServiceError::OtherAccount { .. })), "{other:?}");
    }

    #[test]
    fn success_without_a_key_proves_nothing() {
        let hollow = answered(json!({ "musickey": "" }));
        assert!(matches!(hollow, Err(ServiceError::Unexpected { .. })), "{hollow:?}");
    }

    #[test]
    fn a_refresh_key_or_the_tokens_renew_a_dead_key_and_the_key_alone_only_itself() {
        let with = |fields: &[(&str, &str)]| {
            let fields = fields.iter().copied().collect();
            renewability(&Credential { fields, ..old() })
        };
        let (number, key) = (("musicid", "10001"), ("musickey", "Q_H_L_1"));
        let (openid, refresh, access) = (("openid", "o"), ("refresh_token", "r"), ("access_token", "a"));
        assert_eq!(with(&[number, key, ("refresh_key", "rk")]), Renewability::Renewable);
        assert_eq!(with(&[number, key, openid, refresh, access]), Renewability::Renewable);
        assert_eq!(with(&[number, key, openid, refresh]), Renewability::Renewable);
        for alone in [&[number, key][..], &[number, key, openid, access], &[number, key, refresh, access]] {
            assert_eq!(with(alone), Renewability::WhileAlive, "{alone:?}");
        }
        let empty = [number, ("musickey", "W_X_1"), openid, ("refresh_key", ""), ("refresh_token", "")];
        assert_eq!(with(&empty), Renewability::WhileAlive, "a scan of WeChat with empty refresh fields");
        assert_eq!(with(&[number]), Renewability::NotRenewable, "without a key there is nothing");
    }

    #[test]
    fn a_renewal_has_the_shape_of_what_the_last_answer_called_the_sign_in_and_repeats_it() {
        let shape = |stated: Value, key: &str| {
            let mut data = sample();
            data["musickey"] = key.into();
            data["loginType"] = stated;
            let old =
                credential::read(&GatewayResponse::of(0, data), Timestamp::UNIX_EPOCH).expect("it is whole");
            let param = current_way(&old).param;
            let has = |name: &str| param.get(name).is_some();
            assert_eq!(param["loginMode"], 2);
            (
                (has("musicid"), has("str_musicid"), has("access_token"), has("unionid")),
                kind::login_type(&old),
            )
        };
        let (qq, wechat) = ((true, false, true, false), (false, true, false, true));
        let union = (true, true, true, true);
        assert_eq!(shape(json!(2), "Q_H_L_1"), (qq, 2));
        assert_eq!(shape(json!(1), "W_X_1"), (wechat, 1));
        assert_eq!(shape(json!(0), "Q_H_L_1"), (union, 0), "by telephone");
        assert_eq!(shape(json!(6), "W_X_1"), (union, 6), "with the app");
        assert_eq!(shape(json!(1), "Q_H_L_1"), (wechat, 1), "the answer's word, not the key's");
        assert_eq!(shape(Value::Null, "Q_H_L_1"), (union, 2), "the key's only where nothing was said");
        assert_eq!(shape(Value::Null, "W_X_1"), (union, 1), "the key's only where nothing was said");
    }

    #[test]
    fn account_numbers_of_19_digits_are_sent_with_every_digit() {
        let mut data = sample();
        data["musicid"] = 1_152_921_504_600_000_043_u64.into();
        data["str_musicid"] = "1152921504600000043".into();
        data["loginType"] = 6.into();
        let wechat =
            credential::read(&GatewayResponse::of(0, data), Timestamp::UNIX_EPOCH).expect("it is whole");
        let param = current_way(&wechat).param;
        assert_eq!(param["str_musicid"], "1152921504600000043");
        assert_eq!(param["musicid"], 1_152_921_504_600_000_043_u64);
        assert_eq!(current_way(&old()).param["musicid"], 10001, "an account of QQ goes by number");
    }
}
