//! Renewal against a service that plays a script and a keychain that can be broken at every call.

use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::*;
use crate::account::{Method, ServiceId};
use crate::clock::SystemClock;
use crate::credential::Fields;
use crate::http::{CookieMap, Http, HttpError, HttpOptions, Limits};
use crate::ledger::LedgerFile;
use crate::secret::Secret;
use crate::service::{Attempt, CookiePairs, Device, ExportFacts, Grant, Inspection, Recognition};
use crate::settings::{NeteaseProfile, Proxy};
use crate::vault::keychain::KeychainError;
use crate::vault::sim::{SimKeychain, Trouble};

/// What the service answers, one answer a call.
#[derive(Debug, Default)]
struct Scripted {
    renewals: Mutex<VecDeque<Answer>>,
    inspections: Mutex<VecDeque<bool>>,
    asked: Mutex<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    NewKey(&'static str),
    Unchanged,
    Rejected,
    Lost,
}

#[async_trait]
impl Service for Scripted {
    fn id(&self) -> ServiceId {
        ServiceId::QqMusic
    }
    fn methods(&self) -> &'static [Method] {
        &[Method::QqScan]
    }
    fn begin(&self, _: Method, _: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        unreachable!("a renewal signs nobody in")
    }
    fn recognise(&self, _: &CookieMap) -> Recognition {
        unreachable!("nothing is pasted here")
    }
    async fn adopt(&self, _: &Context, _: &CookieMap) -> Result<Grant, ServiceError> {
        unreachable!("nothing is pasted here")
    }
    async fn inspect(&self, _: &Context, _: &Credential) -> Result<Inspection, ServiceError> {
        match self.inspections.lock().unwrap().pop_front().expect("the script has an inspection") {
            true => Ok(Inspection::default()),
            false => Err(ServiceError::Rejected { doing: "looking", code: 1000 }),
        }
    }
    async fn renew(&self, _: &Context, credential: &Credential) -> Result<Renewal, ServiceError> {
        *self.asked.lock().unwrap() += 1;
        let doing = "renewing";
        match self.renewals.lock().unwrap().pop_front().expect("the script has a renewal") {
            Answer::NewKey(key) => Ok(Renewal::Renewed(keyed(key, credential.issued_at))),
            Answer::Unchanged => Ok(Renewal::Unchanged),
            Answer::Rejected => Err(ServiceError::Rejected { doing, code: 1000 }),
            Answer::Lost => Err(ServiceError::Http { doing, source: HttpError::Interrupted }),
        }
    }
    async fn sign_out(&self, _: &Context, _: &Credential) -> Result<(), ServiceError> {
        unreachable!("a renewal signs nobody out")
    }
    fn renew_at(&self, credential: &Credential) -> Option<Timestamp> {
        Some(credential.issued_at + SignedDuration::from_hours(20))
    }
    fn cookie(&self, _: &Credential) -> CookiePairs {
        Vec::new()
    }
    fn export(&self) -> ExportFacts {
        ExportFacts { env_name: "X", cookie_domain: ".example.invalid", playing: &[] }
    }
    fn front_door(&self) -> &'static str {
        "https://example.invalid/"
    }
}

fn id() -> AccountId {
    AccountId::new(ServiceId::QqMusic, "10001")
}

fn keyed(key: &str, issued_at: Timestamp) -> Credential {
    let fields: Fields = [("musickey", key), ("refresh_key", "refresh")].into_iter().collect();
    Credential { account: id(), issued_at, expires_at: None, fields }
}

/// A profile with one account whose key is `first`.
struct Desk {
    service: Scripted,
    keychain: Arc<SimKeychain>,
    vault: Vault,
    renewer: Renewer,
    accounts: Accounts,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new(renewals: &[Answer], inspections: &[bool]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let profile = Profile::at(dir.path().join("profile")).expect("a profile");
        let keychain = Arc::new(SimKeychain::default());
        let vault = Vault::new(keychain.clone());
        let clock = Arc::new(SystemClock);
        let (ledger, _) = LedgerFile::open(&profile).expect("a ledger");
        let accounts = Accounts::new(profile.clone(), ledger, clock.clone(), broadcast::channel(64).0)
            .expect("accounts");
        let now = clock.now();
        let generation = vault.save(&keyed("first", now), None, Patience::User).await.expect("it saves");
        accounts
            .add(&id(), |_| {
                let mut record = AccountRecord::new(id(), Method::QqScan, now);
                record.generation = generation;
                record
            })
            .expect("it is added");
        let service = Scripted {
            renewals: Mutex::new(renewals.iter().copied().collect()),
            inspections: Mutex::new(inspections.iter().copied().collect()),
            asked: Mutex::default(),
        };
        let renewer = Renewer::new(profile, vault.clone(), clock);
        Self { service, keychain, vault, renewer, accounts, _dir: dir }
    }

