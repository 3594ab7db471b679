use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tunekey_services::{AccountId, Credential, qqmusic};

use super::*;
use crate::problem::{Language, Problem, ProblemCode};
use crate::store::identity::new_identity;
use crate::store::{AskPassphrase, PassphraseQuestion, Side};
use crate::vault::{Generation, Vault, VaultError};

const NOBODY: Interaction<'_> = Interaction::Forbidden;

/// A folder with an identity, and the files that it opens.
struct Fixture {
    dir: tempfile::TempDir,
    recipient: String,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let recipient = new_identity(&dir.path().join("identity.txt"), Timestamp::UNIX_EPOCH);
        let recipient = recipient.expect("an identity can be made");
        disk::make_private_dir(&dir.path().join("secrets")).expect("a folder can be made");
        Self { dir, recipient }
    }

    fn identity(&self) -> PathBuf {
        self.dir.path().join("identity.txt")
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("secrets")
    }

    fn store(&self) -> Arc<FileStore> {
        self.store_with(IdentityPlaces::new([], Some(self.identity())))
    }

    fn store_with(&self, places: IdentityPlaces) -> Arc<FileStore> {
        Arc::new(FileStore::new(self.folder(), self.recipient.as_str(), places))
    }

    fn vault(&self) -> Vault {
        Vault::new(self.store())
    }

    fn file(&self, side: &str) -> PathBuf {
        self.folder().join(format!("v1.qqmusic.10001.{side}.age"))
    }
}

fn id() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

fn slot() -> SlotName {
    SlotName::credential(&id(), Side::A)
}

fn credential(number: u64) -> Credential {
    Credential {
        account: id(),
        issued_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        fields: [("musickey", format!("Q_H_L_canary_{number}"))].into_iter().collect(),
    }
}

/// Saves credentials one after the other, and gives the last generation.
async fn save(vault: &Vault, numbers: impl IntoIterator<Item = u64>) -> Generation {
    let mut generation = None;
    for number in numbers {
        generation = Some(vault.save(&credential(number), generation, NOBODY).await.expect("it is saved"));
    }
    generation.expect("at least one was saved")
}

async fn loaded(vault: &Vault, least: Generation) -> Result<Credential, StoreError> {
    let kept = vault.load_since(&id(), least, NOBODY).await.map_err(|VaultError { error, .. }| error)?;
    Ok(kept.expect("there is one").credential)
}

#[tokio::test]
async fn what_is_saved_is_loaded_and_only_its_reader_sees_it_on_the_disk() {
    let fixture = Fixture::new();
    let vault = fixture.vault();
    assert_eq!(vault.load(&id(), NOBODY).await, Ok(None));
    let newest = save(&vault, 1..=3).await;
    assert_eq!(loaded(&fixture.vault(), newest).await, Ok(credential(3)));
    for side in ["a", "b"] {
        let bytes = std::fs::read(fixture.file(side)).expect("both slots are written");
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "as age -d wants it");
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
    }
    vault.forget(&id(), NOBODY).await.expect("it is deleted");
    assert!(!holds_files(&fixture.folder()));
}

#[tokio::test]
async fn a_file_that_is_cut_off_anywhere_is_damaged_and_the_other_slot_is_still_there() {
    let fixture = Fixture::new();
    let newest = save(&fixture.vault(), 1..=2).await;
    let whole = std::fs::read(fixture.file("b")).expect("it is the newest");
    for length in [0, 1, 21, 100, whole.len() / 2, whole.len() - 1] {
        disk::replace(&fixture.file("b"), &whole[..length]).expect("it can be written");
        let vault = fixture.vault();
        assert_eq!(loaded(&vault, Generation::default()).await, Ok(credential(1)), "{length} bytes");
        let error = loaded(&vault, newest).await.expect_err("that is not what was saved last");
        assert!(matches!(error, StoreError::Unreadable(_)), "{length} bytes: {error:?}");
    }
    disk::replace(&fixture.file("b"), &whole).expect("it can be put back");
    assert_eq!(loaded(&fixture.vault(), newest).await, Ok(credential(2)));
}

