//! What a sign-in needs of the rest of the core: the client and identity of now, and a place for what it brings.

use std::sync::{MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{KeychainState, SIGN_OUT_LIMIT, TuneKey, learn};
use crate::account::{Account, AccountId, Health, Method, ServiceId};
use crate::ladder::Barred;
use crate::ledger::AccountRecord;
use crate::picture;
use crate::problem::{Problem, ProblemCode};
use crate::renewal;
use crate::service::{self, Context, Grant};
use crate::sign_in::{Others, Surroundings, WayIn};
use crate::vault::keychain::Patience;

#[async_trait]
impl Surroundings for TuneKey {
    fn context(&self) -> Result<Context, Problem> {
        TuneKey::context(self)
    }

    async fn ready_to_save(&self) -> Result<(), Problem> {
        let state = self.probe_keychain(Patience::User).await;
        let code = match state {
            KeychainState::Ready => return Ok(()),
            KeychainState::Locked => ProblemCode::KeychainLocked,
            KeychainState::Denied => ProblemCode::KeychainDenied,
            KeychainState::Unavailable | KeychainState::Silent => ProblemCode::KeychainUnavailable,
        };
        Err(Problem::new(code))
    }

    async fn save(&self, grant: &Grant, method: Method) -> Result<(Account, bool), Problem> {
        let credential = &grant.credential;
        let id = &credential.account;
        let picture = async {
            let url = grant.inspection.avatar.as_ref()?;
            // Settings that no longer work cost the picture, not the credential.
            picture::fetch(&self.context().ok()?.http, url).await.ok()
        };
        let saved = async {
            let _lock = self.0.renewer.lock(id).await?;
            let known = self.keychain_says(self.0.vault.load(id, Patience::User).await)?;
            let expected = known.as_ref().map(|kept| kept.generation);
            let credential = match known {
                // What is pasted often lacks what renews it, which may be here already.
                Some(kept) if method == Method::Paste => {
                    kept.credential.merged(credential.clone()).unwrap_or_else(|_| credential.clone())
                }
                _ => credential.clone(),
            };
            let generation = self.0.vault.save(&credential, expected, Patience::User).await?;
            let now = self.0.clock.now();
            self.0.accounts.add(id, |record: Option<AccountRecord>| {
                let mut record = record.unwrap_or_else(|| AccountRecord::new(id.clone(), method, now));
                record.method = method;
                record.life = renewal::life(service::by_id(id.service), &credential);
                record.generation = generation;
                record.health = Health::Healthy;
                record.failures = 0;
                record.next_attempt_at = None;
                record.signing_out = false;
                learn(&mut record, &grant.inspection, now);
                record
            })
        };
        // The picture comes along meanwhile. The account is known before it, in case this process ends.
        let (known, picture) = tokio::join!(saved, picture);
        let known = known?;
        if let Some(picture) = picture {
            self.0.accounts.save_avatar(id, &picture);
        }
        self.0.accounts.trouble(id, None);
        Ok((self.0.accounts.view(id)?, known))
    }

    fn admit(&self, service: ServiceId) -> Result<(), Problem> {
        self.0.accounts.admit(service)
    }

    fn barred(&self, way: WayIn) {
        self.ladder().note(way, self.0.clock.now());
    }

    fn others(&self, way: WayIn) -> Others {
        self.ladder().others(way, &self.methods(service::by_id(way.service)), self.0.clock.now())
    }

    fn knows(&self, account: &AccountId) -> bool {
        self.0.accounts.record(account).is_ok()
    }

    /// An account that is here keeps its own sign-in: ending this one could end that one, too.
    async fn discard(&self, grant: &Grant) {
        let id = &grant.credential.account;
        if self.knows(id) {
            return;
        }
        if let Ok(context) = self.context() {
            let ended = service::by_id(id.service).sign_out(&context, &grant.credential);
            // The person has said no: whether the service hears of it is not theirs to wait for.
            let confirmed = matches!(tokio::time::timeout(SIGN_OUT_LIMIT, ended).await, Ok(Ok(())));
            tracing::debug!(confirmed, "a sign-in that was not wanted was ended");
        }
    }
}

impl TuneKey {
    fn ladder(&self) -> MutexGuard<'_, Barred> {
        self.0.barred.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
