//! What a Linux tells: logind of sleep, and GLib, which asks NetworkManager, the desktop portal or the kernel, of the
//! network.

use futures_util::StreamExt as _;
use gtk::gio::NetworkMonitor;
use gtk::gio::prelude::NetworkMonitorExt as _;
use tunekey_core::TuneKey;
use zbus::message::Type;
use zbus::{Connection, MatchRule, MessageStream};

const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";

pub(super) fn forward(core: &TuneKey) {
    let told = core.clone();
    // Only changes count: what there is at first may be a network that this library does not know.
    NetworkMonitor::default().connect_network_changed(move |_, is_online| told.network_changed(is_online));
    let core = core.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = forward_sleep(&core).await {
            tracing::info!(%error, "nobody tells when the computer wakes up");
        }
    });
}

/// Tells the core of every end of a sleep, until the connection ends.
async fn forward_sleep(core: &TuneKey) -> zbus::Result<()> {
    let connection = Connection::system().await?;
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(LOGIND)?
        .interface(MANAGER)?
        .member("PrepareForSleep")?
        .build();
    let mut signals = MessageStream::for_match_rule(rule, &connection, None).await?;
    while let Some(signal) = signals.next().await {
        // True before a sleep, false after it.
        if signal?.body().deserialize::<bool>() == Ok(false) {
            core.wake();
        }
    }
    Ok(())
}
