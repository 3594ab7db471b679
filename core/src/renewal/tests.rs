//! Renewal against a service that plays a script and a keychain that can be broken at every call.

use std::collections::VecDeque;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::broadcast;
use tunekey_services::qqmusic::QqMusic;
use tunekey_services::{
    Fields, HttpError, Inspection, Method, Renewability, RenewalWindow, Secret, ServiceFacts, SystemClock,
    UnchangedReason, qqmusic,
};

use super::*;
use crate::fake_service::{Answers, FakeService, context};
use crate::ledger::{AccountLock, LedgerFile};
use crate::schedule::is_due;
use crate::store::keychain::sim::{SimKeychain, Trouble};
use crate::store::{StoreError, StoreKind};
use crate::vault::VaultError;

/// What the service answers, one answer a call.
#[derive(Debug)]
struct Scripted {
    renewals: Mutex<VecDeque<Response>>,
    inspections: Mutex<VecDeque<bool>>,
    asked: Mutex<u32>,
    renewability: Mutex<Renewability>,
}

#[derive(Debug, Clone, Copy)]
enum Response {
    NewKey(&'static str),
    Unchanged,
    Rejected,
    Lost,
    Wait(u64),
}

#[async_trait]
impl Answers for Scripted {
    fn facts(&self) -> &'static ServiceFacts {
        QqMusic.facts()
    }
    async fn inspect(&self) -> Result<Inspection, ServiceError> {
        match self.inspections.lock().unwrap().pop_front().expect("the script has an inspection") {
            true => Ok(Inspection::default()),
            false => Err(ServiceError::Rejected { doing: "looking", code: 1000 }),
        }
    }
    async fn renew(&self, credential: &Credential) -> Result<Renewal, ServiceError> {
        *self.asked.lock().unwrap() += 1;
        let doing = "renewing";
        match self.renewals.lock().unwrap().pop_front().expect("the script has a renewal") {
            Response::NewKey(key) => Ok(Renewal::Renewed(keyed(key, credential.issued_at))),
            Response::Unchanged => Ok(Renewal::Unchanged { reason: UnchangedReason::NotReissued }),
            Response::Rejected => Err(ServiceError::Rejected { doing, code: 1000 }),
            Response::Lost => Err(ServiceError::Http { doing, source: HttpError::Interrupted }),
            Response::Wait(seconds) => Err(ServiceError::RateLimited {
                doing,
                code: 429,
                service_message: None,
                retry_after: Some(std::time::Duration::from_secs(seconds)),
            }),
        }
    }
    fn renewability(&self) -> Renewability {
        *self.renewability.lock().unwrap()
    }
    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow> {
        let at = credential.issued_at + SignedDuration::from_hours(20);
        Some(RenewalWindow { opens: at, closes: at })
    }
}

fn id() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

fn keyed(key: &str, issued_at: Timestamp) -> Credential {
    let fields: Fields = [("musickey", key), ("refresh_key", "refresh")].into_iter().collect();
    Credential { account: id(), issued_at, expires_at: None, fields }
}

/// A clock that stands still until the test moves it.
#[derive(Debug)]
struct HandClock(Mutex<Timestamp>);

impl HandClock {
    fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> std::time::Instant {
        SystemClock.monotonic()
    }
    fn boot(&self) -> std::time::Duration {
        self.now().duration_since(Timestamp::UNIX_EPOCH).unsigned_abs()
    }
}

/// A profile with one account whose key is `first`.
struct Fixture {
    clock: Arc<HandClock>,
    service: FakeService<Scripted>,
    keychain: Arc<SimKeychain>,
    vault: Vault,
    renewer: Renewer,
    accounts: Accounts,
    _dir: tempfile::TempDir,
}

impl Fixture {
    async fn new(renewals: &[Response], inspections: &[bool]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let profile = Profile::at(dir.path().join("profile")).expect("a profile");
        let keychain = Arc::new(SimKeychain::default());
        let vault = Vault::new(keychain.store());
        let clock = Arc::new(HandClock(Mutex::new(SystemClock.now())));
        let (ledger, _) = LedgerFile::open(&profile).expect("a ledger");
        let accounts = Accounts::new(profile.clone(), ledger, clock.clone(), broadcast::channel(64).0)
            .expect("accounts");
        let now = clock.now();
        let generation =
            vault.save(&keyed("first", now), None, Interaction::Allowed).await.expect("it saves");
        let first = Some(AccountRecord::new(id(), Method::QqScan, now));
        accounts
            .update_or_add(&id(), first, move |record| record.generation = generation)
            .await
            .expect("it is added");
        let service = FakeService(Scripted {
            renewals: Mutex::new(renewals.iter().copied().collect()),
            inspections: Mutex::new(inspections.iter().copied().collect()),
            asked: Mutex::default(),
            renewability: Mutex::new(Renewability::Renewable),
        });
        let renewer = Renewer::new(profile, vault.clone(), Commits::new(vault.clone()), clock.clone());
        Self { clock, service, keychain, vault, renewer, accounts, _dir: dir }
    }

