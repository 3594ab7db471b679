//! The Secret Service: gnome-keyring, KWallet, KeePassXC.
//!
//! The library unlocks, and so prompts, even to read, and it says "no such item" where there is no keychain
//! to hold one. So before each call we look ourselves, with a connection that does not wait for ever.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Error};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus_secret_service_keyring_store::Store;

use crate::store::StoreError;

/// Items may be of any length.
pub(super) const LARGEST_ITEM: Option<usize> = None;

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";

/// How long the service may take for one question: less than a background call has in all, more than it
/// needs to be started by the bus.
const QUESTION_LIMIT: Duration = Duration::from_secs(4);

/// How the service says that there is no such object.
const NO_OBJECT: &str = "/";

/// How often "there is no default collection" must be said to be believed: about once in ten thousand new
/// connections, a busy gnome-keyring says it to the first question although there is one.
const ALIAS_TRIES: usize = 3;

/// What a first keychain is called when the person has none yet, as libsecret does.
const FIRST_COLLECTION: &str = "Login";

/// The connections to the Secret Service, made when they are needed.
#[derive(Default)]
pub(super) struct Platform {
    /// For questions: it gives up on one that is not answered.
    questions: Option<Connection>,
    /// For items.
    store: Option<Arc<Store>>,
}

impl Platform {
    /// Makes sure that the next call will neither prompt nor mistake a missing keychain for a missing item.
    /// `name` is the item that it is about.
    pub(super) fn prepare(
        &mut self,
        service: &str,
        name: Option<&str>,
        may_prompt: bool,
    ) -> Result<(), StoreError> {
        let ready = match self.ask(service, name) {
            // The bus or the service may be new since we last looked.
            Err(StoreError::Unavailable(_) | StoreError::Failed(_)) => {
                self.forget_connection();
                self.ask(service, name)
            }
            answer => answer,
        };
        match ready? {
            Collection::Open => Ok(()),
            Collection::Locked | Collection::None if may_prompt => {
                ask_person()?;
                match self.ask(service, name)? {
                    Collection::Open => Ok(()),
                    Collection::Locked | Collection::None => Err(StoreError::Locked),
                }
            }
            Collection::Locked => Err(StoreError::Locked),
            Collection::None => Err(StoreError::Unavailable("no keychain has been set up yet")),
        }
    }

    /// The library's store, which can be made again when its connection is gone.
    pub(super) fn store(&mut self) -> Result<Arc<CredentialStore>, StoreError> {
        let store = match &self.store {
            Some(store) => Arc::clone(store),
            None => Arc::clone(self.store.insert(Store::new().map_err(|error| classify(&error))?)),
        };
        Ok(store)
    }

    pub(super) fn forget_connection(&mut self) {
        *self = Self::default();
    }

    /// How the default collection is, or the item's own, which may be in another one.
    fn ask(&mut self, service: &str, name: Option<&str>) -> Result<Collection, StoreError> {
        let bus = match &self.questions {
            Some(bus) => bus,
            None => self.questions.insert(connect()?),
        };
        let mut collection = OwnedObjectPath::default();
        for _ in 0..ALIAS_TRIES {
            collection = question(bus, PATH, SERVICE, "ReadAlias", &"default")?;
            if collection.as_str() != NO_OBJECT {
                break;
            }
        }
        if collection.as_str() == NO_OBJECT {
            return Ok(Collection::None);
        }
        let locked = ("org.freedesktop.Secret.Collection", "Locked");
        let locked: OwnedValue =
            question(bus, collection.as_str(), "org.freedesktop.DBus.Properties", "Get", &locked)?;
        if bool::try_from(locked).map_err(|_| StoreError::Failed("its answer has an unknown form"))? {
            return Ok(Collection::Locked);
        }
        if let Some(name) = name {
            let attributes = HashMap::from([("service", service), ("username", name)]);
            let (_, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
                question(bus, PATH, SERVICE, "SearchItems", &attributes)?;
            if !locked.is_empty() {
                return Ok(Collection::Locked);
            }
        }
        Ok(Collection::Open)
    }
}

/// How the collection is that items are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    Open,
    Locked,
    /// There is none: nobody has ever chosen a password for one.
    None,
}

