//! Whether anything on this desktop shows tray icons: without that, a window that is hidden into the tray is gone
//! for good.

use tokio::sync::watch;

/// What is known of it now.
#[derive(Debug, Clone)]
pub(crate) struct TrayHost(watch::Receiver<bool>);

impl TrayHost {
    /// Whether there is one now. Until it is known, there is none.
    pub(crate) fn is_there(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until there is one.
    pub(crate) async fn comes(&mut self) {
        if self.0.wait_for(|there| *there).await.is_err() {
            // Nobody will ever say that there is one.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until one goes away, or comes. `false` when that will not happen any more.
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
        let (known, knows) = watch::channel(false);
        tauri::async_runtime::spawn(async move {
            if let Err(error) = linux::watch(&known).await {
                tracing::info!(%error, "whether there is a tray cannot be known");
            }
            known.send_replace(false);
        });
        Self(knows)
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

    /// The one that tray icons register with, whoever shows them.
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const PATH: &str = "/StatusNotifierWatcher";
    const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

    /// How long the watcher may take to answer. One that hangs shows nothing either.
    const LIMIT: Duration = Duration::from_secs(2);

    pub(super) async fn watch(known: &Sender<bool>) -> zbus::Result<()> {
        let connection = Connection::session().await?;
        let said = MatchRule::builder().msg_type(Type::Signal).sender(WATCHER)?.build();
        let came_or_went = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, WATCHER)?
            .build();
        // Listening before looking, so that no change falls in between.
        let said = MessageStream::for_match_rule(said, &connection, None).await?;
        let came_or_went = MessageStream::for_match_rule(came_or_went, &connection, None).await?;
        let mut changes = select(said, came_or_went);
        loop {
            let there = tokio::time::timeout(LIMIT, is_there(&connection)).await;
            let there = matches!(there, Ok(Ok(true)));
            if known.send_if_modified(|known| std::mem::replace(known, there) != there) {
                tracing::debug!("{} tray host is there", if there { "a" } else { "no" });
            }
            if changes.next().await.is_none() {
                return Ok(());
            }
        }
    }

    async fn is_there(connection: &Connection) -> zbus::Result<bool> {
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
