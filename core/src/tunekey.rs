//! The facade: what every front calls. The only file that ties services, vault and ledger together.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use tunekey_services::http::SystemProxy;
use tunekey_services::{
    AccountId, Clock, Context, Device, Http, HttpOptions, Limits, Method, Scope, Service, ServiceId,
    SystemClock, display_text, picture, registry,
};

use crate::accounts::Accounts;
use crate::alternatives::{Alternatives, BlockedMethods, SignInOption};
use crate::commit::Commits;
use crate::delivery::Deliverer;
use crate::export::{self, Format};
use crate::lease::Lease;
use crate::ledger::{HandedOut, LedgerFile};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::renewal::Renewer;
use crate::schedule::Signals;
use crate::settings::Settings;
use crate::sign_in::{ParkedCodes, SignInHost, SignInId, SignInStatus, SignInSteps, UserInput};
use crate::sign_ins::{SignIn, SignIns};
use crate::store::{AskPassphrase, Interaction, SecretStore, StoreState};
use crate::vault::{Vault, VaultError};
use crate::{disk, extra_ca};

mod api_access;
mod connection;
mod cookie_cloud;
mod deliveries;
mod doctor;
mod elsewhere;
mod keys;
mod lookup;
mod notifications;
mod outbound;
mod own_sign_in;
mod own_store;
mod removal;
mod renewals;
mod schedule;
mod shared_renewals;
mod shared_store;
mod sign_in_host;
mod snapshot;
mod store_move;
#[cfg(test)]
mod tests;
mod unkept;

pub use api_access::{ApiAccess, ApiTokensRead};
pub use cookie_cloud::CookieCloud;
use deliveries::Deliveries;
pub use doctor::{Check, Finding, Level};
pub use keys::{KeyStatus, RejectionOutcome};
pub use notifications::Alert;
use notifications::Notifier;
use own_store::OwnStore;
pub use own_store::{NewIdentity, make_identity};
use shared_renewals::SharedRenewals;
pub use snapshot::{
    ConnectionTest, Event, ExportedCookie, ServiceInfo, SignedOut, Snapshot, SystemProxyInfo,
};
pub use store_move::{StoreInfo, StoreMoved};
pub use unkept::{UnkeptCredential, UnkeptSignIn};

/// What a [`TuneKey`] is made of. Tests bring their own store, clock and limits.
#[derive(Debug)]
pub struct Setup {
    /// Where everything that is not secret is kept.
    pub profile: Profile,
    /// Where everything that is secret is kept.
    pub store: Arc<dyn SecretStore>,
    /// How the front asks for the passphrase of a store that has one, if it can.
    pub passphrase: Option<Arc<dyn AskPassphrase>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What the network may take.
    pub limits: Limits,
    /// Whether the front can show the services’ own pages.
    pub shows_pages: bool,
}

impl Setup {
    /// The profile's own store, the system's clock and the limits that we promise.
    pub fn new(profile: Profile) -> Self {
        Self {
            store: Arc::new(OwnStore::of(profile.clone())),
            profile,
            passphrase: None,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            shows_pages: false,
        }
    }
}

/// How long a service may take to confirm a sign-out before it counts as unconfirmed.
const SIGN_OUT_LIMIT: Duration = Duration::from_secs(5);
/// How long a picture may take.
const PICTURE_LIMIT: Duration = Duration::from_secs(10);
/// How many events a slow front may lag behind before it has to ask for the snapshot again.
const EVENT_BACKLOG: usize = 256;

/// The core. Cheap to clone; every clone is the same.
#[derive(Debug, Clone)]
pub struct TuneKey(Arc<Inner>);

/// A client, and the settings and the system's proxy that it was made with.
type Client = (HttpOptions, Option<SystemProxy>, Http);

