//! What a sign-in needs of the rest of the core: the client and identity of now, and a place for what it brings.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tunekey_services::{
    AccountId, Context, Credential, Grant, Inspection, Method, Service, ServiceId, picture, registry,
};

use super::{SIGN_OUT_LIMIT, TuneKey, cookie_cloud, service_of};
use crate::account::{Account, ProvingCall, RenewalTrigger};
use crate::accounts::apply_inspection;
use crate::alternatives::{Alternatives, BlockedMethods, SignInOption};
use crate::commit::Record;
use crate::evidence;
use crate::ledger::AccountRecord;
use crate::problem::Problem;
use crate::renewal::Checked;
use crate::sign_in::{ParkedCode, ParkedCodes, Scanner, SignInHost};
use crate::store::{Interaction, StoreError, StoreState};
use crate::vault::{StoredCredential, VaultError};

/// How long a person may wait to be shown whose credential has come; without a name its number is shown.
const OWNER_LIMIT: Duration = Duration::from_secs(5);

#[async_trait]
impl SignInHost for TuneKey {
    async fn context(&self) -> Result<Context, Problem> {
        TuneKey::context(self).await
    }

    async fn ready_to_save(&self) -> Result<(), Problem> {
        self.0.accounts.are_readable()?;
        let opened = self.0.vault.open(Interaction::Allowed).await;
        if let Err(said) = &opened {
            self.note_store(said.error.state().unwrap_or(StoreState::Unavailable));
        }
        self.store_says(opened)
    }

