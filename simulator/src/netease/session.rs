//! The session: which one a request carries, renewal, sign-out (protocol: NetEase §5.3, §5.4).

use std::collections::BTreeMap;

use serde_json::json;

use super::cookies;
use super::transport::{Outcome, sign_in_first};
use crate::account::{Account, Service};
use crate::clock::now_ms;
use crate::exchange::{Request, Turn};
use crate::fault::FaultKind;
use crate::ledger::{Credential, RevokedBy, Via};
use crate::world::State;

/// The session that a request carries, dead or alive.
pub(super) fn carried<'a>(state: &'a State, request: &Request) -> Option<&'a Credential> {
    state.ledger.find(Service::NetEase, "MUSIC_U", &request.cookie("MUSIC_U")?)
}

/// The living session that a request carries.
///
/// # Errors
/// `Some` rule when the request is wrong, `None` when the session merely ended or there is none.
pub(super) fn alive(state: &State, request: &Request) -> Result<Credential, Option<String>> {
    let credential = carried(state, request).ok_or(None)?;
    let csrf = request.query("csrf_token").unwrap_or_default();
    if !csrf.is_empty() && csrf != credential.secret("__csrf") {
        return Err(Some("csrf_token is not the session's".to_owned()));
    }
    if credential.is_valid() { Ok(credential.clone()) } else { Err(None) }
}

/// The account that the answer speaks of: `account`, unless the fault wants another one.
pub(super) fn spoken_of(
    state: &State,
    turn: &Turn<'_>,
    account: &str,
) -> Result<Account, crate::ControlError> {
    let own = state.account(account)?.clone();
    match turn.fault.filter(|fault| fault.kind == FaultKind::WrongUser) {
        None => Ok(own),
        Some(fault) => match &fault.account {
            Some(id) => state.account(id).cloned(),
            None => Ok(state
                .accounts
                .iter()
                .find(|other| other.service == own.service && other.id != own.id)
                .cloned()
                .unwrap_or(own)),
        },
    }
}

fn mint_secrets(state: &State) -> BTreeMap<String, String> {
    let mint = &state.mint;
    let mut secrets: BTreeMap<String, String> = [
        ("MUSIC_U", format!("00{}", mint.upper_hex(state.settings.music_u_length.saturating_sub(2)))),
        ("__csrf", mint.hex(32)),
        ("MUSIC_R_T", mint.digits(13)),
        ("MUSIC_A_T", mint.digits(13)),
        ("NMTID", format!("00O{}", mint.word(38))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if state.settings.issue_music_r_u {
        secrets.insert("MUSIC_R_U".to_owned(), format!("00{}", mint.upper_hex(164)));
    }
    secrets
}

/// Signs `account` in.
pub(super) fn issue(state: &mut State, account: &Account, via: Via) -> Credential {
    let secrets = mint_secrets(state);
    let issued = now_ms() - state.settings.issue_age_seconds * 1000;
    let expires = issued + state.settings.music_u_life_seconds * 1000;
    state.ledger.sign_in(account, via, secrets, issued, expires)
}

/// `…/login/token/refresh`
pub(super) fn refresh(turn: &Turn<'_>) -> Outcome {
    let request = turn.request;
    turn.world.change(|state| {
        // Not renewed, and nothing lost: code 200 with a business code that says so.
        let not_renewed = |rule: &str| Outcome::rule(rule, json!({"code": 200, "bizCode": "400"}));
        let Some(old) = carried(state, request).cloned() else {
            return Outcome::outdated(json!({"code": 301, "msg": null, "message": null}));
        };
        if !old.is_valid() {
            return Outcome::outdated(json!({"code": 301, "msg": null, "message": null}));
        }
        let token = request.cookie("MUSIC_R_U").unwrap_or_default();
        if token.is_empty() {
            // Whoever was given the session by a person, out of a header, cannot know the token.
            return Outcome::outdated(json!({"code": 200, "bizCode": "400"}));
        }
        if token != old.secret("MUSIC_R_U") {
            return not_renewed("MUSIC_R_U does not belong to MUSIC_U");
        }
        if state.settings.dead_refresh_tokens {
            // The session goes on until its end.
            return Outcome::outdated(json!({"code": 200, "bizCode": "504"}));
        }
        if state.settings.strict_refresh_cookies {
            for (name, wanted) in [("os", "pc"), ("__remember_me", "true")] {
                if request.cookie(name).as_deref() != Some(wanted) {
                    return not_renewed(&format!("the cookie {name} is not {wanted}"));
                }
            }
        }
        let Ok(account) = spoken_of(state, turn, &old.account) else {
            return Outcome::outdated(sign_in_first());
        };
        let secrets = mint_secrets(state);
        let now = now_ms();
        let issued = now - state.settings.issue_age_seconds * 1000;
        let expires = issued + state.settings.music_u_life_seconds * 1000;
        let new =
            state.ledger.renew(&old, &account, secrets, (issued, expires, now), state.settings.rotation);
        Outcome::ok(json!({"code": 200, "bizCode": "201"})).cookies(cookies::signed_in(state, &new, false))
    })
}

/// `…/logout`
pub(super) fn logout(turn: &Turn<'_>) -> Outcome {
    turn.world.change(|state| match alive(state, turn.request) {
        Ok(credential) => {
            state.ledger.revoke_session(credential.session, RevokedBy::SignOut, now_ms());
            Outcome::ok(json!({"code": 200})).cookies(cookies::signed_out())
        }
        Err(Some(rule)) => Outcome::rule(rule, sign_in_first()),
        Err(None) => Outcome::outdated(sign_in_first()),
    })
}
