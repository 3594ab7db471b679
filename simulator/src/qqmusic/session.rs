//! The credential that a request carries, and whether it is good (protocol: QQ §5.2). For the handlers that need one.

use serde_json::{Map, Value};

use super::Memory;
use super::envelope::{CallReply, text_of};
use super::hash::hash33;
use crate::http::request::Request;
use crate::state::account::Service;
use crate::state::ledger::Credential;
use crate::state::shared_state::SharedState;

/// The credential that a request carries, in `comm` or in the cookies (protocol: QQ §5.2).
///
/// # Errors
/// The refusal: 1000 when there is none, it is unknown, or it has ended.
pub(super) fn living_session(
    state: &SharedState,
    memory: &Memory,
    request: &Request,
    comm: &Map<String, Value>,
) -> Result<Credential, CallReply> {
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    let mut key = text_of(comm, "authst");
    let mut uin = text_of(comm, "qq");
    if uin.is_empty() {
        uin = text_of(comm, "uin");
    }
    if key.is_empty() {
        key = [cookie("qm_keyst"), cookie("qqmusic_key")]
            .into_iter()
            .find(|key| !key.is_empty())
            .unwrap_or_default();
        let uins = [cookie("uin"), cookie("qqmusic_uin"), cookie("wxuin")];
        uin = uins.into_iter().find(|uin| !uin.is_empty()).unwrap_or_default();
        let g_tk = text_of(comm, "g_tk");
        if !key.is_empty() && !g_tk.is_empty() && g_tk != hash33(&key, 5381).to_string() && g_tk != "5381" {
            return Err(CallReply::broken_rule(1000, "g_tk does not belong to the key"));
        }
    }
    if key.is_empty() {
        return Err(CallReply::broken_rule(1000, "there is no credential in it"));
    }
    session_by_key(state, memory, &key, &uin)
}

/// The `musickey` that a request carries, in `comm` or in the cookies; empty when it carries none.
pub(super) fn key_of(request: &Request, comm: &Map<String, Value>) -> String {
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    let keys = [text_of(comm, "authst"), cookie("qm_keyst"), cookie("qqmusic_key")];
    keys.into_iter().find(|key| !key.is_empty()).unwrap_or_default()
}

/// The living credential with this key and number.
pub(super) fn session_by_key(
    state: &SharedState,
    memory: &Memory,
    key: &str,
    uin: &str,
) -> Result<Credential, CallReply> {
    let Some(credential) = state.ledger.find(Service::QqMusic, "musickey", key) else {
        // What is pushed after a scan may be tried as a key (protocol: QQ §13.7).
        if memory.app_tokens.iter().any(|token| token.token == key) {
            return Err(CallReply::declined(1000));
        }
        return Err(CallReply::broken_rule(1000, "the key is unknown"));
    };
    if uin.trim_start_matches('o').trim_start_matches('0') != credential.uid {
        return Err(CallReply::broken_rule(1000, "the key belongs to another account"));
    }
    if !credential.is_valid() {
        return Err(CallReply::declined(1000));
    }
    Ok(credential.clone())
}
