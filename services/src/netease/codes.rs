//! What NetEase's own codes mean outside of their endpoint's own states (protocol: NetEase §1.4, §5.1).

use serde_json::Value;

use crate::error::ServiceError;
use crate::response::{text, words};

/// What stands for a code where the session turns out to be a guest's, which is told with success: the status that
/// the service gives to guests' accounts (protocol: NetEase §5.1).
pub(super) const GUEST: i64 = -10;

/// An answer whose code the endpoint has no state for.
///
/// No code is [`ServiceError::Rejected`] here: which code proves that depends on the endpoint.
pub(super) fn refusal(doing: &'static str, code: i64, body: &Value) -> ServiceError {
    let service_message = words(body, &["message", "msg"]).or_else(|| words(&body["data"], &["blockText"]));
    match code {
        8821 if wants_newer_client(body) => ServiceError::ClientTooOld { doing, code, service_message },
        8821 | 8830 | 8810 | -462 | -460 | 460 | 10_003 | 10_004 => {
            ServiceError::RiskControl { doing, code, service_message }
        }
        250 | 406 => ServiceError::RateLimited { doing, code, service_message, retry_after: None },
        _ => ServiceError::Unexpected { doing, got: format!("code {code}"), service_message },
    }
}

/// The usual words of 8821 name two ways out, "another way to sign in" or "a newer version"; they are risk
/// control all the same. Only when a newer version is the one way out is the client too old.
fn wants_newer_client(body: &Value) -> bool {
    let message = text(body, "message").or_else(|| text(body, "msg")).unwrap_or_default();
    message.contains("升级") && !message.contains("切换其他登录方式")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ServiceErrorKind;

    fn problem(code: i64, body: Value) -> (ServiceErrorKind, Option<String>) {
        let error = refusal("testing", code, &body);
        (error.kind(), error.service_message().map(str::to_owned))
    }

    #[test]
    fn every_risk_code_is_risk_control_with_the_services_words() {
        for code in [8821, 8830, 8810, -462, -460, 460, 10_003, 10_004] {
            let (kind, service_message) = problem(code, json!({ "message": "当前登录存在安全风险" }));
            assert_eq!(
                (kind, service_message.as_deref()),
                (ServiceErrorKind::RiskControl, Some("当前登录存在安全风险")),
                "{code}"
            );
        }
        let (_, service_message) =
            problem(-462, json!({ "message": null, "data": { "blockText": "请完成验证" } }));
        assert_eq!(service_message.as_deref(), Some("请完成验证"), "some hide their words in the data");
    }

    #[test]
    fn only_an_upgrade_as_the_one_way_out_means_that_the_client_is_too_old() {
        let kind = |message: &str| problem(8821, json!({ "message": message })).0;
        assert_eq!(kind("请切换其他登录方式或升级新版本再试"), ServiceErrorKind::RiskControl);
        assert_eq!(kind("需要行为验证码验证"), ServiceErrorKind::RiskControl);
        assert_eq!(kind("请升级新版本再试"), ServiceErrorKind::ClientTooOld);
    }

    #[test]
    fn the_rest_proves_nothing() {
        assert_eq!(problem(250, json!({})).0, ServiceErrorKind::RateLimited);
        assert_eq!(problem(406, json!({})).0, ServiceErrorKind::RateLimited);
        for code in [301, 400, 401, 404, 502, 503, 504, -1, 20_001] {
            assert_eq!(problem(code, json!({})).0, ServiceErrorKind::Unexpected, "{code}");
        }
    }
}
