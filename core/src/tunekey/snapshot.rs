//! What a front sees of the whole, and how it hears of changes. All of it is plain data.

use jiff::Timestamp;
use serde::Serialize;
use tunekey_services::http::SystemProxy;
use tunekey_services::{AccountId, Method, Scope, Secret, ServiceFacts, ServiceId};

use crate::account::{Account, Health};
use crate::delivery::DeliveryStatus;
use crate::export::Format;
use crate::notify::NotificationSettings;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::sign_in::SignInStatus;
use crate::store::StoreState;
use crate::vault::Generation;

/// Everything that a front shows, at one moment. A front subscribes to [`Event`]s first and then asks for this.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Snapshot {
    /// The newest [`Account::revision`] given so far, or that of the newest list of deliveries.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub revision: u64,
    /// The accounts, oldest first.
    pub accounts: Vec<Account>,
    /// Their deliveries, oldest first.
    pub deliveries: Vec<DeliveryStatus>,
    /// Whether the store of the secrets can be used.
    #[serde(rename = "keychain")]
    pub store: StoreState,
    /// The shared settings.
    pub settings: Settings,
    /// How the person is told of what is wrong.
    pub notifications: NotificationSettings,
    /// What the person should know about the profile, such as that a damaged ledger was set aside.
    pub notice: Option<Problem>,
    /// What the system names as its proxy, whether or not the settings have it used; `None` when it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub system_proxy: Option<SystemProxyInfo>,
}

/// What the system names as its proxy: an address that can be used, or why it cannot be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct SystemProxyInfo {
    /// The address without a user name or password.
    pub address: Option<String>,
    /// Where it is named: a variable such as `HTTPS_PROXY`, or the system whose settings name it.
    pub source: Option<String>,
    /// Why it cannot be used.
    pub problem: Option<Problem>,
}

impl SystemProxyInfo {
    /// What the system says now.
    pub(super) fn now() -> Option<Self> {
        match SystemProxy::now() {
            Ok(found) => found.map(|proxy| Self {
                address: Some(proxy.address()),
                source: Some(proxy.source().to_owned()),
                problem: None,
            }),
            Err(error) => Some(Self { address: None, source: None, problem: Some(error.into()) }),
        }
    }
}

/// A change. Each carries the whole new state of one thing, so that applying it twice is harmless.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// An account is new or has changed.
    Account {
        /// Its whole state.
        account: Box<Account>,
    },
    /// An account is gone.
    AccountGone {
        /// Which.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        id: AccountId,
        /// As [`Account::revision`]: states with a smaller number are older than its removal.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        revision: u64,
    },
    /// The store's state has changed.
    #[serde(rename = "keychain")]
    Store {
        /// The new state.
        state: StoreState,
    },
    /// A shared setting has changed.
    Settings {
        /// All of them.
        settings: Settings,
    },
    /// A delivery is new, gone, has come to something, or has a new key to deliver.
    Deliveries {
        /// All of them, oldest first.
        deliveries: Vec<DeliveryStatus>,
        /// As [`Account::revision`]: lists with a smaller number are older.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        revision: u64,
    },
    /// How the person is told has changed, or a message has come to something.
    Notifications {
        /// All of it.
        notifications: NotificationSettings,
    },
    /// A sign-in has begun or ended. How one goes on is seen by whoever [watches](crate::TuneKey::watch_sign_in) it.
    SignIns {
        /// Those under way, oldest first.
        sign_ins: Vec<SignInStatus>,
    },
}

/// A service as fronts offer it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ServiceInfo {
    /// Which one.
    pub id: ServiceId,
    /// Its name in Latin letters.
    pub name: String,
    /// The ways in that work in this build, best first.
    pub methods: Vec<Method>,
    /// Whether a full copy of a renewable account renews by itself, so that a minimal one is something else.
    pub copies_renew: bool,
    /// What there is to show of it.
    pub facts: &'static ServiceFacts,
}

/// What a sign-out came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct SignedOut {
    /// Whether the service confirmed it. The account is removed here either way.
    pub confirmed: bool,
}

/// How long a round trip to a service took, or why there was none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ConnectionTest {
    /// The service.
    pub service: ServiceId,
    /// Milliseconds for one round trip.
    pub milliseconds: Option<u32>,
    /// Why there was none.
    pub problem: Option<Problem>,
}

/// A cookie on its way to where the person sends it.
#[derive(Debug)]
pub struct ExportedCookie {
    /// The text.
    pub text: Secret,
    /// How its account is doing: a front warns before it hands out what no longer works.
    pub health: Health,
    /// The shape that it is in.
    pub format: Format,
    /// Which generation of the credential it was made of.
    pub generation: Generation,
    /// When the key in it ends, if that is known.
    pub expires_at: Option<Timestamp>,
    /// How much of the credential it carries.
    pub scope: Scope,
    /// Whether it holds what renews the key.
    pub renews: bool,
}

#[cfg(all(test, feature = "typescript"))]
mod tests {
    use tunekey_services::{Service, registry};

    /// The services that there are, for the host that plays the program behind the window.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a source of the page: nothing reads it before it is whole"
    )]
    fn export_bindings_services() {
        let facts: Vec<_> = registry::all().iter().copied().map(Service::facts).collect();
        let facts = serde_json::to_string_pretty(&facts).expect("they are texts");
        let text = format!(
            "// Generated from the facts of the services. Do not edit.\n\
             import type {{ ServiceFacts }} from './ServiceFacts';\n\n\
             export const services: ServiceFacts[] = {facts};\n"
        );
        let folder = ts_rs::Config::from_env().out_dir().to_owned();
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("services.ts"), text).expect("it can be written");
    }
}
