//! The accounts as fronts see them: the ledger's records, what is being done with each, and who is told.
//!
//! Every change goes the same way: change the ledger, look at all records again, tell the fronts what differs. What
//! waits for the disk is `async`; the rest is memory, and never waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;
use tunekey_services::{AccountId, Clock, Inspection, Renewability, Secret, ServiceId, registry};

use crate::account::{
    Account, Busy, CopyRecord, Health, KeyLifetime, PictureId, RenewalOutcome, RenewalRecord, WarningReason,
};
use crate::avatar;
use crate::delivery::{Delivery, DeliveryStatus};
use crate::disk::DiskThread;
use crate::export::Format;
use crate::ledger::{AccountRecord, Ledger, LedgerFile, Section};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::settings::Settings;
use crate::tunekey::Event;

mod deliveries;
mod notifications;

/// How long before a renewal an account counts as "renews soon".
const SOON: SignedDuration = SignedDuration::from_hours(1);
/// How often it is enough to look at what changes with time alone. When many are renewed, the schedule asks each time
/// that one has ended.
const REFRESH_PACE: Duration = Duration::from_secs(1);
/// How many renewals in a row must have failed before that is more than a passing failure.
const FAILURES_THAT_WARN: usize = 2;
/// How much of the history fronts see.
const HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The accounts of a profile. Cheap to clone; every clone is the same.
#[derive(Debug, Clone)]
pub(crate) struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    profile: Profile,
    file: LedgerFile,
    /// Of two changes at once, the later one is what stays.
    disk: DiskThread,
    clock: Arc<dyn Clock>,
    events: broadcast::Sender<Event>,
    now: Mutex<Now>,
}

/// What is true in this process at this moment.
#[derive(Debug, Default)]
struct Now {
    /// The newest revision given to an account's state, or to its removal.
    revision: u64,
    /// When all records were last looked at because time has passed, by the boot clock.
    refreshed_at: Option<Duration>,
    ledger: Arc<Ledger>,
    views: Vec<Account>,
    deliveries: Vec<DeliveryStatus>,
    busy: HashMap<AccountId, Busy>,
    last_error: HashMap<AccountId, Problem>,
    /// Accounts whose credential is gone and whose record may still be there.
    removed: HashSet<AccountId>,
    /// `None` for an account that has none.
    pictures: HashMap<AccountId, Option<Picture>>,
}

/// A picture of a person.
#[derive(Debug)]
struct Picture {
    id: PictureId,
    png: Vec<u8>,
}

impl From<Vec<u8>> for Picture {
    fn from(png: Vec<u8>) -> Self {
        Self { id: PictureId::of(&png), png }
    }
}

/// While this lives, the account is shown as busy.
#[derive(Debug)]
pub(crate) struct BusyGuard<'a> {
    accounts: &'a Accounts,
    id: AccountId,
}

impl Accounts {
    /// The accounts that stand in a ledger. Waits for the disk.
    pub(crate) fn new(
        profile: Profile,
        file: LedgerFile,
        clock: Arc<dyn Clock>,
        events: broadcast::Sender<Event>,
    ) -> Result<Self, Problem> {
        let disk = DiskThread::start("ledger").map_err(|error| {
            Problem::new(ProblemCode::Unexpected).with_detail(format!("starting a thread: {error}"))
        })?;
        let inner = Inner { profile, file, disk, clock, events, now: Mutex::default() };
        inner.read_again()?;
        Ok(Self(Arc::new(inner)))
    }

    /// Whether the accounts can be read, and changed.
    ///
    /// # Errors
    /// `LedgerNewer` when a newer version has written them.
    pub(crate) fn are_readable(&self) -> Result<(), Problem> {
        match self.0.now().ledger.newer.get(&Section::Accounts) {
            Some(section) => Err(section.is_newer()),
            None => Ok(()),
        }
    }

    /// Every account, oldest first.
    pub(crate) fn views(&self) -> Vec<Account> {
        self.0.now().views.clone()
    }

    /// The newest revision, every account, every delivery and the settings, all of one moment.
    pub(crate) fn overview(&self) -> (u64, Vec<Account>, Vec<DeliveryStatus>, Settings) {
        let now = self.0.now();
        (now.revision, now.views.clone(), now.deliveries.clone(), now.ledger.settings.clone())
    }

