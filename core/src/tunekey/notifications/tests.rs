//! Notifications of a core with a keychain that can be broken and a clock that is set by hand: who is told what, when,
//! and what of it is kept.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tunekey_services::{AccountId, Clock, Credential, Fields, Limits, Method, SystemClock, qqmusic};

use super::*;
use crate::account::{Health, SignInReason};
use crate::ledger::AccountRecord;
use crate::notify::IncidentKind;
use crate::profile::Profile;
use crate::store::StoreError;
use crate::store::keychain::sim::SimKeychain;
use crate::test_server::{Answer, Asked, Server};
use crate::tunekey::{Event, Setup};

/// What every secret of these tests has in it.
const CANARY: &str = "canary";

/// A wall clock that is set by hand.
#[derive(Debug)]
struct SetClock(Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("not poisoned")
    }
    fn monotonic(&self) -> Instant {
        SystemClock.monotonic()
    }
    fn boot(&self) -> Duration {
        SystemClock.boot()
    }
}

/// A profile with one account, in the process that runs the schedule.
struct Home {
    tunekey: TuneKey,
    keychain: Arc<SimKeychain>,
    clock: Arc<SetClock>,
    dir: tempfile::TempDir,
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let keychain = Arc::new(SimKeychain::default());
        let clock = Arc::new(SetClock(Mutex::new(Timestamp::from_second(1_790_000_000).expect("a time"))));
        let tunekey = open(&dir, &keychain, &clock);
        let home = Self { tunekey, keychain, clock, dir };
        let fields: Fields = [("musickey", CANARY), ("musicid", "10001")].into_iter().collect();
        let now = home.clock.now();
        let credential = Credential { account: account(), issued_at: now, expires_at: None, fields };
        home.tunekey.0.vault.save(&credential, None, Interaction::Allowed).await.expect("it saves");
        let first = Some(AccountRecord::new(account(), Method::QqScan, now));
        let named = |record: &mut AccountRecord| record.nickname = "小满".to_owned();
        home.tunekey.0.accounts.update_or_add(&account(), first, named).await.expect("it is added");
        hold_lease(&home.tunekey);
        home
    }

    /// As the process that runs the schedule next.
    fn restarted(&mut self) {
        self.tunekey.lease().release();
        self.tunekey = open(&self.dir, &self.keychain, &self.clock);
        hold_lease(&self.tunekey);
    }

    fn hours_later(&self, hours: i64) {
        let mut now = self.clock.0.lock().expect("not poisoned");
        *now += SignedDuration::from_hours(hours);
    }

    async fn set_health(&self, health: Health) {
        self.tunekey
            .0
            .accounts
            .update(&account(), move |record| record.health = health)
            .await
            .expect("it is there");
    }

    async fn dies(&self) {
        let since = self.clock.now();
        self.set_health(Health::NeedsSignIn { since, reason: SignInReason::Rejected }).await;
    }

    async fn add(&self, server: &Server) -> ChannelId {
        self.tunekey.add_channel(webhook(server)).await.expect("it is added").id
    }

    /// Tells whoever is due, as the queue does.
    async fn look(&self) {
        for receiver in self.tunekey.due_receivers().await {
            self.tunekey.tell(&receiver).await;
        }
    }
}

fn open(dir: &tempfile::TempDir, keychain: &Arc<SimKeychain>, clock: &Arc<SetClock>) -> TuneKey {
    let setup = Setup {
        profile: Profile::at(dir.path().join("profile")).expect("a profile"),
        store: keychain.store(),
        passphrase: None,
        clock: clock.clone(),
        limits: Limits::default(),
        shows_pages: false,
    };
    TuneKey::open(setup).expect("it opens")
}

fn hold_lease(tunekey: &TuneKey) {
    tunekey.lease().request();
    assert!(tunekey.lease().try_hold(), "it is the only one");
}

fn account() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

