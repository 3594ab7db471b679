//! The credential as the login functions answer it (protocol: QQ §6).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::gateway::GatewayResponse;
use crate::credential::{Credential, Fields};
use crate::error::ServiceError;
use crate::id::AccountId;
use crate::response::{account_number, integer};

/// Fields that are words for people about this one answer, not part of the credential.
const MESSAGES: [&str; 6] = ["errMsg", "errtip", "errTip2", "tip3", "feedbackURL", "msg"];

/// The fields with the account's number, best first.
const NUMBERS: [&str; 2] = ["str_musicid", "musicid"];

/// Reads a credential with all its fields. A failure has the same shape with nothing in it, so that without a
/// key and an account there is none.
pub(super) fn read(response: &GatewayResponse, now: Timestamp) -> Result<Credential, ServiceError> {
    let Value::Object(data) = &response.data else {
        return Err(response.unexpected("an answer without data"));
    };
    of(data, now).map_err(|missing| response.unexpected(missing))
}

/// Makes a credential of its fields, or says what is missing.
pub(super) fn of(data: &Map<String, Value>, now: Timestamp) -> Result<Credential, &'static str> {
    let number = |name: &str| data.get(name).and_then(integer).filter(|number| *number > 0);
    // The text comes first: for accounts of WeChat the number may be a placeholder (protocol: QQ §13.1).
    let Some(uid) = NUMBERS.iter().find_map(|name| account_number(data.get(*name)?)) else {
        return Err("an answer without an account");
    };
    if data.get("musickey").and_then(Value::as_str).is_none_or(|key| key.trim().is_empty()) {
        return Err("an answer without a key");
    }

    let issued_at = number("musickeyCreateTime").and_then(|second| Timestamp::from_second(second).ok());
    // Either half missing means "not said", which is not "expired".
    let life = number("keyExpiresIn").map(SignedDuration::from_secs);
    let expires_at = issued_at.zip(life).and_then(|(issued_at, life)| issued_at.checked_add(life).ok());
    let issued_at = issued_at.unwrap_or(now);

    let mut fields: Fields = data
        .iter()
        .filter(|(name, _)| !MESSAGES.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str(), scalar(value)?)))
        .collect();
    let uid = uid.to_string();
    // Both stay as they came; one that is missing is the other.
    for name in NUMBERS {
        if data.get(name).and_then(account_number).is_none() {
            fields.set(name, uid.as_str());
        }
    }
    // Zero is an answer here: it names the way of signing in, and is repeated at the renewal (protocol: QQ §13.2).
    if let Some(login_type) = data.get("loginType").and_then(integer) {
        fields.set("loginType", login_type.to_string());
    }
    // So that a renewal which leaves it out does not keep the old key's.
    fields.set("musickeyCreateTime", issued_at.as_second().to_string());
    Ok(Credential { account: AccountId::new(super::facts::ID, uid), issued_at, expires_at, fields })
}

/// Whether the account goes by this number, which may be the placeholder that its credential has beside the other.
pub(super) fn is_called(credential: &Credential, number: u64) -> bool {
    let number = number.to_string();
    credential.account.uid == number || credential.field("musicid") == Some(&number.into())
}