    /// One account.
    pub(crate) fn view(&self, id: &AccountId) -> Result<Account, Problem> {
        self.0.now().views.iter().find(|account| account.id == *id).cloned().ok_or_else(|| unknown(id))
    }

    /// An account as it would be shown, of a record that is not in the ledger.
    pub(crate) fn view_of(&self, record: &AccountRecord) -> Account {
        view(record, &self.0.now(), self.0.clock.now())
    }

    /// The account's picture as PNG, if it has one.
    pub(crate) fn picture(&self, id: &AccountId) -> Option<Vec<u8>> {
        self.0.now().pictures.get(id)?.as_ref().map(|picture| picture.png.clone())
    }

    /// Every record.
    pub(crate) fn records(&self) -> Vec<Arc<AccountRecord>> {
        known(&self.0.now().ledger).cloned().collect()
    }

    /// One record.
    pub(crate) fn record(&self, id: &AccountId) -> Result<Arc<AccountRecord>, Problem> {
        let now = self.0.now();
        known(&now.ledger).find(|record| record.id == *id).cloned().ok_or_else(|| unknown(id))
    }

    /// The shared settings.
    pub(crate) fn settings(&self) -> Settings {
        self.0.now().ledger.settings.clone()
    }

    /// This installation's device identity.
    pub(crate) fn device_id(&self) -> Secret {
        Secret::new(self.0.now().ledger.device_id.clone())
    }

    /// Counts one more sign-in with a service.
    ///
    /// # Errors
    /// `DailyLimit` when the day's sign-ins are used up.
    pub(crate) async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem> {
        let now = self.0.clock.now();
        let taken = self.change(move |ledger| ledger.started.try_take(service, now)).await?;
        if taken { Ok(()) } else { Err(Problem::new(ProblemCode::DailyLimit).with_service(service)) }
    }

    /// How many sign-ins with a service the day still holds.
    pub(crate) fn sign_ins_left(&self, service: ServiceId) -> usize {
        self.0.now().ledger.started.left(service, self.0.clock.now())
    }

    /// The format that an account is copied in.
    pub(crate) fn format(&self, record: &AccountRecord) -> Format {
        format(record, &self.settings())
    }

    /// Changes one record. What `change` returns is passed on.
    pub(crate) async fn update<R: Send + 'static>(
        &self,
        id: &AccountId,
        change: impl FnOnce(&mut AccountRecord) -> R + Send + 'static,
    ) -> Result<R, Problem> {
        let wanted = id.clone();
        let changed = self.change(move |ledger| ledger.record_mut(&wanted).map(change));
        changed.await?.ok_or_else(|| unknown(id))
    }

    /// Changes one record. An account that is not here gets `first` as its record; without one it has to be here.
    pub(crate) async fn update_or_add(
        &self,
        id: &AccountId,
        first: Option<AccountRecord>,
        change: impl FnOnce(&mut AccountRecord) + Send + 'static,
    ) -> Result<(), Problem> {
        let wanted = id.clone();
        let changed = self.change(move |ledger| {
            if ledger.accounts.iter().all(|record| record.id != wanted) {
                ledger.accounts.extend(first.map(Arc::new));
            }
            ledger.record_mut(&wanted).map(change)
        });
        changed.await?.ok_or_else(|| unknown(id))
    }

    /// Removes an account and its picture. One that the ledger cannot lose now is not shown any more all the same;
    /// its record says that it is to be removed.
    pub(crate) async fn remove(&self, id: &AccountId) {
        let id = id.clone();
        self.on_disk(move |inner| inner.remove(&id)).await;
    }

    /// Changes the settings; what the change refuses changes nothing.
    pub(crate) async fn update_settings(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<(), Problem> + Send + 'static,
    ) -> Result<(), Problem> {
        let changed = self.change(|ledger| {
            let mut settings = ledger.settings.clone();
            change(&mut settings)?;
            ledger.settings = settings;
            Ok::<_, Problem>(())
        });
        changed.await?
    }

    /// Keeps a picture. One that cannot be kept is only a picture.
    pub(crate) async fn save_avatar(&self, id: &AccountId, png: Vec<u8>) {
        let id = id.clone();
        self.on_disk(move |inner| inner.save_avatar(&id, png)).await;
    }

    /// Shows an account as busy until the guard is dropped.
    pub(crate) fn busy(&self, id: &AccountId, busy: Busy) -> BusyGuard<'_> {
        self.0.now().busy.insert(id.clone(), busy);
        self.0.refresh_one(id);
        BusyGuard { accounts: self, id: id.clone() }
    }

    /// Remembers what went wrong last with an account, or that nothing did.
    pub(crate) fn last_error(&self, id: &AccountId, problem: Option<Problem>) {
        match problem {
            Some(problem) => self.0.now().last_error.insert(id.clone(), problem),
            None => self.0.now().last_error.remove(id),
        };
        self.0.refresh_one(id);
    }

    /// Reads the ledger again if another process has changed it.
    pub(crate) async fn reload(&self) {
        self.on_disk(Inner::reload).await;
    }

    /// Looks at every record again, with the time of now, and tells the fronts what differs; not more often than
    /// [`REFRESH_PACE`].
    pub(crate) fn refresh(&self) {
        let boot = self.0.clock.boot();
        let is_fresh = |at: Duration| boot.checked_sub(at).is_some_and(|ago| ago < REFRESH_PACE);
        if !self.0.now().refreshed_at.is_some_and(is_fresh) {
            self.0.refresh();
            self.0.now().refreshed_at = Some(boot);
        }
    }

    /// Changes the ledger, and takes over what is in it then.
    async fn change<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Ledger) -> R + Send + 'static,
    ) -> Result<R, Problem> {
        self.on_disk(move |inner| inner.change(change)).await
    }

    /// Everything here that waits for the disk goes this way, one after the other.
    async fn on_disk<R: Send + 'static>(&self, work: impl FnOnce(&Inner) -> R + Send + 'static) -> R {
        let inner = Arc::clone(&self.0);
        self.0.disk.run(move || work(&inner)).await
    }
}

