//! The envelope of every answer that is no stream, and the numbers that it has for errors: those of the second version,
//! the only ones that were ever written down.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};
use tunekey_core::{Clock as _, Language, Problem, SystemClock};

use super::wrong::Wrong;
use crate::failure::status_of;

/// What success is called.
const SUCCESS: &str = "请求成功！";
/// 参数错误.
const WRONG_PARAMETER: u16 = 302;
/// Where the numbers of which country the service is: its times have no offset.
const BEIJING: Offset = Offset::constant(8);

/// The envelope around an answer.
pub(super) fn success(data: Value) -> Value {
    enveloped(200, SUCCESS, data)
}

/// The envelope of a stream's last event: its `data` stands at the top, too, because the public page reads it there.
pub(super) fn last_event(data: Value) -> Value {
    let mut envelope = success(data.clone());
    if let (Value::Object(envelope), Value::Object(data)) = (&mut envelope, data) {
        envelope.extend(data);
    }
    envelope
}

/// A parameter is missing, or cannot be used.
pub(super) fn wrong(wrong: Wrong) -> Response {
    (wrong.status, Json(enveloped(WRONG_PARAMETER, wrong.why, Value::Null))).into_response()
}

/// It did not work.
pub(super) fn problem(problem: &Problem) -> Response {
    let status = status_of(problem.code);
    let envelope = enveloped(number_of(status), &problem.message(Language::Chinese), Value::Null);
    (status, Json(envelope)).into_response()
}

/// The number for a problem with that status.
fn number_of(status: StatusCode) -> u16 {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => WRONG_PARAMETER,
        // The key is dead, or nothing renews it.
        StatusCode::CONFLICT => 303,
        StatusCode::TOO_MANY_REQUESTS => 601,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => 504,
        StatusCode::SERVICE_UNAVAILABLE => 503,
        _ => 500,
    }
}

fn enveloped(code: u16, message: &str, data: Value) -> Value {
    let time = written(SystemClock.now());
    // Which process has answered is nobody's business.
    json!({ "code": code, "message": message, "data": data, "time": time, "pid": 0, "tips": "TuneKey" })
}

/// A time as the envelope has it: `2024-08-03 22:05:59`, in Beijing.
pub(super) fn written(time: Timestamp) -> String {
    BEIJING.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Adds a time to an object: as seconds under one name and written under another; zero and nothing when there is none.
pub(super) fn add_time(object: &mut Map<String, Value>, names: [&str; 2], time: Option<Timestamp>) {
    object.insert(names[0].to_owned(), time.map_or(0, Timestamp::as_second).into());
    object.insert(names[1].to_owned(), time.map(written).unwrap_or_default().into());
}

/// The envelope, for the description.
#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct TencentEnvelope {
    /// 200.
    code: u16,
    /// `请求成功！`.
    message: String,
    /// The answer.
    data: TencentData,
    /// When, in Beijing: `2024-08-03 22:05:59`.
    time: String,
    /// Always 0.
    pid: u32,
    /// Always `TuneKey`.
    tips: String,
}

#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct TencentData {
    cookie: TencentCookie,
    info: Info,
}

/// The credential.
#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TencentCookie {
    /// The account's number: up to 19 digits, more than a number of JavaScript holds.
    uin: u64,
    /// The same as text. No part of the public API.
    #[serde(rename = "str_uin")]
    str_uin: String,
    /// The key.
    musickey: String,
    /// What renews it.
    #[serde(rename = "refresh_token")]
    refresh_token: String,
    /// What renews it.
    #[serde(rename = "refresh_key")]
    refresh_key: String,
    /// When the key was issued, in seconds.
    musickey_create_timestamp: i64,
    /// The same, in Beijing.
    musickey_create_time: String,
    /// How long the key lives, in seconds; 0 when the service has not said.
    key_expires_in: i64,
    /// When the key ends, in seconds.
    musickey_last_timestamp: i64,
    /// The same, in Beijing.
    musickey_last_time: String,
}

/// The envelope, for the description.
#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct NeteaseEnvelope {
    /// 200.
    code: u16,
    /// `请求成功！`.
    message: String,
    /// The answer.
    data: NeteaseData,
    /// When, in Beijing: `2024-08-03 22:05:59`.
    time: String,
    /// Always 0.
    pid: u32,
    /// Always `TuneKey`.
    tips: String,
}

#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct NeteaseData {
    cookie: NeteaseCookie,
    info: Info,
}

/// The credential.
#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NeteaseCookie {
    /// The account's number.
    uid: u64,
    /// The same as text.
    #[serde(rename = "str_uid")]
    str_uid: String,
    /// The whole cookie as a header has it.
    cookie: String,
    /// The session.
    #[serde(rename = "MUSIC_U")]
    music_u: String,
    /// The token against forged requests.
    #[serde(rename = "__csrf")]
    csrf: String,
    /// What renews the session.
    #[serde(rename = "MUSIC_R_U")]
    music_r_u: String,
    /// When the session was issued, in seconds.
    create_timestamp: i64,
    /// The same, in Beijing.
    create_time: String,
    /// How long it lives, in seconds; 0 when the service has not said.
    expires_in: i64,
    /// When it ends, in seconds.
    end_timestamp: i64,
    /// The same, in Beijing.
    end_time: String,
}

/// The membership.
#[cfg(test)]
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    /// Whether a tier below the highest one is held.
    vip: bool,
    /// When it ends or ended, in seconds; 0 when it was never held.
    vip_end_timestamp: i64,
    /// The same, in Beijing.
    vip_end_time: String,
    /// How many days there are between that and now, always positive.
    vip_date_diff: i64,
    /// Whether the highest tier is held.
    svip: bool,
    /// As for `vip`.
    svip_end_timestamp: i64,
    /// As for `vip`.
    svip_end_time: String,
    /// As for `vip`.
    svip_date_diff: i64,
}

#[cfg(test)]
mod tests {
    use tunekey_core::ProblemCode;

    use super::*;

    #[test]
    fn times_are_those_of_beijing_as_in_the_public_sample() {
        let time = Timestamp::from_second(1_722_693_959).expect("a time");
        assert_eq!(written(time), "2024-08-03 22:05:59");
        let mut object = Map::new();
        add_time(&mut object, ["at", "written"], None);
        assert_eq!(Value::Object(object), json!({ "at": 0, "written": "" }), "never null: their types stay");
    }

    #[test]
    fn the_last_event_has_the_answer_at_the_top_and_in_its_data() {
        let event = last_event(json!({ "cookie": { "uin": 1 }, "info": { "vip": false } }));
        assert_eq!((&event["cookie"], &event["info"]), (&event["data"]["cookie"], &event["data"]["info"]));
        assert_eq!((&event["code"], &event["message"]), (&json!(200), &json!(SUCCESS)));
        assert_eq!(event["cookie"]["uin"], 1);
    }

    #[test]
    fn each_kind_of_problem_has_the_number_of_the_second_version() {
        for (code, number) in [
            (ProblemCode::InvalidInput, 302),
            (ProblemCode::Rejected, 303),
            (ProblemCode::NotRenewable, 303),
            (ProblemCode::RateLimited, 601),
            (ProblemCode::Offline, 504),
            (ProblemCode::KeychainLocked, 503),
            (ProblemCode::Unexpected, 500),
        ] {
            assert_eq!(number_of(status_of(code)), number, "{code:?}");
        }
    }
}