    async fn renew(&self) -> Result<RenewalRecord, Problem> {
        let context = context();
        self.renewer.renew(&self.accounts, &self.service, &context, &id(), RenewalTrigger::Manual).await
    }

    async fn check(&self) -> Result<Checked, Problem> {
        let context = context();
        self.renewer.check(&self.accounts, &self.service, &context, &id(), RenewalTrigger::Manual).await
    }

    /// What the service answers from now on.
    fn script(&self, renewals: &[Response], inspections: &[bool]) {
        self.service.0.renewals.lock().unwrap().extend(renewals);
        self.service.0.inspections.lock().unwrap().extend(inspections);
    }

    /// How renewable the service says that credentials are.
    fn are(&self, renewability: Renewability) {
        *self.service.0.renewability.lock().unwrap() = renewability;
    }

    async fn key(&self) -> Option<Secret> {
        let kept = self.vault.load(&id(), Interaction::Allowed).await.expect("the keychain works");
        kept.and_then(|kept| kept.credential.field("musickey").cloned())
    }

    fn record(&self) -> Arc<AccountRecord> {
        self.accounts.record(&id()).expect("the account is never lost")
    }

    fn asked(&self) -> u32 {
        *self.service.0.asked.lock().unwrap()
    }
}

#[tokio::test]
async fn a_credential_becomes_current_in_the_vault_then_in_the_ledger_and_then_the_listeners_learn_of_it() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
    let (vault, seen) = (fixture.vault.clone(), Arc::new(Mutex::new(Vec::new())));
    let noted = seen.clone();
    fixture.renewer.commits.listen(move |id: &AccountId, generation| {
        assert_eq!(*id, AccountId::new(qqmusic::ID, "10001"), "it says whose");
        noted.lock().expect("nobody panicked").push(generation);
    });
    fixture.renew().await.expect("it is renewed");
    let current = vault.load(&id(), Interaction::Allowed).await.expect("it is read").expect("it is there");
    assert_eq!(fixture.record().generation, current.generation, "the ledger knows what is in the vault");
    assert_eq!(*seen.lock().expect("nobody panicked"), [current.generation], "once");
}

#[tokio::test]
async fn a_new_key_is_in_the_keychain_before_anybody_hears_of_it() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
    let entry = fixture.renew().await.expect("it renews");
    assert_eq!(entry.outcome, RenewalOutcome::Renewed);
    assert_eq!(fixture.key().await, Some("second".into()));
    assert_eq!(fixture.record().renewals, [entry], "the history says so");
}

#[tokio::test]
async fn a_lost_answer_loses_nothing_and_signs_nobody_out() {
    let fixture = Fixture::new(&[Response::Lost], &[]).await;
    let problem = fixture.renew().await.expect_err("there was no answer");
    assert_eq!(problem.code, ProblemCode::Offline);
    assert_eq!(fixture.key().await, Some("first".into()), "the old key stays");
    let record = fixture.record();
    assert_eq!(record.health, Health::Healthy, "no answer proves nothing");
    assert_eq!((record.failures, record.renewals[0].outcome), (1, RenewalOutcome::Failed));
    assert!(record.next_attempt_at > Some(record.renewals[0].at), "the next try waits");
}

#[tokio::test]
async fn a_service_that_asks_to_be_left_alone_is_asked_no_sooner() {
    let fixture = Fixture::new(&[Response::Wait(5000)], &[]).await;
    let problem = fixture.renew().await.expect_err("it asks to wait");
    assert_eq!(problem.code, ProblemCode::RateLimited);
    let record = fixture.record();
    assert_eq!(record.next_attempt_at, Some(record.renewals[0].at + SignedDuration::from_secs(5000)));
}

