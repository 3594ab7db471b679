//! What has been granted: whether it may be saved, and how it is.

use tunekey_services::{Grant, Method, picture};

use super::{Machine, failed};
use crate::sign_in::attempt_state::PAUSE_AFTER_FAILURE;
use crate::sign_in::conversation::{Cancelled, Decision};
use crate::sign_in::host::SignInHost;
use crate::sign_in::step::SignInStep;

/// How often a credential is saved when nobody is there to be told that the keychain says no.
const SAVES_UNHEARD: u32 = 3;

impl<H: SignInHost> Machine<H> {
    /// Whether what was granted may be saved; if not, it is ended at the service.
    pub(super) async fn consent(&mut self, grant: &Grant) -> Result<Decision, Cancelled> {
        let Some(question) = self.account_question(grant).await else { return Ok(Decision::Keep) };
        let decision = match self.conversation.show(question) {
            Ok(()) => self.conversation.decision().await,
            Err(Cancelled) => Err(Cancelled),
        };
        if !matches!(decision, Ok(Decision::Keep)) {
            self.discard(grant).await;
        }
        decision
    }

    /// What the person is asked about the account. Another than the wanted one is saved only if the person says so, and
    /// so is a new one that came by a page: what such a page runs, not the person alone, decides who signs in there.
    async fn account_question(&mut self, grant: &Grant) -> Option<SignInStep> {
        let account = &grant.credential.account;
        let known = self.host.knows(account);
        match self.wanted.clone() {
            Some(wanted) if wanted != *account => Some(SignInStep::AskOtherAccount {
                account: account.clone(),
                nickname: grant.inspection.nickname.clone().or_else(|| self.scanner.nickname.clone()),
                known,
                wanted,
            }),
            None if self.method == Method::OfficialPage && !known => {
                self.scanner = self.host.owner(grant).await;
                Some(SignInStep::AskNewAccount {
                    account: account.clone(),
                    nickname: self.scanner.nickname.clone(),
                    avatar: self.scanner.picture.as_deref().map(picture::data_url),
                })
            }
            Some(_) | None => None,
        }
    }

    /// Saves what has come. A keychain that says no does not lose it: it stays here for another try.
    pub(super) async fn save(&mut self, grant: &Grant) -> Result<(), Cancelled> {
        let mut unheard = 0;
        loop {
            // A credential that has come is saved whoever has left.
            self.conversation.announce(SignInStep::Saving);
            let problem = match self.host.save(grant, self.method, &self.scanner).await {
                Ok((account, known)) => {
                    return self.conversation.show(SignInStep::Done { account: Box::new(account), known });
                }
                Err(problem) => problem,
            };
            tracing::warn!(code = ?problem.code, "a credential that has come could not be saved");
            if self.conversation.show(failed(problem)).is_ok() && self.conversation.again().await.is_ok() {
                continue;
            }
            unheard += 1;
            if unheard == SAVES_UNHEARD {
                self.discard(grant).await;
                return Err(Cancelled);
            }
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }

    /// Ends a credential that is not saved. What was pasted is somebody's elsewhere, too: it is not ours to end.
    pub(super) async fn discard(&self, grant: &Grant) {
        if self.method.is_new_sign_in() {
            self.host.discard(grant).await;
        }
    }
}
