//! Faults as NetEase's endpoints play them: what each kind replies at each request.

use serde_json::json;

use super::api_reply::{ApiReply, code, risk, sign_in_first, wrong_text_code};
use crate::state::fault::{Fault, FaultKind};

/// What a fault replies at the request `name`; `None` when the endpoint plays the fault itself.
pub(super) fn reply(name: &str, fault: &Fault) -> Option<ApiReply> {
    let renewal = name == "netease.refresh";
    let body = match fault.kind {
        FaultKind::UnknownCode => code(fault.code_or(77_777)),
        FaultKind::Risk => risk(fault.code_or(8821)),
        FaultKind::RateLimited => json!({"code": fault.code_or(406), "message": "操作频繁，请稍候再试"}),
        FaultKind::RenewalRejected if renewal => json!({"code": 301, "msg": null, "message": null}),
        FaultKind::RenewalSkeleton if renewal => json!({"code": 200}),
        FaultKind::RenewalRejected => sign_in_first(),
        // Nothing was sent, in the form of a reply that says otherwise.
        FaultKind::RenewalSkeleton if name == "netease.phone_send" => json!({"code": 200, "data": false}),
        FaultKind::RenewalSkeleton => json!({"code": 200}),
        FaultKind::Expired if name == "netease.account" => {
            json!({"code": 200, "account": null, "profile": null})
        }
        // The code in the message has expired.
        FaultKind::Expired if name == "netease.phone_login" => wrong_text_code(),
        // The code itself has to expire: see the poll.
        FaultKind::Expired if name == "netease.poll" => return None,
        FaultKind::Expired => sign_in_first(),
        _ => return None,
    };
    Some(ApiReply::declined(body))
}