#[tokio::test]
async fn files_of_yesterday_are_noticed_and_what_was_saved_since_can_be_put_back() {
    let fixture = Fixture::new();
    save(&fixture.vault(), 1..=2).await;
    let yesterday = ["a", "b"].map(|side| std::fs::read(fixture.file(side)).expect("it is there"));
    let newest = fixture.vault().save(&credential(3), Some(Generation::new(2)), NOBODY).await.expect("saved");
    let today = std::fs::read(fixture.file("a")).expect("it is the newest");
    for (side, bytes) in ["a", "b"].into_iter().zip(&yesterday) {
        disk::replace(&fixture.file(side), bytes).expect("a backup is put back");
    }
    assert_eq!(loaded(&fixture.vault(), newest).await, Err(StoreError::RolledBack));
    assert_eq!(
        loaded(&fixture.vault(), Generation::new(2)).await,
        Ok(credential(2)),
        "that was the newest then"
    );
    disk::replace(&fixture.file("a"), &today).expect("it can be put back");
    assert_eq!(loaded(&fixture.vault(), newest).await, Ok(credential(3)));
}

#[tokio::test]
async fn a_missing_and_a_wrong_identity_are_not_the_same_and_neither_changes_anything() {
    let fixture = Fixture::new();
    save(&fixture.vault(), [1]).await;
    let right = std::fs::read(fixture.identity()).expect("it is there");
    std::fs::remove_file(fixture.identity()).expect("it is there");
    let store = fixture.store();
    assert_eq!(store.get(&slot(), NOBODY).await, Err(StoreError::NoIdentity));
    assert_eq!(store.probe(NOBODY).await, Err(StoreError::NoIdentity));
    new_identity(&fixture.identity(), Timestamp::UNIX_EPOCH).expect("another one");
    assert_eq!(store.get(&slot(), NOBODY).await, Err(StoreError::WrongIdentity));
    assert_eq!(store.set(&slot(), &Secret::new("x"), NOBODY).await, Err(StoreError::WrongIdentity));
    for nonsense in ["", "# only a comment\n", "AGE-SECRET-KEY-1QQQQ", "\u{fffd}"] {
        disk::replace(&fixture.identity(), nonsense.as_bytes()).expect("it can be written");
        assert_eq!(store.get(&slot(), NOBODY).await, Err(StoreError::WrongIdentity), "{nonsense:?}");
    }
    disk::replace(&fixture.identity(), &right).expect("it can be put back");
    assert_eq!(loaded(&fixture.vault(), Generation::new(1)).await, Ok(credential(1)));
}

#[cfg(unix)]
#[tokio::test]
async fn an_identity_that_others_can_read_is_refused_but_for_those_that_the_system_hands_out() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::new();
    let handed_out = fixture.dir.path().join("tunekey-identity");
    std::fs::copy(fixture.identity(), &handed_out).expect("it can be copied");
    let places = || IdentityPlaces::new([fixture.dir.path().to_owned()], None);
    for (mode, is_refused, is_exposed) in
        [(0o600, false, false), (0o400, false, false), (0o640, true, false), (0o444, true, true)]
    {
        for path in [fixture.identity(), handed_out.clone()] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        }
        let refused = fixture.store().get(&slot(), NOBODY).await == Err(StoreError::ExposedIdentity);
        assert_eq!(refused, is_refused, "{mode:o}");
        assert_eq!(fixture.store_with(places()).get(&slot(), NOBODY).await, Ok(None), "{mode:o}");
        let found = places().find().expect("it is taken").expect("it is there");
        assert_eq!(found.is_exposed, is_exposed, "{mode:o}");
    }
}

#[tokio::test]
async fn the_first_place_that_has_an_identity_counts_whatever_is_in_the_others() {
    let fixture = Fixture::new();
    let handed_out = fixture.dir.path().join("handed-out");
    disk::make_private_dir(&handed_out).expect("a folder");
    let places = IdentityPlaces::new([handed_out.clone()], Some(fixture.identity()));
    let store = fixture.store_with(places);
    store.probe(NOBODY).await.expect("the second place has it");
    new_identity(&handed_out.join("tunekey-identity"), Timestamp::UNIX_EPOCH).expect("another one");
    assert_eq!(store.probe(NOBODY).await, Err(StoreError::WrongIdentity), "nothing is tried behind it");
}

/// Types the wrong identity so many times before the right one.
#[derive(Debug)]
struct Person {
    right: String,
    wrong: Mutex<u32>,
}

