use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tunekey_services::qqmusic;

use super::*;
use crate::store::keychain::sim::{SimKeychain, Trouble};
use crate::store::{PassphraseQuestion, SecretKind};

const PATIENCE: Interaction<'_> = Interaction::Forbidden;

/// How long a credential has to be to be written in one item of a keychain, in two pieces and in three.
const SIZES: [usize; 3] = [100, 2_500, 4_200];

fn id() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

/// A credential of about that many bytes, unlike any of another number.
fn credential(number: u64, size: usize) -> Credential {
    Credential {
        account: id(),
        issued_at: Timestamp::from_second(1_790_000_000).expect("it is a time"),
        expires_at: Some(Timestamp::from_second(1_790_259_200).expect("it is a time")),
        fields: [
            ("musickey", format!("Q_H_L_{number}")),
            ("refresh_token", char::from(b'a' + (number % 26) as u8).to_string().repeat(size)),
        ]
        .into_iter()
        .collect(),
    }
}

fn vault() -> (Arc<SimKeychain>, Vault) {
    let keychain = Arc::new(SimKeychain::default());
    (keychain.clone(), Vault::new(keychain.store()))
}

/// An error as the vault gives it.
fn said(error: StoreError) -> VaultError {
    VaultError { store: StoreKind::Keychain, error }
}

async fn load(vault: &Vault) -> Option<StoredCredential> {
    vault.load(&id(), PATIENCE).await.expect("the keychain answers")
}

/// Saves these credentials one after the other, the first one as the first ever.
async fn save_all(vault: &Vault, credentials: &[Credential]) -> Generation {
    let mut generation = load(vault).await.map(|kept| kept.generation);
    for credential in credentials {
        generation = Some(vault.save(credential, generation, PATIENCE).await.expect("the keychain takes it"));
    }
    generation.expect("at least one was saved")
}

#[tokio::test]
async fn nothing_is_kept_before_the_first_save() {
    let (_, vault) = vault();
    assert_eq!(load(&vault).await, None);
}

#[tokio::test]
async fn the_newest_credential_is_loaded_and_the_one_before_is_still_there() {
    for size in SIZES {
        let (keychain, vault) = vault();
        let generation =
            save_all(&vault, &[credential(1, size), credential(2, size), credential(3, size)]).await;
        assert_eq!(
            load(&vault).await,
            Some(StoredCredential { credential: credential(3, size), generation })
        );
        keychain.take("v1:qqmusic:10001:a");
        let before = load(&vault).await.expect("the other slot is untouched");
        assert_eq!(before.credential, credential(2, size), "the slot before is the last good one");
    }
}

#[tokio::test]
async fn generations_count_up() {
    let (_, vault) = vault();
    let one = save_all(&vault, &[credential(1, 10)]).await;
    let two = save_all(&vault, &[credential(2, 10)]).await;
    assert!(two > one, "{two:?} comes after {one:?}");
}

#[tokio::test]
async fn a_save_that_expects_another_generation_changes_nothing() {
    let (keychain, vault) = vault();
    let one = save_all(&vault, &[credential(1, 10)]).await;
    let two = save_all(&vault, &[credential(2, 10)]).await;
    let changes = keychain.changes();
    for expected in [None, Some(one)] {
        let late = vault.save(&credential(3, 10), expected, PATIENCE).await;
        assert_eq!(
            late,
            Err(SaveError::Conflict { found: Some(two) }),
            "somebody was faster than {expected:?}"
        );
    }
    let early = vault.save(&credential(3, 10), Some(two.next()), PATIENCE).await;
    assert_eq!(early, Err(SaveError::Conflict { found: Some(two) }));
    assert_eq!(keychain.changes(), changes, "and nothing was written");
}

