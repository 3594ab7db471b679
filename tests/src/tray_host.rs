//! A panel that shows tray icons, with only what applications can see of it. For `desktop_integration.rs`.

use anyhow::Result;
use zbus::{Connection, interface};

use crate::keyring::Bus;

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// A panel. Dropping it is its end.
#[derive(Debug)]
pub struct TrayHost {
    _connection: Connection,
}

impl TrayHost {
    /// Starts one that shows icons.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn start(bus: &Bus) -> Result<Self> {
        Self::serve(bus, true).await
    }

    /// Starts a watcher that icons can register with, though nobody shows them.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn start_without_a_host(bus: &Bus) -> Result<Self> {
        Self::serve(bus, false).await
    }

    async fn serve(bus: &Bus, shows: bool) -> Result<Self> {
        let connection = bus.connect().await?;
        connection.object_server().at(PATH, Watcher { shows, items: Vec::new() }).await?;
        connection.request_name(NAME).await?;
        Ok(Self { _connection: connection })
    }
}

struct Watcher {
    shows: bool,
    items: Vec<String>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&mut self, service: String) {
        self.items.push(service);
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        self.shows
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}