#[tokio::test]
async fn a_key_that_was_kept_says_why_and_both_lights_say_what_has_shown_it() {
    let fixture = Fixture::new(&[Response::Unchanged, Response::NewKey("second")], &[]).await;
    let entry = fixture.renew().await.expect("it works");
    assert_eq!(entry.unchanged, Some(UnchangedReason::NotReissued));
    let proofs = |fixture: &Fixture| {
        let lights = fixture.accounts.view(&id()).expect("it is there").lights;
        lights.iter().map(|light| light.proof.map(|proof| (proof.call, proof.is_current))).collect::<Vec<_>>()
    };
    assert_eq!(proofs(&fixture), [Some((ProvingCall::Renewal, true)); 2]);
    fixture.renew().await.expect("it renews");
    let account = Some((ProvingCall::Renewal, true));
    assert_eq!(
        proofs(&fixture),
        [account, Some((ProvingCall::Renewal, false))],
        "nobody has used the new key"
    );
}

#[tokio::test]
async fn one_refusal_is_not_believed_while_the_key_still_works() {
    let fixture = Fixture::new(&[Response::Rejected], &[true]).await;
    let problem = fixture.renew().await.expect_err("it was refused");
    assert_eq!(problem.code, ProblemCode::RenewalRefused, "the person must not be sent to sign in again");
    assert_eq!(fixture.record().health, Health::Healthy);
}

#[tokio::test]
async fn two_refusals_in_one_moment_are_one_answer_and_a_second_one_a_minute_later_is_believed() {
    let fixture = Fixture::new(&[Response::Rejected; 3], &[false; 3]).await;
    for _ in 0..2 {
        let problem = fixture.renew().await.expect_err("it was refused");
        assert_eq!(problem.code, ProblemCode::RefusedOnce);
        let health = fixture.record().health;
        assert!(
            matches!(health, Health::Warning { reason: WarningReason::RefusedOnce, .. }),
            "one moment is one answer: {health:?}"
        );
    }
    let again = fixture.record().next_attempt_at.expect("it is asked again");
    assert!(is_due(&fixture.record(), again), "by the schedule itself");
    fixture.clock.pass(60);
    let problem = fixture.renew().await.expect_err("it was refused");
    assert_eq!(problem.code, ProblemCode::Rejected);
    assert!(matches!(fixture.record().health, Health::NeedsSignIn { reason: SignInReason::Rejected, .. }));
    assert!(!is_due(&fixture.record(), again + SignedDuration::from_hours(24)), "nothing is left to ask");
    assert_eq!(fixture.key().await, Some("first".into()), "nothing but the person deletes a credential");
}

#[tokio::test]
async fn a_check_of_a_key_that_ran_out_renews_it_instead_of_asking_for_a_new_sign_in() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[false]).await;
    assert!(matches!(fixture.check().await, Ok(Checked::Renewed)));
    assert_eq!((fixture.record().health, fixture.key().await), (Health::Healthy, Some("second".into())));
}

#[tokio::test]
async fn a_key_that_ran_out_while_the_network_is_gone_is_due_and_not_dead() {
    let fixture = Fixture::new(&[Response::Lost], &[false]).await;
    let problem = fixture.check().await.expect_err("the renewal was lost");
    assert_eq!(problem.code, ProblemCode::Offline);
    let record = fixture.record();
    assert!(!record.health.needs_sign_in(), "{:?}", record.health);
    assert!(is_due(&record, record.next_attempt_at.expect("it is tried again")), "the schedule renews it");
}

#[tokio::test]
async fn one_check_that_refuses_everything_is_a_warning_and_the_second_is_believed() {
    let fixture = Fixture::new(&[Response::Rejected; 2], &[false; 2]).await;
    assert_eq!(fixture.check().await.expect_err("it was refused").code, ProblemCode::RefusedOnce);
    assert!(!fixture.record().health.needs_sign_in());
    fixture.clock.pass(61);
    assert_eq!(fixture.check().await.expect_err("it was refused").code, ProblemCode::Rejected);
    assert!(fixture.record().health.needs_sign_in());
}

#[tokio::test]
async fn a_key_that_cannot_be_renewed_is_believed_dead_by_two_checks_and_no_fewer() {
    let fixture = Fixture::new(&[], &[false, true, false, false]).await;
    for (renewable, seconds, expected) in [
        (Renewability::NotRenewable, 0, Some(ProblemCode::RefusedOnce)),
        (Renewability::NotRenewable, 61, None),
        (Renewability::WhileAlive, 61, Some(ProblemCode::RefusedOnce)),
        (Renewability::WhileAlive, 61, Some(ProblemCode::Rejected)),
    ] {
        fixture.are(renewable);
        fixture.clock.pass(seconds);
        assert_eq!(fixture.check().await.err().map(|problem| problem.code), expected, "after {seconds} s");
    }
    assert_eq!(fixture.asked(), 0, "no renewal was tried");
}