#[derive(Debug)]
struct Inner {
    profile: Profile,
    accounts: Accounts,
    vault: Vault,
    commits: Commits,
    renewer: Renewer,
    deliveries: Deliveries,
    notifier: Notifier,
    clock: Arc<dyn Clock>,
    limits: Limits,
    shows_pages: bool,
    blocked: Mutex<BlockedMethods>,
    sign_ins: SignIns,
    /// Codes that nobody looks at any more.
    parked: Mutex<ParkedCodes>,
    /// The client for the settings it was made with: rebuilt when they change.
    http: Mutex<Option<Client>>,
    /// Held while one is made.
    making_client: Mutex<()>,
    /// How the store was when it was last used.
    store: Mutex<StoreState>,
    notice: Option<Problem>,
    events: broadcast::Sender<Event>,
    /// Whether this process runs the profile's schedule.
    lease: Mutex<Lease>,
    /// What the system has told the schedule.
    signals: Signals,
    /// The process is about to end: nothing more is begun by itself.
    ending: AtomicBool,
    /// The renewals under way, for all who want the same one.
    renewals: SharedRenewals,
    /// What must not be cut off, as long as it is under way.
    tasks: TaskTracker,
}

impl TuneKey {
    /// Opens a profile. Reads the ledger, and waits for the disk to do so; does not touch the store.
    ///
    /// # Errors
    /// `ProfileUnreadable` when the ledger cannot be read or was written by a newer version.
    pub fn open(setup: Setup) -> Result<Self, Problem> {
        let Setup { profile, store, passphrase, clock, limits, shows_pages } = setup;
        let (ledger, notice) = LedgerFile::open(&profile)?;
        let (events, _) = broadcast::channel(EVENT_BACKLOG);
        let vault = Vault::new(store).prompting(passphrase);
        let accounts = Accounts::new(profile.clone(), ledger, clock.clone(), events.clone())?;
        let commits = Commits::new(vault.clone());
        let renewer = Renewer::new(profile.clone(), vault.clone(), commits.clone(), clock.clone());
        let deliveries = Deliveries::new(Deliverer::new(profile.clone(), vault.clone(), clock.clone()));
        let news = deliveries.news();
        commits.listen(move |_, _| news.notify_one());
        let lease = Mutex::new(Lease::of(&profile));
        Ok(Self(Arc::new(Inner {
            profile,
            accounts,
            vault,
            commits,
            renewer,
            deliveries,
            notifier: Notifier::default(),
            clock,
            limits,
            shows_pages,
            blocked: Mutex::default(),
            sign_ins: SignIns::new(events.clone()),
            parked: Mutex::default(),
            http: Mutex::default(),
            making_client: Mutex::default(),
            // Until it has been asked: the window must not flash "locked" while it starts.
            store: Mutex::new(StoreState::Ready),
            notice,
            events,
            lease,
            signals: Signals::default(),
            ending: AtomicBool::new(false),
            renewals: SharedRenewals::default(),
            tasks: TaskTracker::new(),
        })))
    }

    /// The profile that it was opened with.
    pub fn profile(&self) -> &Profile {
        &self.0.profile
    }

    /// Everything that a front shows. From memory: never blocks.
    pub fn snapshot(&self) -> Snapshot {
        let (revision, accounts, deliveries, settings) = self.0.accounts.overview();
        Snapshot {
            revision,
            accounts,
            deliveries,
            store: *self.store(),
            settings,
            notifications: self.0.accounts.notifications().settings,
            notice: self.0.notice.clone(),
            system_proxy: SystemProxyInfo::now(),
        }
    }