    async fn renew(&self) -> Result<RenewalRecord, Problem> {
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        let context = Context {
            http: Http::new(&options).expect("a client can be made"),
            clock: Arc::new(SystemClock),
            device: Device { id: Secret::new("00") },
            netease_profile: NeteaseProfile::Web,
        };
        self.renewer.renew(&self.accounts, &self.service, &context, &id(), RenewalTrigger::Manual).await
    }

    async fn key(&self) -> Option<Secret> {
        let kept = self.vault.load(&id(), Patience::User).await.expect("the keychain works");
        kept.and_then(|kept| kept.credential.field("musickey").cloned())
    }

    fn record(&self) -> AccountRecord {
        self.accounts.record(&id()).expect("the account is never lost")
    }

    fn asked(&self) -> u32 {
        *self.service.asked.lock().unwrap()
    }
}

#[tokio::test]
async fn a_new_key_is_in_the_keychain_before_anybody_hears_of_it() {
    let desk = Desk::new(&[Answer::NewKey("second")], &[]).await;
    let entry = desk.renew().await.expect("it renews");
    assert_eq!(entry.outcome, RenewalOutcome::Renewed);
    assert_eq!(desk.key().await, Some("second".into()));
    assert_eq!(desk.record().renewals, [entry], "the history says so");
}

#[tokio::test]
async fn a_lost_answer_loses_nothing_and_signs_nobody_out() {
    let desk = Desk::new(&[Answer::Lost], &[]).await;
    let problem = desk.renew().await.expect_err("there was no answer");
    assert_eq!(problem.code, ProblemCode::Offline);
    assert_eq!(desk.key().await, Some("first".into()), "the old key stays");
    let record = desk.record();
    assert_eq!(record.health, Health::Healthy, "no answer proves nothing");
    assert_eq!((record.failures, record.renewals[0].outcome), (1, RenewalOutcome::Failed));
    assert!(record.next_attempt_at > Some(record.renewals[0].at), "the next try waits");
}

#[tokio::test]
async fn one_refusal_is_not_believed_while_the_key_still_works() {
    let desk = Desk::new(&[Answer::Rejected], &[true]).await;
    let problem = desk.renew().await.expect_err("it was refused");
    assert_eq!(problem.code, ProblemCode::Unexpected, "but the person must not be sent to sign in again");
    assert_eq!(desk.record().health, Health::Healthy);
}

#[tokio::test]
async fn two_refusals_mean_a_new_sign_in_and_still_delete_nothing() {
    let desk = Desk::new(&[Answer::Rejected], &[false]).await;
    let problem = desk.renew().await.expect_err("it was refused");
    assert_eq!(problem.code, ProblemCode::Rejected);
    assert!(matches!(desk.record().health, Health::NeedsSignIn { reason: SignInReason::Rejected, .. }));
    assert_eq!(desk.key().await, Some("first".into()), "nothing but the person deletes a credential");
}

#[tokio::test]
async fn an_unchanged_key_counts_as_a_success_and_is_left_alone_for_a_while() {
    let desk = Desk::new(&[Answer::Unchanged], &[]).await;
    let entry = desk.renew().await.expect("it works");
    assert_eq!(entry.outcome, RenewalOutcome::Unchanged);
    assert!(!is_due(&desk.record(), entry.at + SignedDuration::from_hours(10)), "not asked again at once");
}

#[tokio::test]
async fn nothing_is_asked_of_the_service_when_the_keychain_would_not_take_the_answer() {
    let desk = Desk::new(&[], &[]).await;
    for error in [KeychainError::Locked, KeychainError::Silent, KeychainError::Denied] {
        desk.keychain.refuse(error);
        let problem = desk.renew().await.expect_err("the keychain refuses");
        assert_eq!(problem.code, Problem::from(error).code);
    }
    assert_eq!(desk.asked(), 0, "a key that could not be kept was never issued");
}

