//! Credentials for a program that keeps them itself: signed in or renewed for it, handed to it, and kept nowhere here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tunekey_services::{
    AccountId, Context, CookieMap, Credential, Grant, Inspection, Membership, Method, Renewal, Service,
    ServiceId,
};

use super::elsewhere::Elsewhere;
use super::{TuneKey, service_of};
use crate::account::Account;
use crate::accounts::apply_inspection;
use crate::ledger::AccountRecord;
use crate::problem::{Problem, ProblemCode};
use crate::sign_in::{Scanner, SignInHost, SignInStep, UserInput};
use crate::sign_ins::SignIn;
use crate::store::Interaction;
use crate::timing::life;
use crate::vault::{Generation, StoredCredential};

/// How long a service may take to say who an account is and what it has paid for; without that it is left out.
const INSPECTION_LIMIT: Duration = Duration::from_secs(8);

/// A credential that is not kept here, and what its service says of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct UnkeptCredential {
    /// The credential, with all its fields.
    pub credential: Credential,
    /// The name that the service shows, if it has said so.
    pub nickname: Option<String>,
    /// The membership, if the service has said anything.
    pub membership: Option<Membership>,
}

/// A sign-in whose credential goes to whoever has started it. It is not [under way](TuneKey::sign_ins) for others, and
/// needs no store. Dropping it cancels it; what was confirmed already is then ended at the service.
#[derive(Debug)]
pub struct UnkeptSignIn {
    sign_in: SignIn,
    credential: oneshot::Receiver<UnkeptCredential>,
}

impl UnkeptSignIn {
    /// The next step, as [`SignIn::next`] gives it; its [`SignInStep::Done`] is that of an account that is not kept.
    pub async fn next(&mut self) -> Option<SignInStep> {
        self.sign_in.next().await
    }

    /// What the person says.
    pub fn answer(&self, input: UserInput) {
        self.sign_in.answer(input);
    }

    /// The credential, once the sign-in is done.
    pub fn take(mut self) -> Option<UnkeptCredential> {
        self.credential.try_recv().ok()
    }
}

impl TuneKey {
    /// Starts a sign-in whose credential is handed out and not kept. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such service.
    pub fn start_unkept_sign_in(&self, service: ServiceId, method: Method) -> Result<UnkeptSignIn, Problem> {
        let service = service_of(service)?;
        let (place, credential) = oneshot::channel();
        let host = Unkept { tunekey: self.clone(), place: Arc::new(Mutex::new(Some(place))) };
        let sign_in = self.0.sign_ins.start_unlisted(&self.0.tasks, service, method, host);
        Ok(UnkeptSignIn { sign_in, credential })
    }

    /// The credential of an account with all its fields, for a front that writes it in a shape of its own. Nobody is
    /// prompted.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the store.
    pub async fn credential(&self, id: &AccountId) -> Result<StoredCredential, Problem> {
        self.0.accounts.record(id)?;
        self.note_store_of(self.0.renewer.load(&self.0.accounts, id, Interaction::Forbidden).await)
    }

    /// Renews the credential that some fields hold, of an account that need not be here: asks the service about it, then
    /// for a new key. When the service issues none, and the old one works, it is that one. Kept here only if `keep` says
    /// so. Runs to its end even when the caller goes away. The [membership](Self::unkept_membership) is not asked for.
    ///
    /// # Errors
    /// `InvalidInput` when the fields are none of the service's, `Rejected` when the service accepts neither the key nor
    /// what would renew it, or what else the service or the store says.
    pub async fn renew_unkept(
        &self,
        service: ServiceId,
        fields: CookieMap,
        keep: bool,
    ) -> Result<UnkeptCredential, Problem> {
        let this = self.clone();
        self.to_its_end(async move {
            let service = service_of(service)?;
            if !service.detect(&fields).enough {
                return Err(Problem::new(ProblemCode::InvalidInput).with_service(service.id()));
            }
            let context = TuneKey::context(&this).await?;
            let grant = renewed(service, &context, &fields).await?;
            if keep {
                this.save(&grant, Method::Paste, &Scanner::default()).await?;
            }
            Ok(UnkeptCredential::of(&grant))
        })
        .await
    }