/// A value as text. Zero is how the service writes an empty number, and must not replace an older value any
/// more than an empty text does; lists hold other accounts, which are not ours to keep.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.as_f64() != Some(0.0) => Some(number.to_string()),
        Value::Bool(true) => Some("1".to_owned()),
        Value::Number(_) | Value::Bool(false) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_100).expect("a time")
    }

    /// The whole answer of the protocol notes.
    pub(in crate::qqmusic) fn sample() -> Value {
        json!({
            "openid": "0A", "refresh_token": "1B", "access_token": "2C", "expired_at": 1_790_604_800,
            "musicid": 10001, "musickey": "Q_H_L_63k3", "musickeyCreateTime": 1_790_000_000, "keyExpiresIn": 259_200,
            "first_login": 0, "errMsg": "", "sessionKey": "", "unionid": "UID_1", "str_musicid": "10001", "errtip": "",
            "nick": "", "logo": "", "feedbackURL": "", "encryptUin": "oK6z**", "userip": "192.0.2.7",
            "lastLoginTime": 0, "bindAccountType": 0, "refresh_key": "rk_1", "needRefreshKeyIn": 0, "loginType": 2,
            "prompt2bind": 0, "logoffStatus": 0, "otherAccounts": [{ "musicid": 7 }], "otherPhoneNo": "", "token": "",
            "isPrized": 0, "isShowDevManage": 0, "errTip2": "", "tip3": "", "encryptedPhoneNo": "", "phoneNo": "",
            "fieldOfNextYear": "kept",
        })
    }

    fn read_data(data: Value) -> Result<Credential, ServiceError> {
        read(&GatewayResponse::of(0, data), now())
    }

    fn with(changes: Value) -> Value {
        let mut data = sample();
        for (name, value) in changes.as_object().expect("an object") {
            data[name.as_str()] = value.clone();
        }
        data
    }

    #[test]
    fn every_field_with_something_in_it_is_kept_even_an_unknown_one() {
        let credential = read_data(sample()).expect("it is whole");
        assert_eq!(credential.account.uid, "10001");
        for (name, value) in [
            ("openid", "0A"),
            ("refresh_token", "1B"),
            ("access_token", "2C"),
            ("expired_at", "1790604800"),
            ("musicid", "10001"),
            ("musickey", "Q_H_L_63k3"),
            ("musickeyCreateTime", "1790000000"),
            ("keyExpiresIn", "259200"),
            ("unionid", "UID_1"),
            ("encryptUin", "oK6z**"),
            ("userip", "192.0.2.7"),
            ("refresh_key", "rk_1"),
            ("loginType", "2"),
            ("fieldOfNextYear", "kept"),
        ] {
            assert_eq!(credential.field(name), Some(&value.into()), "{name} is part of the credential");
        }
        for name in ["otherAccounts", "errMsg", "first_login", "sessionKey"] {
            assert_eq!(credential.field(name), None, "{name} is empty or not ours");
        }
    }

    #[test]
    fn the_end_is_the_beginning_plus_the_life_and_otherwise_unknown() {
        let end =
            |changes| read_data(with(changes)).expect("it is whole").expires_at.map(Timestamp::as_second);
        assert_eq!(end(json!({})), Some(1_790_259_200));
        assert_eq!(end(json!({ "keyExpiresIn": "259200" })), Some(1_790_259_200), "numbers may be text");
        assert_eq!(end(json!({ "keyExpiresIn": 0 })), None, "zero is not said");
        assert_eq!(end(json!({ "musickeyCreateTime": 0 })), None);
        assert_eq!(end(json!({ "keyExpiresIn": i64::MAX })), None, "nonsense is not said");
        let credential = read_data(with(json!({ "musickeyCreateTime": 0 }))).expect("it is whole");
        assert_eq!(credential.issued_at, now(), "an unknown beginning is now");
    }

    #[test]
    fn account_numbers_of_19_digits_survive_as_number_and_as_text() {
        for musicid in [json!(1_152_921_504_600_000_043_u64), json!("1152921504600000043")] {
            let credential =
                read_data(with(json!({ "musicid": musicid, "str_musicid": "" }))).expect("it is whole");
            assert_eq!(credential.account.uid, "1152921504600000043", "{musicid}");
        }
        let credential =
            read_data(with(json!({ "musicid": 0, "str_musicid": "10002" }))).expect("it is whole");
        assert_eq!(credential.account.uid, "10002", "the text stands in for a missing number");
        assert_eq!(credential.field("musicid"), Some(&"10002".into()), "for whoever wants a number");
    }

    #[test]
    fn the_text_is_the_account_and_a_placeholder_beside_it_stays_as_it_came() {
        let credential = read_data(with(json!({ "musicid": 1, "str_musicid": "1152921504600000043" })))
            .expect("it is whole");
        assert_eq!(credential.account.uid, "1152921504600000043");
        assert_eq!(credential.field("musicid"), Some(&"1".into()));
        assert_eq!(credential.field("str_musicid"), Some(&"1152921504600000043".into()));
        assert!(is_called(&credential, 1_152_921_504_600_000_043) && is_called(&credential, 1));
        assert!(!is_called(&credential, 10_001));
        for no_number in ["0", "", "o10001", "abc"] {
            let credential = read_data(with(json!({ "str_musicid": no_number }))).expect("it is whole");
            assert_eq!(credential.account.uid, "10001", "{no_number:?} is no account");
            assert_eq!(credential.field("str_musicid"), Some(&"10001".into()), "{no_number:?}");
        }
    }

    #[test]
    fn the_way_of_signing_in_is_kept_even_when_it_is_zero() {
        for (stated, kept) in [(json!(0), "0"), (json!("6"), "6"), (json!(1), "1")] {
            let credential = read_data(with(json!({ "loginType": stated }))).expect("it is whole");
            assert_eq!(credential.field("loginType"), Some(&kept.into()));
        }
    }

    #[test]
    fn the_skeleton_of_a_failure_is_no_credential() {
        for changes in [
            json!({ "musickey": "" }),
            json!({ "musickey": " " }),
            json!({ "musickey": null }),
            json!({ "musicid": 0, "str_musicid": "" }),
            json!({ "musicid": 0, "str_musicid": "0" }),
        ] {
            let error = read_data(with(changes.clone())).expect_err("the answer is hollow");
            assert!(matches!(error, ServiceError::Unexpected { .. }), "{changes} proves nothing: {error}");
        }
        for data in [json!(null), json!([]), json!("x")] {
            assert!(read_data(data).is_err());
        }
    }
}