/// A webhook whose address has a secret in it.
fn webhook(server: &Server) -> ChannelDraft {
    let url = format!("{}/hook-{CANARY}", server.url());
    ChannelDraft {
        kind: ChannelKind::Webhook,
        label: Some("phone".to_owned()),
        language: Language::English,
        values: [("url".to_owned(), Secret::new(url))].into(),
        allows_plain_http: true,
    }
}

async fn works() -> Server {
    Server::start(|_| Answer::of(200, "OK")).await
}

/// A server that works only as long as the cell says so.
async fn works_while(works: &Arc<Mutex<bool>>) -> Server {
    let works = works.clone();
    Server::start(move |_| {
        if *works.lock().expect("not poisoned") { Answer::of(200, "") } else { Answer::of(500, "") }
    })
    .await
}

/// The titles of the messages that came.
fn titles(server: &Server) -> Vec<String> {
    let title = |asked: Asked| asked.json()["title"].as_str().expect("a title").to_owned();
    server.asked().into_iter().map(title).collect()
}

const DEAD: &str = "小满 needs a new sign-in";
const STILL_DEAD: &str = "Still: 小满 needs a new sign-in";
const WORKS_AGAIN: &str = "小满 works again";

#[tokio::test]
async fn an_incident_is_told_now_a_day_later_a_week_later_and_when_it_is_over_also_over_restarts() {
    let mut home = Home::new().await;
    let server = works().await;
    home.add(&server).await;
    home.look().await;
    assert!(server.asked().is_empty(), "all is well");
    home.dies().await;
    for _ in 0..24 * 9 {
        home.look().await;
        home.look().await;
        home.restarted();
        home.hours_later(1);
    }
    assert_eq!(titles(&server), [DEAD, STILL_DEAD, STILL_DEAD]);
    home.set_health(Health::Healthy).await;
    home.look().await;
    home.restarted();
    home.look().await;
    assert_eq!(titles(&server)[3..], [WORKS_AGAIN]);
}

#[tokio::test]
async fn a_channel_that_fails_is_tried_again_later_and_makes_no_other_say_anything_twice() {
    let mut home = Home::new().await;
    let is_up = Arc::new(Mutex::new(false));
    let (broken, fine) = (works_while(&is_up).await, works().await);
    let id = home.add(&broken).await;
    home.add(&fine).await;
    home.dies().await;
    home.look().await;
    home.look().await;
    assert_eq!((broken.asked().len(), titles(&fine)), (1, vec![DEAD.to_owned()]), "and not at once");
    let channel = home.tunekey.0.accounts.channel(&id).expect("it is there");
    let problem = channel.last.and_then(|last| last.problem).expect("it says why");
    assert!(problem.message(Language::English).contains("500"), "{problem:?}");
    home.restarted();
    home.look().await;
    assert_eq!(broken.asked().len(), 1, "a restart does not hurry it");
    home.hours_later(2);
    *is_up.lock().expect("not poisoned") = true;
    home.look().await;
    home.look().await;
    assert_eq!(titles(&broken), [DEAD, DEAD]);
    assert_eq!(titles(&fine), [DEAD]);
}