    /// What the service says of the membership of a credential that is not kept here. It is only for show: without an
    /// answer there is none.
    pub async fn unkept_membership(&self, credential: &Credential) -> Option<Membership> {
        let service = service_of(credential.account.service).ok()?;
        let context = TuneKey::context(self).await.ok()?;
        inspected(service, &context, credential).await?.membership
    }
}

/// What the fields hold, with a new key if the service issues one.
async fn renewed(service: &dyn Service, context: &Context, fields: &CookieMap) -> Result<Grant, Problem> {
    let problem = |error| Problem::of_service(error, service.id());
    let grant = service.import(context, fields).await.map_err(problem)?;
    let key = grant.credential.field(service.key_field());
    if !fields.iter().any(|(_, value)| Some(value) == key) {
        // It had ended, and was renewed to be looked at: there is nothing newer to be had.
        return Ok(grant);
    }
    let Grant { credential, inspection } = grant;
    match service.renew(context, &credential).await.map_err(problem)? {
        Renewal::Renewed(credential) => Ok(Grant { credential, inspection }),
        Renewal::Unchanged { .. } => Ok(Grant { credential, inspection }),
    }
}

/// What the service says of the account, if it does in time.
async fn inspected(service: &dyn Service, context: &Context, credential: &Credential) -> Option<Inspection> {
    let asked = tokio::time::timeout(INSPECTION_LIMIT, service.inspect(context, credential)).await;
    asked.ok().and_then(Result::ok)
}

impl UnkeptCredential {
    fn of(grant: &Grant) -> Self {
        Self {
            credential: grant.credential.clone(),
            nickname: grant.inspection.nickname.clone(),
            membership: grant.inspection.membership.clone(),
        }
    }
}

/// A sign-in whose credential goes to whoever waits for it.
struct Unkept {
    tunekey: TuneKey,
    /// Where the credential is waited for.
    place: Arc<Mutex<Option<oneshot::Sender<UnkeptCredential>>>>,
}

#[async_trait]
impl Elsewhere for Unkept {
    fn tunekey(&self) -> &TuneKey {
        &self.tunekey
    }

    async fn ready_to_keep(&self) -> Result<(), Problem> {
        Ok(())
    }

    fn may_keep(&self, _: &Grant) -> Result<(), Problem> {
        Ok(())
    }

    async fn keep(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem> {
        let (id, service) = (&grant.credential.account, service_of(grant.credential.account.service)?);
        let inspection = match TuneKey::context(&self.tunekey).await {
            Ok(context) if grant.inspection.membership.is_none() => {
                inspected(service, &context, &grant.credential).await
            }
            Ok(_) | Err(_) => None,
        };
        let inspection = inspection.unwrap_or_else(|| grant.inspection.clone());
        let nickname = inspection.nickname.clone().or_else(|| scanner.nickname.clone());
        let inspection = Inspection { nickname, ..inspection };
        let now = self.tunekey.0.clock.now();
        let mut record = AccountRecord::new(id.clone(), method, now);
        record.life = life(service, &grant.credential, Generation::new(0));
        record.renewability = Some(service.renewability(&grant.credential));
        apply_inspection(&mut record, &inspection, now);
        let known = self.tunekey.knows(id);
        let unkept = UnkeptCredential::of(&Grant { credential: grant.credential.clone(), inspection });
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if place.is_some_and(|place| place.send(unkept).is_ok()) {
            Ok((self.tunekey.0.accounts.view_of(&record), known))
        } else {
            // Whoever wanted it has gone: the machine ends it at the service.
            Err(Problem::new(ProblemCode::Cancelled).with_service(id.service))
        }
    }
}