/// What waits for the disk: for threads that may.
impl Inner {
    /// Changes the ledger, and takes over what is in it then, whether the change was refused or not: another
    /// process may have changed it before, and that it has been read here must not hide that.
    fn change<R>(&self, change: impl FnOnce(&mut Ledger) -> R) -> Result<R, Problem> {
        let (result, ledger) = self.file.update_and_read(change)?;
        self.take_over(ledger);
        Ok(result)
    }

    fn remove(&self, id: &AccountId) {
        let removed = self.change(|ledger| {
            ledger.accounts.retain(|record| record.id != *id);
            ledger.deliveries.retain(|delivery| delivery.account != *id);
        });
        if let Err(problem) = removed {
            tracing::warn!(account = %id, code = ?problem.code, "a removed account is still listed on disk");
        }
        avatar::remove(&self.profile, id);
        {
            let mut now = self.now();
            now.pictures.remove(id);
            now.last_error.remove(id);
            now.busy.remove(id);
            now.removed.insert(id.clone());
        }
        self.refresh();
    }

    fn save_avatar(&self, id: &AccountId, png: Vec<u8>) {
        if let Err(error) = avatar::save(&self.profile, id, &png) {
            tracing::debug!(%error, "a picture could not be kept");
        }
        self.now().pictures.insert(id.clone(), Some(png.into()));
        self.refresh_one(id);
    }

    fn reload(&self) {
        if self.file.changed_since_last_read()
            && let Err(problem) = self.read_again()
        {
            tracing::info!(code = ?problem.code, "the ledger could not be read again");
        }
    }

    fn read_again(&self) -> Result<(), Problem> {
        self.take_over(self.file.read()?);
        Ok(())
    }

    /// Shows what the file says now.
    fn take_over(&self, ledger: Arc<Ledger>) {
        let changed = {
            let pictures = self.pictures_to_load(&ledger);
            let settings = ledger.settings.clone();
            let notifications = ledger.notifications.settings.clone();
            let mut now = self.now();
            for (id, picture) in pictures {
                now.pictures.entry(id).or_insert(picture);
            }
            let before = std::mem::replace(&mut now.ledger, ledger);
            if before.settings != settings {
                self.tell(Event::Settings { settings });
            }
            if before.notifications.settings != notifications {
                self.tell(Event::Notifications { notifications });
            }
            changed_accounts(&before, &now.ledger)
        };
        match changed {
            Some(changed) => self.refresh_those(|id| changed.contains(id)),
            None => self.refresh(),
        }
    }

