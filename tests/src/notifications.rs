//! A notification server that records what it was asked to show, and can click. For `desktop_integration.rs`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use zbus::zvariant::OwnedValue;
use zbus::{Connection, interface};

use crate::eventually::until;
use crate::keyring::Bus;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A notification as the server was asked to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    id: u32,
    /// Its title.
    pub title: String,
    /// Its text, as markup where the server reads that.
    pub text: String,
    /// The keys of what can be clicked.
    pub actions: Vec<String>,
}

/// The server. Dropping it is its end.
#[derive(Debug)]
pub struct Notifications {
    connection: Connection,
    shown: Arc<Mutex<Vec<Notification>>>,
}

impl Notifications {
    /// Starts one with these capabilities, such as `actions` and `body-markup`.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn start(bus: &Bus, capabilities: &[&str]) -> Result<Self> {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let capabilities = capabilities.iter().map(|&capability| capability.to_owned()).collect();
        let connection = bus.connect().await?;
        connection.object_server().at(PATH, Server { capabilities, shown: Arc::clone(&shown) }).await?;
        connection.request_name(NAME).await?;
        Ok(Self { connection, shown })
    }

    /// All that was shown so far.
    pub fn shown(&self) -> Vec<Notification> {
        lock(&self.shown).clone()
    }

    /// Waits for a notification whose title contains this text.
    ///
    /// # Errors
    /// When none comes. The error lists those that did.
    pub async fn wait_for(&self, title: &str) -> Result<Notification> {
        until(format!("a notification “{title}”"), || async {
            let shown = self.shown();
            let found = shown.iter().find(|one| one.title.contains(title));
            found.cloned().with_context(|| format!("there are {shown:?}"))
        })
        .await
    }

    /// Clicks on a notification.
    ///
    /// # Errors
    /// When it cannot be clicked.
    pub async fn click(&self, shown: &Notification) -> Result<()> {
        ensure!(shown.actions.iter().any(|action| action == "default"), "it cannot be clicked: {shown:?}");
        let body = (shown.id, "default");
        Ok(self.connection.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &body).await?)
    }
}

struct Server {
    capabilities: Vec<String>,
    shown: Arc<Mutex<Vec<Notification>>>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("tests".to_owned(), "TuneKey".to_owned(), "1".to_owned(), "1.2".to_owned())
    }

    #[expect(clippy::too_many_arguments, reason = "the protocol’s")]
    fn notify(
        &self,
        _application: String,
        _replaces: u32,
        _icon: String,
        title: String,
        text: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let mut shown = lock(&self.shown);
        let id = u32::try_from(shown.len()).unwrap_or(u32::MAX).saturating_add(1);
        let actions = actions.into_iter().step_by(2).collect();
        shown.push(Notification { id, title, text, actions });
        id
    }
}

fn lock(shown: &Mutex<Vec<Notification>>) -> MutexGuard<'_, Vec<Notification>> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