#[tokio::test]
async fn a_channel_that_asks_to_be_left_alone_is() {
    let home = Home::new().await;
    let server = Server::start(|_| Answer::of(429, "").with("retry-after", "14400")).await;
    home.add(&server).await;
    home.dies().await;
    home.look().await;
    home.hours_later(3);
    home.look().await;
    assert_eq!(server.asked().len(), 1, "it has asked for four hours");
    home.hours_later(1);
    home.look().await;
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn in_quiet_hours_no_message_goes_and_it_comes_after_them() {
    let home = Home::new().await;
    let server = works().await;
    let id = home.add(&server).await;
    let here = home.clock.now().to_zoned(TimeZone::system()).time();
    let (from, to) =
        (here.wrapping_sub(SignedDuration::from_hours(1)), here.wrapping_add(SignedDuration::from_hours(2)));
    let hours = format!("{}-{}", from.strftime("%H:%M"), to.strftime("%H:%M")).parse().expect("hours");
    home.tunekey.set_quiet_hours(Some(hours)).await.expect("they are set");
    home.dies().await;
    home.look().await;
    assert!(server.asked().is_empty(), "the person sleeps");
    home.tunekey.test_channel(&id).await.expect("it is noted");
    assert_eq!(titles(&server), ["TuneKey’s test message"], "whoever tries it out is awake");
    home.hours_later(3);
    home.look().await;
    assert_eq!(titles(&server)[1..], [DEAD]);
}

#[tokio::test]
async fn that_the_keychain_is_locked_is_told_although_what_opens_the_channel_is_in_it() {
    let home = Home::new().await;
    let server = works().await;
    home.add(&server).await;
    home.look().await;
    home.keychain.refuse(StoreError::Locked);
    home.tunekey.probe_store(Interaction::Forbidden).await;
    home.look().await;
    assert!(server.asked().is_empty(), "it may be opened soon");
    home.hours_later(6);
    home.look().await;
    assert_eq!(titles(&server), ["The keychain is locked"]);
    home.keychain.heal();
    home.tunekey.probe_store(Interaction::Forbidden).await;
    home.look().await;
    assert_eq!(titles(&server)[1..], ["The keychain is open again"]);
}

#[tokio::test]
async fn a_restart_does_not_take_a_locked_keychain_for_an_open_one() {
    let mut home = Home::new().await;
    let incident = Incident { kind: IncidentKind::StoreLocked, subject: String::new() };
    home.tunekey.adopt_alerts(vec![incident.clone()]).await.expect("it is noted");
    home.keychain.refuse(StoreError::Locked);
    home.restarted();
    assert_eq!(home.tunekey.due_alerts(Language::English).await, [], "it is not over");
    home.keychain.heal();
    home.tunekey.probe_store(Interaction::Forbidden).await;
    let due = home.tunekey.due_alerts(Language::English).await;
    assert_eq!(
        due.iter().map(|alert| (&alert.incident, alert.stage)).collect::<Vec<_>>(),
        [(&incident, Stage::Over)]
    );
}

#[tokio::test]
async fn several_incidents_are_one_message_and_one_that_is_gone_is_none() {
    let home = Home::new().await;
    let server = works().await;
    home.dies().await;
    let other = AccountId::new(qqmusic::ID, "10002");
    let since = home.clock.now();
    let first = Some(AccountRecord::new(other.clone(), Method::QqScan, since));
    let dead = move |record: &mut AccountRecord| {
        record.health = Health::NeedsSignIn { since, reason: SignInReason::Missing };
    };
    home.tunekey.0.accounts.update_or_add(&other, first, dead).await.expect("it is added");
    home.add(&server).await;
    home.look().await;
    assert_eq!(titles(&server), ["TuneKey: 2 messages"], "a new channel hears of what is wrong");
    home.tunekey.0.accounts.remove(&other).await;
    home.look().await;
    assert_eq!(server.asked().len(), 1, "the person has removed it");
    assert!(home.tunekey.due_receivers().await.is_empty(), "and that is noted");
}

#[tokio::test]
async fn who_does_not_run_the_schedule_or_is_about_to_end_tells_the_phones_nothing() {
    let home = Home::new().await;
    let server = works().await;
    home.add(&server).await;
    home.dies().await;
    let other = open(&home.dir, &home.keychain, &home.clock);
    assert!(other.due_receivers().await.is_empty(), "it has no lease");
    assert_eq!(home.tunekey.due_receivers().await.len(), 1);
    home.tunekey.drain().await;
    assert!(home.tunekey.due_receivers().await.is_empty());
}

#[tokio::test]
async fn a_channel_that_is_switched_off_is_silent_and_hears_of_what_is_wrong_when_it_is_on_again() {
    let home = Home::new().await;
    let server = works().await;
    let id = home.add(&server).await;
    home.tunekey.switch_channel(&id, false).await.expect("it is off");
    home.dies().await;
    home.look().await;
    assert!(server.asked().is_empty());
    home.tunekey.switch_channel(&id, true).await.expect("it is on");
    home.look().await;
    assert_eq!(titles(&server), [DEAD]);
}

#[tokio::test]
async fn the_desktop_is_told_by_itself_and_what_an_older_version_has_told_is_not_told_again() {
    let home = Home::new().await;
    let server = works().await;
    home.add(&server).await;
    home.dies().await;
    home.look().await;
    let due = home.tunekey.due_alerts(Language::English).await;
    assert_eq!(due.iter().map(|alert| alert.message.title.as_str()).collect::<Vec<_>>(), [DEAD]);
    assert_eq!(home.tunekey.due_alerts(Language::English).await, due, "it has not been shown");
    home.tunekey.note_alerts(&due).await.expect("it is noted");
    let other = open(&home.dir, &home.keychain, &home.clock);
    assert_eq!(other.due_alerts(Language::English).await, [], "not after a restart either");
    home.tunekey.remove_channel(&home.tunekey.notifications().channels[0].id).await.expect("it is removed");
    home.set_health(Health::Healthy).await;
    let over = home.tunekey.due_alerts(Language::English).await;
    home.tunekey.note_alerts(&over).await.expect("it is noted");
    home.dies().await;
    let incident = Incident { kind: IncidentKind::NeedsSignIn, subject: account().to_string() };
    home.tunekey.adopt_alerts(vec![incident]).await.expect("it is taken over");
    assert_eq!(home.tunekey.due_alerts(Language::English).await, []);
}

#[tokio::test]
async fn what_opens_a_channel_is_in_the_keychain_alone_and_no_credential_is_in_any_message() {
    let home = Home::new().await;
    let mut events = home.tunekey.events();
    let server = works().await;
    let before = home.keychain.names().len();
    let id = home.add(&server).await;
    home.tunekey
        .set_ping(&Secret::new(format!("{}/{CANARY}", server.url())), 60, true)
        .await
        .expect("it is set");
    assert_eq!(home.keychain.names().len(), before + 2);
    home.dies().await;
    home.look().await;
    home.tunekey.test_channel(&id).await.expect("it is noted");
    for asked in server.asked() {
        let body = asked.body.as_str();
        assert!(!body.contains(CANARY), "{body}");
    }
    let mut seen = format!("{:?}", home.tunekey.snapshot());
    while let Ok(event) = events.try_recv() {
        seen.push_str(&serde_json::to_string(&event).expect("it is plain data"));
    }
    let ledger = std::fs::read_to_string(home.dir.path().join("profile/ledger.json")).expect("a ledger");
    assert!(!seen.contains(CANARY) && !ledger.contains(CANARY), "{seen} {ledger}");
    assert!(ledger.contains("\"notifications\": 1"), "it has a version of its own: {ledger}");
    home.tunekey.remove_channel(&id).await.expect("it is removed");
    home.tunekey.remove_ping().await.expect("it is removed");
    assert_eq!(home.keychain.names().len(), before, "nothing is left behind");
    assert_eq!(
        home.tunekey.remove_channel(&id).await.map_err(|problem| problem.code),
        Err(ProblemCode::NotFound)
    );
}

#[tokio::test]
async fn a_channel_that_cannot_work_is_not_added_and_nothing_of_it_is_kept() {
    let home = Home::new().await;
    let server = works().await;
    let before = home.keychain.names().len();
    let plain = ChannelDraft { allows_plain_http: false, ..webhook(&server) };
    let problem = home.tunekey.add_channel(plain).await.expect_err("nobody has agreed");
    assert_eq!(problem.code, ProblemCode::InvalidInput);
    home.keychain.refuse(StoreError::Denied);
    let problem = home.tunekey.add_channel(webhook(&server)).await.expect_err("the keychain says no");
    assert_eq!(problem.code, ProblemCode::KeychainDenied);
    home.keychain.heal();
    assert_eq!((home.keychain.names().len(), home.tunekey.notifications().channels.len()), (before, 0));
}

#[tokio::test]
async fn another_address_is_used_from_the_next_message_on_and_what_was_told_stays_told() {
    let home = Home::new().await;
    let (old, new) = (works().await, works().await);
    let id = home.add(&old).await;
    home.dies().await;
    home.look().await;
    let changed = home.tunekey.change_channel(&id, webhook(&new)).await.expect("it is changed");
    assert_eq!(format!("http://{}", changed.host), new.url());
    home.look().await;
    assert!(new.asked().is_empty(), "it has been told");
    home.hours_later(24);
    home.look().await;
    assert_eq!((titles(&old), titles(&new)), (vec![DEAD.to_owned()], vec![STILL_DEAD.to_owned()]));
    let other = ChannelDraft { kind: ChannelKind::Ntfy, ..webhook(&new) };
    assert!(home.tunekey.change_channel(&id, other).await.is_err(), "its kind stays");
}

#[tokio::test]
async fn all_is_well_is_said_at_intervals_and_that_it_is_not_at_once() {
    let mut home = Home::new().await;
    let server = works().await;
    let check = "/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9";
    let address = Secret::new(format!("{}{check}", server.url()));
    home.tunekey.set_ping(&address, 90, true).await.expect("it is set");
    for _ in 0..3 {
        home.look().await;
        home.restarted();
    }
    home.hours_later(1);
    home.look().await;
    assert_eq!(server.asked().len(), 1, "the interval is an hour and a half");
    home.hours_later(1);
    home.look().await;
    home.dies().await;
    home.look().await;
    home.look().await;
    home.set_health(Health::Healthy).await;
    home.look().await;
    let failing = format!("{check}/fail");
    let paths: Vec<_> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, [check, check, &failing, check]);
    assert!(server.asked().iter().all(|asked| asked.method == "GET" && asked.body.is_empty()));
    let ping = home.tunekey.notifications().ping.expect("it is set");
    assert_eq!(ping.last.expect("it is noted").problem, None);
    assert!(home.tunekey.set_ping_minutes(1).await.is_err(), "that is too often");
}

