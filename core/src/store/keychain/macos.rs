//! The login keychain of macOS.

use std::collections::HashMap;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Error};
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};

use crate::store::StoreError;

/// Items may be of any length.
pub(super) const LARGEST_ITEM: Option<usize> = None;

/// The name of an item that no account has, and what is in it.
const PROBE: &str = "probe";

/// The store has no connection to lose; what there is to keep is the ban on dialogs.
#[derive(Default)]
pub(super) struct Platform {
    /// While this lives, macOS answers "interaction is not allowed" instead of showing a dialog.
    no_dialogs: Option<KeychainUserInteractionLock>,
}

impl Platform {
    /// Makes sure that the next call shows no dialog unless it may. Where no item is named, one is written and removed:
    /// a locked keychain lists its items as if it were open, and refuses only that.
    pub(super) fn prepare(
        &mut self,
        service: &str,
        name: Option<&str>,
        may_prompt: bool,
    ) -> Result<(), StoreError> {
        // The old ban goes first: its end allows dialogs.
        self.no_dialogs = None;
        if !may_prompt {
            let ban = SecKeychain::disable_user_interaction().map_err(|error| classify_code(error.code()))?;
            self.no_dialogs = Some(ban);
        }
        // Fails when there is no default keychain.
        SecKeychain::default().map_err(|error| classify_code(error.code()))?;
        if name.is_some() {
            return Ok(());
        }
        let probed = self.store()?.build(service, PROBE, None).and_then(|entry| {
            entry.set_secret(PROBE.as_bytes())?;
            entry.delete_credential()
        });
        probed.map_err(|error| classify(&error))
    }

    pub(super) fn store(&mut self) -> Result<Arc<CredentialStore>, StoreError> {
        let store: Arc<CredentialStore> = Store::new().map_err(|error| classify(&error))?;
        Ok(store)
    }

    pub(super) fn forget_connection(&mut self) {}
}

pub(super) fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
    None
}

/// What an error of the library means.
pub(super) fn classify(error: &Error) -> StoreError {
    let (Error::PlatformFailure(source) | Error::NoStorageAccess(source)) = error else {
        return super::classify_common(error);
    };
    match source.downcast_ref::<security_framework::base::Error>() {
        Some(error) => classify_code(error.code()),
        None => super::classify_common(error),
    }
}

/// The codes are those of `SecBase.h`.
fn classify_code(code: i32) -> StoreError {
    match code {
        // errSecInteractionNotAllowed, errSecInteractionRequired: it would have had to ask.
        -25308 | -25315 => StoreError::Locked,
        // errSecUserCanceled, errSecAuthFailed, errSecWrPerm, errSecInvalidOwnerEdit, errSecReadOnly,
        // errSecMissingEntitlement
        -128 | -25293 | -61 | -25244 | -25292 | -34018 => StoreError::Denied,
        // errSecNotAvailable, errSecNoSuchKeychain, errSecInvalidKeychain, errSecNoDefaultKeychain
        -25291 | -25294 | -25295 | -25307 => StoreError::Unavailable("there is no login keychain"),
        _ => StoreError::Failed("the keychain reports an error"),
    }
}