    /// A browser's cookies take no sign-in's place that works: TuneKey renews that, and must not renew these.
    async fn accepts(&self, grant: &Grant, method: Method) -> Result<(), Problem> {
        let id = &grant.credential.account;
        match self.0.accounts.record(id) {
            Ok(record)
                if method == Method::CookieCloud
                    && record.method != Method::CookieCloud
                    && !record.health.needs_sign_in() =>
            {
                Err(cookie_cloud::is_signed_in(id))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn save(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem> {
        let id = &grant.credential.account;
        let service = service_of(id.service)?;
        let saved = self.0.renewer.exclusively(id, async {
            let kept = match self.0.vault.load(id, Interaction::Allowed).await {
                // A new sign-in is what helps against an item that is damaged.
                Err(VaultError { error: StoreError::Unreadable(_), .. }) => None,
                kept => self.store_says(kept)?,
            };
            let expected = kept.as_ref().map(|kept| kept.generation);
            let credential = completed(service, &grant.credential, kept, method);
            let now = self.0.clock.now();
            let known = self.knows(id);
            let (nickname, inspection) = (scanner.nickname.clone(), grant.inspection.clone());
            let change = move |record: &mut AccountRecord| {
                record.method = method;
                record.signing_out = false;
                // It is another credential than the one that was handed over; a browser goes on renewing its own.
                record.handed_over_at = (method == Method::CookieCloud).then_some(now);
                evidence::clear(record);
                record.proofs.account_accepted(ProvingCall::SignIn, record.generation, now);
                if let Some(nickname) = nickname {
                    record.nickname = nickname;
                }
                apply_inspection(record, &inspection, now);
            };
            let record = Record { first: Some(AccountRecord::new(id.clone(), method, now)), change };
            let (accounts, interaction) = (&self.0.accounts, Interaction::Allowed);
            self.0.commits.commit(accounts, service, &credential, expected, interaction, record).await?;
            Ok::<_, Problem>(known)
        });
        let known = saved.await?;
        if let Some(picture) = &scanner.picture {
            self.0.accounts.save_avatar(id, picture.clone()).await;
        }
        self.0.accounts.last_error(id, None);
        self.ask_the_rest(id, &grant.inspection);
        Ok((self.0.accounts.view(id)?, known))
    }

    fn sign_ins_left(&self, service: ServiceId) -> usize {
        self.0.accounts.sign_ins_left(service)
    }

    async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem> {
        self.0.accounts.take_sign_in(service).await
    }

    fn park(&self, option: SignInOption, code: ParkedCode) {
        self.parked_codes().put(option, code);
    }

    fn take_parked(&self, option: SignInOption) -> Option<ParkedCode> {
        self.parked_codes().take(option)
    }

    fn note_blocked(&self, option: SignInOption) {
        self.blocked_methods().note(option, self.0.clock.now());
    }

    fn alternatives(&self, option: SignInOption) -> Alternatives {
        let mut methods =
            registry::by_id(option.service).map(|service| self.methods(service)).unwrap_or_default();
        // Whoever has one knows; nobody sets one up because a code was refused.
        methods.retain(|method| *method != Method::CookieCloud);
        self.blocked_methods().alternatives(option, &methods, self.0.clock.now())
    }

    fn knows(&self, account: &AccountId) -> bool {
        self.0.accounts.record(account).is_ok()
    }

    async fn owner(&self, grant: &Grant) -> Scanner {
        let service = service_of(grant.credential.account.service);
        let (Ok(context), Ok(service)) = (TuneKey::context(self).await, service) else {
            return Scanner::default();
        };
        let asked = async {
            // What came along by itself need not be asked for.
            if grant.inspection.nickname.is_some() && grant.inspection.avatar.is_some() {
                return grant.inspection.clone();
            }
            service.inspect(&context, &grant.credential).await.unwrap_or_else(|_| grant.inspection.clone())
        };
        let known = tokio::time::timeout(OWNER_LIMIT, asked).await;
        let Inspection { nickname, avatar, .. } = known.unwrap_or_else(|_| grant.inspection.clone());
        let picture = match avatar {
            Some(address) => {
                let hosts = service.facts().picture_hosts;
                let fetched = picture::fetch(&context.http, hosts, &address);
                tokio::time::timeout(OWNER_LIMIT, fetched).await.ok().and_then(Result::ok)
            }
            None => None,
        };
        Scanner { nickname, picture }
    }

    /// An account that is here keeps its own sign-in: ending this one could end that one, too.
    async fn discard(&self, grant: &Grant) {
        let id = &grant.credential.account;
        if self.knows(id) {
            return;
        }
        if let (Ok(context), Ok(service)) = (TuneKey::context(self).await, service_of(id.service)) {
            let ended = service.sign_out(&context, &grant.credential);
            // The person has said no: whether the service hears of it is not theirs to wait for.
            let confirmed = matches!(tokio::time::timeout(SIGN_OUT_LIMIT, ended).await, Ok(Ok(())));
            tracing::debug!(confirmed, "a sign-in that was not wanted was ended");
        }
    }
}

impl TuneKey {
    /// Asks what is still to be known of an account that has just been saved, and proves its key (protocol: QQ
    /// §13.7). Nobody waits for it, and what does not work proves nothing.
    fn ask_the_rest(&self, id: &AccountId, known: &Inspection) {
        if known.membership.is_some() {
            // The service was asked before the credential was taken.
            self.fetch_avatar(id, known.avatar.clone());
            return;
        }
        let (this, id) = (self.clone(), id.clone());
        // Among what must not be cut off: a key that is refused is renewed.
        self.0.tasks.spawn(async move {
            let (Ok(context), Ok(service)) = (TuneKey::context(&this).await, service_of(id.service)) else {
                return;
            };
            let trigger = RenewalTrigger::Automatic;
            match this.0.renewer.check(&this.0.accounts, service, &context, &id, trigger).await {
                Ok(Checked::Valid(inspection)) => this.fetch_avatar(&id, inspection.avatar),
                Ok(Checked::Renewed | Checked::Known) => {}
                Err(problem) => {
                    tracing::info!(account = %id, code = ?problem.code, "a new credential is not proven yet");
                }
            }
        });
    }

    pub(super) fn parked_codes(&self) -> MutexGuard<'_, ParkedCodes> {
        self.0.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blocked_methods(&self) -> MutexGuard<'_, BlockedMethods> {
        self.0.blocked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to keep of a credential that has come. What is pasted often lacks what renews it, which may be here already:
/// but only where it is the same session. Two sessions of one account each have their own. When a session began and
/// when it ends does not change because it is pasted.
fn completed(
    service: &dyn Service,
    new: &Credential,
    kept: Option<StoredCredential>,
    method: Method,
) -> Credential {
    let key = service.key_field();
    match kept {
        Some(kept) if method == Method::Paste && kept.credential.field(key) == new.field(key) => {
            let (began, ends) = (kept.credential.issued_at, kept.credential.expires_at);
            let mut whole = kept.credential.merged(new.clone()).unwrap_or_else(|_| new.clone());
            whole.issued_at = whole.issued_at.min(began);
            whole.expires_at = whole.expires_at.or(ends);
            whole
        }
        _ => new.clone(),
    }
}