#[tokio::test]
async fn hours_that_make_no_sense_are_refused() {
    let home = Home::new().await;
    for hours in [0, 169] {
        assert!(home.tunekey.set_alert_hours(Some(hours), None).await.is_err());
        assert!(home.tunekey.set_alert_hours(None, Some(hours)).await.is_err());
    }
    home.tunekey.set_alert_hours(Some(24), None).await.expect("it is set");
    let settings = home.tunekey.notifications();
    assert_eq!((settings.renewal_hours, settings.keychain_hours), (24, 6));
}

#[tokio::test]
async fn the_process_that_runs_the_schedule_tells_the_phones_by_itself() {
    let home = Home::new().await;
    let server = works().await;
    home.add(&server).await;
    home.dies().await;
    let mut events = home.tunekey.events();
    let runner = home.tunekey.clone();
    let running = tokio::spawn(async move { runner.run_schedule().await });
    let told = async {
        loop {
            if let Ok(Event::Notifications { notifications }) = events.recv().await
                && notifications.channels[0].last.is_some()
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("it comes in time");
    assert_eq!(titles(&server), [DEAD]);
    running.abort();
}

#[tokio::test]
async fn a_channel_is_found_by_its_name_and_by_the_beginning_of_its_id() {
    let home = Home::new().await;
    let server = works().await;
    let id = home.add(&server).await;
    for name in ["phone", id.as_str(), &id.as_str()[..9]] {
        assert_eq!(home.tunekey.find_channel(name).map(|channel| channel.id), Ok(id.clone()));
    }
    let code = |name: &str| home.tunekey.find_channel(name).expect_err("it is none").code;
    assert_eq!(code("nothing"), ProblemCode::NotFound);
    assert_eq!(code(""), ProblemCode::NotFound);
    home.add(&server).await;
    assert_eq!(code("phone"), ProblemCode::InvalidInput, "it could be both");
}