#[tokio::test]
async fn a_credential_that_nothing_renews_is_not_sent_and_needs_no_sign_in() {
    let fixture = Fixture::new(&[], &[]).await;
    fixture.are(Renewability::NotRenewable);
    assert_eq!(fixture.renew().await.expect_err("nothing renews it").code, ProblemCode::NotRenewable);
    let record = fixture.record();
    assert_eq!((fixture.asked(), record.renewability), (0, Some(Renewability::NotRenewable)));
    assert!(record.renewals.is_empty(), "nothing was tried, so nothing has failed");
    let health = fixture.accounts.view(&id()).expect("it is there").health;
    assert!(
        matches!(health, Health::Warning { reason: WarningReason::NotRenewable, .. }),
        "it works until it ends, and that is said: {health:?}"
    );
}

#[tokio::test]
async fn renewals_that_fail_again_and_again_are_not_healthy() {
    let fixture = Fixture::new(&[Response::Lost, Response::Lost, Response::NewKey("second")], &[]).await;
    let health = |fixture: &Fixture| fixture.accounts.view(&id()).expect("it is there").health;
    fixture.renew().await.expect_err("there was no answer");
    assert_eq!(health(&fixture), Health::Healthy, "once can happen");
    fixture.clock.pass(60);
    fixture.renew().await.expect_err("there was no answer");
    assert!(
        matches!(health(&fixture), Health::Warning { reason: WarningReason::RenewalFailing, .. }),
        "{:?}",
        health(&fixture)
    );
    fixture.clock.pass(60);
    fixture.renew().await.expect("it renews");
    assert_eq!(health(&fixture), Health::Healthy);
}

#[tokio::test]
async fn a_check_that_succeeds_ends_the_row_of_renewals_that_failed() {
    let fixture = Fixture::new(&[Response::Lost; 3], &[true]).await;
    fixture.renew().await.expect_err("there was no answer");
    fixture.clock.pass(60);
    fixture.check().await.expect("the service accepts it");
    fixture.clock.pass(60);
    fixture.renew().await.expect_err("there was no answer");
    let health = |fixture: &Fixture| fixture.accounts.view(&id()).expect("it is there").health;
    assert_eq!(health(&fixture), Health::Healthy, "one in a row since the service has said that it works");
    let since = fixture.clock.now();
    fixture.clock.pass(60);
    fixture.renew().await.expect_err("there was no answer");
    assert_eq!(health(&fixture), Health::Warning { since, reason: WarningReason::RenewalFailing });
}

#[tokio::test]
async fn a_check_of_a_time_that_has_not_come_hides_no_failure() {
    let fixture = Fixture::new(&[Response::Lost; 2], &[true]).await;
    fixture.clock.pass(10_000);
    fixture.check().await.expect("the service accepts it");
    // The clock was ahead.
    fixture.clock.pass(-10_000);
    for _ in 0..2 {
        fixture.clock.pass(60);
        fixture.renew().await.expect_err("there was no answer");
    }
    let health = fixture.accounts.view(&id()).expect("it is there").health;
    assert!(matches!(health, Health::Warning { reason: WarningReason::RenewalFailing, .. }), "{health:?}");
}

#[tokio::test]
async fn a_keychain_that_the_person_keeps_closed_is_no_renewal_that_failed() {
    for refusal in [StoreError::Locked, StoreError::Denied] {
        let fixture = Fixture::new(&[Response::Lost; 2], &[]).await;
        let health = |fixture: &Fixture| fixture.accounts.view(&id()).expect("it is there").health;
        let since = fixture.clock.now();
        fixture.renew().await.expect_err("there was no answer");
        fixture.keychain.refuse(refusal);
        for _ in 0..3 {
            fixture.clock.pass(60);
            fixture.renew().await.expect_err("it is closed");
        }
        assert_eq!(health(&fixture), Health::Healthy, "{refusal:?}: the service was asked once");
        fixture.keychain.heal();
        fixture.clock.pass(60);
        fixture.renew().await.expect_err("there was no answer");
        let failing = Health::Warning { since, reason: WarningReason::RenewalFailing };
        assert_eq!(health(&fixture), failing, "{refusal:?}: nor does it end the row");
    }
}

