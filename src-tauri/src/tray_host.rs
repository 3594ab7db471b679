//! Whether anything on this desktop shows tray icons: without that, a window that is hidden into the tray is gone for
//! good. `close_to_tray.rs` asks.

use tokio::sync::watch;

/// What is known of the tray host now. The app manages one.
#[derive(Debug, Clone)]
pub(crate) struct TrayHost(watch::Receiver<bool>);

impl TrayHost {
    /// Whether there is one. False until it is known.
    pub(crate) fn is_present(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until there is one.
    pub(crate) async fn wait_until_present(&mut self) {
        if self.0.wait_for(|there| *there).await.is_err() {
            // The task that watches has ended.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until one goes away or comes. False when nothing can change any more.
    pub(crate) async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }

    /// Windows and macOS always have one.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn watch() -> Self {
        Self(watch::channel(true).1)
    }

    /// Watches the session bus from now on. Must be called on a runtime.
    #[cfg(target_os = "linux")]
    pub(crate) fn watch() -> Self {
        let (sender, receiver) = watch::channel(false);
        tauri::async_runtime::spawn(async move {
            if let Err(error) = linux::watch(&sender).await {
                tracing::info!(%error, "whether there is a tray cannot be known");
            }
            sender.send_replace(false);
        });
        Self(receiver)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use futures_util::StreamExt as _;
    use futures_util::stream::select;
    use tokio::sync::watch::Sender;
    use zbus::fdo::DBusProxy;
    use zbus::message::Type;
    use zbus::names::BusName;
    use zbus::zvariant::OwnedValue;
    use zbus::{Connection, MatchRule, MessageStream};

    /// The service that tray icons and their hosts register with (Status Notifier Item specification).
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const PATH: &str = "/StatusNotifierWatcher";
    const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

    /// How long the watcher may take to reply. One that hangs shows nothing either.
    const DEADLINE: Duration = Duration::from_secs(2);

    /// Sends whether there is a tray host, at first and after each change, until the connection ends.
    pub(super) async fn watch(sender: &Sender<bool>) -> zbus::Result<()> {
        let connection = Connection::session().await?;
        let from_watcher = MatchRule::builder().msg_type(Type::Signal).sender(WATCHER)?.build();
        let owner_changed = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, WATCHER)?
            .build();
        // Subscribed before the first check, so that no change falls in between.
        let from_watcher = MessageStream::for_match_rule(from_watcher, &connection, None).await?;
        let owner_changed = MessageStream::for_match_rule(owner_changed, &connection, None).await?;
        let mut changes = select(from_watcher, owner_changed);
        loop {
            let is_present = tokio::time::timeout(DEADLINE, is_present(&connection)).await;
            let is_present = matches!(is_present, Ok(Ok(true)));
            if sender.send_if_modified(|known| std::mem::replace(known, is_present) != is_present) {
                tracing::debug!("{} tray host is there", if is_present { "a" } else { "no" });
            }
            if changes.next().await.is_none() {
                return Ok(());
            }
        }
    }

    async fn is_present(connection: &Connection) -> zbus::Result<bool> {
        // Asked first, so that asking the watcher does not start one that nobody else wanted.
        let bus = DBusProxy::new(connection).await?;
        if !bus.name_has_owner(BusName::try_from(WATCHER)?).await? {
            return Ok(false);
        }
        let property = (WATCHER, "IsStatusNotifierHostRegistered");
        let answer = connection.call_method(Some(WATCHER), PATH, Some(PROPERTIES), "Get", &property).await?;
        let value: OwnedValue = answer.body().deserialize()?;
        Ok(bool::try_from(value)?)
    }
}