    /// Changes from now on. A receiver that lags asks for the [`snapshot`](Self::snapshot) again.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// The services and the ways in to each.
    pub fn services(&self) -> Vec<ServiceInfo> {
        let info = |service: &&'static dyn Service| ServiceInfo {
            id: service.id(),
            name: service.facts().name.english.to_owned(),
            methods: self.methods(*service),
            copies_renew: service.facts().cookie.renews,
            facts: service.facts(),
        };
        registry::all().iter().map(info).collect()
    }

    /// The picture that an account has now, if it has one: a PNG that we have encoded.
    /// [`Account::picture`](crate::Account) names it.
    pub fn picture(&self, id: &AccountId) -> Option<Vec<u8>> {
        self.0.accounts.picture(id)
    }

    /// Starts a sign-in, for everyone to see. `wanted` is the account that is to be signed in again: when another one
    /// signs in, the person is asked. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such service.
    pub fn start_sign_in(
        &self,
        service: ServiceId,
        method: Method,
        wanted: Option<AccountId>,
    ) -> Result<SignIn, Problem> {
        let service = service_of(service)?;
        Ok(self.0.sign_ins.start(&self.0.tasks, service, method, wanted, self.clone()))
    }

    /// The sign-ins under way, whichever front has started them, oldest first. [`Event::SignIns`] says when one begins
    /// or ends.
    pub fn sign_ins(&self) -> Vec<SignInStatus> {
        self.0.sign_ins.statuses()
    }

    /// The steps of a sign-in, from its latest on, for one more who looks. `None` when it is over.
    pub fn watch_sign_in(&self, id: SignInId) -> Option<SignInSteps> {
        self.0.sign_ins.watch(id)
    }

    /// Says something to a sign-in, whoever has started it. False when it is over.
    pub fn answer_sign_in(&self, id: SignInId, input: UserInput) -> bool {
        self.0.sign_ins.give(id, input)
    }

    /// Runs on the runtime, not in the caller: a front that goes away does not cut it off.
    async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        match self.0.tasks.spawn(work).await {
            Ok(result) => result,
            Err(_) => Err(Problem::new(ProblemCode::Unexpected).with_detail("the work was cut off")),
        }
    }

    /// The other options of a service, best first, when a front cannot take this one.
    pub fn alternatives(&self, option: SignInOption) -> Alternatives {
        SignInHost::alternatives(self, option)
    }

    /// The ways into a service that this front can go.
    fn methods(&self, service: &dyn Service) -> Vec<Method> {
        let possible = |method: &Method| self.0.shows_pages || !method.shows_page();
        // Whatever a service is, a credential of it can be pasted, and a browser has its cookies.
        service.facts().methods().chain([Method::Paste, Method::CookieCloud]).filter(possible).collect()
    }

    /// Waits for what must not be cut off: sign-ins that were confirmed, renewals, sign-outs; then writes the keys
    /// that no store has taken yet. Sign-ins that can be cancelled are. From now on nothing is renewed by itself any
    /// more. For a process that is about to end.
    pub async fn drain(&self) {
        self.0.ending.store(true, Ordering::Release);
        self.lease().release();
        self.0.sign_ins.cancel_all();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.renewer.flush(&self.0.accounts, service_of).await;
    }

    /// The cookie, in a format or, if none is named, in the account's own.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` when the format does not exist for the service, or a problem of the store.
    pub async fn cookie(&self, id: &AccountId, format: Option<Format>) -> Result<ExportedCookie, Problem> {
        self.export(id, format, Scope::Full).await
    }

    /// As [`TuneKey::cookie`], with no more in it than is wanted. Changes nothing of the account.
    ///
    /// # Errors
    /// As [`TuneKey::cookie`].
    pub async fn export(
        &self,
        id: &AccountId,
        format: Option<Format>,
        scope: Scope,
    ) -> Result<ExportedCookie, Problem> {
        let record = self.0.accounts.record(id)?;
        let format = format.unwrap_or_else(|| self.0.accounts.format(&record));
        let kept =
            self.note_store_of(self.0.renewer.load(&self.0.accounts, id, Interaction::Allowed).await)?;
        let export = export::render(format, scope, service_of(id.service)?, &kept.credential)?;
        Ok(ExportedCookie {
            text: export.text,
            health: self.0.accounts.view(id)?.health,
            format,
            generation: kept.generation,
            expires_at: kept.credential.expires_at,
            scope,
            renews: export.renews,
        })
    }

    /// Remembers that an exported cookie was handed out. A profile that cannot be written only forgets that.
    pub async fn note_copied(&self, id: &AccountId, copied: &ExportedCookie) {
        let handed_out =
            HandedOut { at: self.0.clock.now(), format: copied.format, generation: copied.generation };
        let noted = self.0.accounts.update(id, move |record| record.copied = Some(handed_out));
        if let Err(problem) = noted.await {
            tracing::info!(code = ?problem.code, "that a cookie was handed out could not be noted");
        }
    }

    /// Gives an account a name of the person's own, as [`display_text::name`] cuts it; an empty one takes it away.
    ///
    /// # Errors
    /// `NotFound`, or `ProfileUnreadable` when it cannot be written.
    pub async fn set_label(&self, id: &AccountId, label: &str) -> Result<(), Problem> {
        let label = display_text::name(label);
        self.0.accounts.update(id, |record| record.label = label).await
    }

    /// Puts a note of the person's own on an account, as [`display_text::message`] cuts it; an empty one takes it
    /// away.
    ///
    /// # Errors
    /// As [`TuneKey::set_label`].
    pub async fn set_note(&self, id: &AccountId, note: &str) -> Result<(), Problem> {
        let note = display_text::message(note);
        self.0.accounts.update(id, |record| record.note = note).await
    }

    /// Makes a format the account's own.
    ///
    /// # Errors
    /// `NotFound`, or `InvalidInput` when the format does not exist for the service.
    pub async fn set_format(&self, id: &AccountId, format: Format) -> Result<(), Problem> {
        if !format.suits(id.service) {
            return Err(export::no_format(id.service, format));
        }
        self.0.accounts.update(id, move |record| record.format = Some(format)).await
    }

    /// The account that a person means: its exact `service:uid`; else its exact number; else a unique beginning of
    /// one of them, or its nickname. People choose nicknames freely, so that one never stands in for an id or a
    /// number, and what could be several accounts is asked about rather than guessed.
    ///
    /// # Errors
    /// `NotFound` when it is none, `InvalidInput` when it could be several; both name the accounts.
    pub fn find(&self, name: &str) -> Result<AccountId, Problem> {
        self.0.accounts.are_readable()?;
        lookup::find(&self.0.accounts.views(), name)
    }

    /// The shared settings.
    pub fn settings(&self) -> Settings {
        self.0.accounts.settings()
    }

    /// The PEM file with the extra certificate authorities in force: the copy of the one that the settings name.
    /// Waits for the disk.
    ///
    /// # Errors
    /// `ExtraCaUnusable` when there is no copy and none can be made.
    pub fn extra_ca_file(&self) -> Result<Option<PathBuf>, Problem> {
        self.settings().extra_ca.map(|chosen| extra_ca::file(&self.0.profile, &chosen)).transpose()
    }

    /// Changes a setting by its command-line name. Gives back all of them.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `InvalidInput` for a value that cannot be used, `ExtraCaUnusable` for a file
    /// whose certificate authorities cannot be.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<Settings, Problem> {
        let mut settings = self.settings();
        settings.set(key, value)?;
        let extra_ca = (key == "extra-ca").then_some(settings.extra_ca);
        if let Some(Some(chosen)) = &extra_ca {
            let (profile, chosen) = (self.0.profile.clone(), chosen.clone());
            // A file that cannot be used is refused here, not at the next sign-in.
            disk::blocking(move || extra_ca::install(&profile, &chosen)).await?;
        }
        let (key, value) = (key.to_owned(), value.to_owned());
        self.0.accounts.update_settings(move |current| current.set(&key, &value)).await?;
        if extra_ca == Some(None) {
            let profile = self.0.profile.clone();
            disk::blocking(move || extra_ca::forget(&profile)).await;
        }
        self.parked_codes().clear();
        Ok(self.settings())
    }

    /// Looks whether the store can be used. When it is allowed, the person may be asked to unlock it.
    pub async fn probe_store(&self, interaction: Interaction<'_>) -> StoreState {
        let state = self.0.vault.state(interaction).await;
        self.note_store(state);
        state
    }

    /// Reads the ledger again if another process has changed it.
    pub async fn reload(&self) {
        self.0.accounts.reload().await;
    }

    /// What a service needs for one call, as the settings want it now.
    async fn context(&self) -> Result<Context, Problem> {
        let this = self.clone();
        disk::blocking(move || this.read_context()).await
    }

    /// As [`context`](Self::context), for a thread that may wait for the disk.
    fn read_context(&self) -> Result<Context, Problem> {
        let settings = self.settings();
        Ok(Context {
            http: self.client(&settings)?,
            clock: self.0.clock.clone(),
            device: Device { id: self.0.accounts.device_id() },
            client_identities: settings.client_identities,
        })
    }

    /// Makes the client now rather than with the first request, which then waits for nothing but the network: the
    /// system's certificate authorities are hundreds of files. What fails here fails there again, where somebody waits.
    pub async fn prepare_requests(&self) {
        if let Err(problem) = self.context().await {
            tracing::debug!(%problem, "requests can’t be made yet");
        }
    }

    /// Fetches an account's picture in the background: nothing waits for a picture.
    fn fetch_avatar(&self, id: &AccountId, address: Option<url::Url>) {
        let Some(address) = address else { return };
        let hosts = registry::facts(id.service).map_or(&[][..], |facts| facts.picture_hosts);
        let (this, id) = (self.clone(), id.clone());
        // Among what a process waits for before it ends, but not for long.
        self.0.tasks.spawn(async move {
            // Settings that no longer work cost the picture, nothing else.
            let Ok(context) = this.context().await else { return };
            let fetched = picture::fetch(&context.http, hosts, &address);
            if let Ok(Ok(picture)) = tokio::time::timeout(PICTURE_LIMIT, fetched).await {
                this.0.accounts.save_avatar(&id, picture).await;
            }
        });
    }

    fn client(&self, settings: &Settings) -> Result<Http, Problem> {
        let extra_ca = settings.extra_ca.as_ref().map(|chosen| extra_ca::load(&self.0.profile, chosen));
        let options = HttpOptions {
            proxy: settings.proxy.clone(),
            extra_ca: extra_ca.transpose()?,
            limits: self.0.limits,
        };
        // The system's can change while we run.
        let system = options.system_proxy().map_err(Problem::from)?;
        let cached = || match &*self.cached_client() {
            Some((known, through, http)) if (known, through) == (&options, &system) => Some(http.clone()),
            _ => None,
        };
        if let Some(http) = cached() {
            return Ok(http);
        }
        // One makes it, and all who wait take that one: each has connections and authorities of its own.
        let _making = self.0.making_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(http) = cached() {
            return Ok(http);
        }
        // Made while the old one is not held: whoever closes its connections does not wait for the disk.
        let http = Http::through(&options, system.clone()).map_err(Problem::from)?;
        *self.cached_client() = Some((options, system, http.clone()));
        Ok(http)
    }

    /// Closes the connections that nobody uses. What came last over one is in its buffers for as long as it is open.
    fn close_connections(&self) {
        *self.cached_client() = None;
    }

    fn cached_client(&self) -> MutexGuard<'_, Option<Client>> {
        self.0.http.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, StoreState> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_store(&self, state: StoreState) {
        let mut known = self.store();
        if std::mem::replace(&mut *known, state) != state {
            // Sent while it is held, so that two changes cannot overtake each other. Nobody listening is fine: the
            // next snapshot says it, too.
            drop(self.0.events.send(Event::Store { state }));
        }
    }

    /// Remembers what a call of the vault says of the store.
    fn store_says<T>(&self, result: Result<T, VaultError>) -> Result<T, Problem> {
        match result {
            Ok(value) => {
                self.note_store(StoreState::Ready);
                Ok(value)
            }
            Err(error) => {
                if let Some(state) = error.error.state() {
                    self.note_store(state);
                }
                Err(error.into())
            }
        }
    }

    /// Remembers what something that used the store says of it.
    fn note_store_of<T>(&self, result: Result<T, Problem>) -> Result<T, Problem> {
        let state = match &result {
            Ok(_) => Some(StoreState::Ready),
            Err(problem) => match problem.code {
                ProblemCode::KeychainLocked | ProblemCode::IdentityMissing => Some(StoreState::Locked),
                ProblemCode::KeychainUnavailable => Some(StoreState::Unavailable),
                ProblemCode::KeychainDenied | ProblemCode::IdentityWrong | ProblemCode::IdentityExposed => {
                    Some(StoreState::Denied)
                }
                _ => None,
            },
        };
        // A call that found out more (such as that it is silent) has said so already.
        if let Some(state) = state
            && (state == StoreState::Ready || *self.store() == StoreState::Ready)
        {
            self.note_store(state);
        }
        result
    }

    /// Remembers what the last thing tried with an account came to.
    fn note_result<T>(&self, id: &AccountId, result: Result<T, Problem>) -> Result<T, Problem> {
        let result = self.note_store_of(result);
        self.0.accounts.last_error(id, result.as_ref().err().cloned());
        result
    }
}

/// The service of an account, or of what a front names.
///
/// # Errors
/// `NotFound` when this build does not know it.
fn service_of(service: ServiceId) -> Result<&'static dyn Service, Problem> {
    registry::by_id(service).ok_or_else(|| {
        Problem::new(ProblemCode::NotFound).with_detail(format!("there is no service {service}"))
    })
}