#[tokio::test]
async fn a_keychain_that_refuses_is_in_the_history_and_delays_the_next_try() {
    let fixture = Fixture::new(&[], &[]).await;
    fixture.keychain.refuse(StoreError::Locked);
    fixture.renew().await.expect_err("it is locked");
    let record = fixture.record();
    let problem = record.renewals.first().and_then(|entry| entry.problem.as_ref());
    assert_eq!(problem.map(|problem| problem.code), Some(ProblemCode::KeychainLocked));
    assert!(record.next_attempt_at > Some(fixture.clock.now()), "it is not asked every half minute");
}

#[tokio::test]
async fn a_key_that_could_not_be_written_is_written_before_the_process_ends() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
    fixture.keychain.heal();
    fixture.vault.load(&id(), Interaction::Allowed).await.expect("it loads");
    fixture.vault.prove_writable(&id(), Interaction::Allowed).await.expect("it is writable");
    fixture.keychain.last_error(Trouble::DiesBefore(fixture.keychain.calls()));
    fixture.renew().await.expect_err("the key could not be written");
    fixture.keychain.heal();
    fixture.renewer.flush(&fixture.accounts, |_| Ok(&QqMusic)).await;
    assert_eq!(fixture.key().await, Some("second".into()));
}

#[tokio::test]
async fn an_unchanged_key_counts_as_a_success_and_is_left_alone_for_a_while() {
    let fixture = Fixture::new(&[Response::Unchanged], &[]).await;
    let entry = fixture.renew().await.expect("it works");
    assert_eq!(entry.outcome, RenewalOutcome::Unchanged);
    assert!(!is_due(&fixture.record(), entry.at + SignedDuration::from_hours(10)), "not asked again at once");
}

#[tokio::test]
async fn nothing_is_asked_of_the_service_when_the_keychain_would_not_take_the_answer() {
    let fixture = Fixture::new(&[], &[]).await;
    for error in [StoreError::Locked, StoreError::Silent, StoreError::Denied] {
        fixture.keychain.refuse(error);
        let problem = fixture.renew().await.expect_err("the keychain refuses");
        assert_eq!(problem.code, Problem::from(VaultError { store: StoreKind::Keychain, error }).code);
    }
    assert_eq!(fixture.asked(), 0, "a key that could not be kept was never issued");
}

