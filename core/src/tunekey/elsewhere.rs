//! Sign-ins whose credential goes elsewhere than among the accounts: as any other, but for whose it may be and where it
//! is kept.

use async_trait::async_trait;
use tunekey_services::{AccountId, Context, Grant, Method, ServiceId};

use super::TuneKey;
use crate::account::Account;
use crate::alternatives::{Alternatives, SignInOption};
use crate::problem::Problem;
use crate::sign_in::{ParkedCode, Scanner, SignInHost};

/// Where the credential of a sign-in goes, and what else is different about it.
#[async_trait]
pub(super) trait Elsewhere: Send + Sync + 'static {
    /// The core, for all that is as with any other.
    fn tunekey(&self) -> &TuneKey;

    /// As [`SignInHost::context`].
    async fn context_of_now(&self) -> Result<Context, Problem> {
        TuneKey::context(self.tunekey()).await
    }

    /// As [`SignInHost::ready_to_save`].
    async fn ready_to_keep(&self) -> Result<(), Problem>;

    /// As [`SignInHost::accepts`].
    fn may_keep(&self, grant: &Grant) -> Result<(), Problem>;

    /// As [`SignInHost::save`].
    async fn keep(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem>;

    /// Whether a method is of use as an alternative.
    fn may_use(&self, _: Method) -> bool {
        true
    }

    /// Whether codes are shared with other sign-ins.
    fn shares_codes(&self) -> bool {
        true
    }
}

#[async_trait]
impl<T: Elsewhere> SignInHost for T {
    async fn context(&self) -> Result<Context, Problem> {
        self.context_of_now().await
    }

    async fn ready_to_save(&self) -> Result<(), Problem> {
        self.ready_to_keep().await
    }

    async fn accepts(&self, grant: &Grant, _: Method) -> Result<(), Problem> {
        self.may_keep(grant)
    }

    async fn save(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem> {
        self.keep(grant, method, scanner).await
    }

    fn sign_ins_left(&self, service: ServiceId) -> usize {
        self.tunekey().sign_ins_left(service)
    }

    async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem> {
        self.tunekey().take_sign_in(service).await
    }

    fn note_blocked(&self, option: SignInOption) {
        self.tunekey().note_blocked(option);
    }

    fn alternatives(&self, option: SignInOption) -> Alternatives {
        let mut all = SignInHost::alternatives(self.tunekey(), option);
        all.next.retain(|next| self.may_use(next.method));
        all
    }

    fn knows(&self, account: &AccountId) -> bool {
        self.tunekey().knows(account)
    }

    async fn owner(&self, grant: &Grant) -> Scanner {
        self.tunekey().owner(grant).await
    }

    async fn discard(&self, grant: &Grant) {
        self.tunekey().discard(grant).await;
    }

    fn park(&self, option: SignInOption, code: ParkedCode) {
        if self.shares_codes() {
            self.tunekey().park(option, code);
        }
    }

    fn take_parked(&self, option: SignInOption) -> Option<ParkedCode> {
        if self.shares_codes() { self.tunekey().take_parked(option) } else { None }
    }
}