/// Items are found by service and user name; nothing else is needed.
pub(super) fn modifiers() -> Option<HashMap<&'static str, &'static str>> {
    None
}

/// What an error of the library means.
pub(super) fn classify(error: &Error) -> StoreError {
    let (Error::PlatformFailure(source) | Error::NoStorageAccess(source)) = error else {
        return super::classify_common(error);
    };
    match source.downcast_ref::<secret_service::Error>() {
        Some(error) => classify_service(error),
        None => super::classify_common(error),
    }
}

fn classify_service(error: &secret_service::Error) -> StoreError {
    use secret_service::Error as Service;

    match error {
        // A prompt that was dismissed, or that could not be shown: locked is what the keychain is.
        Service::Locked | Service::Prompt | Service::PromptDisconnected => StoreError::Locked,
        Service::NoResult => StoreError::Unavailable("no keychain has been set up yet"),
        Service::Unavailable => StoreError::Unavailable("no Secret Service answers"),
        Service::Zbus(error) => classify_bus(error),
        Service::ZbusFdo(zbus::fdo::Error::AccessDenied(_)) => StoreError::Denied,
        Service::ZbusFdo(zbus::fdo::Error::ZBus(error)) => classify_bus(error),
        Service::ZbusFdo(_) => StoreError::Failed("the Secret Service reports an error"),
        Service::Crypto(_) | Service::Zvariant(_) => StoreError::Failed("its answer has an unknown form"),
        // The library says that there may be more kinds one day.
        _ => StoreError::Failed("the Secret Service reports an unknown error"),
    }
}

fn classify_bus(error: &zbus::Error) -> StoreError {
    match error {
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => StoreError::Silent,
        zbus::Error::InputOutput(_) | zbus::Error::Address(_) | zbus::Error::Handshake(_) => {
            StoreError::Unavailable("the session bus cannot be reached")
        }
        zbus::Error::InterfaceNotFound => StoreError::Unavailable("no Secret Service answers"),
        zbus::Error::MethodError(name, ..) => match name.as_str() {
            "org.freedesktop.DBus.Error.AccessDenied" => StoreError::Denied,
            "org.freedesktop.Secret.Error.IsLocked" => StoreError::Locked,
            "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.Timeout" => StoreError::Silent,
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn.")
                || matches!(
                    name,
                    "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner"
                ) =>
            {
                StoreError::Unavailable("no Secret Service answers")
            }
            _ => StoreError::Failed("the Secret Service reports an error"),
        },
        _ => StoreError::Failed("the session bus reports an error"),
    }
}

fn connect() -> Result<Connection, StoreError> {
    Builder::session().and_then(|builder| builder.method_timeout(QUESTION_LIMIT).build()).map_err(|error| {
        match classify_bus(&error) {
            silent @ StoreError::Silent => silent,
            _ => StoreError::Unavailable("there is no session bus"),
        }
    })
}

/// Asks one question and understands the answer.
fn question<B, A>(
    bus: &Connection,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> Result<A, StoreError>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
    A: serde::de::DeserializeOwned + zbus::zvariant::Type,
{
    let reply = bus
        .call_method(Some(NAME), path, Some(interface), method, body)
        .map_err(|error| classify_bus(&error))?;
    reply.body().deserialize().map_err(|_| StoreError::Failed("its answer has an unknown form"))
}

/// Has the service ask the person to unlock the default collection, or to choose a password for a first one.
/// Waits for as long as that takes.
fn ask_person() -> Result<(), StoreError> {
    let classify = |error: secret_service::Error| classify_service(&error);
    // Nothing secret goes over this connection: the password is typed into the service's own dialog.
    let service = SecretService::connect(EncryptionType::Plain).map_err(classify)?;
    match service.get_default_collection() {
        Ok(collection) => collection.unlock().map_err(classify),
        Err(secret_service::Error::NoResult) => {
            service.create_collection(FIRST_COLLECTION, "default").map(drop).map_err(classify)
        }
        Err(error) => Err(classify(error)),
    }
}
