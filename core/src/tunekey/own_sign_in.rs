//! A sign-in for one delivery alone: a second credential of an account that is here already. The target of the delivery
//! gets all of it and renews it; TuneKey keeps it until then, and goes on renewing the account's own.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tunekey_services::{AccountId, Context, Device, Grant, Method, Secret};

use super::elsewhere::Elsewhere;
use super::{TuneKey, service_of};
use crate::account::Account;
use crate::delivery::{DeliveryId, DeliveryScope};
use crate::problem::{Problem, ProblemCode};
use crate::sign_in::{Scanner, SignInHost};
use crate::sign_ins::SignIn;

/// How many digits a device identity has.
const DEVICE_DIGITS: usize = 52;

impl TuneKey {
    /// Starts a sign-in for a delivery alone, for everyone to see: to the account that it is of, and no other. Must be
    /// called on a tokio runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such delivery, `InvalidInput` when it has no sign-in of its own, or when the method
    /// brings no new one.
    pub fn start_own_sign_in(&self, id: &DeliveryId, method: Method) -> Result<SignIn, Problem> {
        let delivery = self.0.accounts.delivery(id)?;
        if delivery.scope != DeliveryScope::OwnSignIn {
            return Err(Problem::invalid(
                "This delivery has no sign-in of its own. Set it up with one first.",
                "此投递没有单独的登录，请先按单独登录设置它。",
            ));
        }
        if !method.is_new_sign_in() {
            return Err(Problem::invalid(
                "What you already have is used elsewhere. Sign in once more, so that the tool has a credential that no \
                 other program renews.",
                "已有的凭据正在别处使用。请重新登录一次，让该工具得到一份没有其他程序续期的凭据。",
            ));
        }
        let account = delivery.account;
        let service = service_of(account.service)?;
        let host = OwnSignIn { tunekey: self.clone(), delivery: id.clone(), account: account.clone() };
        Ok(self.0.sign_ins.start(&self.0.tasks, service, method, Some(account), host))
    }
}

/// A sign-in for a delivery: for that account alone, and kept until the target has got it.
struct OwnSignIn {
    tunekey: TuneKey,
    delivery: DeliveryId,
    account: AccountId,
}

#[async_trait]
impl Elsewhere for OwnSignIn {
    fn tunekey(&self) -> &TuneKey {
        &self.tunekey
    }

    /// Under an identity of its own: a service that takes it for the same device may end the session that is here.
    async fn context_of_now(&self) -> Result<Context, Problem> {
        let context = TuneKey::context(&self.tunekey).await?;
        let device = own_device(&context.device, &self.delivery);
        Ok(Context { device, ..context })
    }

    async fn ready_to_keep(&self) -> Result<(), Problem> {
        self.tunekey.0.accounts.delivery(&self.delivery)?;
        SignInHost::ready_to_save(&self.tunekey).await
    }

    fn may_keep(&self, grant: &Grant) -> Result<(), Problem> {
        if grant.credential.account == self.account {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::OtherAccount).with_service(self.account.service).with_words(
            "Another account was signed in, so nothing was kept. This delivery is of the account that it was set up for.",
            "登录的是另一个账号，没有保存任何内容。此投递只用于设置时的账号。",
        ))
    }

    async fn keep(&self, grant: &Grant, _: Method, _: &Scanner) -> Result<(Account, bool), Problem> {
        self.tunekey.keep_own_sign_in(&self.delivery, &grant.credential).await?;
        Ok((self.tunekey.0.accounts.view(&self.account)?, true))
    }

    fn may_use(&self, method: Method) -> bool {
        method.is_new_sign_in()
    }

    /// They are made under another identity.
    fn shares_codes(&self) -> bool {
        false
    }
}

/// The device identity of the sign-ins for a delivery: the same each time, and another one than this installation's.
fn own_device(device: &Device, delivery: &DeliveryId) -> Device {
    let mut digest = Sha256::new();
    digest.update(exposed(&device.id));
    digest.update(delivery.as_str());
    let mut id = format!("{:X}", digest.finalize());
    id.truncate(DEVICE_DIGITS);
    Device { id: id.into() }
}

#[expect(clippy::disallowed_methods, reason = "only its digest leaves this function")]
fn exposed(id: &Secret) -> &str {
    id.expose()
}

#[cfg(test)]
mod tests;
