//! A new session for an old one, and the end of a session (protocol: NetEase §5.3, §5.4).

use super::client_identity::ClientIdentity;
use super::gateway::{Call, GatewayResponse, identity_of, nothing, plain_renewal};
use super::grant::session_end;
use super::{codes, cookie, user_info};
use crate::contract::{Context, Renewability, Renewal, UnchangedReason};
use crate::credential::{Credential, Fields};
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::response::integer;

const DOING: &str = "renewing the session";

/// Asks for a new session. The answer decides only when it brings one; in every other case the question whose
/// session it is decides, because the service refuses renewals for sessions that work perfectly well.
pub(super) async fn renew(context: &Context, old: &Credential) -> Result<Renewal, ServiceError> {
    let mut cookies = cookie::session(old);
    if let Some(token) = old.field(cookie::REFRESH) {
        cookies.set(cookie::REFRESH, token.clone());
    }
    let response = ask(context, identity_of(old, context), &cookies).await?;
    if brings_session(&response) {
        return confirmed(context, merged(context, old, &response)?).await;
    }
    match response.code {
        // No new session, or none because something was missing, or "not signed in".
        200 | 301 | 302 | 400 | 504 => {
            user_info::validate(context, old).await?;
            Ok(Renewal::Unchanged { reason: reason(&response, old.field(cookie::REFRESH).is_some()) })
        }
        code => Err(codes::refusal(DOING, code, &response.body)),
    }
}

/// The refresh token renews a session, also one that has ended. Without it the service issues nothing: every
/// report says `bizCode` 400 (protocol: NetEase §5.3, §12.2). One client then sends the session in its place, but
/// nobody has seen a new one come of it, so that is no reason to promise one.
pub(super) fn renewability(credential: &Credential) -> Renewability {
    match credential.field(cookie::REFRESH) {
        Some(_) => Renewability::Renewable,
        None => Renewability::NotRenewable,
    }
}

/// Why there is no new session (protocol: NetEase §12.2). 400 is also what the service answers when it does not
/// take us for its desktop client, so that it speaks of a missing token only when none was sent.
fn reason(response: &GatewayResponse, token_sent: bool) -> UnchangedReason {
    match (response.code, response.body.get("bizCode").and_then(integer)) {
        (200, Some(504)) | (504, _) => UnchangedReason::RefreshTokenDead,
        (200, Some(400)) | (400, _) if !token_sent => UnchangedReason::RefreshTokenMissing,
        _ => UnchangedReason::NotReissued,
    }
}

/// Ends the session.
pub(super) async fn sign_out(context: &Context, credential: &Credential) -> Result<(), ServiceError> {
    let doing = "signing out";
    let call = Call {
        identity: identity_of(credential, context),
        path: "/logout",
        payload: nothing(),
        cookies: &cookie::session(credential),
        headers: Vec::new(),
        doing,
    };
    let response = call.send(context).await?;
    match response.code {
        // "Not signed in" is what was wanted.
        200 | 301 => Ok(()),
        code => Err(codes::refusal(doing, code, &response.body)),
    }
}

/// Whether there is a new session in the answer.
pub(super) fn brings_session(response: &GatewayResponse) -> bool {
    response.code == 200 && response.cookies.iter().any(|line| line.name == cookie::SESSION && !line.deletes)
}

/// The one request that carries the refresh token.
pub(super) async fn ask(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
) -> Result<GatewayResponse, ServiceError> {
    match identity {
        ClientIdentity::Web => plain_renewal(context, cookies, DOING).await,
        ClientIdentity::Pc => {
            let path = "/login/token/refresh";
            Call { identity, path, payload: nothing(), cookies, headers: Vec::new(), doing: DOING }
                .send(context)
                .await
        }
    }
}

/// The old credential with what the answer sets.
fn merged(
    context: &Context,
    old: &Credential,
    response: &GatewayResponse,
) -> Result<Credential, ServiceError> {
    let set = response.cookies.iter().filter(|line| !line.deletes && cookie::is_kept(&line.name));
    let fields: Fields = set.map(|line| (line.name.as_str(), line.value.clone())).collect();
    let newer = Credential {
        account: old.account.clone(),
        issued_at: context.clock.now(),
        expires_at: session_end(&response.cookies),
        fields,
    };
    old.merged(newer).map_err(|_| ServiceError::OtherAccount { doing: DOING })
}

/// Asks whose the new session is before it replaces the old one, which goes on working for a while. When
/// nobody answers the new one is kept: it came from the service, and there may be no other.
async fn confirmed(context: &Context, new: Credential) -> Result<Renewal, ServiceError> {
    match user_info::validate(context, &new).await {
        Err(error @ ServiceError::OtherAccount { .. }) => Err(error),
        Err(ServiceError::Rejected { .. }) => Err(ServiceError::Unexpected {
            doing: DOING,
            got: "a new session that the service then did not accept".to_owned(),
            service_message: None,
        }),
        Ok(_) | Err(_) => Ok(Renewal::Renewed(new)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::id::AccountId;
    use crate::netease::ID;

    fn reason_of(body: Value, token_sent: bool) -> UnchangedReason {
        let code = body["code"].as_i64().expect("a code");
        reason(&GatewayResponse::of(code, body), token_sent)
    }

    #[test]
    fn an_answer_without_a_session_says_why_by_its_biz_code() {
        use UnchangedReason::{NotReissued, RefreshTokenDead, RefreshTokenMissing};
        for (body, with_token, without) in [
            (json!({ "code": 200 }), NotReissued, NotReissued),
            (json!({ "code": 200, "bizCode": "201" }), NotReissued, NotReissued),
            (json!({ "code": 200, "bizCode": "400" }), NotReissued, RefreshTokenMissing),
            (json!({ "code": 200, "bizCode": 400 }), NotReissued, RefreshTokenMissing),
            (json!({ "code": 400 }), NotReissued, RefreshTokenMissing),
            (json!({ "code": 200, "bizCode": "504" }), RefreshTokenDead, RefreshTokenDead),
            (json!({ "code": 200, "bizCode": 504 }), RefreshTokenDead, RefreshTokenDead),
            (json!({ "code": 301, "msg": null }), NotReissued, NotReissued),
        ] {
            assert_eq!(
                (reason_of(body.clone(), true), reason_of(body.clone(), false)),
                (with_token, without),
                "{body}"
            );
        }
    }

    #[test]
    fn only_the_refresh_token_renews_a_session() {
        let with = |fields: &[(&str, &str)]| {
            renewability(&Credential {
                account: AccountId::new(ID, "1"),
                issued_at: Timestamp::UNIX_EPOCH,
                expires_at: None,
                fields: fields.iter().copied().collect(),
            })
        };
        assert_eq!(with(&[("MUSIC_U", "u"), ("MUSIC_R_U", "r")]), Renewability::Renewable);
        assert_eq!(with(&[("MUSIC_U", "u"), ("__csrf", "c")]), Renewability::NotRenewable);
        assert_eq!(with(&[("MUSIC_U", "u"), ("MUSIC_R_U", "")]), Renewability::NotRenewable);
    }
}