    /// The pictures of the accounts that were not here before.
    fn pictures_to_load(&self, ledger: &Ledger) -> Vec<(AccountId, Option<Picture>)> {
        let new: Vec<_> = {
            let now = self.now();
            ledger.accounts.iter().filter(|record| !now.pictures.contains_key(&record.id)).collect()
        };
        let load = |record: &Arc<AccountRecord>| {
            let picture = avatar::load(&self.profile, &record.id).map(Picture::from);
            (record.id.clone(), picture)
        };
        new.into_iter().map(load).collect()
    }
}

/// What is memory.
impl Inner {
    fn refresh(&self) {
        self.refresh_those(|_| true);
    }

    fn refresh_one(&self, id: &AccountId) {
        self.refresh_those(|other| other == id);
    }

    /// Looks again at these accounts, at those that are new, and at all deliveries.
    fn refresh_those(&self, is_wanted: impl Fn(&AccountId) -> bool) {
        let at = self.clock.now();
        let mut now = self.now();
        let ledger = Arc::clone(&now.ledger);
        let mut before = VecDeque::from(std::mem::take(&mut now.views));
        let is_shown = |record: &AccountRecord| !(record.signing_out && now.removed.contains(&record.id));
        let records: Vec<_> = known(&ledger).map(Arc::as_ref).filter(|record| is_shown(record)).collect();
        let mut views = Vec::with_capacity(records.len());
        // Sent while the views are held, so that two changes cannot overtake each other.
        for record in &records {
            // The first one, unless accounts have come or gone.
            let place = before.iter().position(|account| account.id == record.id);
            let old = place.and_then(|place| before.remove(place));
            let old_revision = old.as_ref().map_or(0, |old| old.revision);
            let account = match old {
                Some(old) if !is_wanted(&record.id) => old,
                old => {
                    let mut account = view(record, &now, at);
                    account.revision = old_revision;
                    if old.as_ref() != Some(&account) {
                        now.revision += 1;
                        account.revision = now.revision;
                        self.tell(Event::Account { account: Box::new(account.clone()) });
                    }
                    account
                }
            };
            views.push(account);
        }
        now.views = views;
        for gone in before {
            now.revision += 1;
            self.tell(Event::AccountGone { id: gone.id, revision: now.revision });
        }
        let deliveries = statuses(&ledger.deliveries, &records);
        if now.deliveries != deliveries {
            now.revision += 1;
            now.deliveries.clone_from(&deliveries);
            self.tell(Event::Deliveries { deliveries, revision: now.revision });
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listening is fine: a front asks for the snapshot when it comes.
        drop(self.events.send(event));
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BusyGuard<'_> {
    fn drop(&mut self) {
        self.accounts.0.now().busy.remove(&self.id);
        self.accounts.0.refresh_one(&self.id);
    }
}

/// The records of services that this build knows. What a newer one has written of others stays in the ledger and
/// is not shown.
fn known(ledger: &Ledger) -> impl Iterator<Item = &Arc<AccountRecord>> {
    ledger.accounts.iter().filter(|record| registry::by_id(record.id.service).is_some())
}

/// The accounts that say something else than before; `None` when every account has to be looked at.
fn changed_accounts(before: &Ledger, now: &Ledger) -> Option<HashSet<AccountId>> {
    if before.settings != now.settings {
        return None;
    }
    // One that has another place, because accounts have come or gone, is looked at, too.
    let is_new =
        |(place, record): &(usize, &Arc<AccountRecord>)| before.accounts.get(*place) != Some(*record);
    let changed = now.accounts.iter().enumerate().filter(is_new);
    Some(changed.map(|(_, record)| record.id.clone()).collect())
}

/// The deliveries of those accounts.
fn statuses(deliveries: &[Delivery], records: &[&AccountRecord]) -> Vec<DeliveryStatus> {
    if deliveries.is_empty() {
        return Vec::new();
    }
    let records: HashMap<_, _> = records.iter().map(|record| (&record.id, *record)).collect();
    let status = |delivery: &Delivery| {
        let record = records.get(&delivery.account)?;
        Some(DeliveryStatus::new(delivery.clone(), record))
    };
    deliveries.iter().filter_map(status).collect()
}

fn view(record: &AccountRecord, now: &Now, at: Timestamp) -> Account {
    let nickname = if record.nickname.trim().is_empty() { &record.id.uid } else { &record.nickname };
    Account {
        revision: 0,
        id: record.id.clone(),
        service: record.id.service,
        uid: record.id.uid.clone(),
        nickname: nickname.clone(),
        label: record.label.clone(),
        note: record.note.clone(),
        picture: now.pictures.get(&record.id).and_then(Option::as_ref).map(|picture| picture.id.clone()),
        method: record.method,
        health: health(record, at),
        busy: now.busy.get(&record.id).copied(),
        life: KeyLifetime {
            // It is not TuneKey that renews what was handed over.
            renew_at: record.life.renew_at.filter(|_| record.handed_over_at.is_none()),
            ..record.life
        },
        renewability: record.renewability,
        membership: record.membership.clone(),
        checked_at: record.checked_at,
        lights: record.proofs.lights(has_music_key(record.id.service), record.generation),
        renewals: record.renewals.iter().filter(|renewal| renewal.at > at - HISTORY).cloned().collect(),
        format: format(record, &now.ledger.settings),
        copied: record.copied.map(|copied| CopyRecord {
            at: copied.at,
            format: copied.format,
            is_current: copied.generation == record.generation,
        }),
        handed_over_at: record.handed_over_at,
        last_error: now.last_error.get(&record.id).cloned(),
    }
}

/// Whether the service tells apart whether it accepts the account and whether the key plays.
fn has_music_key(service: ServiceId) -> bool {
    registry::facts(service).is_some_and(|facts| facts.has_music_key)
}

/// How an account is doing: what the ledger has been told, and what follows from its last renewals and the time.
fn health(record: &AccountRecord, at: Timestamp) -> Health {
    match record.health {
        told @ (Health::NeedsSignIn { .. } | Health::Warning { .. }) => told,
        Health::Healthy | Health::RenewsSoon => {
            if record.renewability == Some(Renewability::NotRenewable) {
                let since = record.life.issued_at;
                Health::Warning { since, reason: WarningReason::NotRenewable }
            } else if let Some(since) = failing_since(record, at) {
                Health::Warning { since, reason: WarningReason::RenewalFailing }
            } else if record.handed_over_at.is_none()
                && record.life.renew_at.is_some_and(|renew_at| renew_at < at + SOON)
            {
                Health::RenewsSoon
            } else {
                Health::Healthy
            }
        }
    }
}

/// Since when renewals fail, once [`FAILURES_THAT_WARN`] have failed in a row. A check that the service has answered
/// well ends the row, as a renewal does.
fn failing_since(record: &AccountRecord, at: Timestamp) -> Option<Timestamp> {
    // After a clock that was ahead the time of a check says nothing.
    let worked_at = record.checked_at.filter(|checked_at| *checked_at <= at);
    let failed = |renewal: &&RenewalRecord| match renewal.outcome {
        RenewalOutcome::Failed | RenewalOutcome::Rejected => worked_at.is_none_or(|then| renewal.at > then),
        RenewalOutcome::Renewed | RenewalOutcome::Unchanged => false,
    };
    // Newest first.
    let row: Vec<_> =
        record.renewals.iter().take_while(failed).filter(|renewal| !kept_closed(renewal)).collect();
    if row.len() < FAILURES_THAT_WARN { None } else { row.last().map(|renewal| renewal.at) }
}

/// Whether the person's own keychain stood in the way: locked, or closed to us. That is no failure of the service's,
/// and what is to be done is said of the keychain.
fn kept_closed(renewal: &RenewalRecord) -> bool {
    renewal.problem.as_ref().is_some_and(|problem| {
        matches!(problem.code, ProblemCode::KeychainLocked | ProblemCode::KeychainDenied)
    })
}

/// Takes what a service has said of an account. What it left out stays as it was.
pub(crate) fn apply_inspection(record: &mut AccountRecord, inspection: &Inspection, now: Timestamp) {
    if let Some(nickname) = &inspection.nickname {
        record.nickname.clone_from(nickname);
    }
    if let Some(membership) = &inspection.membership {
        record.membership = Some(membership.clone());
    }
    record.checked_at = Some(now);
}

fn format(record: &AccountRecord, settings: &Settings) -> Format {
    let wanted = record.format.unwrap_or(settings.format);
    // The shared default may be a format that only the other service has.
    if wanted.suits(record.id.service) { wanted } else { Format::Header }
}

fn unknown(id: &AccountId) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no account {id}"))
}
