//! Encrypts what a store keeps to one X25519 recipient in the format of age (age-encryption.org/v1), and opens it with
//! the identity that is found, or that a person types.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use age::DecryptError;
use age::x25519::{Identity, Recipient};
use zeroize::Zeroizing;

use super::identity::{IdentityPlaces, parse_identity};
use super::line::exposed;
use super::{Interaction, PassphraseQuestion, StoreError};
use crate::disk;

/// How often a person may give an identity that does not fit.
const QUESTIONS: u32 = 3;

/// What is encrypted does not open, although the identity is the right one.
pub(super) const DAMAGED: StoreError = StoreError::Unreadable("it is cut off or damaged");

/// Finds the identity of a store.
pub(super) struct Sealer {
    places: IdentityPlaces,
    /// The identity that a person has typed: it stands nowhere else.
    typed: Mutex<Option<Identity>>,
}

impl Sealer {
    /// One whose identity is in one of these places.
    pub(super) fn new(places: IdentityPlaces) -> Self {
        Self { places, typed: Mutex::default() }
    }

    /// The identity of a recipient. A person is asked when there is none in any of the places.
    ///
    /// # Errors
    /// `NoIdentity`, `WrongIdentity` for another recipient's, or `ExposedIdentity`.
    pub(super) async fn identity(
        &self,
        recipient: &str,
        interaction: Interaction<'_>,
    ) -> Result<Identity, StoreError> {
        if let Some(identity) = &*self.typed() {
            return Ok(identity.clone());
        }
        let places = self.places.clone();
        match disk::blocking(move || places.find()).await? {
            Some(found) => checked(found.identity, recipient),
            None => self.asked(recipient, interaction).await,
        }
    }

    async fn asked(&self, recipient: &str, interaction: Interaction<'_>) -> Result<Identity, StoreError> {
        let ask = interaction.passphrase().ok_or(StoreError::NoIdentity)?;
        let mut question = PassphraseQuestion::Open;
        for _ in 0..QUESTIONS {
            let typed = ask.ask(question).await.ok_or(StoreError::NoIdentity)?;
            if let Some(identity) = parse_identity(exposed(&typed))
                && let Ok(identity) = checked(identity, recipient)
            {
                *self.typed() = Some(identity.clone());
                return Ok(identity);
            }
            question = PassphraseQuestion::OpenAgain;
        }
        Err(StoreError::WrongIdentity)
    }

    fn typed(&self) -> MutexGuard<'_, Option<Identity>> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("places", &self.places).finish_non_exhaustive()
    }
}

fn checked(identity: Identity, recipient: &str) -> Result<Identity, StoreError> {
    if identity.to_public().to_string() == recipient { Ok(identity) } else { Err(StoreError::WrongIdentity) }
}

/// Encrypts to a recipient.
pub(super) fn encrypted(recipient: &Recipient, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    age::encrypt(recipient, plain).map_err(|_| StoreError::Failed("the line could not be encrypted"))
}

/// Opens what was encrypted: printable ASCII.
///
/// # Errors
/// `WrongIdentity` when it was encrypted to somebody else, `Unreadable` when it is damaged.
pub(super) fn decrypted(identity: &Identity, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    match age::decrypt(identity, bytes) {
        Ok(plain) => {
            let plain = Zeroizing::new(plain);
            if plain.is_ascii() { Ok(plain) } else { Err(DAMAGED) }
        }
        Err(DecryptError::NoMatchingKeys) => Err(StoreError::WrongIdentity),
        Err(_) => Err(DAMAGED),
    }
}