#[tokio::test]
async fn a_keychain_that_fails_at_any_one_call_loses_neither_key() {
    let calls = {
        let desk = Desk::new(&[Answer::NewKey("second")], &[]).await;
        desk.keychain.heal();
        desk.renew().await.expect("it renews");
        desk.keychain.calls()
    };
    for at in 0..calls {
        for trouble in [Trouble::FailsBefore(at), Trouble::FailsAfter(at)] {
            let desk = Desk::new(&[Answer::NewKey("second"), Answer::NewKey("third")], &[]).await;
            desk.keychain.trouble(trouble);
            let result = desk.renew().await;
            desk.keychain.heal();
            let key = desk.key().await;
            match (result, desk.asked()) {
                (Ok(_), 1) => assert_eq!(key, Some("second".into()), "{trouble:?}"),
                (Err(_), 0) => assert_eq!(key, Some("first".into()), "{trouble:?}"),
                (result, asked) => panic!("{trouble:?}: {result:?} after {asked} questions"),
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_the_keychain_would_not_take_is_written_before_another_is_asked_for() {
    let desk = Desk::new(&[Answer::NewKey("second")], &[]).await;
    // The proof passes, then the keychain goes away for good: find the first call after the question.
    desk.keychain.heal();
    desk.vault.load(&id(), Patience::User).await.expect("it loads");
    desk.vault.prove_writable(&id(), Patience::User).await.expect("it is writable");
    let before_the_question = desk.keychain.calls();
    desk.keychain.trouble(Trouble::DiesBefore(before_the_question));
    desk.renew().await.expect_err("the key could not be written");
    assert_eq!(desk.asked(), 1);
    desk.keychain.heal();
    let entry = desk.renew().await.expect("now it can");
    assert_eq!((entry.outcome, desk.asked()), (RenewalOutcome::Renewed, 1), "the service is not asked again");
    assert_eq!(desk.key().await, Some("second".into()));
}

#[tokio::test]
async fn a_key_that_was_never_written_does_not_replace_what_was_saved_since() {
    let desk = Desk::new(&[Answer::NewKey("second")], &[]).await;
    desk.keychain.heal();
    let kept = desk.vault.load(&id(), Patience::User).await.expect("it loads").expect("it is there");
    desk.vault.prove_writable(&id(), Patience::User).await.expect("it is writable");
    desk.keychain.trouble(Trouble::DiesBefore(desk.keychain.calls()));
    desk.renew().await.expect_err("the key could not be written");
    desk.keychain.heal();
    desk.vault
        .save(&keyed("signed in again", SystemClock.now()), Some(kept.generation), Patience::User)
        .await
        .expect("a new sign-in saves");
    desk.renew().await.expect("there is nothing left to do");
    assert_eq!((desk.asked(), desk.key().await), (1, Some("signed in again".into())));
}

#[tokio::test]
async fn what_another_process_has_renewed_is_adopted_and_not_renewed_again() {
    let desk = Desk::new(&[], &[]).await;
    let seen = desk.record().generation;
    desk.vault
        .save(&keyed("theirs", SystemClock.now()), Some(seen), Patience::User)
        .await
        .expect("the other process saves");
    desk.renew().await.expect("there is nothing left to do");
    assert_eq!((desk.asked(), desk.key().await), (0, Some("theirs".into())));
    assert!(desk.record().generation > seen, "and it is known from now on");
}

#[tokio::test]
async fn a_credential_that_the_keychain_has_lost_needs_a_new_sign_in_and_keeps_its_account() {
    let desk = Desk::new(&[], &[]).await;
    for name in desk.keychain.names() {
        desk.keychain.take(&name);
    }
    desk.renew().await.expect_err("there is nothing to renew");
    assert!(matches!(desk.record().health, Health::NeedsSignIn { reason: SignInReason::Missing, .. }));
}

#[test]
fn pauses_double_up_to_half_an_hour() {
    for (failures, most) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (50, 30), (u32::MAX, 30)] {
        let pause = pause(failures);
        let most = SignedDuration::from_mins(most);
        assert!(pause <= most && pause >= most / 2, "{failures} failures wait {pause:?}");
    }
}
