//! Notifications over D-Bus (Desktop Notifications Specification 1.2). Without a library: the click must be listened for
//! before the notification is shown, and whether the server reads markup must be known before the text is sent.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use tauri::AppHandle;
use zbus::zvariant::Value;
use zbus::{Connection, Proxy};

use super::{Click, Notification};
use crate::window;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How long the server may take until the notification is shown.
const DEADLINE: Duration = Duration::from_secs(5);

/// The action of a click on the notification itself.
const DEFAULT_ACTION: &str = "default";
/// The action of the button: servers that list actions leave out the default one.
const BUTTON_ACTION: &str = "open";

pub(super) fn show(app: &AppHandle, notification: Notification) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shown = tokio::time::timeout(DEADLINE, ShownNotification::show(notification)).await;
        match shown {
            Ok(Ok(shown)) => shown.wait_for_click(&app).await,
            Ok(Err(error)) => tracing::info!(%error, "the notification was not shown"),
            Err(_) => tracing::info!("the notification server does not answer"),
        }
    });
}

/// A notification that is on the screen.
struct ShownNotification {
    /// The server's id for it.
    id: u32,
    click: Option<Click>,
    /// The server's signals, from before this one was shown.
    signals: zbus::proxy::SignalStream<'static>,
}

impl ShownNotification {
    /// Shows a notification.
    ///
    /// # Errors
    /// When there is no session bus or no server, or the server refuses.
    async fn show(notification: Notification) -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let server = Proxy::new(&connection, NAME, PATH, NAME).await?;
        let capabilities: Vec<String> = server.call("GetCapabilities", &()).await?;
        let can = |name: &str| capabilities.iter().any(|capability| capability == name);
        let signals = server.receive_all_signals().await?;
        let Notification { title, mut text, mut click } = notification;
        if !can("actions")
            && let Some(click) = click.take()
        {
            text = format!("{text} {}", click.fallback);
        }
        if can("body-markup") {
            text = escaped(&text);
        }
        let actions = match &click {
            Some(click) => vec![DEFAULT_ACTION, &click.label, BUTTON_ACTION, &click.label],
            None => Vec::new(),
        };
        let hints = HashMap::from([("desktop-entry", Value::from("tunekey-desktop"))]);
        let call = ("TuneKey", 0_u32, "tunekey-desktop", title, text, actions, hints, -1_i32);
        let id = server.call("Notify", &call).await?;
        Ok(Self { id, click, signals })
    }

    /// Waits for the click, as long as there is something to click, and opens the view.
    async fn wait_for_click(mut self, app: &AppHandle) {
        let Some(click) = self.click else { return };
        while let Some(message) = self.signals.next().await {
            let header = message.header();
            let body = message.body();
            match header.member().map(|member| member.as_str()) {
                Some("ActionInvoked") => {
                    let Ok((id, action)) = body.deserialize::<(u32, &str)>() else { continue };
                    if id == self.id && [DEFAULT_ACTION, BUTTON_ACTION].contains(&action) {
                        window::open(app, click.opens);
                        return;
                    }
                }
                Some("NotificationClosed") => {
                    let Ok((id, _reason)) = body.deserialize::<(u32, u32)>() else { continue };
                    if id == self.id {
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The text as markup: anybody can choose any nickname.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_is_no_markup() {
        assert_eq!(escaped("<b>Tom</b> & Jerry"), "&lt;b&gt;Tom&lt;/b&gt; &amp; Jerry");
        assert_eq!(escaped("&lt;"), "&amp;lt;", "what looks escaped already is text, too");
    }
}
