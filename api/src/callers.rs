//! Who asks: the bearer of a token, as the profile's file lists them, and what each asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use tokio::sync::RwLock;
use tokio::time::Instant;
use tunekey_core::{ApiCaller, ApiScope, ApiTokensRead, ApiUse, Clock as _, Problem, SystemClock, TuneKey};

/// For how long what was read of the file counts: a token that is revoked is refused after that.
const FRESH: Duration = Duration::from_secs(1);
/// For how long it counts for whoever is not known.
const RECENT: Duration = Duration::from_millis(20);
/// How many uses wait to be written at most.
const WAITING: usize = 1_000;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) ApiCaller);

impl Caller {
    /// What of that the token does not allow, if there is something.
    pub(crate) fn lacks(&self, scopes: &[ApiScope]) -> Option<ApiScope> {
        scopes.iter().copied().find(|scope| !self.0.scopes.contains(scope))
    }
}

/// Those who may ask.
#[derive(Debug)]
pub(crate) struct Callers {
    tunekey: TuneKey,
    known: RwLock<Known>,
    uses: Mutex<Vec<ApiUse>>,
}

#[derive(Debug)]
struct Known {
    read: ApiTokensRead,
    at: Instant,
}

impl Callers {
    /// Those of the profile.
    ///
    /// # Errors
    /// A problem of the profile.
    pub(crate) async fn new(tunekey: TuneKey) -> Result<Self, Problem> {
        let known = Known { read: tunekey.api_tokens().await?, at: Instant::now() };
        Ok(Self { tunekey, known: RwLock::new(known), uses: Mutex::default() })
    }

    /// Who bears a token; `None` when nobody does.
    ///
    /// # Errors
    /// A problem of the profile: then nobody is let in.
    pub(crate) async fn by_token(&self, token: &str) -> Result<Option<Caller>, Problem> {
        self.refresh(FRESH).await?;
        let known = self.known.read().await.read.tokens.caller(token);
        if known.is_some() {
            return Ok(known.map(Caller));
        }
        // One that was made a moment ago counts at once.
        self.refresh(RECENT).await?;
        Ok(self.known.read().await.read.tokens.caller(token).map(Caller))
    }

    /// Whether the token of somebody who was let in is still one.
    pub(crate) async fn is_still(&self, caller: &Caller) -> bool {
        self.refresh(FRESH).await.is_ok() && self.known.read().await.read.tokens.has(&caller.0.id)
    }

    /// Looks at the file again if it was last looked at so long ago.
    async fn refresh(&self, after: Duration) -> Result<(), Problem> {
        if self.known.read().await.at.elapsed() < after {
            return Ok(());
        }
        let mut known = self.known.write().await;
        if known.at.elapsed() >= after {
            if let Some(read) = self.tunekey.api_tokens_again(&known.read).await? {
                known.read = read;
            }
            known.at = Instant::now();
        }
        Ok(())
    }

    /// Remembers what somebody asked, and what was answered.
    pub(crate) fn note(&self, caller: &Caller, what: &str, status: u16) {
        let one = ApiUse::once(SystemClock.now(), &caller.0.id, &caller.0.name, what, status);
        let mut uses = self.uses();
        if uses.len() < WAITING {
            ApiUse::add_to(&mut uses, one);
        }
    }

    /// Writes what was asked.
    pub(crate) async fn flush(&self) {
        let uses = std::mem::take(&mut *self.uses());
        if uses.is_empty() {
            return;
        }
        if let Err(problem) = self.tunekey.note_api_uses(uses).await {
            tracing::warn!(code = ?problem.code, "who used the local API could not be written down");
        }
    }

    fn uses(&self) -> MutexGuard<'_, Vec<ApiUse>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token that a request bears in its header, if it bears one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_borne_once_and_by_its_scheme() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().expect("a header"));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer abc"]), Some("abc".to_owned()));
        assert_eq!(of(&["bearer  abc "]), Some("abc".to_owned()));
        for none in [&[][..], &["abc"], &["Basic abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
