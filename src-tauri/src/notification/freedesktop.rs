//! Notifications over D-Bus, with a click that leads somewhere where the server knows of clicks (Desktop
//! Notifications Specification 1.2). Asked directly: the click must be listened for before the notification is
//! shown, and what the server makes of markup must be known before the text is sent.

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

/// How long the server may take for what leads up to a notification.
const LIMIT: Duration = Duration::from_secs(5);

/// The key of the action that stands for a click on the notification itself.
const DEFAULT: &str = "default";
/// The key of the button's action: servers that list actions leave out the one of the notification itself.
const BUTTON: &str = "open";

pub(super) fn show(app: &AppHandle, notification: Notification) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shown = tokio::time::timeout(LIMIT, Shown::new(notification)).await;
        match shown {
            Ok(Ok(shown)) => shown.follow(&app).await,
            Ok(Err(error)) => tracing::info!(%error, "the notification was not shown"),
            Err(_) => tracing::info!("the notification server does not answer"),
        }
    });
}

/// A notification that is on the screen.
struct Shown {
    number: u32,
    click: Option<Click>,
    /// What the server says of its notifications, from before this one was shown.
    signals: zbus::proxy::SignalStream<'static>,
}

impl Shown {
    async fn new(notification: Notification) -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let server = Proxy::new(&connection, NAME, PATH, NAME).await?;
        let abilities: Vec<String> = server.call("GetCapabilities", &()).await?;
        let can = |what: &str| abilities.iter().any(|ability| ability == what);
        let signals = server.receive_all_signals().await?;
        let Notification { title, mut text, mut click } = notification;
        if !can("actions")
            && let Some(click) = click.take()
        {
            text = format!("{text} {}", click.otherwise);
        }
        if can("body-markup") {
            text = escaped(&text);
        }
        let actions = match &click {
            Some(click) => vec![DEFAULT, &click.label, BUTTON, &click.label],
            None => Vec::new(),
        };
        let hints = HashMap::from([("desktop-entry", Value::from("tunekey-desktop"))]);
        let call = ("TuneKey", 0_u32, "tunekey-desktop", title, text, actions, hints, -1_i32);
        let number = server.call("Notify", &call).await?;
        Ok(Self { number, click, signals })
    }

    /// Waits for the click, as long as there is something to click on.
    async fn follow(mut self, app: &AppHandle) {
        let Some(click) = self.click else { return };
        while let Some(message) = self.signals.next().await {
            let header = message.header();
            let body = message.body();
            match header.member().map(|member| member.as_str()) {
                Some("ActionInvoked") => {
                    let Ok((number, action)) = body.deserialize::<(u32, &str)>() else { continue };
                    if number == self.number && [DEFAULT, BUTTON].contains(&action) {
                        window::open(app, click.opens);
                        return;
                    }
                }
                Some("NotificationClosed") => {
                    let Ok((number, _reason)) = body.deserialize::<(u32, u32)>() else { continue };
                    if number == self.number {
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The text in the markup that servers read: anybody can choose any nickname.
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
