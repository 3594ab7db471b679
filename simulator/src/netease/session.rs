//! The session: which one a request carries, how it is issued and renewed, sign-out (protocol: NetEase §5.3, §5.4).

use std::collections::BTreeMap;

use serde_json::json;

use super::api_reply::{ApiReply, sign_in_first};
use super::{Context, cookies};
use crate::clock::now_ms;
use crate::http::request::Request;
use crate::state::account::{Account, Service};
use crate::state::ledger::{Credential, IssuedVia, RevokedBy};
use crate::state::shared_state::SharedState;

/// The session that a request carries, whether or not it is still good.
pub(super) fn session_of<'a>(state: &'a SharedState, request: &Request) -> Option<&'a Credential> {
    state.ledger.find(Service::NetEase, "MUSIC_U", &request.cookie("MUSIC_U")?)
}

/// The session that a request carries, if it is still good.
///
/// # Errors
/// `Some` rule when the request is wrong, `None` when the session merely ended or there is none.
pub(super) fn living_session(state: &SharedState, request: &Request) -> Result<Credential, Option<String>> {
    let credential = session_of(state, request).ok_or(None)?;
    let csrf = request.query("csrf_token").unwrap_or_default();
    if !csrf.is_empty() && csrf != credential.secret("__csrf") {
        return Err(Some("csrf_token is not the session's".to_owned()));
    }
    if credential.is_valid() { Ok(credential.clone()) } else { Err(None) }
}

fn new_secrets(state: &SharedState) -> BTreeMap<String, String> {
    let tokens = &state.tokens;
    let mut secrets: BTreeMap<String, String> = [
        ("MUSIC_U", format!("00{}", tokens.upper_hex(state.settings.music_u_length.saturating_sub(2)))),
        ("__csrf", tokens.hex(32)),
        ("MUSIC_R_T", tokens.digits(13)),
        ("MUSIC_A_T", tokens.digits(13)),
        ("NMTID", format!("00O{}", tokens.alphanumeric(38))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if state.settings.issue_music_r_u {
        secrets.insert("MUSIC_R_U".to_owned(), format!("00{}", tokens.upper_hex(164)));
    }
    secrets
}

/// Signs an account in.
pub(super) fn issue(state: &mut SharedState, account: &Account, via: IssuedVia) -> Credential {
    let secrets = new_secrets(state);
    let issued = now_ms() - state.settings.issue_age_seconds * 1000;
    let expires = issued + state.settings.music_u_life_seconds * 1000;
    state.ledger.sign_in(account, via, secrets, issued, expires)
}

/// Renews the session: `…/login/token/refresh`.
pub(super) fn refresh(context: &Context<'_>) -> ApiReply {
    let request = context.request;
    context.state.change(|state, _| {
        // Not renewed, and nothing lost: code 200 with a business code that says so.
        let not_renewed = |rule: &str| ApiReply::broken_rule(rule, json!({"code": 200, "bizCode": "400"}));
        let Some(old) = session_of(state, request).cloned() else {
            return ApiReply::declined(json!({"code": 301, "msg": null, "message": null}));
        };
        if !old.is_valid() {
            return ApiReply::declined(json!({"code": 301, "msg": null, "message": null}));
        }
        let token = request.cookie("MUSIC_R_U").unwrap_or_default();
        if token.is_empty() {
            // Whoever was given the session by a person, out of a header, cannot know the token.
            return ApiReply::declined(json!({"code": 200, "bizCode": "400"}));
        }
        if token != old.secret("MUSIC_R_U") {
            return not_renewed("MUSIC_R_U does not belong to MUSIC_U");
        }
        if state.settings.dead_refresh_tokens {
            // The session goes on until its end.
            return ApiReply::declined(json!({"code": 200, "bizCode": "504"}));
        }
        if state.settings.strict_refresh_cookies {
            for (name, wanted) in [("os", "pc"), ("__remember_me", "true")] {
                if request.cookie(name).as_deref() != Some(wanted) {
                    return not_renewed(&format!("the cookie {name} is not {wanted}"));
                }
            }
        }
        let Ok(account) = state.account_in_reply(&old.account, context.fault) else {
            return ApiReply::declined(sign_in_first());
        };
        let secrets = new_secrets(state);
        let now = now_ms();
        let issued = now - state.settings.issue_age_seconds * 1000;
        let expires = issued + state.settings.music_u_life_seconds * 1000;
        let new =
            state.ledger.renew(&old, &account, secrets, (issued, expires, now), state.settings.rotation);
        ApiReply::ok(json!({"code": 200, "bizCode": "201"})).cookies(cookies::signed_in(state, &new, false))
    })
}

/// Ends the session: `…/logout`.
pub(super) fn logout(context: &Context<'_>) -> ApiReply {
    context.state.change(|state, _| match living_session(state, context.request) {
        Ok(credential) => {
            state.ledger.revoke_session(credential.session, RevokedBy::SignOut, now_ms());
            ApiReply::ok(json!({"code": 200})).cookies(cookies::signed_out())
        }
        Err(Some(rule)) => ApiReply::broken_rule(rule, sign_in_first()),
        Err(None) => ApiReply::declined(sign_in_first()),
    })
}
