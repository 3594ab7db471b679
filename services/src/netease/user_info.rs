//! Whose session it is (protocol: NetEase §5.1). The one question whose answer decides.

use serde_json::Value;
use url::Url;

use super::client_identity::ClientIdentity;
use super::gateway::{Call, GatewayResponse, identity_of, nothing};
use super::{codes, cookie, membership};
use crate::contract::{Context, Inspection};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::response::{account_number, integer, name, text, unexpected};

const DOING: &str = "checking the credential";

/// Whose session it is.
#[derive(Debug, PartialEq)]
pub(super) struct Owner {
    /// The account's number.
    pub(super) uid: u64,
    /// The name that the service shows.
    pub(super) nickname: Option<String>,
    /// Where the picture is.
    pub(super) avatar: Option<Url>,
}

/// Asks whether the credential works, then for the membership, which proves nothing.
pub(super) async fn inspect(context: &Context, credential: &Credential) -> Result<Inspection, ServiceError> {
    let owner = validate(context, credential).await?;
    let identity = identity_of(credential, context);
    let membership = membership::ask(context, identity, &cookie::session(credential)).await;
    Ok(Inspection { nickname: owner.nickname, avatar: owner.avatar, membership })
}

/// Asks whether the credential works and is its account's.
pub(super) async fn validate(context: &Context, credential: &Credential) -> Result<Owner, ServiceError> {
    let owner = owner(context, identity_of(credential, context), &cookie::session(credential)).await?;
    if owner.uid.to_string() != credential.account.uid {
        return Err(ServiceError::OtherAccount { doing: DOING });
    }
    Ok(owner)
}

/// Asks whose session these cookies are.
pub(super) async fn owner(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
) -> Result<Owner, ServiceError> {
    let path = "/w/nuser/account/get";
    let call = Call { identity, path, payload: nothing(), cookies, headers: Vec::new(), doing: DOING };
    read(&call.send(context).await?)
}

/// A dead session is told with success and two nulls, a guest with an account that says so, and "not signed in"
/// with 301. Only these three refuse (protocol: NetEase §12.1): other codes that clients have seen here (250, 302,
/// 401, 403) are also what firewalls, limits and confused cookies bring, and prove nothing.
pub(super) fn read(response: &GatewayResponse) -> Result<Owner, ServiceError> {
    let rejected = |code| Err(ServiceError::Rejected { doing: DOING, code });
    match response.code {
        200 => {}
        301 => return rejected(301),
        code => return Err(codes::refusal(DOING, code, &response.body)),
    }
    let (account, profile) = (response.body.get("account"), response.body.get("profile"));
    match (account, profile) {
        (Some(Value::Null), Some(Value::Null)) => rejected(response.code),
        // Whatever else the answer holds: a guest owns nothing that could be kept.
        (Some(account), _) if is_guest(account) => rejected(codes::GUEST),
        (Some(account @ Value::Object(_)), Some(profile @ Value::Object(_))) => {
            let uid = account_number(&account["id"]).or_else(|| account_number(&profile["userId"]));
            Ok(Owner {
                uid: uid.ok_or_else(|| unexpected(DOING, "an account without a number"))?,
                nickname: name(profile, &["nickname"]),
                avatar: text(profile, "avatarUrl").and_then(|address| Url::parse(address).ok()),
            })
        }
        _ => Err(unexpected(DOING, "neither an account nor the lack of one")),
    }
}

/// Whether the account is a guest's. The service spells the flag with one `m`; the usual spelling is taken, too.
fn is_guest(account: &Value) -> bool {
    ["anonimousUser", "anonymousUser"].iter().any(|flag| match &account[*flag] {
        Value::String(text) => text.trim().eq_ignore_ascii_case("true") || text.trim() == "1",
        flag => integer(flag) == Some(1),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ServiceErrorKind;

    fn asked(body: Value) -> Result<Owner, ServiceErrorKind> {
        let code = body["code"].as_i64().expect("a code");
        read(&GatewayResponse::of(code, body)).map_err(|error| error.kind())
    }

    #[test]
    fn a_session_has_an_account_and_a_profile() {
        let owner =
            asked(json!({ "code": 200, "account": { "id": 29_879_272, "anonimousUser": false }, "profile": {
            "userId": 29_879_272, "nickname": "小明", "avatarUrl": "http://p1.music.126.net/x/1.jpg",
        } }))
            .expect("somebody is signed in");
        assert_eq!((owner.uid, owner.nickname.as_deref()), (29_879_272, Some("小明")));
        assert_eq!(owner.avatar.as_ref().map(Url::as_str), Some("http://p1.music.126.net/x/1.jpg"));
    }

    #[test]
    fn only_two_nulls_a_guest_and_the_listed_codes_reject() {
        for body in [
            json!({ "code": 200, "account": null, "profile": null }),
            json!({ "code": 200, "account": { "id": 8, "anonimousUser": true, "type": 1000, "status": -10 }, "profile": null }),
            json!({ "code": 301, "msg": null }),
        ] {
            assert_eq!(asked(body.clone()), Err(ServiceErrorKind::Rejected), "{body}");
        }
    }

    #[test]
    fn a_guest_is_signed_out_in_either_spelling_and_whatever_else_the_answer_holds() {
        let profile = json!({ "userId": 8, "nickname": "a guest with a name" });
        for (flag, profile) in [
            (json!({ "id": 8, "anonimousUser": true }), profile.clone()),
            (json!({ "id": 8, "anonymousUser": true }), profile.clone()),
            (json!({ "id": 8, "anonimousUser": true, "anonymousUser": false }), Value::Null),
            (json!({ "id": 8, "anonimousUser": 1 }), profile.clone()),
            (json!({ "id": 8, "anonimousUser": "true" }), profile.clone()),
        ] {
            let body = json!({ "code": 200, "account": flag, "profile": profile });
            let refused = read(&GatewayResponse::of(200, body.clone()));
            assert!(
                matches!(refused, Err(ServiceError::Rejected { code: codes::GUEST, .. })),
                "{body}: {refused:?}"
            );
        }
        for flag in [json!(false), json!(0), json!(null), json!("false"), json!("")] {
            let account = json!({ "id": 8, "anonimousUser": flag });
            let owner = asked(json!({ "code": 200, "account": account, "profile": profile }));
            assert_eq!(owner.map(|owner| owner.uid), Ok(8), "{flag}: somebody is signed in");
        }
    }

    #[test]
    fn everything_else_proves_nothing() {
        for (body, wanted) in [
            (json!({ "code": 200 }), ServiceErrorKind::Unexpected),
            (json!({ "code": 200, "account": null }), ServiceErrorKind::Unexpected),
            (json!({ "code": 200, "account": { "id": 8 }, "profile": null }), ServiceErrorKind::Unexpected),
            (json!({ "code": 200, "account": {}, "profile": {} }), ServiceErrorKind::Unexpected),
            (json!({ "code": 302 }), ServiceErrorKind::Unexpected),
            (json!({ "code": 401 }), ServiceErrorKind::Unexpected),
            (json!({ "code": 403 }), ServiceErrorKind::Unexpected),
            (json!({ "code": 500 }), ServiceErrorKind::Unexpected),
            (json!({ "code": 250 }), ServiceErrorKind::RateLimited),
            (json!({ "code": -460 }), ServiceErrorKind::RiskControl),
        ] {
            assert_eq!(asked(body.clone()), Err(wanted), "{body}");
        }
    }
}
