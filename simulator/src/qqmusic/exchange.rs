//! From the code of a sign-in to a credential: the exchange for QQ and WeChat (protocol: QQ §1.6, §2.3).

use super::credential::{sign_in, skeleton};
use super::envelope::{Call, CallReply, Envelope, text_of};
use super::{Context, wechat_scan};
use crate::state::ledger::IssuedVia;

/// Exchanges a code of QQ or the official page: `QQConnectLogin.LoginServer/QQLogin`.
pub(super) fn exchange(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    if text_of(&envelope.comm, "tmeLoginType") != "2" {
        return CallReply::broken_rule(1000, "comm.tmeLoginType is not 2").with(skeleton());
    }
    context.state.change(|state, memory| {
        let wanted = text_of(&call.param, "code");
        let (account, via) = match memory.oauth_codes.iter_mut().find(|code| code.code == wanted) {
            None => return CallReply::broken_rule(1000, "the code is unknown").with(skeleton()),
            Some(code) if code.used => {
                return CallReply::broken_rule(1000, "the code was used before").with(skeleton());
            }
            Some(code) => {
                code.used = true;
                (code.account.clone(), code.via)
            }
        };
        sign_in(state, context.fault, &envelope.comm, &account, via)
    })
}

/// Exchanges a code of WeChat: `music.login.LoginServer/Login` (protocol: QQ §2.3).
pub(super) fn exchange_wechat(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let rule = |rule: &str| CallReply::broken_rule(1000, rule).with(skeleton());
    if text_of(&envelope.comm, "tmeLoginType") != "1" {
        return rule("comm.tmeLoginType is not 1");
    }
    if text_of(&call.param, "strAppid") != wechat_scan::APP_ID {
        return rule("strAppid is not QQ Music's");
    }
    context.state.change(|state, memory| {
        let wanted = text_of(&call.param, "code");
        let account = match memory.wechat_codes.iter_mut().find(|code| code.code == wanted) {
            None => return rule("the code is unknown"),
            Some(code) if code.used => return rule("the code was used before"),
            Some(code) => {
                code.used = true;
                code.account.clone()
            }
        };
        sign_in(state, context.fault, &envelope.comm, &account, IssuedVia::WechatScan)
    })
}
