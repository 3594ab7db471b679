//! What a service has shown to be true of an account's credential, by which call, and when. Pure: the caller brings the
//! clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Light, LightKind, Proof, ProvingCall};
use crate::vault::Generation;

/// The last proofs of an account, as the ledger keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proofs {
    #[serde(default)]
    account: Option<KeptProof>,
    #[serde(default)]
    music_key: Option<KeptProof>,
}

/// A proof, and of which generation of the credential it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeptProof {
    at: Timestamp,
    call: ProvingCall,
    generation: Generation,
}

impl Proofs {
    /// The service has accepted the account.
    pub(crate) fn account_accepted(&mut self, call: ProvingCall, generation: Generation, at: Timestamp) {
        self.account = Some(KeptProof { at, call, generation });
    }

    /// The service has accepted the key itself, and so the account.
    pub(crate) fn key_works(&mut self, call: ProvingCall, generation: Generation, at: Timestamp) {
        self.account_accepted(call, generation, at);
        self.music_key = self.account;
    }

    /// Whether the service has accepted the account, with the credential of that generation, since then.
    pub(crate) fn are_since(&self, since: Timestamp, generation: Generation) -> bool {
        self.account.is_some_and(|proof| proof.generation == generation && proof.at >= since)
    }

    /// The lights for the credential of a generation: two where the service proves the key apart from the account.
    pub(crate) fn lights(&self, has_music_key: bool, generation: Generation) -> Vec<Light> {
        let light = |kind, proof: Option<KeptProof>| Light {
            kind,
            proof: proof.map(|KeptProof { at, call, generation: of }| Proof {
                at,
                call,
                is_current: of == generation,
            }),
        };
        let account = light(LightKind::AccountAccepted, self.account);
        let music_key = has_music_key.then(|| light(LightKind::MusicKeyWorks, self.music_key));
        [account].into_iter().chain(music_key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).expect("a time")
    }

    #[test]
    fn a_renewal_proves_the_account_and_leaves_the_new_key_to_be_proven() {
        let (old, new) = (Generation::new(1), Generation::new(2));
        let mut proofs = Proofs::default();
        proofs.key_works(ProvingCall::Check, old, at(0));
        proofs.account_accepted(ProvingCall::Renewal, new, at(60));
        let [account, key] = &proofs.lights(true, new)[..] else { panic!("the service has two") };
        let renewal = Proof { at: at(60), call: ProvingCall::Renewal, is_current: true };
        let check = Proof { at: at(0), call: ProvingCall::Check, is_current: false };
        assert_eq!((account.kind, account.proof), (LightKind::AccountAccepted, Some(renewal)));
        assert_eq!((key.kind, key.proof), (LightKind::MusicKeyWorks, Some(check)));
    }

    #[test]
    fn a_service_that_proves_the_key_with_the_account_has_one_light() {
        let lights = Proofs::default().lights(false, Generation::new(1));
        assert_eq!(lights, [Light { kind: LightKind::AccountAccepted, proof: None }]);
    }
}
