//! QQ Music in that shape, as the public API describes it.

use serde_json::{Map, Value};
use tunekey_core::{AccountId, CookieMap, Credential, Method, Secret, ServiceId};

use super::dialect::{Dialect, Given};
use super::envelope::add_time;
use super::parameters::Parameters;
use super::wrong::Wrong;

/// What a client key would open is said, and what helps.
const CLIENT_KEY: Wrong = Wrong::value(
    "不接受 client_key：它能打开整个 QQ 账号，而不仅是音乐。请不带该参数访问，用返回的二维码扫码登录。",
);

/// QQ Music.
pub(super) const DIALECT: Dialect = Dialect {
    service,
    methods: &[Method::QqScan, Method::WechatScan, Method::AppScan],
    read,
    refused: &[("client_key", CLIENT_KEY), ("client_uin", CLIENT_KEY)],
    cookie,
};

/// How keys begin, and how long the numbers of their accounts are.
const QQ: (&str, usize) = ("Q_H_L_", 11);
const WECHAT: (&str, usize) = ("W_X_", 19);
/// The shortest number of QQ. The public text says 6; the oldest accounts have 5.
const SHORTEST: usize = 5;

fn service() -> ServiceId {
    ServiceId::new("qqmusic")
}

fn read(parameters: &Parameters) -> Result<Given, Wrong> {
    let uin = parameters.get(&["uin"]).ok_or(Wrong::value("缺少参数 uin"))?;
    let is_number = uin.bytes().all(|byte| byte.is_ascii_digit()) && !uin.starts_with('0');
    if !is_number || !(SHORTEST..=WECHAT.1).contains(&uin.len()) {
        return Err(Wrong::value("参数 uin 应为 5-19 位数字"));
    }
    let account = Some(AccountId::new(service(), uin));
    let Some(key) = parameters.secret(&["music_key", "musickey"])? else {
        return Ok(Given { account, fields: None });
    };
    let Some((_, longest)) = [QQ, WECHAT].into_iter().find(|(beginning, _)| key.starts_with(beginning))
    else {
        return Err(Wrong::value("参数 music_key 应以 Q_H_L_（QQ）或 W_X_（微信）开头"));
    };
    if uin.len() > longest {
        return Err(Wrong::together("Q_H_L_ 开头的 music_key 属于 QQ 账号，uin 最长 11 位"));
    }
    let mut fields: CookieMap = [("uin", uin), ("musickey", key)].into_iter().collect();
    for name in ["refresh_key", "refresh_token", "openid", "access_token", "unionid"] {
        if let Some(value) = parameters.secret(&[name])? {
            fields.set(name, value);
        }
    }
    Ok(Given { account, fields: Some(fields) })
}

fn cookie(credential: &Credential) -> Value {
    let uid = credential.account.uid.as_str();
    let text = |name| credential.field(name).map_or("", exposed);
    let (issued_at, expires_at) = (credential.issued_at, credential.expires_at);
    let life = expires_at.map_or(0, |end| end.as_second() - issued_at.as_second());
    let mut object = Map::new();
    object.insert("uin".to_owned(), uid.parse::<u64>().unwrap_or_default().into());
    object.insert("str_uin".to_owned(), uid.into());
    for name in ["musickey", "refresh_token", "refresh_key"] {
        object.insert(name.to_owned(), text(name).into());
    }
    add_time(&mut object, ["musickeyCreateTimestamp", "musickeyCreateTime"], Some(issued_at));
    object.insert("keyExpiresIn".to_owned(), life.into());
    // What it is called says "last", what it is in the public sample is the end.
    add_time(&mut object, ["musickeyLastTimestamp", "musickeyLastTime"], expires_at);
    Value::Object(object)
}

#[expect(clippy::disallowed_methods, reason = "the credential is what was asked for")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    async fn read_query(query: &str) -> Result<Given, Wrong> {
        let request = Request::builder().uri(format!("/?{query}")).body(Body::empty()).expect("a request");
        read(&Parameters::of(request).await.expect("it is given"))
    }

    #[tokio::test]
    async fn qq_and_wechat_are_told_apart_by_the_key_and_the_length_of_the_number() {
        for good in [
            "uin=10001&music_key=Q_H_L_a",
            "uin=15690974430&musickey=Q_H_L_a",
            "uin=1152921504600000043&music_key=W_X_a",
            "uin=10001&music_key=W_X_a",
        ] {
            assert!(read_query(good).await.is_ok_and(|given| given.fields.is_some()), "{good}");
        }
        for bad in [
            "",
            "music_key=Q_H_L_a",
            "uin=o10001&music_key=Q_H_L_a",
            "uin=1000&music_key=Q_H_L_a",
            "uin=1152921504600000043&music_key=Q_H_L_a",
            "uin=10001&music_key=abc",
            "uin=11529215046000000430&music_key=W_X_a",
            "uin=01000100&music_key=Q_H_L_a",
        ] {
            assert!(read_query(bad).await.is_err(), "{bad}");
        }
        let held = read_query("uin=10001").await.expect("an account that is held needs no key");
        assert_eq!(held, Given { account: Some(AccountId::new(service(), "10001")), fields: None });
    }

    #[test]
    fn every_member_of_the_public_sample_is_there_with_its_type() {
        let issued = Timestamp::from_second(1_722_693_959).expect("a time");
        let credential = Credential {
            account: AccountId::new(service(), "1569097443"),
            issued_at: issued,
            expires_at: Timestamp::from_second(1_722_953_159).ok(),
            fields: [("musickey", "Q_H_L_63k")].into_iter().collect(),
        };
        assert_eq!(
            cookie(&credential),
            json!({
                "uin": 1_569_097_443, "str_uin": "1569097443", "musickey": "Q_H_L_63k", "refresh_token": "", "refresh_key": "",
                "musickeyCreateTimestamp": 1_722_693_959, "musickeyCreateTime": "2024-08-03 22:05:59", "keyExpiresIn": 259_200,
                "musickeyLastTimestamp": 1_722_953_159, "musickeyLastTime": "2024-08-06 22:05:59",
            })
        );
    }
}