#[tokio::test]
async fn a_keychain_that_fails_at_any_one_call_loses_neither_key() {
    let calls = {
        let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
        fixture.keychain.heal();
        fixture.renew().await.expect("it renews");
        fixture.keychain.calls()
    };
    for at in 0..calls {
        for last_error in [Trouble::FailsBefore(at), Trouble::FailsAfter(at)] {
            let fixture = Fixture::new(&[Response::NewKey("second"), Response::NewKey("third")], &[]).await;
            fixture.keychain.last_error(last_error);
            let result = fixture.renew().await;
            fixture.keychain.heal();
            let key = fixture.key().await;
            match (result, fixture.asked()) {
                (Ok(_), 1) => assert_eq!(key, Some("second".into()), "{last_error:?}"),
                (Err(_), 0) => assert_eq!(key, Some("first".into()), "{last_error:?}"),
                (result, asked) => panic!("{last_error:?}: {result:?} after {asked} questions"),
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_the_keychain_would_not_take_is_written_before_another_is_asked_for() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
    // The proof passes, then the keychain goes away for good: find the first call after the question.
    fixture.keychain.heal();
    fixture.vault.load(&id(), Interaction::Allowed).await.expect("it loads");
    fixture.vault.prove_writable(&id(), Interaction::Allowed).await.expect("it is writable");
    let before_the_question = fixture.keychain.calls();
    fixture.keychain.last_error(Trouble::DiesBefore(before_the_question));
    fixture.renew().await.expect_err("the key could not be written");
    assert_eq!(fixture.asked(), 1);
    fixture.keychain.heal();
    let entry = fixture.renew().await.expect("now it can");
    assert_eq!(
        (entry.outcome, fixture.asked()),
        (RenewalOutcome::Renewed, 1),
        "the service is not asked again"
    );
    assert_eq!(fixture.key().await, Some("second".into()));
}

#[tokio::test]
async fn a_key_that_was_never_written_does_not_replace_what_was_saved_since() {
    let fixture = Fixture::new(&[Response::NewKey("second")], &[]).await;
    fixture.keychain.heal();
    let kept = fixture.vault.load(&id(), Interaction::Allowed).await.expect("it loads").expect("it is there");
    fixture.vault.prove_writable(&id(), Interaction::Allowed).await.expect("it is writable");
    fixture.keychain.last_error(Trouble::DiesBefore(fixture.keychain.calls()));
    fixture.renew().await.expect_err("the key could not be written");
    fixture.keychain.heal();
    fixture
        .vault
        .save(&keyed("signed in again", SystemClock.now()), Some(kept.generation), Interaction::Allowed)
        .await
        .expect("a new sign-in saves");
    fixture.renew().await.expect("there is nothing left to do");
    assert_eq!((fixture.asked(), fixture.key().await), (1, Some("signed in again".into())));
}

#[tokio::test]
async fn what_another_process_has_renewed_is_taken_over_and_not_renewed_again() {
    let fixture = Fixture::new(&[], &[]).await;
    let seen = fixture.record().generation;
    fixture
        .vault
        .save(&keyed("theirs", SystemClock.now()), Some(seen), Interaction::Allowed)
        .await
        .expect("the other process saves");
    fixture.renew().await.expect("there is nothing left to do");
    assert_eq!((fixture.asked(), fixture.key().await), (0, Some("theirs".into())));
    assert!(fixture.record().generation > seen, "and it is known from now on");
}

#[tokio::test]
async fn a_renewal_of_another_process_that_is_in_the_history_stands_there_once() {
    let fixture = Fixture::new(&[Response::NewKey("theirs")], &[]).await;
    let seen = fixture.record().generation;
    let theirs = fixture.renew().await.expect("the other process renews");
    let lock = AccountLock::acquire(&fixture.renewer.profile, &id()).await.expect("nobody has it");
    // As one who has waited for the lock since before that renewal.
    let found = fixture
        .renewer
        .current(&fixture.accounts, &fixture.service, &id(), RenewalTrigger::Manual, seen)
        .await;
    drop(lock);
    let Ok(Current::Published(entry)) = found else { panic!("there is nothing left to renew") };
    assert_eq!((entry, fixture.record().renewals.len()), (theirs, 1), "one renewal, one entry");
}

#[tokio::test]
async fn a_missing_item_is_not_blamed_on_the_service_and_is_looked_for_twice() {
    let fixture = Fixture::new(&[], &[]).await;
    let items: Vec<_> = fixture.keychain.names();
    let lines: Vec<_> = items.iter().map(|name| fixture.keychain.item(name).expect("it is there")).collect();
    items.iter().for_each(|name| fixture.keychain.take(name));
    let problem = fixture.renew().await.expect_err("there is nothing to renew");
    assert_eq!(problem.code, ProblemCode::CredentialMissing);
    assert!(matches!(fixture.record().health, Health::Warning { reason: WarningReason::MissingOnce, .. }));

    for (name, line) in items.iter().zip(&lines) {
        fixture.keychain.put(name, line);
    }
    fixture.renewer.load(&fixture.accounts, &id(), Interaction::Allowed).await.expect("it is back");
    assert_eq!(fixture.record().health, Health::Healthy, "a keyring that comes late has lost nothing");

    items.iter().for_each(|name| fixture.keychain.take(name));
    for seconds in [0, 61] {
        fixture.clock.pass(seconds);
        let problem = fixture.check().await.expect_err("there is nothing to check");
        assert_eq!(problem.code, ProblemCode::CredentialMissing);
    }
    assert!(matches!(fixture.record().health, Health::NeedsSignIn { reason: SignInReason::Missing, .. }));
    assert_eq!(fixture.asked(), 0, "the service was never asked");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_neither_missing_nor_refused() {
    let fixture = Fixture::new(&[], &[]).await;
    let items: Vec<_> = fixture.keychain.names();
    let lines: Vec<_> = items.iter().map(|name| fixture.keychain.item(name).expect("it is there")).collect();
    items.iter().for_each(|name| fixture.keychain.put(name, "{\"v\":1,\"damaged\":true}"));
    for seconds in [0, 61, 61] {
        fixture.clock.pass(seconds);
        let problem = fixture.renew().await.expect_err("it cannot be read");
        assert_eq!(problem.code, ProblemCode::CredentialUnreadable);
        let health = fixture.record().health;
        assert!(matches!(health, Health::Warning { reason: WarningReason::Unreadable, .. }), "{health:?}");
    }
    for (name, line) in items.iter().zip(&lines) {
        fixture.keychain.put(name, line);
    }
    fixture.script(&[Response::NewKey("second")], &[]);
    fixture.renew().await.expect("it can be read again");
    assert_eq!(fixture.record().health, Health::Healthy);
}
