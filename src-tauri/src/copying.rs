//! Copying a cookie: from the core straight to the clipboard. It never passes through the window.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tauri::{AppHandle, Manager as _};
use tunekey_core::account::{AccountId, Health};
use tunekey_core::export::Format;
use tunekey_core::problem::Problem;
use tunekey_core::secret::Secret;

use crate::app::Desktop;
use crate::events::{DesktopEvent, OpenView};
use crate::notification::{self, Click, Notification};
use crate::tray::{self, menu};
use crate::window;
use crate::words::{self, Word, word};

/// What the window may know of a copied cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct Clip {
    /// Whose cookie it is.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) account: AccountId,
    /// The shape that it was copied in.
    pub(crate) format: Format,
    /// How its account was doing when it was copied: a cookie that no longer works is not handed out without a word.
    pub(crate) health: Health,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
    /// When it is cleared.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) until: Timestamp,
}

/// A cookie on its way to the clipboard.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) text: Secret,
    pub(crate) account: AccountId,
    pub(crate) format: Format,
    pub(crate) health: Health,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
}

impl Copy {
    /// What the window may know of it, if it is put there now.
    pub(crate) fn clip(self, now: Timestamp) -> Clip {
        let Self { text: _, account, format, health, seconds } = self;
        let until = now + SignedDuration::from_secs(seconds.into());
        Clip { account, format, health, seconds, until }
    }
}

/// Copies an account's cookie. A format that is named becomes the account's own.
///
/// # Errors
/// What the core says, or `Unexpected` when the clipboard does not take it. The window hears of it by an event.
pub(crate) async fn copy(
    app: &AppHandle,
    account: AccountId,
    format: Option<Format>,
) -> Result<Clip, Problem> {
    let desktop = app.state::<Desktop>();
    let copied = desktop.core.cookie(&account, format).await?;
    let seconds = desktop.core.settings().clipboard_seconds;
    let clip = desktop
        .clipboard
        .put(Copy {
            text: copied.text.clone(),
            account: account.clone(),
            format: copied.format,
            health: copied.health,
            seconds,
        })
        .await?;
    desktop.core.note_copied(&account, &copied);
    if let Some(format) = format
        && let Err(problem) = desktop.core.set_format(&account, format)
    {
        // The cookie is on the clipboard: that the choice is not remembered is no reason to say otherwise.
        tracing::warn!(code = ?problem.code, "the format was not remembered");
    }
    Ok(clip)
}

/// The same from the tray, where a notification has to say how it went.
pub(crate) async fn copy_and_notify(app: &AppHandle, account: AccountId) {
    let name = {
        let snapshot = app.state::<Desktop>().core.snapshot();
        snapshot.accounts.iter().find(|known| known.id == account).map(menu::name).unwrap_or_default()
    };
    let result = copy(app, account.clone(), None).await;
    let language = app.state::<Desktop>().preferences.current().language();
    match result {
        Ok(clip) if clip.health.needs_sign_in() => {
            let (title, text) = words::copied_dead(&name, language);
            let click = Click {
                label: word(Word::SignInAgain, language).to_owned(),
                opens: tray::sign_in(account),
                otherwise: word(Word::SignInFromTray, language).to_owned(),
            };
            notification::show(app, Notification { title, text, click: Some(click) });
        }
        Ok(clip) => {
            let (title, text) = words::copied(&name, clip.seconds, language);
            notification::show(app, Notification::note(title, text));
        }
        Err(problem) => {
            let title = word(Word::NotCopied, language);
            notification::show(app, Notification::note(title, problem.message(language)));
            // The notification may go unseen, and what helps, such as unlocking the keychain, is in the window.
            let service = Some(account.service);
            window::open(
                app,
                DesktopEvent::Open { view: OpenView::Accounts, account: Some(account), service },
            );
        }
    }
}
