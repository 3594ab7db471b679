//! From the cookies of an answer that signs in to a credential (protocol: NetEase §1.5, §5.1).

use jiff::Timestamp;

use super::client_identity::ClientIdentity;
use super::gateway::{GatewayResponse, identity_field};
use super::{codes, cookie, user_info};
use crate::contract::{Context, Grant, Inspection};
use crate::credential::{Credential, Fields};
use crate::error::ServiceError;
use crate::http::{CookieMap, SetCookie};
use crate::id::AccountId;
use crate::response::{text, unexpected};
use crate::secret::Secret;

/// When a session came and when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) at: Timestamp,
    pub(super) until: Option<Timestamp>,
}

/// Takes the session out of the answer that carries it. The service sends it as `Set-Cookie`; some of its
/// gateways put the same into the body, and some only into a header. What the header says is the last to be
/// believed, and like every session only once the service has said whose it is.
pub(super) fn accept(
    response: &GatewayResponse,
    cookies: &mut CookieMap,
    now: Timestamp,
    doing: &'static str,
) -> Result<Issued, ServiceError> {
    if let Some(joined) = text(&response.body, "cookie") {
        for (name, value) in cookie::unjoined(joined).iter() {
            cookies.set(name, value.clone());
        }
    }
    cookies.absorb(&response.cookies);
    if response.code == 803
        && cookies.get(cookie::SESSION).is_none()
        && let Some(session) = &response.session
    {
        cookies.set(cookie::SESSION, session.clone());
    }
    if cookies.get(cookie::SESSION).is_none() {
        return Err(unexpected(doing, "a confirmation without a session"));
    }
    Ok(Issued { at: now, until: session_end(&response.cookies) })
}

/// Asks whose the session is. Without an account behind it there is no credential: then the service has
/// [rejected](ServiceError::Rejected) it.
pub(super) async fn confirm(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
    issued: Issued,
) -> Result<Grant, ServiceError> {
    let kept = || cookies.iter().filter(|(name, _)| cookie::is_kept(name));
    let session: CookieMap = kept().filter(|(name, _)| *name != cookie::REFRESH).map(owned).collect();
    let owner = user_info::owner(context, identity, &session).await?;
    let mut fields: Fields = kept().map(owned).collect();
    let (name, value) = identity_field(identity);
    fields.set(name, value);
    let account = AccountId::new(super::facts::ID, owner.uid.to_string());
    Ok(Grant {
        credential: Credential { account, issued_at: issued.at, expires_at: issued.until, fields },
        inspection: Inspection { nickname: owner.nickname, avatar: owner.avatar, membership: None },
    })
}

/// The same for a session that the service has just given: when it then does not know it, that is no verdict on
/// a credential but an answer that makes no sense. A guest's is a guest's all the same.
pub(super) async fn confirm_new(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
    issued: Issued,
) -> Result<Grant, ServiceError> {
    match confirm(context, identity, cookies, issued).await {
        Err(ServiceError::Rejected { doing, code }) if code != codes::GUEST => {
            Err(unexpected(doing, "a session that the service then did not confirm"))
        }
        result => result,
    }
}

/// When the session of an answer ends, if the answer says so.
pub(super) fn session_end(cookies: &[SetCookie]) -> Option<Timestamp> {
    cookies.iter().rfind(|line| line.name == cookie::SESSION && !line.deletes)?.expires_at
}

fn owned((name, value): (&str, &Secret)) -> (String, Secret) {
    (name.to_owned(), value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("a time")
    }

    fn line(text: &str) -> SetCookie {
        SetCookie::parse(text, now()).expect("a cookie")
    }

    #[test]
    fn the_session_ends_when_its_own_line_says() {
        let cookies = [
            line("__csrf=c; Max-Age=1296010; Path=/"),
            line("MUSIC_U=u; Max-Age=15552000; Path=/; HTTPOnly"),
            line("MUSIC_U=; Max-Age=0; Path=/"),
        ];
        assert_eq!(session_end(&cookies).map(Timestamp::as_second), Some(1_790_000_000 + 15_552_000));
        assert_eq!(session_end(&[line("MUSIC_U=u; Path=/")]), None, "unsaid is unknown");
    }

    #[test]
    fn a_session_is_taken_from_the_headers_or_the_body_and_nothing_is_taken_for_one() {
        let accepted = |body, cookies| {
            let mut kept = CookieMap::default();
            accept(
                &GatewayResponse { cookies, ..GatewayResponse::of(200, body) },
                &mut kept,
                now(),
                "testing",
            )
            .map(|_| kept)
        };
        let by_header = accepted(json!({}), vec![line("MUSIC_U=u; Path=/")]).expect("a session");
        assert_eq!(by_header.get("MUSIC_U"), Some(&"u".into()));
        let by_body =
            accepted(json!({ "cookie": "MUSIC_U=v; Path=/;;__csrf=c" }), vec![]).expect("a session");
        assert_eq!(by_body.get("MUSIC_U"), Some(&"v".into()));
        accepted(json!({}), vec![line("__csrf=c")]).expect_err("a token alone is no session");
    }

    #[test]
    fn a_confirmation_without_a_cookie_may_carry_the_session_in_a_header() {
        let accepted = |cookies, session: Option<&str>| {
            let mut kept = CookieMap::default();
            let response = GatewayResponse {
                cookies,
                session: session.map(Secret::new),
                ..GatewayResponse::of(803, json!({}))
            };
            accept(&response, &mut kept, now(), "testing").map(|issued| (kept, issued))
        };
        let (kept, issued) = accepted(vec![line("__csrf=c")], Some("in-a-header")).expect("a session");
        assert_eq!(kept.get("MUSIC_U"), Some(&"in-a-header".into()));
        assert_eq!(issued.until, None, "a header does not say how long it lives");
        let (kept, _) = accepted(vec![line("MUSIC_U=u; Path=/")], Some("in-a-header")).expect("a session");
        assert_eq!(kept.get("MUSIC_U"), Some(&"u".into()), "the cookie comes first");
        accepted(vec![line("__csrf=c")], None).expect_err("neither is no session");
    }
}
