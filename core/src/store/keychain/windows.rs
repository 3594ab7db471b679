//! The Credential Manager of Windows. It is open while its user is signed in and never prompts.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::{CredentialStore, Error};
use windows_native_keyring_store::Store;

use crate::store::StoreError;

/// Less than the 2,560 bytes of `CRED_MAX_CREDENTIAL_BLOB_SIZE`, above which items are refused.
pub(super) const LARGEST_ITEM: Option<usize> = Some(2_400);

/// The name of an item that no account has.
const PROBE: &str = "probe";

/// The store; it has no connection to lose.
#[derive(Default)]
pub(super) struct Platform;

impl Platform {
    /// Asks for an item that is not there, where none is named: a logon without a credential set says so only then.
    pub(super) fn prepare(
        &mut self,
        service: &str,
        name: Option<&str>,
        _may_prompt: bool,
    ) -> Result<(), StoreError> {
        if name.is_some() {
            return Ok(());
        }
        let entry = self.store()?.build(service, PROBE, None).map_err(|error| classify(&error))?;
        match entry.get_secret() {
            Ok(_) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(classify(&error)),
        }
    }

    pub(super) fn store(&mut self) -> Result<Arc<CredentialStore>, StoreError> {
        let store: Arc<CredentialStore> = Store::new().map_err(|error| classify(&error))?;
        Ok(store)
    }

    pub(super) fn forget_connection(&mut self) {}
}

/// Items stay on this computer; by default they would roam with the user's domain account.
pub(super) fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
    Some(HashMap::from([("persistence", "local")]))
}

/// What an error of the library means. `NoStorageAccess` is a logon without a credential set, such as SSH.
pub(super) fn classify(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(_) => StoreError::Unavailable("this logon has no Credential Manager"),
        _ => super::classify_common(error),
    }
}
