//! Credentials that were made elsewhere: by the official page, or by whoever pastes one (protocol: NetEase §5.1, §6).

use std::time::Duration;

use super::client_identity::ClientIdentity;
use super::grant::{self, Issued};
use super::{cookie, renewal};
use crate::contract::{Context, Detection, Grant};
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::question::{CredentialPart, DetectedPart};
use crate::response::unexpected;

/// The parts, most important first.
const PARTS: [(CredentialPart, &str); 3] = [
    (CredentialPart::Session, cookie::SESSION),
    (CredentialPart::CsrfToken, cookie::CSRF),
    (CredentialPart::RefreshToken, cookie::REFRESH),
];

/// What is taken of other people's cookies; a browser has many more for the same site.
const TAKEN: [&str; 5] = [cookie::SESSION, cookie::CSRF, cookie::REFRESH, "__remember_me", "NMTID"];

/// How often a session that was renewed a moment ago is asked about before it is given up.
const PATIENCE: u32 = 3;
/// Between two of these.
const PAUSE: Duration = Duration::from_secs(1);

/// What there is of a credential.
pub(super) fn detect(fields: &CookieMap) -> Detection {
    let has = |name| fields.get(name).is_some();
    Detection {
        parts: PARTS.iter().map(|(part, name)| DetectedPart { part: *part, found: has(name) }).collect(),
        enough: has(cookie::SESSION),
        renewable: has(cookie::REFRESH),
    }
}

/// Asks whose it is. A session that has ended is renewed once, where that is possible.
pub(super) async fn import(
    context: &Context,
    identity: ClientIdentity,
    fields: &CookieMap,
) -> Result<Grant, ServiceError> {
    let taken: CookieMap =
        TAKEN.into_iter().filter_map(|name| Some((name, fields.get(name)?.clone()))).collect();
    if taken.get(cookie::SESSION).is_none() {
        return Err(unexpected("checking the credential", "cookies without MUSIC_U"));
    }
    // Cookies do not say when they were issued: from now on the usual age counts.
    let issued = Issued { at: context.clock.now(), until: None };
    match grant::confirm(context, identity, &taken, issued).await {
        Err(rejected @ ServiceError::Rejected { .. }) if taken.get(cookie::REFRESH).is_some() => {
            renewed(context, identity, taken, rejected).await
        }
        result => result,
    }
}

/// The same with a new session, or the verdict on the old one when there is none.
async fn renewed(
    context: &Context,
    identity: ClientIdentity,
    mut cookies: CookieMap,
    rejected: ServiceError,
) -> Result<Grant, ServiceError> {
    let response = renewal::ask(context, identity, &cookies).await?;
    if !renewal::brings_session(&response) {
        return Err(rejected);
    }
    let issued = grant::accept(&response, &mut cookies, context.clock.now(), "renewing the session")?;
    // The new session exists here only: a moment without network must not lose it.
    for _ in 1..PATIENCE {
        match grant::confirm(context, identity, &cookies, issued).await {
            Err(error) if error.may_pass() => tokio::time::sleep(PAUSE).await,
            result => return result,
        }
    }
    grant::confirm(context, identity, &cookies, issued).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> (Vec<bool>, bool, bool) {
        let fields: CookieMap = names.iter().map(|name| (*name, "x")).collect();
        let recognition = detect(&fields);
        let found = recognition.parts.iter().map(|part| part.found).collect();
        (found, recognition.enough, recognition.renewable)
    }

    #[test]
    fn the_session_is_enough_and_the_refresh_token_renews_it() {
        assert_eq!(of(&["MUSIC_U"]), (vec![true, false, false], true, false));
        assert_eq!(of(&["MUSIC_U", "__csrf", "MUSIC_R_U"]), (vec![true, true, true], true, true));
        assert_eq!(of(&["__csrf", "MUSIC_A"]), (vec![false, true, false], false, false), "a guest is nobody");
        assert_eq!(of(&["qm_keyst", "uin"]), (vec![false, false, false], false, false));
    }
}
