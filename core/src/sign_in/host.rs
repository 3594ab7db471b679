//! What the sign-in machine needs from the rest of the core.

use async_trait::async_trait;
use tunekey_services::{AccountId, Context, Grant, Method, ServiceId};

use super::parked::ParkedCode;
use crate::account::Account;
use crate::alternatives::{Alternatives, SignInOption};
use crate::problem::Problem;

/// Who scanned a code, where the service says so: what is known of an account before it is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scanner {
    /// The name that the service shows.
    pub(crate) nickname: Option<String>,
    /// The picture as PNG.
    pub(crate) picture: Option<Vec<u8>>,
}

/// What the machine needs from the rest of the core.
#[async_trait]
pub(crate) trait SignInHost: Send + Sync + 'static {
    /// The HTTP client, clock and device identity of now.
    async fn context(&self) -> Result<Context, Problem>;
    /// Whether a credential could be saved; may ask the person to unlock the keychain.
    async fn ready_to_save(&self) -> Result<(), Problem>;
    /// Whether a credential may be saved at all, before the person is asked about it.
    ///
    /// # Errors
    /// Why not; it is ended at the service then.
    async fn accepts(&self, grant: &Grant, method: Method) -> Result<(), Problem>;
    /// Saves the credential and what is known of the account, and asks for the rest afterwards. Returns whether the
    /// account was known before.
    async fn save(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem>;
    /// How many sign-ins with that service the day still holds.
    fn sign_ins_left(&self, service: ServiceId) -> usize;
    /// Counts one more sign-in with that service. Errors when the day's are used up.
    async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem>;
    /// Remembers that the service blocked that option.
    fn note_blocked(&self, option: SignInOption);
    /// The other options of the service.
    fn alternatives(&self, option: SignInOption) -> Alternatives;
    /// Whether the account is here already.
    fn knows(&self, account: &AccountId) -> bool;
    /// Whose credential it is: name and picture, as far as the service says so in time.
    async fn owner(&self, grant: &Grant) -> Scanner;
    /// Ends a credential that the person does not want, as far as the service takes part.
    async fn discard(&self, grant: &Grant);
    /// Keeps a code that nobody has scanned and nobody looks at any more.
    fn park(&self, option: SignInOption, code: ParkedCode);
    /// A code for that option that was parked and still lives for a while.
    fn take_parked(&self, option: SignInOption) -> Option<ParkedCode>;
}