#[async_trait]
impl AskPassphrase for Person {
    async fn ask(&self, _: PassphraseQuestion) -> Option<Secret> {
        let mut wrong = self.wrong.lock().expect("nobody panics");
        if *wrong == 0 {
            return Some(Secret::new(self.right.clone()));
        }
        *wrong -= 1;
        Some(Secret::new("AGE-SECRET-KEY-1NONE"))
    }
}

#[tokio::test]
async fn a_person_is_asked_where_no_place_has_an_identity_and_only_once() {
    let fixture = Fixture::new();
    save(&fixture.vault(), [1]).await;
    let right = std::fs::read_to_string(fixture.identity()).expect("it is there");
    let person = Person { right, wrong: Mutex::new(2) };
    let store = fixture.store_with(IdentityPlaces::new([], None));
    let asked = store.get(&slot(), Interaction::AllowedWith(&person)).await.expect("the third one is right");
    assert!(asked.is_some());
    store.get(&slot(), NOBODY).await.expect("it is remembered");
    *person.wrong.lock().expect("nobody panics") = 3;
    let store = fixture.store_with(IdentityPlaces::new([], None));
    let refused = store.get(&slot(), Interaction::AllowedWith(&person)).await;
    assert_eq!(refused, Err(StoreError::WrongIdentity));
}

#[tokio::test]
async fn a_folder_that_is_gone_is_not_an_empty_one_and_is_not_made_again() {
    let fixture = Fixture::new();
    std::fs::remove_dir_all(fixture.folder()).expect("it is there");
    let store = fixture.store();
    assert_eq!(store.get(&slot(), NOBODY).await, Err(GONE));
    assert_eq!(store.set(&slot(), &Secret::new("x"), NOBODY).await, Err(GONE));
    assert_eq!(store.probe(NOBODY).await, Err(GONE));
    assert!(!fixture.folder().exists());
}

#[tokio::test]
async fn what_a_writer_that_died_has_left_goes_with_the_next_look() {
    let fixture = Fixture::new();
    save(&fixture.vault(), [1]).await;
    let litter = fixture.folder().join(".v1.qqmusic.10001.a.age.Ab3dE6");
    disk::replace(&litter, b"half a file").expect("it can be written");
    fixture.store().probe(NOBODY).await.expect("it can be used");
    assert!(!litter.exists());
    assert_eq!(
        loaded(&fixture.vault(), Generation::new(1)).await,
        Ok(credential(1)),
        "and nothing else goes"
    );
}

#[test]
fn an_identity_is_never_overwritten() {
    let fixture = Fixture::new();
    let before = std::fs::read(fixture.identity()).expect("it is there");
    let error = new_identity(&fixture.identity(), Timestamp::UNIX_EPOCH).expect_err("there is one");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(fixture.identity()).expect("it is there"), before);
}

#[test]
fn each_slot_has_a_file_of_its_own_in_the_folder() {
    let name = |uid: &str| file_name(&SlotName::credential(&AccountId::new(qqmusic::ID, uid), Side::A));
    assert_eq!(name("10001"), "v1.qqmusic.10001.a.age");
    assert_eq!(name("../A"), "v1.qqmusic._2e_2e_2f_41.a.age");
    assert_ne!(name("a"), name("A"), "also where large and small letters are the same");
}

#[test]
fn each_way_in_which_it_cannot_be_used_has_words_of_its_own() {
    let errors = [
        StoreError::NoIdentity,
        StoreError::WrongIdentity,
        StoreError::ExposedIdentity,
        StoreError::RolledBack,
        StoreError::Moved,
        StoreError::Denied,
        GONE,
        DAMAGED,
    ];
    for language in [Language::English, Language::Chinese] {
        let said =
            errors.map(|error| Problem::from(VaultError { store: StoreKind::File, error }).message(language));
        let different: std::collections::HashSet<_> = said.iter().collect();
        assert_eq!(different.len(), errors.len(), "{said:#?}");
        let keychain = ["keychain", "密钥环"];
        assert!(said.iter().all(|words| keychain.iter().all(|word| !words.contains(word))), "{said:#?}");
    }
    let missing =
        Problem::of_store(ProblemCode::CredentialMissing, StoreKind::File).with_service(qqmusic::ID);
    assert!(missing.message(Language::English).contains("QQ Music was not asked"), "{missing}");
}