#[tokio::test]
async fn saving_the_same_credential_once_more_after_a_lost_answer_is_right() {
    let (keychain, vault) = vault();
    let one = save_all(&vault, &[credential(1, 10)]).await;
    // Two reads, then the write whose answer is lost.
    keychain.last_error(Trouble::FailsAfter(2));
    vault.save(&credential(2, 10), Some(one), PATIENCE).await.expect_err("the answer was lost");
    keychain.heal();
    let two = vault.save(&credential(2, 10), Some(one), PATIENCE).await.expect("it is there already");
    assert_eq!(load(&vault).await, Some(StoredCredential { credential: credential(2, 10), generation: two }));
}

#[tokio::test]
async fn a_credential_that_no_keychain_can_hold_is_refused_and_the_old_one_stays() {
    let (_, vault) = vault();
    let one = save_all(&vault, &[credential(1, 10)]).await;
    let refused = vault.save(&credential(2, 40_000), Some(one), PATIENCE).await;
    assert_eq!(refused, Err(SaveError::TooLarge { store: StoreKind::Keychain }));
    assert_eq!(load(&vault).await, Some(StoredCredential { credential: credential(1, 10), generation: one }));
}

/// Whatever goes wrong at whatever call, the credential before or the new one can be read afterwards, and the
/// next save works.
#[tokio::test]
async fn a_save_that_is_cut_off_at_any_call_loses_nothing() {
    let troubles = [Trouble::FailsBefore, Trouble::FailsAfter, Trouble::DiesBefore, Trouble::DiesAfter];
    let mut cut_off = 0;
    for old_size in SIZES {
        for new_size in SIZES {
            for last_error in troubles {
                for at in 0.. {
                    let (keychain, vault) = vault();
                    // The slot that is written holds an older one, of yet another size.
                    let one = save_all(&vault, &[credential(1, new_size), credential(2, old_size)]).await;
                    keychain.last_error(last_error(at));
                    let saved = vault.save(&credential(3, new_size), Some(one), PATIENCE).await;
                    let calls = keychain.calls();
                    keychain.heal();
                    let context = format!("{old_size} to {new_size} bytes, {:?}: {saved:?}", last_error(at));
                    let kept = load(&vault).await.unwrap_or_else(|| panic!("nothing is left: {context}"));
                    let whole = [credential(2, old_size), credential(3, new_size)];
                    assert!(whole.contains(&kept.credential), "something else came back: {context}");
                    if let Ok(generation) = saved {
                        assert_eq!(kept.generation, generation, "what was acknowledged is lost: {context}");
                    }
                    let next = vault.save(&credential(4, old_size), Some(kept.generation), PATIENCE).await;
                    assert!(next.is_ok(), "the next save does not work: {next:?}; {context}");
                    assert_eq!(
                        load(&vault).await.map(|kept| kept.credential),
                        Some(credential(4, old_size)),
                        "{context}"
                    );
                    if calls <= at {
                        assert!(saved.is_ok(), "nothing went wrong: {context}");
                        break;
                    }
                    cut_off += 1;
                }
            }
        }
    }
    assert!(cut_off > 300, "only {cut_off} saves were cut off: the test no longer reaches what it is for");
}

#[tokio::test]
async fn a_proof_that_is_cut_off_at_any_call_loses_nothing() {
    for size in SIZES {
        for last_error in [Trouble::DiesBefore, Trouble::DiesAfter] {
            for at in 0.. {
                let (keychain, vault) = vault();
                let two = save_all(&vault, &[credential(1, size), credential(2, size)]).await;
                keychain.last_error(last_error(at));
                let proved = vault.prove_writable(&id(), PATIENCE).await;
                let calls = keychain.calls();
                keychain.heal();
                let kept = StoredCredential { credential: credential(2, size), generation: two };
                assert_eq!(load(&vault).await, Some(kept), "{size} bytes, {:?}", last_error(at));
                if calls <= at {
                    assert_eq!(proved, Ok(()));
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn the_proof_writes_the_newest_credential_to_the_idle_slot() {
    let (keychain, vault) = vault();
    save_all(&vault, &[credential(1, 10), credential(2, 10)]).await;
    let idle = keychain.item("v1:qqmusic:10001:a");
    vault.prove_writable(&id(), PATIENCE).await.expect("the keychain takes it");
    assert_ne!(keychain.item("v1:qqmusic:10001:a"), idle, "the idle slot was really written");
    assert_eq!(
        keychain.item("v1:qqmusic:10001:a"),
        keychain.item("v1:qqmusic:10001:b"),
        "with what nothing can be lost by"
    );
}

#[tokio::test]
async fn the_proof_leaves_nothing_where_nothing_is_kept() {
    let (keychain, vault) = vault();
    vault.prove_writable(&id(), PATIENCE).await.expect("the keychain takes it");
    assert_eq!(keychain.changes(), 2, "it was written and deleted");
    assert_eq!(keychain.names(), [""; 0], "a sign-in that comes to nothing leaves nothing");
}

#[tokio::test]
async fn the_proof_fails_when_the_keychain_does_not_take_it() {
    let (keychain, vault) = vault();
    save_all(&vault, &[credential(1, 10)]).await;
    for error in [StoreError::Locked, StoreError::Denied, StoreError::Silent] {
        keychain.refuse(error);
        assert_eq!(vault.prove_writable(&id(), PATIENCE).await, Err(SaveError::Store(said(error))));
    }
}

#[tokio::test]
async fn an_error_of_the_keychain_is_never_read_as_missing() {
    let (keychain, vault) = vault();
    for error in [
        StoreError::Locked,
        StoreError::Unavailable("for the test"),
        StoreError::Denied,
        StoreError::Silent,
        StoreError::Failed("for the test"),
    ] {
        keychain.refuse(error);
        assert_eq!(
            vault.load(&id(), PATIENCE).await,
            Err(said(error)),
            "there may be a credential behind it"
        );
    }
    keychain.heal();
    save_all(&vault, &[credential(1, 10), credential(2, 10)]).await;
    for at in 0..2 {
        keychain.last_error(Trouble::FailsBefore(at));
        vault.load(&id(), PATIENCE).await.expect_err("the slot that did not answer may hold the newest one");
    }
}

#[tokio::test]
async fn a_damaged_slot_falls_back_to_the_other() {
    let (keychain, vault) = vault();
    let two = save_all(&vault, &[credential(1, 10), credential(2, 10)]).await;
    let good = keychain.item("v1:qqmusic:10001:b").expect("the second save is in the second slot");
    for bad in ["", "x", "{}", "null", &good[..good.len() / 2], &good.replace("Q_H_L_2", "Q_H_L_9")] {
        keychain.put("v1:qqmusic:10001:b", bad);
        let kept = load(&vault).await.expect("the other slot is good");
        assert_eq!(kept.credential, credential(1, 10), "instead of {bad:?}");
        assert!(kept.generation < two);
    }
}

#[tokio::test]
async fn an_item_of_another_account_is_not_this_accounts_credential() {
    let (keychain, vault) = vault();
    save_all(&vault, &[credential(1, 10)]).await;
    let line = keychain.item("v1:qqmusic:10001:a").expect("it was saved");
    keychain.put("v1:qqmusic:10002:a", &line);
    let other = AccountId::new(qqmusic::ID, "10002");
    let kept = vault.load(&other, PATIENCE).await;
    assert_eq!(kept, Err(said(StoreError::Unreadable("it is damaged"))), "however it came there");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_neither_lost_nor_overwritten() {
    let (keychain, vault) = vault();
    save_all(&vault, &[credential(1, 10)]).await;
    keychain.put("v1:qqmusic:10001:b", r#"{"v":2,"news":true}"#);
    let changes = keychain.changes();
    vault.load(&id(), PATIENCE).await.expect_err("the older slot is not the truth");
    vault.save(&credential(2, 10), None, PATIENCE).await.expect_err("nor may anything be written over it");
    vault.prove_writable(&id(), PATIENCE).await.expect_err("not even the same");
    assert_eq!(keychain.changes(), changes);
}

#[tokio::test]
async fn pieces_of_an_older_credential_are_swept_away() {
    let (keychain, vault) = vault();
    let large = [credential(1, 30_000), credential(2, 30_000)];
    save_all(&vault, &large).await;
    assert!(keychain.names().len() > 30, "both slots are in pieces");
    save_all(&vault, &[credential(3, 10), credential(4, 10)]).await;
    assert_eq!(keychain.names(), ["v1:qqmusic:10001:a", "v1:qqmusic:10001:b"]);
}

#[tokio::test]
async fn forgetting_leaves_nothing_even_when_it_was_cut_off_before() {
    for size in SIZES {
        for at in 0.. {
            let (keychain, vault) = vault();
            save_all(&vault, &[credential(1, size), credential(2, size)]).await;
            keychain.put("v1:qqmusic:10002:a", "somebody else's");
            keychain.last_error(Trouble::DiesBefore(at));
            let forgotten = vault.forget(&id(), PATIENCE).await;
            let calls = keychain.calls();
            keychain.heal();
            vault.forget(&id(), PATIENCE).await.expect("doing it again is fine");
            assert_eq!(keychain.names(), ["v1:qqmusic:10002:a"], "{size} bytes, cut off before call {at}");
            if calls <= at {
                assert_eq!(forgotten, Ok(()));
                break;
            }
        }
    }
}

#[tokio::test]
async fn forgetting_also_removes_what_a_cut_off_save_left() {
    for at in 0..8 {
        let (keychain, vault) = vault();
        keychain.last_error(Trouble::DiesBefore(at));
        vault.save(&credential(1, 9_000), None, PATIENCE).await.expect_err("it was cut off");
        keychain.heal();
        vault.forget(&id(), PATIENCE).await.expect("the keychain answers");
        assert_eq!(keychain.names(), [""; 0], "cut off before call {at}");
    }
}

#[tokio::test]
async fn the_state_is_what_the_keychain_says() {
    let (keychain, vault) = vault();
    assert_eq!(vault.state(PATIENCE).await, StoreState::Ready);
    for (error, state) in [
        (StoreError::Locked, StoreState::Locked),
        (StoreError::Unavailable("for the test"), StoreState::Unavailable),
        (StoreError::Denied, StoreState::Denied),
        (StoreError::Silent, StoreState::Silent),
    ] {
        keychain.refuse(error);
        assert_eq!(vault.state(PATIENCE).await, state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_keychain_is_as_good_as_a_quick_one() {
    let (keychain, vault) = vault();
    keychain.latency(Duration::from_millis(700));
    save_all(&vault, &[credential(1, 3_000), credential(2, 10)]).await;
    assert_eq!(load(&vault).await.map(|kept| kept.credential), Some(credential(2, 10)));
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_secret() {
    let (_, vault) = vault();
    save_all(&vault, &[credential(1, 10)]).await;
    let kept = load(&vault).await;
    let printed = format!("{kept:?} {:?}", record::encode(&credential(1, 10), Generation::new(1)));
    assert!(!printed.contains("Q_H_L_"), "{printed}");
}

#[tokio::test]
async fn a_keychain_of_before_is_read_as_it_is() {
    let (keychain, vault) = vault();
    keychain.put(
        "v1:qqmusic:10001:a",
        r#"{"v":1,"gen":8,"acct":"qqmusic:10001","iat":"2026-09-21T14:13:20Z","exp":null,"cred":{"musickey":"Q_H_L_2"},"sum":"1cab7d43bdb6de70"}"#,
    );
    let kept = load(&vault).await.expect("it is there");
    assert_eq!(kept.generation, Generation::new(8));
    assert_eq!(kept.credential.field("musickey"), Some(&Secret::new("Q_H_L_2")));
}

fn token(name: &str) -> NamedSlot {
    NamedSlot::new(SecretKind::Token, name).expect("a name")
}

#[tokio::test]
async fn a_secret_of_no_account_is_kept_under_its_name_until_it_is_forgotten() {
    let (keychain, vault) = vault();
    let (home, other) = (token("home"), token("other"));
    assert_eq!(vault.named(&home, PATIENCE).await, Ok(None));
    for secret in ["tk_1", "tk_2"] {
        vault.save_named(&home, &Secret::new(secret), PATIENCE).await.expect("the store takes it");
        assert_eq!(vault.named(&home, PATIENCE).await, Ok(Some(Secret::new(secret))));
    }
    assert_eq!(vault.named(&other, PATIENCE).await, Ok(None), "another name is another secret");
    save_all(&vault, &[credential(1, 10)]).await;
    vault.forget(&id(), PATIENCE).await.expect("the store answers");
    assert_eq!(keychain.names(), ["v1:token:home"], "it belongs to no account");
    vault.forget_named(&home, PATIENCE).await.expect("the store answers");
    vault.forget_named(&home, PATIENCE).await.expect("once more is fine");
    assert_eq!(keychain.names(), [""; 0]);
}

#[tokio::test]
async fn a_secret_of_no_account_that_is_damaged_or_was_not_deleted_is_said_to_be() {
    let (keychain, vault) = vault();
    vault.save_named(&token("home"), &Secret::new("tk_1"), PATIENCE).await.expect("the store takes it");
    keychain.keep_what_is_deleted();
    vault.forget_named(&token("home"), PATIENCE).await.expect_err("it is still there");
    keychain.put("v1:token:home", "{}");
    let damaged = said(StoreError::Unreadable("it is damaged"));
    assert_eq!(vault.named(&token("home"), PATIENCE).await, Err(damaged));
    keychain.put("v1:token:home", r#"{"v":2}"#);
    let newer = vault.named(&token("home"), PATIENCE).await.expect_err("it cannot be read");
    assert_ne!(newer, damaged, "what a newer version wrote is not damaged");
}

/// A store that opens with a passphrase and keeps nothing.
#[derive(Debug)]
struct SealedStore;

#[async_trait::async_trait]
impl SecretStore for SealedStore {
    fn kind(&self) -> StoreKind {
        StoreKind::default()
    }

    async fn get(&self, _: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.probe(interaction).await.map(|()| None)
    }

    async fn set(&self, _: &SlotName, _: &Secret, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.probe(interaction).await
    }

    async fn delete(&self, _: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.probe(interaction).await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        let Some(ask) = interaction.passphrase() else { return Err(StoreError::Locked) };
        for question in [PassphraseQuestion::Open, PassphraseQuestion::OpenAgain] {
            if ask.ask(question).await == Some(Secret::new("open sesame")) {
                return Ok(());
            }
        }
        Err(StoreError::Denied)
    }
}

/// A person who types a passphrase wrong at first, or always.
#[derive(Debug)]
struct Person {
    always_wrong: bool,
}

#[async_trait::async_trait]
impl AskPassphrase for Person {
    async fn ask(&self, question: PassphraseQuestion) -> Option<Secret> {
        let right = question == PassphraseQuestion::OpenAgain && !self.always_wrong;
        Some(Secret::new(if right { "open sesame" } else { "open barley" }))
    }
}

#[tokio::test]
async fn a_store_asks_the_person_for_its_passphrase_when_it_may_and_can() {
    let store: Arc<dyn SecretStore> = Arc::new(SealedStore);
    for (person, interaction, state) in [
        (Some(false), Interaction::Allowed, StoreState::Ready),
        (Some(true), Interaction::Allowed, StoreState::Denied),
        (Some(false), Interaction::Forbidden, StoreState::Locked),
        (None, Interaction::Allowed, StoreState::Locked),
    ] {
        let ask = person.map(|always_wrong| Arc::new(Person { always_wrong }) as Arc<dyn AskPassphrase>);
        let vault = Vault::new(store.clone()).prompting(ask);
        assert_eq!(vault.state(interaction).await, state, "{person:?} {interaction:?}");
        let loaded = vault.load(&id(), interaction).await;
        assert_eq!(
            loaded.map_err(|error| error.error.state()).err().flatten(),
            (state != StoreState::Ready).then_some(state)
        );
    }
}
